"""Learning a MIDI controller: which message a knob or pad sends becomes a line of the mapping."""

from collections.abc import Callable, Iterable, Sequence

from live.control.midi_controller import _MOVED, Binding, Event, Value
from live.control.midi_map import _pressed
from live.errors import ConfigError
from live.osc.schema import PLAYED


def parse_wish(text: str, styles: tuple[str, ...] = ()) -> tuple[str, float | str | None]:
    """'energy', 'cue=drop', 'seed=7' to (control, value). ConfigError that names the mistake."""
    name, equals, said = text.partition("=")
    if name not in PLAYED:
        raise ConfigError(f"no control {name!r}; there are {', '.join(PLAYED)}")
    value: float | str | None = None
    if equals:
        value = said
        if PLAYED[name].types == "f":
            try:
                value = float(said)
            except ValueError as error:
                raise ConfigError(f"{text!r}: {said!r} is not a number") from error
    # A knob needs no value, everything else does what a pad would.
    _pressed("cc" if value is None else "note", name, value, styles, ())
    return name, value


def learn(
    wishes: Sequence[str], events: Iterable[Event | None], say: Callable[[str], None]
) -> list[Binding]:
    """Ask for each wish (see `parse_wish`) and take what is moved next; None skips one.

    What is taken stays taken: a fader still moving is not taken for the next. Ends with the events.
    """
    bindings: list[Binding] = []
    coming = iter(events)
    for wish in wishes:
        name, value = parse_wish(wish)
        say(f"move what shall be {wish} (Enter: nothing)")
        taken = {(b.kind, b.number, b.channel) for b in bindings}
        for event in coming:
            if event is None:
                break
            if event.source in taken or not _suits(event, name, value):
                continue
            bindings.append(_learned(event, name, value))
            say(f"  {event.kind} {event.number} on channel {event.channel}")
            break
        else:
            return bindings
    return bindings


def _suits(event: Event, name: str, value: Value) -> bool:
    """A press, or for what has positions something that can be moved."""
    control = PLAYED[name]
    if control.types == "f" and not control.is_switch and value is None:
        return event.kind in _MOVED
    return event.position >= 0.5


def _learned(event: Event, name: str, value: Value) -> Binding:
    control = PLAYED[name]
    mode = "hold" if event.kind in _MOVED else "toggle"
    return Binding(
        event.kind, event.number, name, event.channel, value, control.low, control.high, mode
    )
