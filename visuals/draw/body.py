"""What the looks share: the body as tubes, strokes, scratch surfaces, smooth edges.

All positions in pixels unless a name ends in _m. Parts (torso, head, arms, legs) are drawn from
far to near, told apart by their mean depth.
"""

import abc
import math

import numpy as np

from live.body.skeleton import JOINT
from visuals.draw.surfaces import ADD, black, pygame
from visuals.scene.scene import SKULL, Color, RenderScene

# By part: the tubes of its body, from joint to joint with a radius in metres at each end.
PARTS = {
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
TORSO = 0
Ends = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
TORSO_CORNERS = [JOINT[n] for n in ("l_shoulder", "r_shoulder", "r_hip", "l_hip")]
OWN_LEFT = [name.startswith("l_") for name in PARTS]
_SWELL = 0.22  # how much thicker a body is on the beat
_TORSO_BACK = 0.015  # of its distance, 7 cm: an arm hanging beside it is drawn over it


class Tubes:
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


BODY = Tubes(PARTS)

# The single lines of a stick figure, (point, point), and whether they are on the own left.
STICKS = tuple(
    (a, b, left)
    for a, b, left in (
        ("neck", "skull", False), ("neck", "chest", False), ("chest", "spine", False),
        ("spine", "pelvis", False), ("neck", "l_shoulder", True), ("neck", "r_shoulder", False),
        ("l_shoulder", "l_elbow", True), ("l_elbow", "l_wrist", True),
        ("r_shoulder", "r_elbow", False), ("r_elbow", "r_wrist", False),
        ("pelvis", "l_hip", True), ("pelvis", "r_hip", False), ("l_hip", "l_knee", True),
        ("l_knee", "l_ankle", True), ("l_ankle", "l_toe", True), ("r_hip", "r_knee", False),
        ("r_knee", "r_ankle", False), ("r_ankle", "r_toe", False),
    )
)  # fmt: skip
_INDEX = {**JOINT, "skull": SKULL}
STICK_A = np.array([_INDEX[a] for a, _, _ in STICKS])
STICK_B = np.array([_INDEX[b] for _, b, _ in STICKS])
STICK_LEFT = [left for _, _, left in STICKS]


class Scratch:
    """A surface of a canvas' size, kept from picture to picture."""

    def __init__(self):
        self._surface = black((1, 1))

    def cleared(self, canvas: pygame.Surface, color: Color = (0, 0, 0)) -> pygame.Surface:
        """It, all of one colour; another one when the canvas has another size."""
        if self._surface.get_size() != canvas.get_size():
            self._surface = black(canvas.get_size())
        self._surface.fill(color)
        return self._surface


class Doubled:
    """A transparent scratch surface of twice a canvas' size, pasted on it with smooth edges.

    Scaling down smooths at a fifth of the cost of smooth drawing.
    """

    ZOOM = 2.0

    def __init__(self):
        self._large = pygame.Surface((1, 1), pygame.SRCALPHA, 32)

    def cleared(self, canvas: pygame.Surface, area: pygame.Rect) -> pygame.Surface:
        """To draw what belongs in the canvas' area, at twice its size."""
        whole = (2 * canvas.get_width(), 2 * canvas.get_height())
        if self._large.get_size() != whole:
            self._large = pygame.Surface(whole, pygame.SRCALPHA, 32)
        large = self._large.subsurface((0, 0, 2 * area.w, 2 * area.h))
        large.fill((0, 0, 0, 0))
        return large

    def paste(self, canvas: pygame.Surface, area: pygame.Rect, large: pygame.Surface) -> None:
        small = pygame.transform.smoothscale(large, area.size)
        canvas.blit(small, area, special_flags=pygame.BLEND_PREMULTIPLIED)


class Figure:
    """One figure in pixels of the enlarged area that `BodyLook` draws on."""

    def __init__(self, scene: RenderScene, figure: int, origin: tuple[int, int], zoom: float):
        self.scene = scene
        self.xy = (scene.xy[figure] - np.array(origin)) * zoom  # [20, 2]
        self.scale = scene.scale[figure] * zoom  # pixels per metre [20]
        self.far_to_near = parts_far_to_near(nearness_of(self.scale))
        self.pair = scene.colors[figure]  # body, own left side
        self.colors = [self.pair[left] for left in OWN_LEFT]  # by part

    def ends(self, tubes: Tubes, scale: np.ndarray) -> Ends:
        """Ends a and b [K, 2] of tubes and their radii [K], pixels; scale: as the figure's own."""
        radius_a, radius_b = scale[tubes.a] * tubes.radius_a_m, scale[tubes.b] * tubes.radius_b_m
        return self.xy[tubes.a], self.xy[tubes.b], radius_a, radius_b


class BodyLook(abc.ABC):
    """A look that inks whole bodies, the far ones first, with smooth edges."""

    floor = True

    def __init__(self):
        self._doubled = Doubled()

    def ink(self, canvas: pygame.Surface, scene: RenderScene) -> None:
        area = bounds(scene, canvas)
        if area.w == 0 or area.h == 0:
            return
        large = self._doubled.cleared(canvas, area)
        for figure in far_to_near(scene):
            self.draw_figure(large, Figure(scene, figure, area.topleft, Doubled.ZOOM))
        self._doubled.paste(canvas, area, large)

    @abc.abstractmethod
    def draw_figure(self, surface: pygame.Surface, figure: Figure) -> None:
        """One figure, at twice the canvas' size."""


def far_to_near(scene: RenderScene) -> list[int]:
    """The figures in the order to draw them in."""
    return np.argsort(scene.scale[:, 0]).tolist()


def swell(scene: RenderScene) -> float:
    """What radii are multiplied by: from the back of a hall a thicker body is seen, a lighter one
    is not."""
    return 1 + _SWELL * scene.pulse


def nearness_of(scale: np.ndarray) -> np.ndarray:
    """Mean pixels per metre [6] of a body's parts; scale [20]."""
    depth = (scale[BODY.a] + scale[BODY.b]) / 2
    return np.bincount(BODY.part, depth) / np.bincount(BODY.part)


def parts_far_to_near(nearness: np.ndarray) -> list[int]:
    """The parts in the order to draw them in."""
    return np.argsort(nearness / (1 + _TORSO_BACK * (np.arange(len(nearness)) == TORSO))).tolist()


def bounds(scene: RenderScene, canvas: pygame.Surface, margin_m: float = 0.18) -> pygame.Rect:
    """Around the bodies and margin_m more, as far as it is on the canvas; maybe of no size."""
    if scene.figures == 0:
        return pygame.Rect(0, 0, 0, 0)
    margin = margin_m * float(scene.scale.max()) + 2
    low = np.floor(scene.xy.min(axis=(0, 1)) - margin).astype(int)
    high = np.ceil(scene.xy.max(axis=(0, 1)) + margin).astype(int)
    return pygame.Rect(*low.tolist(), *(high - low).tolist()).clip(canvas.get_rect())


def capsules(a, b, radius_a, radius_b, extra: float = 0.0) -> list[tuple]:
    """(quad, a, radius a, b, radius b) of each tube, thicker by extra pixels on every side.

    a, b [K, 2]; radii [K].
    """
    radius_a, radius_b = radius_a + extra, radius_b + extra
    along = b - a
    length = np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-6)
    normal = np.stack([-along[:, 1], along[:, 0]], axis=1) / length[:, None]
    to_a, to_b = normal * radius_a[:, None], normal * radius_b[:, None]
    quads = np.stack([a + to_a, b + to_b, b - to_b, a - to_a], axis=1)
    columns = (quads, a, radius_a, b, radius_b)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def fill(surface: pygame.Surface, color, quad, a, radius_a: float, b, radius_b: float) -> None:
    """One capsule."""
    pygame.draw.polygon(surface, color, quad)
    pygame.draw.circle(surface, color, a, radius_a)
    pygame.draw.circle(surface, color, b, radius_b)


def stroke(surface: pygame.Surface, color: Color, a, b, width: float) -> None:
    """A line with round ends; a disc where both ends are one."""
    if a != b:
        pygame.draw.line(surface, color, a, b, max(round(width), 1))
        pygame.draw.circle(surface, color, a, width / 2)
    pygame.draw.circle(surface, color, b, width / 2)


def brush(surface: pygame.Surface, color: Color, start, end, radius: float) -> None:
    """A soft round brush drawn from start to end: discs, half a radius apart."""
    steps = min(int(2 * math.dist(start, end) / radius), 12)
    for k in range(steps + 1):
        share = k / max(steps, 1)
        at = [p + (q - p) * share for p, q in zip(end, start, strict=True)]
        pygame.draw.aacircle(surface, color, at, radius)


def smaller(surface: pygame.Surface, times: int) -> pygame.Surface:
    width, height = surface.get_size()
    size = (max(width // times, 1), max(height // times, 1))
    return pygame.transform.smoothscale(surface, size)


def rows(surface: pygame.Surface, about: int) -> pygame.Surface:
    """The surface with so many rows, nearly.

    What is blurred there by pixels is as wide in a film of 4K as in a small window.
    """
    return smaller(surface, max(round(surface.get_height() / about), 1))


def add_light(canvas: pygame.Surface, light: pygame.Surface, gain: float = 1.0) -> None:
    """Add light of a lower resolution, so many times; scaling it up blurs it."""
    if gain < 1:
        light.fill(3 * (round(255 * gain),), special_flags=pygame.BLEND_RGB_MULT)
    spread = pygame.transform.smoothscale(light, canvas.get_size())
    canvas.blit(spread, (0, 0), special_flags=ADD)
    if gain > 1:
        spread.fill(3 * (round(255 * min(gain - 1, 1)),), special_flags=pygame.BLEND_RGB_MULT)
        canvas.blit(spread, (0, 0), special_flags=ADD)
