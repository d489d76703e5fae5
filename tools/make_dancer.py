"""Makes visuals/draw/avatar/dancer.glb: the figure that ships, a clothed dancer with smooth skin.

    python tools/make_dancer.py

Everything of it is computed here, from nothing but the numbers below and the body of
live/body/humanoid.py; it is given to the public domain (CC0 1.0). The surface is where a sum of
round shapes about the bones, each for the bone that carries it, is zero: surface nets on a grid
that is finer at hands, feet and face. A vertex follows the bones whose shapes are near it.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from export.motion.gltf import Gltf  # noqa: E402
from export.motion.rig import Node, nodes_of, rest_positions  # noqa: E402
from live.body.humanoid import BONES  # noqa: E402

OUT = ROOT / "visuals" / "draw" / "avatar" / "dancer.glb"
_BLEND_M = 0.022  # how far shapes melt into each other
_EQUAL_M = 1e-6  # lengths that differ by less are equal
_SOFT_M = 0.022  # how far beyond its shape a bone still pulls the skin
_SMOOTHINGS = 4
_COLOR_NAMES = ["skin", "shirt", "trousers", "shoes", "hair"]
_COLORS = np.array(
    [[225, 182, 155], [205, 205, 210], [92, 96, 112], [235, 235, 235], [58, 46, 44]], np.uint8
)


# The body's middle and its left side: for each shape the bone that carries it, the joint that its
# beginning is seen from and where, the same for its end, two radii, depth by width, and colour.
_SHAPES = """
Hips         Hips           -52   30    0  Hips            52   30    0  90.0 90.0  0.98 trousers
Hips         Hips           -62  -20  -28  Hips            62  -20  -28  76.0 76.0  1.00 trousers
Spine        Spine          -35  -60    0  Spine          -42   50    0  86.0 94.0  0.88 shirt
Spine        Spine           35  -60    0  Spine           42   50    0  86.0 94.0  0.88 shirt
Chest        Chest          -55  -20    6  Chest          -66   45    0  98.0 88.0  0.98 shirt
Chest        Chest           55  -20    6  Chest           66   45    0  98.0 88.0  0.98 shirt
Chest        Chest            0   30   -5  Chest            0  120  -14  85.0 56.0  1.00 shirt
Neck         Chest            0  100  -16  Neck             0   30    4  56.0 49.0  1.00 skin
Head         Neck             0  145  -10  Neck             0  170    6  90.0 83.0  1.12 hair
Head         Neck             0  100   34  Neck             0  150   43  70.0 68.0  0.95 skin
Head         Neck             0   62   34  Neck             0   34   70  56.0 30.0  1.00 skin
Head         Neck             0  115   98  Neck             0   88  108  12.0 17.0  1.00 skin sharp
LeftShoulder Chest           28  130  -18  LeftUpperArm   -24   -4   -4  42.0 50.0  1.00 shirt
LeftUpperArm LeftUpperArm     6   -6    0  LeftUpperArm   150    0    0  54.0 46.0  1.00 shirt
LeftUpperArm LeftUpperArm   140    0    0  LeftLowerArm     0    0    0  43.0 38.0  1.00 skin
LeftLowerArm LeftLowerArm     0    0    0  LeftLowerArm    90    0    0  38.0 39.0  1.00 skin
LeftLowerArm LeftLowerArm    80    0    0  LeftHand         0    0    0  39.0 26.0  1.00 skin
LeftHand     LeftHand        40    0  -14  LeftHand        85    0  -22  21.0 17.0  1.40 skin
LeftHand     LeftHand        40    0   12  LeftHand        85    0   20  21.0 17.0  1.40 skin
LeftHand     LeftHand        85    0  -22  LeftHand       155   -8  -17  16.0 10.5  1.80 skin
LeftHand     LeftHand        85    0   18  LeftHand       168   -8   10  16.0 10.5  1.80 skin
LeftHand     LeftHand        25   -4   24  LeftHand        88  -14   70  18.0 12.0  1.00 skin sharp
LeftUpperLeg LeftUpperLeg   -12  -30   -2  LeftUpperLeg    -6 -200    6  79.0 72.0  1.00 trousers
LeftUpperLeg LeftUpperLeg    -6 -190    6  LeftLowerLeg     0    0    4  72.0 52.0  1.00 trousers
LeftLowerLeg LeftLowerLeg     0    0    4  LeftLowerLeg     0 -130  -16  52.0 54.0  1.00 trousers
LeftLowerLeg LeftLowerLeg     0 -120  -14  LeftFoot         0   50   -4  54.0 41.0  1.00 trousers
LeftFoot     LeftFoot         0   20   -4  LeftFoot         0  -10   -8  38.0 42.0  1.00 shoes
LeftFoot     LeftFoot         0  -27  -36  LeftToes         0   34  -20  40.0 34.0  1.10 shoes
LeftFoot     LeftFoot         0    0   20  LeftToes         0   34  -20  36.0 34.0  1.00 shoes
LeftToes     LeftToes        12   28  -10  LeftToes        10   22   45  32.0 22.0  1.00 shoes
LeftToes     LeftToes       -14   28  -10  LeftToes       -10   22   50  32.0 22.0  1.00 shoes
"""


@dataclass(frozen=True)
class Shape:
    """A cone from a to b, metres, with round ends of these radii; flat: its depth along z, of its
    width; sharp: it melts less into others."""

    bone: str
    a: np.ndarray
    b: np.ndarray
    radius_a: float
    radius_b: float
    flat: float
    color: int
    sharp: bool


def shapes(at: dict[str, np.ndarray]) -> list[Shape]:
    """The whole body; at: where its bones begin, metres."""
    found = []
    for line in _SHAPES.split("\n")[1:-1]:
        bone, a, ax, ay, az, b, bx, by, bz, radius_a, radius_b, flat, color, *sharp = line.split()
        begin = at[a] + np.array([ax, ay, az], float) / 1000
        end = at[b] + np.array([bx, by, bz], float) / 1000
        radii = float(radius_a) / 1000, float(radius_b) / 1000
        rest = (*radii, float(flat), _COLOR_NAMES.index(color), bool(sharp))
        found.append(Shape(bone, begin, end, *rest))
        if bone.startswith("Left"):
            other_side = bone.replace("Left", "Right")
            found.append(Shape(other_side, begin * [-1, 1, 1], end * [-1, 1, 1], *rest))
    return found


def distance(shape: Shape, points: np.ndarray) -> np.ndarray:
    """float [n]: how far points [n, 3] are outside a shape; negative inside."""
    a, b = shape.a, shape.b
    middle = (a[2] + b[2]) / 2
    squash = np.array([1, 1, 1 / shape.flat])
    points = (points - [0, 0, middle]) * squash
    a, b = (a - [0, 0, middle]) * squash, (b - [0, 0, middle]) * squash
    along, span = b - a, max(float((b - a) @ (b - a)), 1e-9)
    share = np.clip((points - a) @ along / span, 0, 1)
    near = np.linalg.norm(points - a - share[:, None] * along, axis=1)
    return near - (shape.radius_a + (shape.radius_b - shape.radius_a) * share)


def field(body: list[Shape], points: np.ndarray) -> np.ndarray:
    """float [n]: the smooth minimum of all distances."""
    total = np.zeros(len(points))
    nearest = np.full(len(points), np.inf)
    for shape in body:
        each = distance(shape, points)
        nearest = np.minimum(nearest, each)
        total += np.exp(-np.clip(each, -0.5, 0.5) / (_BLEND_M * (0.4 if shape.sharp else 1) / 2.2))
    return -np.log(np.maximum(total, 1e-30)) * _BLEND_M / 2.2 * (nearest < 0.4) + nearest * (
        nearest >= 0.4
    )


def _axis(
    low: float, high: float, fine: list[tuple[float, float, float]], step: float
) -> np.ndarray:
    """Coordinates from low to high, in steps; (from, to, step) of finer stretches."""
    found = [low]
    while found[-1] < high:
        at = found[-1]
        found.append(at + min([s for a, b, s in fine if a <= at < b] or [step]))
    return np.array(found)


def grid() -> list[np.ndarray]:
    """The planes of the grid along x, y and z; x and z are symmetric about 0."""
    half = _axis(0.0, 0.93, [(0.70, 0.93, 0.017), (0.0, 0.12, 0.021)], 0.031)
    x = np.concatenate([-half[:0:-1], half])
    y = _axis(-0.03, 1.74, [(-0.03, 0.11, 0.017), (1.45, 1.66, 0.017), (1.2, 1.34, 0.021)], 0.033)
    z = _axis(-0.16, 0.24, [], 0.0205)
    return [x, y, z]


def surface(body: list[Shape]) -> tuple[np.ndarray, np.ndarray]:
    """Vertices [V, 3] and triangles [F, 3] by naive surface nets, pulled onto the surface."""
    axes = grid()
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    values = field(body, points.reshape(-1, 3)).reshape(points.shape[:3])
    inside = values < 0
    cells = np.array(values.shape) - 1
    total, count = np.zeros((*cells, 3)), np.zeros(cells)
    quads = []
    for axis in range(3):
        here = [slice(None)] * 3
        there = [slice(None)] * 3
        here[axis], there[axis] = slice(None, -1), slice(1, None)
        a, b = values[tuple(here)], values[tuple(there)]
        cross = (a < 0) != (b < 0)
        share = np.where(cross, a / np.where(cross, a - b, 1), 0)[..., None]
        place = points[tuple(here)] * (1 - share) + points[tuple(there)] * share
        u, v = (axis + 1) % 3, (axis + 2) % 3
        for edge in np.argwhere(cross):
            around = []
            for du, dv in ((0, 0), (-1, 0), (-1, -1), (0, -1)):
                cell = edge.copy()
                cell[u] += du
                cell[v] += dv
                around.append(tuple(cell))
                total[tuple(cell)] += place[tuple(edge)]
                count[tuple(cell)] += 1
            quads.append(around if inside[tuple(edge)] else around[::-1])
    used = count > 0
    index = np.full(cells, -1)
    index[used] = np.arange(used.sum())
    vertices = total[used] / count[used][:, None]
    corners = np.array([[index[cell] for cell in quad] for quad in quads])
    for _ in range(8):
        vertices = relaxed(vertices, corners)
        vertices = pulled(body, vertices)
    return vertices, _split(vertices, corners)


def gradient(body: list[Shape], points: np.ndarray) -> np.ndarray:
    step = 1e-4
    return np.stack(
        [
            (field(body, points + step * e) - field(body, points - step * e)) / (2 * step)
            for e in np.eye(3)
        ],
        axis=1,
    )


def pulled(body: list[Shape], vertices: np.ndarray) -> np.ndarray:
    """One step of Newton onto the surface."""
    slope = gradient(body, vertices)
    size = np.maximum((slope**2).sum(axis=1, keepdims=True), 0.05)
    step = field(body, vertices)[:, None] * slope / size
    return vertices - np.clip(step, -0.01, 0.01)


def relaxed(vertices: np.ndarray, quads: np.ndarray, share: float = 0.4) -> np.ndarray:
    """Each vertex part of the way to the middle of its neighbours: quads become even."""
    return vertices + share * (neighbours_mean(vertices, quads) - vertices)


def neighbours_mean(values: np.ndarray, quads: np.ndarray) -> np.ndarray:
    total, count = np.zeros_like(values), np.zeros(len(values))
    for k in range(4):
        for other in (quads[:, (k + 1) % 4], quads[:, k - 1]):
            np.add.at(total, quads[:, k], values[other])
            np.add.at(count, quads[:, k], 1)
    return total / np.maximum(count, 1)[:, None]


def _split(vertices: np.ndarray, quads: np.ndarray) -> np.ndarray:
    """Each quad cut along its shorter diagonal."""
    p = vertices[quads]
    diagonal, other = (np.linalg.norm(p[:, i] - p[:, i + 2], axis=1) for i in (0, 1))
    first = diagonal <= other + _EQUAL_M  # machines round differently: equals must not hang on it
    a = quads[:, [0, 1, 2, 0, 2, 3]]
    b = quads[:, [1, 2, 3, 1, 3, 0]]
    return np.where(first[:, None], a, b).reshape(-1, 3)


def weights(body: list[Shape], vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """float [V, 21]: how much each bone carries each vertex; four of them at most, sum 1."""
    names = [bone.name for bone in BONES]
    near = np.full((len(vertices), len(names)), 1.0)
    for shape in body:
        bone = names.index(shape.bone)
        near[:, bone] = np.minimum(near[:, bone], distance(shape, vertices))
    related = np.eye(len(names), dtype=bool)
    for i, bone in enumerate(BONES):
        if bone.parent >= 0:
            related[i, bone.parent] = related[bone.parent, i] = True
    own = related[near.argmin(axis=1)]
    shares = np.exp(-(near - near.min(axis=1, keepdims=True)) / _SOFT_M) * own
    for _ in range(_SMOOTHINGS):
        shares = 0.5 * shares + 0.5 * _around(shares, triangles)
    least = np.sort(shares, axis=1)[:, -4][:, None]
    shares = np.where(
        (shares >= least) & (shares > 0.01 * shares.sum(axis=1, keepdims=True)), shares, 0
    )
    return shares / shares.sum(axis=1, keepdims=True)


def _around(values: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    total, count = np.zeros_like(values), np.zeros(len(values))
    for k in range(3):
        for other in (triangles[:, (k + 1) % 3], triangles[:, (k + 2) % 3]):
            np.add.at(total, triangles[:, k], values[other])
            np.add.at(count, triangles[:, k], 1)
    return total / count[:, None]


def colors(body: list[Shape], vertices: np.ndarray) -> np.ndarray:
    """uint8 [V, 4]."""
    each = np.stack([distance(shape, vertices) for shape in body], axis=1)
    kind = np.array([shape.color for shape in body])[each.argmin(axis=1)]
    rgba = np.full((len(vertices), 4), 255, np.uint8)
    rgba[:, :3] = _COLORS[kind]
    return rgba


def main(out: Path = OUT) -> None:
    nodes = nodes_of(np.ones(19), "vrm", hips_move=True)
    at = dict(zip((node.bone for node in nodes), rest_positions(nodes), strict=True))
    body = shapes(at)
    vertices, triangles = surface(body)
    normals = gradient(body, vertices)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    content = document(
        nodes,
        vertices,
        normals,
        colors(body, vertices),
        weights(body, vertices, triangles),
        triangles,
    )
    out.write_bytes(content)
    print(
        f"{out}: {len(vertices)} vertices, {len(triangles)} triangles, {len(content) / 1e3:.0f} kB"
    )


def document(
    nodes: tuple[Node, ...], vertices, normals, rgba, shares: np.ndarray, triangles: np.ndarray
) -> bytes:
    """The file: a skinned mesh, its bones, and what VRM 1.0 wants to know of an avatar."""
    gltf = Gltf()
    gltf.objects["asset"]["copyright"] = "CC0 1.0, the PoseJockey contributors"
    rest = rest_positions(nodes)
    place = {node.bone: i for i, node in enumerate(nodes)}
    order = np.argsort(-shares, axis=1, kind="stable")[:, :4]
    top = np.take_along_axis(shares, order, axis=1)
    joint = np.array([place[bone.name] for bone in BONES], np.uint8)[order]
    joint[top == 0] = 0
    octets = np.floor(top * 255).astype(int)
    octets[:, 0] += 255 - octets.sum(axis=1)
    inverse = np.tile(np.eye(4, dtype=np.float32), (len(nodes), 1, 1))
    inverse[:, :3, 3] = -rest
    attributes = {
        "POSITION": gltf.array(vertices.astype(np.float32), "vertices", bounds=True),
        "NORMAL": gltf.array(normals.astype(np.float32), "vertices"),
        "COLOR_0": gltf.array(rgba, "vertices", normalized=True),
        "JOINTS_0": gltf.array(joint, "vertices"),
        "WEIGHTS_0": gltf.array(octets.astype(np.uint8), "vertices", normalized=True),
    }
    gltf.add(
        "materials",
        {"name": "body", "pbrMetallicRoughness": {"metallicFactor": 0.0, "roughnessFactor": 0.7}},
    )
    indices = gltf.array(triangles.astype(np.uint16).ravel(), "indices")
    gltf.add(
        "meshes",
        {
            "name": "body",
            "primitives": [{"attributes": attributes, "indices": indices, "material": 0}],
        },
    )
    for i, node in enumerate(nodes):
        offset = rest[0].tolist() if i == 0 else list(node.offset)
        below = [k for k, other in enumerate(nodes) if other.parent == i]
        gltf.add(
            "nodes",
            {"name": node.name, "translation": offset, **({"children": below} if below else {})},
        )
    mesh = gltf.add("nodes", {"name": "dancer", "mesh": 0, "skin": 0})
    gltf.add(
        "skins",
        {
            "joints": list(range(len(nodes))),
            "skeleton": 0,
            "inverseBindMatrices": gltf.array(inverse),
        },
    )
    gltf.add("scenes", {"nodes": [0, mesh]})
    humans = {
        n.bone[0].lower() + n.bone[1:]: {"node": i}
        for i, n in enumerate(nodes)
        if n.bone in dict.fromkeys(b.name for b in BONES)
    }
    gltf.objects |= {
        "scene": 0,
        "extensionsUsed": ["VRMC_vrm"],
        "extensions": {
            "VRMC_vrm": {"specVersion": "1.0", "meta": _META, "humanoid": {"humanBones": humans}}
        },
    }
    return gltf.to_bytes()


_META = {
    "name": "Dancer", "version": "1.0", "authors": ["the PoseJockey contributors"],
    "licenseUrl": "https://vrm.dev/licenses/1.0/",
    "otherLicenseUrl": "https://creativecommons.org/publicdomain/zero/1.0/",
    "avatarPermission": "everyone", "commercialUsage": "corporation",
    "creditNotation": "unnecessary", "allowRedistribution": True,
    "modification": "allowModificationRedistribution",
    "allowExcessivelyViolentUsage": True, "allowExcessivelySexualUsage": True,
    "allowPoliticalOrReligiousUsage": True, "allowAntisocialOrHateUsage": True,
}  # fmt: skip

if __name__ == "__main__":
    main()
