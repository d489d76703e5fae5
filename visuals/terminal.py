"""The figures in a terminal: Unicode braille cells, 2 x 4 dots each, beside a panel of meters.

For ssh and for machines without a display; the same feed as the window, the same camera, no pygame.
Where the output is not a terminal, a line of state a second instead; where its encoding has no
braille, plain characters.
"""

import time

import numpy as np
from rich.console import Console
from rich.live import Live
from rich.text import Text

from live.body.skeleton import BONES, JOINT
from live.monotonic import monotonic_s
from live.osc.schema import DEFAULT_PORT
from visuals.feed.feed import Feed
from visuals.feed.view import View
from visuals.scene.camera import Camera
from visuals.scene.scene import SKULL, RenderScene, compose

_RATE_HZ = 30  # more is wasted on a terminal, and 4 kB a picture add up over ssh
_PANEL_COLUMNS = 20
_LEAST_COLUMNS = 44  # narrower, and the panel goes
_SAMPLES = 40  # points along a bone: closer than a dot up to 160 dots a metre
_LIMB_RADIUS_M = 0.036
_HEAD_RADIUS_M = 0.11
_FLOOR_DOTS = 120
_FLOOR = -1  # the owner of a cell that shows the floor's ring

# (joint, joint, radius in metres); the head's disc is a line of no length.
_STROKES = [
    *((a, b, _LIMB_RADIUS_M) for a, b in BONES if b != JOINT["head"]),
    (JOINT["l_shoulder"], JOINT["l_hip"], _LIMB_RADIUS_M),
    (JOINT["r_shoulder"], JOINT["r_hip"], _LIMB_RADIUS_M),
    (SKULL, SKULL, _HEAD_RADIUS_M),
]
_A = np.array([a for a, _, _ in _STROKES])
_B = np.array([b for _, b, _ in _STROKES])
_RADIUS_M = np.array([r for _, _, r in _STROKES])

# Unicode's order of the 2 x 4 dots, [row, column].
_DOT_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
_ASCII_SHADES = " .:-=+*#@"  # by the number of dots set, 0..8


class Picture:
    """Views to a rectangle of coloured text; keeps the camera between them."""

    def __init__(self, braille: bool = True):
        self._camera = Camera()
        self._braille = braille

    def draw(self, view: View, columns: int, rows: int, dt_s: float) -> Text:
        """rows lines of columns characters. dt_s: since the last picture."""
        beside = _PANEL_COLUMNS if columns >= _LEAST_COLUMNS else 0
        size = (2 * (columns - beside), 4 * rows)
        self._camera.follow(view.joints, size[0] / size[1], dt_s)
        scene = compose(view, self._camera, size, dt_s)
        owners, dots = rasterise(scene)
        lines = _cells(dots, self._braille)
        panel = _panel(view, scene.pulse, self._braille) if beside else []
        picture = Text(no_wrap=True, end="")
        for row, line in enumerate(lines):
            _append_runs(picture, line, owners[row], scene)
            if row < len(panel):
                picture.append(*panel[row])
            if row < rows - 1:
                picture.append("\n")
        return picture


def run(port: int = DEFAULT_PORT, host: str = "127.0.0.1", seconds: float | None = None) -> int:
    """Draw the feed on host:port in the terminal until Ctrl-C or `seconds`. Returns 0.

    Raises DeviceError if the port is taken.
    """
    console = Console(highlight=False)
    with Feed(port, host) as feed:
        try:
            if console.is_terminal:
                animate(feed, console, seconds)
            else:
                report(feed, console, seconds)
        except KeyboardInterrupt:
            pass
    return 0


def rasterise(scene: RenderScene) -> tuple[np.ndarray, np.ndarray]:
    """The figures as dots. Returns owners int [rows, columns] and dots bool [4 rows, 2 columns].

    A cell has one colour: its owner is the nearest figure in it, or the floor.
    """
    width, height = scene.size
    dots = np.zeros((height, width), bool)
    owners = np.full((height // 4, width // 2), _FLOOR)
    if scene.view.state == "blackout":
        return owners, dots
    _plot(dots, _ring(scene))
    for figure in np.argsort(scene.scale[:, 0]).tolist():  # far to near
        body = np.zeros_like(dots)
        _plot(body, _body_points(scene.xy[figure], scene.scale[figure]))
        covered = body.reshape(height // 4, 4, width // 2, 2).any(axis=(1, 3))
        owners[covered] = figure
        dots &= ~np.kron(covered, np.ones((4, 2), bool))
        dots |= body
    return owners, dots


def status_line(view: View, packets_per_s: float) -> str:
    """The feed in one line."""
    if view.lost:
        return "no signal"
    return (
        f"{view.state or 'playing'}: {len(view.dancers)} dancers, {view.bpm:.1f} bpm "
        f"({100 * view.confidence:.0f} % sure), level {view.level:.2f}, "
        f"{packets_per_s:.0f} packets/s"
    )


def has_braille(encoding: str) -> bool:
    """Whether text in this encoding can carry the picture."""
    try:
        "\u28ff\u25cf\u2588".encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def animate(feed: Feed, console: Console, seconds: float | None) -> None:
    """Draw on the whole of a terminal, 30 times a second."""
    picture = Picture(has_braille(console.encoding))
    start_s = last_s = monotonic_s()
    with Live(console=console, screen=True, auto_refresh=False) as live:
        while seconds is None or last_s - start_s < seconds:
            now_s = monotonic_s()
            columns, rows = console.size
            live.update(picture.draw(feed.view(now_s), columns, rows, now_s - last_s), refresh=True)
            last_s = now_s
            time.sleep(max(1 / _RATE_HZ - (monotonic_s() - now_s), 0.001))


def report(feed: Feed, console: Console, seconds: float | None) -> None:
    """A line of state a second, for a pipe or a log."""
    elapsed = 0.0
    while seconds is None or elapsed < seconds:
        received, asked_s = feed.received, monotonic_s()
        time.sleep(1.0 if seconds is None else min(1.0, seconds - elapsed))
        took_s = monotonic_s() - asked_s  # on a busy machine longer than it was to be
        elapsed += took_s
        line = status_line(feed.view(monotonic_s()), (feed.received - received) / took_s)
        console.print(line, soft_wrap=True)


def _body_points(xy: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Dots [K, 2] of a body: discs along every stroke. xy [20, 2]; scale, dots a metre [20]."""
    radii = np.maximum(_RADIUS_M * scale[_A], 0.5)
    along = np.linspace(0, 1, _SAMPLES)[None, :, None]
    centers = xy[_A][:, None] + along * (xy[_B] - xy[_A])[:, None]
    reach = int(np.ceil(radii.max()))
    axis = np.arange(-reach, reach + 1)
    offsets = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    inside = np.hypot(offsets[:, 0], offsets[:, 1]) <= radii[:, None]
    strokes = [
        (centers[k][:, None] + offsets[inside[k]]).reshape(-1, 2) for k in range(len(_STROKES))
    ]
    return np.concatenate(strokes)


def _ring(scene: RenderScene) -> np.ndarray:
    """Dots [K, 2] of the ring that the beat throws on the floor."""
    if scene.pulse <= 0.02:
        return np.zeros((0, 2))
    angles = np.linspace(0, 2 * np.pi, _FLOOR_DOTS)
    radius_m = 0.5 + 1.2 * (1 - scene.pulse ** (1 / 3))
    circle = np.stack([np.cos(angles), 0 * angles, np.sin(angles)], axis=1) * radius_m
    return scene.camera.project(circle + scene.middle, scene.size)[0]


def _plot(dots: np.ndarray, points: np.ndarray) -> None:
    height, width = dots.shape
    x, y = np.floor(points).astype(int).T
    seen = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    dots[y[seen], x[seen]] = True


def _cells(dots: np.ndarray, braille: bool) -> list[str]:
    """Dots [4 rows, 2 columns] to rows lines of text."""
    height, width = dots.shape
    cells = dots.reshape(height // 4, 4, width // 2, 2)
    if braille:
        codes = 0x2800 + np.einsum("rdcs,ds->rc", cells, _DOT_BITS)
        # Many fonts draw the empty braille cell as eight rings: a space instead.
        return ["".join(map(chr, row)).replace("\u2800", " ") for row in codes.tolist()]
    counts = cells.sum(axis=(1, 3))
    return ["".join(_ASCII_SHADES[n] for n in row) for row in counts.tolist()]


def _append_runs(text: Text, line: str, owners: np.ndarray, scene: RenderScene) -> None:
    """Append a line in the colours of its owners, one span a run."""
    starts = np.flatnonzero(np.diff(owners, prepend=owners[0] - 1)).tolist()
    for start, end in zip(starts, [*starts[1:], len(line)], strict=True):
        text.append(line[start:end], _style(int(owners[start]), scene))


def _style(owner: int, scene: RenderScene) -> str:
    if owner == _FLOOR:
        return "rgb(70,110,200)"
    gain = (0.75 + 0.25 * scene.pulse) * scene.presence
    red, green, blue = (round(c * gain) for c in scene.colors[owner][0])
    return f"rgb({red},{green},{blue})"


def _panel(view: View, pulse: float, braille: bool) -> list[tuple[str, str]]:
    """(text, style) of each line beside the picture."""
    if view.state == "blackout":
        return []
    if view.lost:
        return [("", ""), ("  no signal", "yellow")]
    beat = int(4 * view.bar_phase) % 4
    on, off = ("\u25cf", "\u00b7") if braille else ("#", ".")
    dots = " ".join(on if k == beat else off for k in range(4))
    low, mid, high = view.onset
    return [
        ("", ""),
        (f"  {dots}", "bold bright_white" if pulse > 0.3 else "bright_black"),
        (f"  {view.bpm:.1f} bpm", "bold" if view.confidence > 0.5 else "bright_black"),
        (f"  sure  {_meter(view.confidence, braille)}", "bright_black"),
        ("", ""),
        (f"  level {_meter(view.level, braille)}", "cyan"),
        (f"  low   {_meter(low, braille)}", "bright_black"),
        (f"  mid   {_meter(mid, braille)}", "bright_black"),
        (f"  high  {_meter(high, braille)}", "bright_black"),
        ("", ""),
        (f"  {view.state}", "bright_black"),
    ]


def _meter(value: float, braille: bool, width: int = 10) -> str:
    full, empty = ("\u2588", "\u00b7") if braille else ("#", ".")
    filled = round(width * value)
    return full * filled + empty * (width - filled)
