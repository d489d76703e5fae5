"""Bodies as rows of numbers for `Card.shapes`, all figures at once, in the order to draw them in.

A row is a chain of tubes over four points, or a quadrilateral, and its colour: float32 [22]. All
places in pixels, colours 0..1. A limb is one row, so that a rim that shines through is not darker
at the knee.
"""

import numpy as np

from live.body.skeleton import JOINT
from visuals.draw import body
from visuals.scene.scene import SKULL, RenderScene

ROW = 22
_POINTS = 4
Layer = tuple[np.ndarray, np.ndarray]  # rows [N, K, 22] and the part [K] of each


def _limbs() -> list[tuple[str, tuple[str, ...], tuple[float, ...]]]:
    """(part, points, radii in metres) of head, arms and legs, as `draw.body` has them."""
    found = []
    for part, tubes in list(body.PARTS.items())[1:]:
        points = (tubes[0][0], *(b for _, b, _, _ in tubes))
        found.append((part, points, (tubes[0][2], *(radius for _, _, _, radius in tubes))))
    return found


LIMBS = _limbs()
_NECK = ("torso", ("chest", "neck"), body.PARTS["torso"][-1][2:])
_TRUNK_M = body.PARTS["torso"][0][2]


class Chains:
    """A table of (part, up to four points, their radii in metres) as arrays."""

    def __init__(self, table: list[tuple[str, tuple[str, ...], tuple[float, ...]]]):
        index, names = {**JOINT, "skull": SKULL}, list(body.PARTS)
        self.part = np.array([names.index(part) for part, _, _ in table])
        # A shorter chain ends in tubes without a length.
        padded = [[*points, *points[-1:] * (_POINTS - len(points))] for _, points, _ in table]
        self.points = np.array([[index[name] for name in points] for points in padded])
        self.radius_m = np.array(
            [[*radii, *radii[-1:] * (_POINTS - len(radii))] for _, _, radii in table]
        )


BODY = Chains(
    [
        # The trunk's outline, and its neck; `plain` fills it.
        ("torso", ("l_shoulder", "r_shoulder", "r_hip", "l_hip"), 4 * (_TRUNK_M,)),
        ("torso", ("l_hip", "l_shoulder"), 2 * (_TRUNK_M,)),
        _NECK,
        *LIMBS,
    ]
)
_SOLID = Chains([_NECK, *LIMBS])


def rows(points, radii, color, alpha=1.0, soft=0.0, shine=1.0) -> np.ndarray:
    """Chains, float32 [..., 22]. points [..., 4, 2], radii [..., 4], color [..., 3].

    soft: the share of the radius over which the edge fades, 0: a sharp one. shine [..., 4]: what
    the colour is multiplied by at each point.
    """
    out = np.zeros((*np.shape(points)[:-2], ROW), np.float32)
    out[..., 0:8] = np.reshape(points, (*np.shape(points)[:-2], 8))
    out[..., 8:12], out[..., 12] = radii, soft
    out[..., 14:17], out[..., 17] = color, 1.0
    out[..., 14:18] *= alpha
    out[..., 18:22] = shine
    return out


def lines(a, b, radius, color, **how) -> np.ndarray:
    """Single tubes, float32 [..., 22]. a, b [..., 2]; radius [...]; color [..., 3]."""
    return rows(np.stack([a, b, b, b], axis=-2), np.asarray(radius)[..., None], color, **how)


def chains(table: Chains, xy, scale, color, share: float = 1.0, extra=0.0, **how) -> np.ndarray:
    """A table's chains, float32 [N, K, 22]; xy [N, 20, 2], scale [N, 20], color [N, K, 3].

    share: of their radii; extra [N, 1] or a number: pixels more.
    """
    radii = share * scale[:, table.points] * table.radius_m + np.reshape(extra, (-1, 1, 1))
    return rows(xy[:, table.points], radii, color, **how)


def plain(xy, scale, color, rim, rim_alpha: float) -> list[Layer]:
    """Whole bodies as layers for `far_to_near`: each part's dark rim, then the part.

    xy [N, 20, 2], scale [N, 20], color [N, 6, 3] by part; rim [N, 1] or a number, pixels.
    """
    found: list[Layer] = []
    trunk_px = _TRUNK_M * scale[:, body.TORSO_CORNERS].mean(axis=1, keepdims=True)
    for extra, light, alpha in ((rim, 0.05, rim_alpha), (0.0, 1.0, 1.0)):
        trunk = rows(
            xy[:, None, body.TORSO_CORNERS], (trunk_px + extra)[..., None],
            light * color[:, [body.TORSO]], alpha,
        )  # fmt: skip
        trunk[..., 13] = 1.0
        found.append((trunk, np.array([body.TORSO])))
        own = light * color[:, _SOLID.part]
        found.append((chains(_SOLID, xy, scale, own, extra=extra, alpha=alpha), _SOLID.part))
    return found


def colors(scene: RenderScene) -> np.ndarray:
    """Colours of every figure's parts, float [N, 6, 3]."""
    pairs = np.array(scene.colors, np.float64).reshape(-1, 2, 3) / 255
    return pairs[:, np.array(body.OWN_LEFT, int)]


def far_to_near(scene: RenderScene, layers: list[Layer]) -> np.ndarray:
    """Rows [M, 22], far figures and parts first, within each part layer over layer."""
    parts = len(body.PARTS)
    order = np.zeros((scene.figures, parts), int)
    for place, figure in enumerate(body.far_to_near(scene)):
        near = body.parts_far_to_near(body.nearness_of(scene.scale[figure]))
        order[figure, near] = place * parts + np.arange(parts)
    keys = [
        (order[:, part] * len(layers) + layer).ravel() for layer, (_, part) in enumerate(layers)
    ]
    drawn = np.concatenate([rows.reshape(-1, ROW) for rows, _ in layers])
    return drawn[np.argsort(np.concatenate(keys), kind="stable")]
