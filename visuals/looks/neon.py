"""Neon: bodies of glowing tubes, a wide bloom, light painted by hands and feet, a glossy floor.

Bodies are drawn twice as large and scaled down, which smooths their edges at a fifth of the cost
of smooth drawing. Parts go from far to near, and each cuts a rim out of what lies behind it, so
that crossed arms and legs stay apart while the outline melts into the glow.
"""

import math

import numpy as np

from live.skeleton import JOINT
from visuals.scene import SKULL, Color, Scene
from visuals.surfaces import ADD, black, fade, mix, pygame, scaled

# By part, far and near parts being told apart by their mean depth: the tubes of its body, from
# joint to joint with a radius in metres at each end ...
_BODY = {
    "torso": (
        ("l_shoulder", "r_shoulder", 0.056, 0.056), ("l_shoulder", "l_hip", 0.056, 0.056),
        ("r_shoulder", "r_hip", 0.056, 0.056), ("l_hip", "r_hip", 0.056, 0.056),
        ("chest", "neck", 0.080, 0.042),
    ),
    "head": (("skull", "skull", 0.112, 0.112),),
    "l_arm": (("l_shoulder", "l_elbow", 0.050, 0.042), ("l_elbow", "l_wrist", 0.042, 0.036)),
    "r_arm": (("r_shoulder", "r_elbow", 0.050, 0.042), ("r_elbow", "r_wrist", 0.042, 0.036)),
    "l_leg": (
        ("l_hip", "l_knee", 0.072, 0.054), ("l_knee", "l_ankle", 0.054, 0.040),
        ("l_ankle", "l_toe", 0.040, 0.034),
    ),
    "r_leg": (
        ("r_hip", "r_knee", 0.072, 0.054), ("r_knee", "r_ankle", 0.054, 0.040),
        ("r_ankle", "r_toe", 0.040, 0.034),
    ),
}  # fmt: skip
# ... and the white-hot wire inside it, which is the whole skeleton.
_WIRE = {
    **_BODY,
    "torso": (
        ("pelvis", "spine", 0.052, 0.052), ("spine", "chest", 0.052, 0.052),
        ("chest", "neck", 0.052, 0.040), ("chest", "l_shoulder", 0.046, 0.046),
        ("chest", "r_shoulder", 0.046, 0.046), ("pelvis", "l_hip", 0.052, 0.060),
        ("pelvis", "r_hip", 0.052, 0.060),
    ),
}  # fmt: skip
_WIRE_LAYERS = ((0.64, 0.40), (0.32, 1.0))  # (share of the radii, share of white)
_TORSO = 0
_TORSO_LIGHT = 0.62  # of the limbs': arms in front of it must stand out
_TORSO_BACK = 0.015  # of its distance, 7 cm: an arm hanging beside it is drawn over it
_TORSO_CORNERS = [JOINT[n] for n in ("l_shoulder", "r_shoulder", "r_hip", "l_hip")]
_OWN_LEFT = [name.startswith("l_") for name in _BODY]
_RIM_M = 0.020
_RIM_ALPHA = 120
_WHITE = (255, 255, 255)

# What paints light: (inner joint, outer joint, on the dancer's own left).
_PAINTERS = (
    ("l_elbow", "l_wrist", True), ("r_elbow", "r_wrist", False),
    ("l_ankle", "l_toe", True), ("r_ankle", "r_toe", False), ("neck", "head", False),
)  # fmt: skip
_INNER = [JOINT[n] for n, _, _ in _PAINTERS]
_OUTER = [JOINT[n] for _, n, _ in _PAINTERS]
_TRAIL_HALF_LIFE_S = 0.42
_TRAIL_TINT = (0.990, 0.962, 1.0)  # per 60th of a second: trails cool to violet as they die
_BRUSH_STEPS = 12
_REFLECTED_M = 1.4  # what is higher above the floor leaves no reflection


class _Tubes:
    """A table of tubes as arrays: the points at their ends, their radii, the part of each."""

    def __init__(self, parts: dict[str, tuple]):
        index = {**JOINT, "skull": SKULL}
        tubes = [tube for part in parts.values() for tube in part]
        self.a = np.array([index[a] for a, _, _, _ in tubes])
        self.b = np.array([index[b] for _, b, _, _ in tubes])
        self.radius_a_m = np.array([radius for _, _, radius, _ in tubes])
        self.radius_b_m = np.array([radius for _, _, _, radius in tubes])
        self.part = np.repeat(np.arange(len(parts)), [len(p) for p in parts.values()])
        self.members = [np.flatnonzero(self.part == k).tolist() for k in range(len(parts))]


_BODY_TUBES = _Tubes(_BODY)
_WIRE_TUBES = _Tubes(_WIRE)


class Neon:
    def __init__(self):
        self._trails = black((1, 1))
        self._strokes = black((1, 1))
        self._large = pygame.Surface((1, 1), pygame.SRCALPHA, 32)
        self._painted = {}  # by dancer: the last [2, 5, 3] painters, metres

    def glow(self, canvas: pygame.Surface, scene: Scene) -> None:
        size = canvas.get_size()
        if self._trails.get_size() != size:
            self._trails, self._strokes = black(size), black(size)
        self._paint_trails(scene)
        self._reflect(canvas, scene)
        self._bloom(canvas, scene)
        _add(canvas, _smaller(self._trails, 2))

    def ink(self, canvas: pygame.Surface, scene: Scene) -> None:
        if scene.figures == 0:
            return
        area = _bounds(scene).clip(canvas.get_rect())
        if area.w == 0 or area.h == 0:
            return
        large = self._cleared_twice(canvas, area)
        for figure in np.argsort(scene.scale[:, 0]).tolist():  # far to near
            _draw_figure(large, _Figure(scene, figure, area.topleft, zoom=2.0))
        small = pygame.transform.smoothscale(large, area.size)
        canvas.blit(small, area, special_flags=pygame.BLEND_PREMULTIPLIED)

    def _cleared_twice(self, canvas: pygame.Surface, area: pygame.Rect) -> pygame.Surface:
        """The upper left of a scratch surface, cleared, twice the area's size."""
        whole = (2 * canvas.get_width(), 2 * canvas.get_height())
        if self._large.get_size() != whole:
            self._large = pygame.Surface(whole, pygame.SRCALPHA, 32)
        large = self._large.subsurface((0, 0, 2 * area.w, 2 * area.h))
        large.fill((0, 0, 0, 0))
        return large

    def _paint_trails(self, scene: Scene) -> None:
        keep = 0.5 ** (scene.dt_s / _TRAIL_HALF_LIFE_S)
        fade(self._trails, tuple(keep * t ** (60 * scene.dt_s) for t in _TRAIL_TINT))
        painted = {}
        for figure, dancer in enumerate(scene.view.dancers):
            now = scene.points[figure][[_INNER, _OUTER]]
            before = self._painted.get(dancer, now)
            painted[dancer] = now
            self._sweep(scene, figure, before, now)
        self._painted = painted

    def _sweep(self, scene: Scene, figure: int, before: np.ndarray, now: np.ndarray) -> None:
        """The sheet each painter swept since the last picture, and a bright edge on it."""
        (inner0, outer0), _ = scene.camera.project(before, scene.size)
        (inner1, outer1), (_, scale) = scene.camera.project(now, scene.size)
        moved = np.hypot(*(outer1 - outer0).T) > 0.5  # pixels; a still limb paints no sheet
        quads = np.stack([inner0, outer0, outer1, inner1], axis=1).tolist()
        for k, quad in enumerate(quads):
            color = scaled(scene.colors[figure][_PAINTERS[k][2]], scene.presence)
            if moved[k]:
                pygame.draw.polygon(self._trails, scaled(color, 0.15), quad)
            _brush(self._trails, color, quad[1], quad[2], max(0.021 * float(scale[k]), 1.0))

    def _reflect(self, canvas: pygame.Surface, scene: Scene) -> None:
        """The bodies upside down in the floor, fainter the higher they are above it."""
        xy, scale = scene.camera.project(scene.points * [1, -1, 1], scene.size)
        height = np.clip(1 - scene.points[..., 1] / _REFLECTED_M, 0, 1)
        self._stroke_bodies(scene, xy, scale, 0.45 * scene.presence * height**2)
        _add(canvas, _smaller(self._strokes, 2))

    def _bloom(self, canvas: pygame.Surface, scene: Scene) -> None:
        """A tight halo and a wide one; both swell on the beat."""
        gain = (0.62 + 0.38 * scene.pulse) * scene.presence
        self._stroke_bodies(scene, scene.xy, scene.scale, np.full(scene.scale.shape, gain))
        near = _smaller(self._strokes, 4)
        far = _smaller(near, 2)
        _add(canvas, pygame.transform.box_blur(near, 2))
        _add(canvas, pygame.transform.gaussian_blur(far, 4))

    def _stroke_bodies(self, scene: Scene, xy, scale, shine: np.ndarray) -> None:
        """Plain strokes on black; xy [N, 20, 2], scale and shine (0..1) [N, 20]."""
        self._strokes.fill(0)
        tubes = _BODY_TUBES
        starts, ends = xy[:, tubes.a].tolist(), xy[:, tubes.b].tolist()
        widths = scale[:, tubes.a] * (tubes.radius_a_m + tubes.radius_b_m)
        shines = ((shine[:, tubes.a] + shine[:, tubes.b]) / 2).tolist()
        for figure, colors in enumerate(scene.colors):
            for k, width in enumerate(widths[figure].tolist()):
                color = scaled(colors[_OWN_LEFT[tubes.part[k]]], shines[figure][k])
                _stroke(self._strokes, color, starts[figure][k], ends[figure][k], width)


class _Figure:
    """One figure in pixels of the enlarged area: its points, depth order and light."""

    def __init__(self, scene: Scene, figure: int, origin: tuple[int, int], zoom: float):
        self.xy = (scene.xy[figure] - np.array(origin)) * zoom
        self.scale = scene.scale[figure] * zoom
        self.rim = max(_RIM_M * float(self.scale[0]), 2.0)
        tubes = _BODY_TUBES
        depth = (self.scale[tubes.a] + self.scale[tubes.b]) / 2
        nearness = np.bincount(tubes.part, depth) / np.bincount(tubes.part)
        order = nearness / (1 + _TORSO_BACK * (np.arange(len(nearness)) == _TORSO))
        self.far_to_near = np.argsort(order).tolist()
        shade = np.clip(1 + 6 * (nearness / self.scale[0] - 1), 0.72, 1.12)  # nearer is brighter
        gain = (0.84 + 0.16 * scene.pulse) * scene.presence
        sides = [scene.colors[figure][left] for left in _OWN_LEFT]
        self.colors = [scaled(c, g * gain) for c, g in zip(sides, shade.tolist(), strict=True)]
        self.heat = (0.62 + 0.38 * scene.pulse) * scene.presence

    def ends(self, tubes: _Tubes) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Ends a and b [K, 2] and their radii [K], pixels."""
        return (
            self.xy[tubes.a],
            self.xy[tubes.b],
            self.scale[tubes.a] * tubes.radius_a_m,
            self.scale[tubes.b] * tubes.radius_b_m,
        )


def _draw_figure(surface: pygame.Surface, figure: _Figure) -> None:
    """Parts from far to near: the rim cut out, the body, the wire that burns whiter inwards."""
    body = figure.ends(_BODY_TUBES)
    rims, bodies = _capsules(*body, figure.rim), _capsules(*body, 0.0)
    wires = [_wires(figure, share) for share, _ in _WIRE_LAYERS]
    for part in figure.far_to_near:
        color = scaled(figure.colors[part], _TORSO_LIGHT if part == _TORSO else 1.0)
        cut = (*scaled(color, 0.05), _RIM_ALPHA)
        for k in _BODY_TUBES.members[part]:
            _fill(surface, cut, *rims[k])
        if part == _TORSO:
            pygame.draw.polygon(surface, color, figure.xy[_TORSO_CORNERS].tolist())
        for k in _BODY_TUBES.members[part]:
            _fill(surface, color, *bodies[k])
        for wire, (_, white) in zip(wires, _WIRE_LAYERS, strict=True):
            hot = mix(color, _WHITE, white * figure.heat)
            for k in _WIRE_TUBES.members[part]:
                _stroke(surface, hot, *wire[k])


def _capsules(a, b, radius_a, radius_b, extra: float) -> list[tuple]:
    """(quad, a, radius a, b, radius b) of each tube, thicker by extra pixels on every side."""
    radius_a, radius_b = radius_a + extra, radius_b + extra
    along = b - a
    length = np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-6)
    normal = np.stack([-along[:, 1], along[:, 0]], axis=1) / length[:, None]
    to_a, to_b = normal * radius_a[:, None], normal * radius_b[:, None]
    quads = np.stack([a + to_a, b + to_b, b - to_b, a - to_a], axis=1)
    columns = (quads, a, radius_a, b, radius_b)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def _wires(figure: _Figure, share: float) -> list[tuple]:
    """(a, b, width) of each tube of the wire, its radii times share."""
    a, b, radius_a, radius_b = figure.ends(_WIRE_TUBES)
    widths = share * (radius_a + radius_b)
    return list(zip(a.tolist(), b.tolist(), widths.tolist(), strict=True))


def _fill(surface: pygame.Surface, color, quad, a, radius_a: float, b, radius_b: float) -> None:
    pygame.draw.polygon(surface, color, quad)
    pygame.draw.circle(surface, color, a, radius_a)
    pygame.draw.circle(surface, color, b, radius_b)


def _stroke(surface: pygame.Surface, color: Color, a, b, width: float) -> None:
    """A line with round ends; a disc where both ends are one."""
    if a != b:
        pygame.draw.line(surface, color, a, b, max(round(width), 1))
        pygame.draw.circle(surface, color, a, width / 2)
    pygame.draw.circle(surface, color, b, width / 2)


def _bounds(scene: Scene) -> pygame.Rect:
    """Around everything that `ink` draws."""
    margin = 0.16 * float(scene.scale.max()) + 2
    low = np.floor(scene.xy.min(axis=(0, 1)) - margin).astype(int)
    high = np.ceil(scene.xy.max(axis=(0, 1)) + margin).astype(int)
    return pygame.Rect(*low.tolist(), *(high - low).tolist())


def _brush(surface: pygame.Surface, color: Color, start, end, radius: float) -> None:
    """A soft round brush drawn from start to end: discs, half a radius apart."""
    steps = min(int(2 * math.dist(start, end) / radius), _BRUSH_STEPS)
    for k in range(steps + 1):
        share = k / max(steps, 1)
        at = [p + (q - p) * share for p, q in zip(end, start, strict=True)]
        pygame.draw.aacircle(surface, color, at, radius)


def _smaller(surface: pygame.Surface, times: int) -> pygame.Surface:
    width, height = surface.get_size()
    size = (max(width // times, 1), max(height // times, 1))
    return pygame.transform.smoothscale(surface, size)


def _add(canvas: pygame.Surface, light: pygame.Surface) -> None:
    """Add light of a lower resolution; scaling it up blurs it."""
    spread = pygame.transform.smoothscale(light, canvas.get_size())
    canvas.blit(spread, (0, 0), special_flags=ADD)
