"""Neon: bodies of glowing tubes, a wide bloom, light painted by hands and feet, a glossy floor.

Bodies are drawn twice as large and scaled down, which smooths their edges at a fifth of the cost
of smooth drawing. Parts go from far to near, and each cuts a rim out of what lies behind it, so
that crossed arms and legs stay apart while the outline melts into the glow.
"""

import numpy as np

from live.body.skeleton import JOINT
from visuals.draw.looks import body
from visuals.draw.surfaces import black, fade, mix, pygame, scaled
from visuals.scene.scene import Scene

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


class Neon:
    floor = True

    def __init__(self):
        self._trails = black((1, 1))
        self._strokes = black((1, 1))
        self._doubled = body.Doubled()
        self._cuts = -1
        self._painted = {}  # by dancer: the last [2, 5, 3] painters, metres

    def glow(self, canvas: pygame.Surface, scene: Scene) -> None:
        size = canvas.get_size()
        if self._trails.get_size() != size:
            # Another size is another picture of the same place: what was painted stays.
            self._trails = pygame.transform.smoothscale(self._trails, size)
            self._strokes = black(size)
        if self._cuts != scene.camera.cuts:  # trails are pixels of another place
            self._cuts = scene.camera.cuts
            self._trails.fill(0)
        self._paint_trails(scene)
        self._reflect(canvas, scene)
        self._bloom(canvas, scene)
        body.add_light(canvas, body.smaller(self._trails, 2))

    def ink(self, canvas: pygame.Surface, scene: Scene) -> None:
        area = body.bounds(scene, canvas)
        if area.w == 0 or area.h == 0:
            return
        large = self._doubled.cleared(canvas, area)
        for figure in body.far_to_near(scene):
            _draw_figure(large, _Figure(scene, figure, area.topleft, self._doubled.ZOOM))
        self._doubled.paste(canvas, area, large)

    def _paint_trails(self, scene: Scene) -> None:
        keep = 0.5 ** (scene.dt_s / TRAIL_HALF_LIFE_S)
        fade(self._trails, tuple(keep * t ** (60 * scene.dt_s) for t in TRAIL_TINT))
        painted = {}
        for figure, dancer in enumerate(scene.view.dancers):
            now = scene.points[figure][[INNER, OUTER]]
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
        radius_m = _BRUSH_M * brush_swell(scene)
        for k, quad in enumerate(quads):
            color = scaled(scene.colors[figure][PAINTER_LEFT[k]], scene.presence)
            if moved[k]:
                pygame.draw.polygon(self._trails, scaled(color, 0.15), quad)
            body.brush(self._trails, color, quad[1], quad[2], max(radius_m * float(scale[k]), 1.0))

    def _reflect(self, canvas: pygame.Surface, scene: Scene) -> None:
        """The bodies upside down in the floor, fainter the higher they are above it."""
        xy, scale = scene.camera.project(scene.points * [1, -1, 1], scene.size)
        height = np.clip(1 - scene.points[..., 1] / REFLECTED_M, 0, 1)
        self._stroke_bodies(scene, xy, scale, 0.45 * scene.presence * height**2)
        body.add_light(canvas, body.smaller(self._strokes, 2))

    def _bloom(self, canvas: pygame.Surface, scene: Scene) -> None:
        """A tight halo and a wide one; both swell on the beat."""
        light = np.full(scene.scale.shape, bloom(scene))
        self._stroke_bodies(scene, scene.xy, scene.scale * body.swell(scene), light)
        near = body.rows(self._strokes, 90)
        far = body.smaller(near, 2)
        body.add_light(canvas, pygame.transform.box_blur(near, 2))
        body.add_light(canvas, pygame.transform.gaussian_blur(far, 4))

    def _stroke_bodies(self, scene: Scene, xy, scale, shine: np.ndarray) -> None:
        """Plain strokes on black; xy [N, 20, 2], scale and shine (0..1) [N, 20]."""
        self._strokes.fill(0)
        tubes = body.BODY
        starts, ends = xy[:, tubes.a].tolist(), xy[:, tubes.b].tolist()
        widths = scale[:, tubes.a] * (tubes.radius_a_m + tubes.radius_b_m)
        shines = ((shine[:, tubes.a] + shine[:, tubes.b]) / 2).tolist()
        for figure, colors in enumerate(scene.colors):
            for k, width in enumerate(widths[figure].tolist()):
                color = scaled(colors[body.OWN_LEFT[tubes.part[k]]], shines[figure][k])
                body.stroke(self._strokes, color, starts[figure][k], ends[figure][k], width)


class _Figure:
    """One figure in pixels of the enlarged area: its points, depth order and light."""

    def __init__(self, scene: Scene, figure: int, origin: tuple[int, int], zoom: float):
        self.xy = (scene.xy[figure] - np.array(origin)) * zoom
        scale = scene.scale[figure] * zoom
        self.scale = scale * body.swell(scene)
        self.rim = max(RIM_M * float(self.scale[0]), 2.0)
        nearness = body.nearness_of(scale)
        self.far_to_near = body.parts_far_to_near(nearness)
        shade = np.clip(1 + 6 * (nearness / scale[0] - 1), 0.72, 1.12)  # nearer is brighter
        gain = shine(scene)
        sides = [scene.colors[figure][left] for left in body.OWN_LEFT]
        self.colors = [scaled(c, g * gain) for c, g in zip(sides, shade.tolist(), strict=True)]
        self.heat = heat(scene)

    def ends(self, tubes: body.Tubes) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Ends a and b [K, 2] and their radii [K], pixels."""
        return (
            self.xy[tubes.a],
            self.xy[tubes.b],
            self.scale[tubes.a] * tubes.radius_a_m,
            self.scale[tubes.b] * tubes.radius_b_m,
        )


def bloom(scene: Scene) -> float:
    """Light of the halo, 0..1."""
    return (0.38 + 0.62 * scene.pulse) * scene.presence


def shine(scene: Scene) -> float:
    """Light of the tubes, 0..1."""
    return (0.74 + 0.26 * scene.pulse) * scene.presence


def heat(scene: Scene) -> float:
    """How white the wire burns, 0..1."""
    return (0.4 + 0.6 * scene.pulse) * scene.presence


def brush_swell(scene: Scene) -> float:
    """What the brushes' radii are multiplied by: the beats can be counted along a trail."""
    return 1 + 0.8 * scene.pulse


def _draw_figure(surface: pygame.Surface, figure: _Figure) -> None:
    """Parts from far to near: the rim cut out, the body, the wire that burns whiter inwards."""
    ends = figure.ends(body.BODY)
    rims, bodies = body.capsules(*ends, figure.rim), body.capsules(*ends)
    wires = [_wires(figure, share) for share, _ in _WIRE_LAYERS]
    for part in figure.far_to_near:
        color = scaled(figure.colors[part], TORSO_LIGHT if part == body.TORSO else 1.0)
        cut = (*scaled(color, 0.05), RIM_ALPHA)
        for k in body.BODY.members[part]:
            body.fill(surface, cut, *rims[k])
        if part == body.TORSO:
            pygame.draw.polygon(surface, color, figure.xy[body.TORSO_CORNERS].tolist())
        for k in body.BODY.members[part]:
            body.fill(surface, color, *bodies[k])
        for wire, (_, white) in zip(wires, _WIRE_LAYERS, strict=True):
            hot = mix(color, _WHITE, white * figure.heat)
            for k in WIRE_TUBES.members[part]:
                body.stroke(surface, hot, *wire[k])


def _wires(figure: _Figure, share: float) -> list[tuple]:
    """(a, b, width) of each tube of the wire, its radii times share."""
    a, b, radius_a, radius_b = figure.ends(WIRE_TUBES)
    widths = share * (radius_a + radius_b)
    return list(zip(a.tolist(), b.tolist(), widths.tolist(), strict=True))
