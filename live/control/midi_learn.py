"""Learning a MIDI controller: which message a knob or pad sends becomes a line of the mapping."""

from collections.abc import Callable, Iterable, Sequence

from live.control.midi_events import POSITIONED, Binding, Event
from live.control.midi_map import check_press
from live.errors import ConfigError
from live.osc.schema import PLAYED
from live.osc.values import Value

_OVER = object()  # no more events


def parse_request(text: str, styles: tuple[str, ...] = ()) -> tuple[str, float | str | None]:
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
    check_press("cc" if value is None else "note", name, value, styles, ())
    return name, value


def learn(
    requests: Sequence[str], events: Iterable[Event | None], say: Callable[[str], None]
) -> list[Binding]:
    """Ask for each request (see `parse_request`) and take what is moved next; None skips one.

    What is taken stays taken: a fader still moving is not taken for the next. Ends with the events.
    """
    bindings: list[Binding] = []
    coming = iter(events)
    for request in requests:
        name, value = parse_request(request)
        say(f"move what shall be {request} (Enter: nothing)")
        taken = {(b.kind, b.number, b.channel) for b in bindings}
        wanted = (
            event
            for event in coming
            if event is None or (event.source not in taken and _suits(event, name, value))
        )
        event = next(wanted, _OVER)
        if event is _OVER:
            break
        if isinstance(event, Event):
            bindings.append(_learned(event, name, value))
            say(f"  {event.kind} {event.number} on channel {event.channel}")
    return bindings


def _suits(event: Event, name: str, value: Value) -> bool:
    """A press, or for what has positions something that can be moved."""
    control = PLAYED[name]
    if control.types == "f" and not control.is_switch and value is None:
        return event.kind in POSITIONED
    return event.position >= 0.5


def _learned(event: Event, name: str, value: Value) -> Binding:
    control = PLAYED[name]
    mode = "hold" if event.kind in POSITIONED else "toggle"
    return Binding(
        event.kind, event.number, name, event.channel, value, control.low, control.high, mode
    )
