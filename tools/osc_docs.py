"""Write docs/osc.md from live/osc/schema.py: `python tools/osc_docs.py`."""

from pathlib import Path

from live.body.skeleton import JOINT_NAMES
from live.flashes import FLASHES_PER_S, UNLIMITED
from live.osc.schema import (
    ACK,
    CONTROLS,
    DEFAULT_CONTROL_PORT,
    DEFAULT_PORT,
    MAX_BUNDLE_BYTES,
    MAX_DANCERS,
    MESSAGES,
    NAMES,
    PICTURE,
    POSE,
    REQUESTS,
    SCHEMA_VERSION,
    STYLES,
    Control,
    Message,
)
from live.outputs.colour import GROUPS
from live.outputs.feeds import MAX_DELAY_MS, MAX_RATE, PROFILES
from live.outputs.levels import COLOURS, LEVELS, PLACES
from live.outputs.lights import PRESETS

PAGE = Path(__file__).resolve().parent.parent / "docs" / "osc.md"

_HEAD = f"""\
<!-- Written by tools/osc_docs.py from live/osc/schema.py; a test fails where they differ. -->
# OSC: what leaves, what comes in

Native schema v{SCHEMA_VERSION}, over UDP. Every emission (60 a second by default) is one bundle for
each dancer, stamped "immediately", of at most {MAX_BUNDLE_BYTES} bytes; all bundles of one emission
carry the same `/pj/frame`. Only the types i, f and s are used, and only numbers leave (but for the
profile `visuals`), so every receiver can read them: TouchDesigner's OSC In CHOP names its channels
`pj/1/head:1` and so on by itself.

Poses go to every `--osc HOST:PORT`, and to 127.0.0.1:{DEFAULT_PORT}, where `posejockey visuals`
listens, unless `--no-visuals` is given together with a target.

## Out

| address | arguments | meaning |
|---|---|---|
"""

_MIDDLE = """
`{dancer}` counts from 1. The music (`/pj/beat` to `/pj/style`, and `/pj/health`) travels in the
first dancer's bundle only. A dancer who leaves is simply not sent any more.

Time: `sample` is when the frame is meant to be seen, in samples of 24 kHz since the show began. It
wraps after 24.8 hours. Interpolate on it, not on the arrival of the packets.

`{joint}` is one of: JOINTS.

"""

_TARGETS = f"""\
## Targets and profiles

`--osc`, as often as you like, is HOST:PORT, then what that receiver is to get:

```
--osc 192.168.1.20:10000                                 # the native stream, all of it
--osc 192.168.1.20:10000/native/dancers=1,3-4/rate=30    # some dancers, fewer frames
--osc 127.0.0.1:9001/flat                                # all joints in one message
--osc 127.0.0.1:39539/vmc/bundle=0/delay=40              # no bundles, and 40 ms later
--osc 192.168.1.30:8000/lights/eos                       # faders, by a program's own paths
```

In a settings file, texts and tables may be mixed in `osc = [...]`, or each has its own table:

```toml
[[osc]]
target = "192.168.1.30:8000"
profile = "lights"
preset = "grandma3"
rate = 30                 # a second, at most {MAX_RATE}; 0, the default: every emission
delay = 40                # ms, at most {MAX_DELAY_MS:g}: everything so much later than to others
bundle = true             # false: one message a packet; the default is the profile's own
dancers = [1, 2]          # from 1 to {MAX_DANCERS}; default: all
addresses = {{ beat = "/Page2/Fader201", style = "" }}   # own paths; empty leaves a level out
```

The show makes up for its slowest screen (`latency_ms`); what answers faster takes a `delay`. In a
target's text switches are 1 and 0, or true and false.

Step by step: [touchdesigner.md](touchdesigner.md), [avatars.md](avatars.md),
[lights.md](lights.md).

| profile | what leaves | own options |
|---|---|---|
"""

_PLACES = " and ".join(f"`{name}`" for name in PLACES)

_COLOURS = ", ".join(f"`{name}`" for name in COLOURS)

_FLAT = f"""
`{POSE.address}` holds {len(POSE.arguments)} floats in metres, stage space: x y z of each joint in
the order above, from `pelvis` to `r_toe`. `/pj/frame`, the root and the music stay as they are.

`{STYLES.address}` (profile `visuals`) holds texts, `{STYLES.arguments[0].name}`, then as many
`{STYLES.arguments[1].name}` as the model has styles. {STYLES.meaning}

### Lights

Every level is one float in a message of its own, from 0 to 1 (times `full`, which is 100 for
grandMA3), never outside, at `/pj/lights/{{level}}` unless the preset or `addresses` say otherwise.
Several dancers are averaged. In a blackout, at the end and for a dancer who is not there all but
`state` rest: at 0, but for {_PLACES}, which stay (not on Eos and grandMA3);
`rest`, a table of levels, says otherwise. At most `flashes` a second ({FLASHES_PER_S};
{UNLIMITED} is no limit): [lights.md](lights.md) says why. With `groups=N` (1 to {GROUPS}) each
group of lamps also has {_COLOURS}, at
`/pj/lights/{{group}}/hue` and so on, or at the numbers that follow: their levels are called `1/hue`
in `addresses` and `rest`.

| level | meaning |
|---|---|
"""

_PRESETS = """
| preset | for | usual port | full | addresses |
|---|---|---|---|---|
"""

_CONTROL = f"""\
## In

UDP port {DEFAULT_CONTROL_PORT} on this machine only, unless `--control-bind` says otherwise;
then `--control-allow` names the addresses or networks whose packets are looked at (repeat it for
more). Addresses can be forged: use a network that only the show is on.
Numbers may be int or float, a switch also true or false; without an argument a switch changes
over. Those out of range are clamped, anything else that does not fit is ignored and counted (in the
summary at the end).

| address | arguments | range | meaning |
|---|---|---|---|
"""


def render() -> str:
    rows = [_row(message) for message in MESSAGES]
    middle = _MIDDLE.replace("JOINTS", ", ".join(f"`{name}`" for name in JOINT_NAMES))
    controls = [
        f"| `/pj/control/{c.name}` | {_type(c)} | {_range(c)} | {c.meaning} |"
        for c in (*CONTROLS.values(), *REQUESTS.values())
    ]
    picture = [
        f"| `{c.address}` | {_type(c)} | {_range(c)} | {_meaning(c)} |" for c in PICTURE.values()
    ]
    controls += [_VISUALS, *picture]
    inward = (
        _CONTROL + "\n".join(controls) + "\n" + _ANSWERS + _row(ACK) + "\n" + _row(NAMES) + "\n"
    )
    return _HEAD + "\n".join(rows) + "\n" + middle + _targets() + inward


def _targets() -> str:
    profiles = [
        f"| `{name}` | {kind.meaning} | {', '.join(f'`{o}`' for o in kind.options) or '-'} |"
        for name, kind in PROFILES.items()
    ]
    levels = [f"| `{name}` | {meaning} |" for name, meaning in LEVELS.items()]
    presets = [
        f"| `{name}` | {p.program} | {p.port} | {p.full:g} | {_paths(p.paths(0))} |"
        for name, p in PRESETS.items()
    ]
    tables = zip((_TARGETS, _FLAT, _PRESETS), (profiles, levels, presets), strict=True)
    return "".join(head + "\n".join(rows) + "\n" for head, rows in tables) + "\n"


def _paths(addresses: dict[str, str]) -> str:
    """Those that are not the plain ones; all in the order of the levels."""
    own = [path for level, path in addresses.items() if path != f"/pj/lights/{level}"]
    if not own:
        return "the plain ones"
    if len(own) == len(addresses):
        return f"`{own[0]}` to `{own[-1]}`"
    levels = [level for level, path in addresses.items() if path in own]
    return f"`{own[0]}` to `{own[-1]}` for {', '.join(levels)}; the others plain"


_ANSWERS = """
Who sends `/pj/control/ack 1` is answered from then on, at the address it sends from (or at another
port of the same machine: `/pj/control/ack 9001`), until `/pj/control/ack 0`; the request is
answered at once, so it also tells whether anybody listens. Eight may ask; a ninth takes the place
of the first. Answers tell of every control that is obeyed, whoever sent it, so that faders on two
desks stay together; what was wrong is answered to its sender alone, without a name, `value` saying
how many messages were ignored.

Who sends `/pj/control/watch 1` is shown the show for five seconds: the native stream and what
targets of the profile `visuals` get, all answers, and once a second where every control stands, as
answers, and the names below. Send it every second to go on watching. It goes to where the request
came from, four at most; a fifth takes the place of the first. The studio finds the show by it.

| answer | arguments | meaning |
|---|---|---|
"""

_VISUALS = f"""
The picture, on the same port; the show passes these on to its visualizer and to every target with
the profile `visuals`. A visualizer obeys them as well where they come to its own port
({DEFAULT_PORT}), without an answer. A text may also be `next` or `previous`, or the number of a
name, from 1 in the order below (0 is ignored: a button let go). Answers tell what is in force, or
what was asked for until something was called by its name: how a visualizer was started, only it
knows. The keys of a visualizer move the same things.

| address | arguments | range | meaning |
|---|---|---|---|"""


def _meaning(control: Control) -> str:
    named = f": {', '.join(f'`{name}`' for name in control.choices)}" if control.choices else ""
    return control.meaning + named


_TYPES = {
    "f": "number",
    "s": "text",
    "a": "text or number",
    "": "none (a 0 is ignored: a button let go)",
}


def _row(message: Message) -> str:
    arguments = "; ".join(
        f"{a.type} `{a.name}`"
        + (f" {a.unit}" if a.unit else "")
        + (f" [{a.range}]" if a.range else "")
        for a in message.arguments
    )
    if message.address == "/pj/style":
        arguments += ", one a style of the model"
    if message.address == NAMES.address:
        arguments += ", any number"
    return f"| `{message.address}` | {arguments} | {message.meaning} |"


def _type(control: Control) -> str:
    return "switch" if control.is_switch else _TYPES[control.types]


def _range(control: Control) -> str:
    return f"{control.low:.10g} to {control.high:.10g}" if control.types in ("f", "a") else ""


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
