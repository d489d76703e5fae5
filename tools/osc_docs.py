"""Write docs/osc.md from live/osc_schema.py: `python tools/osc_docs.py`."""

from pathlib import Path

from live.osc_schema import (
    CONTROLS,
    DEFAULT_CONTROL_PORT,
    DEFAULT_PORT,
    MAX_BUNDLE_BYTES,
    MESSAGES,
    SCHEMA_VERSION,
    Message,
)
from live.skeleton import JOINT_NAMES

PAGE = Path(__file__).resolve().parent.parent / "docs" / "osc.md"

_HEAD = f"""\
<!-- Written by tools/osc_docs.py from live/osc_schema.py; a test fails where they differ. -->
# OSC: what leaves, what comes in

Native schema v{SCHEMA_VERSION}, over UDP. Every emission (60 a second by default) is one bundle for
each dancer, stamped "immediately", of at most {MAX_BUNDLE_BYTES} bytes; all bundles of one emission
carry the same `/pj/frame`. Only the types i, f and s are used, and only numbers leave, so every
receiver can read them: TouchDesigner's OSC In CHOP names its channels `pj/1/head:1` and so on by
itself.

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

_CONTROL = f"""\
## In

UDP port {DEFAULT_CONTROL_PORT} on this machine only, unless `--control-bind` says otherwise.
Numbers may be int or float; those out of range are clamped, anything else that does not fit is
ignored and counted.

| address | arguments | range | meaning |
|---|---|---|---|
"""


def render() -> str:
    rows = [_row(message) for message in MESSAGES]
    middle = _MIDDLE.replace("JOINTS", ", ".join(f"`{name}`" for name in JOINT_NAMES))
    controls = [
        f"| `/pj/control/{c.name}` | {_TYPES[c.types]} | {_range(c)} | {c.meaning} |"
        for c in CONTROLS.values()
    ]
    return _HEAD + "\n".join(rows) + "\n" + middle + _CONTROL + "\n".join(controls) + "\n"


_TYPES = {"f": "number", "s": "text", "": "none (a 0 is ignored: a button let go)"}


def _row(message: Message) -> str:
    arguments = "; ".join(
        f"{a.type} `{a.name}`"
        + (f" {a.unit}" if a.unit else "")
        + (f" [{a.range}]" if a.range else "")
        for a in message.arguments
    )
    if message.address == "/pj/style":
        arguments += ", one a style of the model"
    return f"| `{message.address}` | {arguments} | {message.meaning} |"


def _range(control) -> str:
    return f"{control.low:g} to {control.high:g}" if control.types == "f" else ""


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
