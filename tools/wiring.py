"""Draw the wiring pictures of the docs: `python tools/wiring.py`. A test holds them up to date."""

from html import escape
from pathlib import Path

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"

_BOX_W, _BOX_H, _GAP_X, _GAP_Y, _MARGIN = 190, 64, 130, 24, 16
_INK, _PAPER, _OURS, _WIRE = "#1b1f24", "#f6f8fa", "#ffd9a0", "#0a6f74"

# Rows of (wire from PoseJockey, then boxes with the wires between them).
PICTURES = {
    "touchdesigner": [
        ["UDP 10000", ("OSC In CHOP", "pj/1/head:1 ..."),
         "", ("Script CHOP", "tx ty tz, 19 samples"),
         "instancing", ("Geometry COMP", "a sphere a joint")],
    ],
    "avatars": [
        ["/vmc  39539", ("VSeeFace, Warudo,", "VNyan, Unity"), "", ("VRM avatar", "21 bones")],
        ["/vrchat  9000", ("VRChat", "OSC on"), "calibrate", ("Your avatar", "head + 8 trackers")],
    ],
    "lights": [
        ["/lights/...  OSC", ("Desk, media server", "QLC+, MA3, Eos, Resolume"), "DMX",
         ("Fixtures", "")],
        ["--dmx  sACN", ("Node or fixture", "multicast or its address"), "DMX", ("Fixtures", "")],
        ["--dmx  Art-Net", ("Art-Net node", "its address"), "DMX", ("Fixtures", "")],
    ],
    "control": [
        ["--midi-map", ("MIDI controller", "knobs, pads, clock")],
        ["UDP 7402  OSC", ("OSC program or desk", "found with --announce")],
        ["UDP 7402  OSC", ("The window", "keys 1 to 9, mouse")],
        ["--cues", ("Set list", "scenes in a TOML file")],
    ],
}  # fmt: skip
_INWARD = {"control"}  # what is drawn in these steers PoseJockey


def render(name: str) -> str:
    """One picture as SVG."""
    rows = PICTURES[name]
    columns = 1 + max(len(row) // 2 for row in rows)
    width = 2 * _MARGIN + columns * _BOX_W + (columns - 1) * _GAP_X
    height = 2 * _MARGIN + len(rows) * _BOX_H + (len(rows) - 1) * _GAP_Y
    middle = height / 2
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" font-family="sans-serif" font-size="14">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        '<defs><marker id="tip" markerWidth="8" markerHeight="8" refX="7" refY="4" '
        'orient="auto-start-reverse">'
        f'<path d="M0 0 L8 4 L0 8 z" fill="{_WIRE}"/></marker></defs>',
    ]
    for number, row in enumerate(rows):
        y = _MARGIN + number * (_BOX_H + _GAP_Y)
        parts += _row(row, y, middle, "start" if name in _INWARD else "end")
    parts.append(_box(_MARGIN, middle - _BOX_H / 2, "PoseJockey", "posejockey live", _OURS))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _row(row: list, y: float, middle: float, tip: str) -> list[str]:
    parts = []
    for place in range(0, len(row), 2):
        left = _MARGIN + _BOX_W + (place // 2) * (_BOX_W + _GAP_X)
        end = y + _BOX_H / 2
        start = middle if place == 0 else end
        parts.append(_wire(left, start, left + _GAP_X, end, row[place], tip))
        title, below = row[place + 1]
        parts.append(_box(left + _GAP_X, y, title, below, _PAPER))
    return parts


def _box(x: float, y: float, title: str, below: str, fill: str) -> str:
    centre = x + _BOX_W / 2
    head = y + (_BOX_H / 2 - 4 if below else _BOX_H / 2 + 5)
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{_BOX_W}" height="{_BOX_H}" rx="8" fill="{fill}" '
        f'stroke="{_INK}"/>'
        f'<text x="{centre:g}" y="{head:g}" text-anchor="middle" font-weight="bold" '
        f'fill="{_INK}">{escape(title)}</text>'
        f'<text x="{centre:g}" y="{y + _BOX_H / 2 + 16:g}" text-anchor="middle" font-size="12" '
        f'fill="{_INK}">{escape(below)}</text>'
    )


def _wire(x1: float, y1: float, x2: float, y2: float, label: str, tip: str) -> str:
    return (
        f'<path d="M{x1 + 1:g} {y1:g} C{x1 + 30:g} {y1:g} {x1 + 10:g} {y2:g} {x1 + 40:g} {y2:g} '
        f'L{x2 - 1:g} {y2:g}" fill="none" stroke="{_WIRE}" stroke-width="2" '
        f'marker-{tip}="url(#tip)"/>'
        f'<text x="{(x1 + x2) / 2 + 12:g}" y="{y2 - 8:g}" text-anchor="middle" font-size="12" '
        f'fill="{_WIRE}">{escape(label)}</text>'
    )


if __name__ == "__main__":
    for picture in PICTURES:
        (IMAGES / f"wiring-{picture}.svg").write_text(render(picture), encoding="utf-8")
