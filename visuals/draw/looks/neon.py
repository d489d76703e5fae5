"""Neon: bodies of glowing tubes, a wide bloom, light painted by hands and feet, a glossy floor.

Bodies are drawn twice as large and scaled down, which smooths their edges at a fifth of the cost
of smooth drawing. Parts go from far to near, and each cuts a rim out of what lies behind it, so
that crossed arms and legs stay apart while the outline melts into the glow.
"""

import numpy as np

from live.body.skeleton import JOINT
from visuals.draw import body
from visuals.draw.surfaces import black, fade, mix, pygame, scaled
from visuals.scene.scene import RenderScene

# The white-hot wire inside the body, which is the whole skeleton.
_WIRE = {
    **body.PARTS,
    "torso": (
        ("pelvis", "spine", 0.052, 0.052), ("spine", "chest", 0.052, 0.052),
        ("chest", "neck", 0.052, 0.040), ("chest", "l_shoulder", 0.046, 0.046),
        ("chest", "r_shoulder", 0.046, 0.046), ("pelvis", "l_hip", 0.052, 0.060),
        ("pelvis", "r_hip", 0.052, 0.060),
    ),
}  # fmt: skip
_WIRE_LAYERS = ((0.64, 0.40), (0.32, 1.0))  # (share of the radii, share of white)
TORSO_LIGHT = 0.62  # of the limbs': arms in front of it must stand out
RIM_M = 0.020
RIM_ALPHA = 120
_WHITE = (255, 255, 255)

# What paints light: (inner joint, outer joint, on the dancer's own left).
_PAINTERS = (
    ("l_elbow", "l_wrist", True), ("r_elbow", "r_wrist", False),
    ("l_ankle", "l_toe", True), ("r_ankle", "r_toe", False), ("neck", "head", False),
)  # fmt: skip
INNER = [JOINT[n] for n, _, _ in _PAINTERS]
OUTER = [JOINT[n] for _, n, _ in _PAINTERS]
PAINTER_LEFT = [left for _, _, left in _PAINTERS]
_BRUSH_M = 0.021
TRAIL_HALF_LIFE_S = 0.42
TRAIL_TINT = (0.990, 0.962, 1.0)  # per 60th of a second: trails cool to violet as they die
REFLECTED_M = 1.4  # what is higher above the floor leaves no reflection


WIRE_TUBES = body.Tubes(_WIRE)


class Painters:
    """What paints light, from one picture to the next; the same in software and on a card."""

    def __init__(self):
        self._cuts = -1
        self._at: dict[int, np.ndarray] = {}  # by dancer: [2, 5, 3], metres

    def has_cut(self, scene: RenderScene) -> bool:
        """Whether the camera is elsewhere since this was asked last: trails are pixels of there."""
        before, self._cuts = self._cuts, scene.camera.cuts
        return before != self._cuts

    def step(self, scene: RenderScene) -> tuple[np.ndarray, np.ndarray]:
        """Their inner and outer ends one picture ago and now, [N, 2, 5, 3] each, metres."""
        now = scene.points[:, [INNER, OUTER]]
        dancers = scene.view.dancers
        before = [self._at.get(d, at) for d, at in zip(dancers, list(now), strict=True)]
        self._at = dict(zip(dancers, now, strict=True))
        return np.reshape(np.array(before), now.shape), now


class Neon(body.BodyLook):
    def __init__(self):
        super().__init__()
        self._trails = black((1, 1))
        self._strokes = body.Scratch()
        self._painters = Painters()

    def glow(self, canvas: pygame.Surface, scene: RenderScene) -> None:
        size = canvas.get_size()
        if self._trails.get_size() != size:
            # Another size is another picture of the same place: what was painted stays.
            self._trails = pygame.transform.smoothscale(self._trails, size)
        if self._painters.has_cut(scene):
            self._trails.fill(0)
        self._paint_trails(scene)
        self._reflect(canvas, scene)
        self._bloom(canvas, scene)
        body.add_light(canvas, body.smaller(self._trails, 2))

    def draw_figure(self, surface: pygame.Surface, figure: body.Figure) -> None:
        """Parts from far to near: the rim cut out, the body, the wire that burns whiter inwards."""
        scene = figure.scene
        scale = figure.scale * body.swell(scene)
        nearness = body.nearness_of(figure.scale) / figure.scale[0]
        shade = np.clip(1 + 6 * (nearness - 1), 0.72, 1.12)  # nearer is brighter
        lights = (shade * shine(scene)).tolist()
        ends = figure.ends(body.BODY, scale)
        rims = body.capsules(*ends, max(RIM_M * float(scale[0]), 2.0))
        bodies = body.capsules(*ends)
        wires = [_wires(figure, scale, share) for share, _ in _WIRE_LAYERS]
        for part in figure.far_to_near:
            color = scaled(figure.colors[part], lights[part])
            color = scaled(color, TORSO_LIGHT if part == body.TORSO else 1.0)
            cut = (*scaled(color, 0.05), RIM_ALPHA)
            for k in body.BODY.members[part]:
                body.fill(surface, cut, *rims[k])
            if part == body.TORSO:
                pygame.draw.polygon(surface, color, figure.xy[body.TORSO_CORNERS].tolist())
            for k in body.BODY.members[part]:
                body.fill(surface, color, *bodies[k])
            for wire, (_, white) in zip(wires, _WIRE_LAYERS, strict=True):
                hot = mix(color, _WHITE, white * heat(scene))
                for k in WIRE_TUBES.members[part]:
                    body.stroke(surface, hot, *wire[k])

    def _paint_trails(self, scene: RenderScene) -> None:
        keep = 0.5 ** (scene.dt_s / half_life_s(scene))
        fade(self._trails, tuple(keep * t ** (60 * scene.dt_s) for t in TRAIL_TINT))
        for figure, (before, now) in enumerate(zip(*self._painters.step(scene), strict=True)):
            self._sweep(scene, figure, before, now)

    def _sweep(self, scene: RenderScene, figure: int, before: np.ndarray, now: np.ndarray) -> None:
        """The sheet each painter swept since the last picture, and a bright edge on it."""
        (inner0, outer0), _ = scene.camera.project(before, scene.size)
        (inner1, outer1), (_, scale) = scene.camera.project(now, scene.size)
        moved = np.hypot(*(outer1 - outer0).T) > 0.5  # pixels; a still limb paints no sheet
        quads = np.stack([inner0, outer0, outer1, inner1], axis=1).tolist()
        radius_m = _BRUSH_M * brush_swell(scene)
        for k, quad in enumerate(quads):
            color = scaled(scene.colors[figure][PAINTER_LEFT[k]], scene.presence)
            if moved[k]:
                pygame.draw.polygon(self._trails, scaled(color, 0.15), quad)
            body.brush(self._trails, color, quad[1], quad[2], max(radius_m * float(scale[k]), 1.0))

    def _reflect(self, canvas: pygame.Surface, scene: RenderScene) -> None:
        """The bodies upside down in the floor, fainter the higher they are above it."""
        xy, scale = scene.camera.project(scene.points * [1, -1, 1], scene.size)
        height = np.clip(1 - scene.points[..., 1] / REFLECTED_M, 0, 1)
        strokes = self._stroked(canvas, scene, xy, scale, 0.45 * scene.presence * height**2)
        body.add_light(canvas, body.smaller(strokes, 2))

    def _bloom(self, canvas: pygame.Surface, scene: RenderScene) -> None:
        """A tight halo and a wide one; both swell on the beat."""
        light = np.full(scene.scale.shape, bloom(scene))
        scale = scene.scale * body.swell(scene)
        near = body.rows(self._stroked(canvas, scene, scene.xy, scale, light), 90)
        far = body.smaller(near, 2)
        body.add_light(canvas, pygame.transform.box_blur(near, 2))
        body.add_light(canvas, pygame.transform.gaussian_blur(far, 4))

    def _stroked(
        self, canvas: pygame.Surface, scene: RenderScene, xy, scale, shine: np.ndarray
    ) -> pygame.Surface:
        """Plain strokes on black; xy [N, 20, 2], scale and shine (0..1) [N, 20]."""
        strokes = self._strokes.cleared(canvas)
        tubes = body.BODY
        starts, ends = xy[:, tubes.a].tolist(), xy[:, tubes.b].tolist()
        widths = scale[:, tubes.a] * (tubes.radius_a_m + tubes.radius_b_m)
        shines = ((shine[:, tubes.a] + shine[:, tubes.b]) / 2).tolist()
        for figure, colors in enumerate(scene.colors):
            for k, width in enumerate(widths[figure].tolist()):
                color = scaled(colors[body.OWN_LEFT[tubes.part[k]]], shines[figure][k])
                body.stroke(strokes, color, starts[figure][k], ends[figure][k], width)
        return strokes


def half_life_s(scene: RenderScene) -> float:
    """Of the trails."""
    return TRAIL_HALF_LIFE_S * max(scene.trail, 0.02)


def bloom(scene: RenderScene) -> float:
    """Light of the halo, 0..2."""
    return min((0.38 + 0.62 * scene.pulse) * scene.presence * scene.glow, 2.0)


def shine(scene: RenderScene) -> float:
    """Light of the tubes, 0..1."""
    return (0.74 + 0.26 * scene.pulse) * scene.presence


def heat(scene: RenderScene) -> float:
    """How white the wire burns, 0..1."""
    return (0.4 + 0.6 * scene.pulse) * scene.presence


def brush_swell(scene: RenderScene) -> float:
    """What the brushes' radii are multiplied by: the beats can be counted along a trail."""
    return 1 + 0.8 * scene.pulse


def _wires(figure: body.Figure, scale: np.ndarray, share: float) -> list[tuple]:
    """(a, b, width) of each tube of the wire, its radii times share."""
    a, b, radius_a, radius_b = figure.ends(WIRE_TUBES, scale)
    widths = share * (radius_a + radius_b)
    return list(zip(a.tolist(), b.tolist(), widths.tolist(), strict=True))
