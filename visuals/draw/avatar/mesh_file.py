"""The skin of an avatar's file: what lies where in the rest pose, and which bone carries it.

Enters: a file and its bones. Leaves: arrays, metres, in the file's own space. Everything that hangs
on a bone of ours moves with it: fingers with the hand, hair with the head.
"""

from dataclasses import dataclass

import numpy as np

from live.body.humanoid import BONES
from live.glb_file import GlbFile
from visuals.draw.avatar.material import colors_of

MAX_TRIANGLES = 300_000
_MAX_DEPTH = 256
_TRIANGLES = 4


@dataclass(frozen=True)
class Skin:
    """vertices, normals, colors: float64 [V, 3], colours 0..1; bones: int [V, 4], of BONES;
    weights: float64 [V, 4], sum 1; triangles: int64 [F, 3]."""

    vertices: np.ndarray
    normals: np.ndarray
    colors: np.ndarray
    bones: np.ndarray
    weights: np.ndarray
    triangles: np.ndarray


def rest_of(file: GlbFile) -> tuple[np.ndarray, list[int]]:
    """Where all nodes are, matrices [n, 4, 4] to the scene's space; their parents, -1 for none."""
    nodes = file.items("nodes")
    parents = [-1] * len(nodes)
    for index, node in enumerate(nodes):
        children = node.get("children", [])
        for child in children if isinstance(children, list) else []:
            file.item("nodes", child)
            parents[child] = index
    world = np.tile(np.eye(4), (len(nodes), 1, 1))
    own = [_matrix(file, node) for node in nodes]
    for index in range(len(nodes)):
        at, depth = index, 0
        while at >= 0:
            world[index] = own[at] @ world[index]
            at, depth = parents[at], depth + 1
            if depth > _MAX_DEPTH:
                raise file.error("its nodes hang in a ring, or too deep")
    if not np.isfinite(world).all() or (np.abs(world) > 1e6).any():
        raise file.error("a node is nowhere")
    return world, parents


def skin_of(file: GlbFile, bones: dict[str, int], world: np.ndarray, parents: list[int]) -> Skin:
    """All skinned and hung-on meshes as one."""
    carried = _carried(bones, parents)
    parts = []
    for index, node in enumerate(file.items("nodes")):
        if "mesh" not in node:
            continue
        primitives = file.item("meshes", node["mesh"]).get("primitives")
        for primitive in primitives if isinstance(primitives, list) else []:
            if isinstance(primitive, dict) and primitive.get("mode", _TRIANGLES) == _TRIANGLES:
                parts.append(_part(file, node, index, primitive, world, carried))
    parts = [part for part in parts if len(part.triangles)]
    if not parts:
        raise file.error("there is nothing in it to draw")
    first = np.cumsum([0] + [len(part.vertices) for part in parts])
    triangles = [part.triangles + at for part, at in zip(parts, first, strict=False)]
    names = ("vertices", "normals", "colors", "bones", "weights")
    joined = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    whole = Skin(**joined, triangles=np.concatenate(triangles))
    if len(whole.triangles) > MAX_TRIANGLES:
        raise file.error(f"it has {len(whole.triangles)} triangles, more than {MAX_TRIANGLES}")
    return whole


def _carried(bones: dict[str, int], parents: list[int]) -> np.ndarray:
    """int [n]: for every node the bone of ours that it hangs on; the hips for the rest."""
    own = {node: [bone.name for bone in BONES].index(name) for name, node in bones.items()}
    found = np.zeros(len(parents), int)
    for index in range(len(parents)):
        at = index
        while at >= 0 and at not in own:
            at = parents[at]
        found[index] = own.get(at, 0)
    return found


def _part(
    file: GlbFile, node: dict, index: int, primitive: dict, world: np.ndarray, carried: np.ndarray
) -> Skin:
    attributes = file.find(primitive, "attributes")
    vertices = file.array(file.find(attributes, "POSITION"), ("VEC3",)).astype(np.float64)
    count = len(vertices)
    triangles = _triangles(file, primitive, count)
    if "skin" in node and "JOINTS_0" in attributes:
        joints = file.array(file.find(attributes, "JOINTS_0"), ("VEC4",)).astype(np.int64)
        weights = file.array(file.find(attributes, "WEIGHTS_0"), ("VEC4",)).astype(np.float64)
        nodes, binds = _skin(file, node["skin"], world)
        if len(joints) != count or len(weights) != count or joints.max(initial=0) >= len(nodes):
            raise file.error("a mesh does not fit its bones")
        weights = np.maximum(weights, 0)
        weights /= np.maximum(weights.sum(axis=1, keepdims=True), 1e-9)
        matrices = np.einsum("vk,vkij->vij", weights, binds[joints])
        bones = carried[nodes[joints]]
    else:
        matrices = np.broadcast_to(world[index], (count, 4, 4))
        bones = np.full((count, 4), carried[index])
        weights = np.tile([1.0, 0.0, 0.0, 0.0], (count, 1))
    placed = np.einsum("vij,vj->vi", matrices[:, :3, :3], vertices) + matrices[:, :3, 3]
    if not np.isfinite(placed).all():
        raise file.error("a vertex is nowhere")
    if "NORMAL" in attributes:
        normals = file.array(attributes["NORMAL"], ("VEC3",)).astype(np.float64)
        if len(normals) != count:
            raise file.error("a mesh has more corners than normals")
        normals = _unit(np.einsum("vij,vj->vi", matrices[:, :3, :3], normals))
    else:
        normals = _computed_normals(placed, triangles)
    colors, seen = colors_of(file, primitive, count)
    triangles = triangles[seen[triangles].any(axis=1)]
    return Skin(placed, normals, colors, bones, weights, triangles)


def _triangles(file: GlbFile, primitive: dict, count: int) -> np.ndarray:
    if "indices" in primitive:
        corners = file.array(primitive["indices"], ("SCALAR",)).ravel().astype(np.int64)
    else:
        corners = np.arange(count)
    corners = corners[: len(corners) // 3 * 3]
    if len(corners) > 3 * MAX_TRIANGLES or corners.max(initial=0) >= count:
        raise file.error("a mesh has triangles of corners that it has not, or too many")
    return corners.reshape(-1, 3)


def _skin(file: GlbFile, index: int, world: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The nodes [J] of a skin's joints, and matrices [J, 4, 4] from the mesh to the rest pose."""
    skin = file.item("skins", index)
    joints = skin.get("joints")
    if not isinstance(joints, list) or not joints:
        raise file.error("a skin has no bones")
    for joint in joints:
        file.item("nodes", joint)
    nodes = np.array(joints, np.int64)
    binds = np.tile(np.eye(4), (len(nodes), 1, 1))
    if "inverseBindMatrices" in skin:
        flat = file.array(skin["inverseBindMatrices"], ("MAT4",))
        if len(flat) < len(nodes):
            raise file.error("a skin has bones without a place")
        binds = np.swapaxes(flat[: len(nodes)].reshape(-1, 4, 4), 1, 2)
    return nodes, world[nodes] @ binds


def _matrix(file: GlbFile, node: dict) -> np.ndarray:
    """A node's own transform [4, 4]."""
    if "matrix" in node:
        return _numbers(file, node["matrix"], 16).reshape(4, 4).T
    matrix = np.eye(4)
    x, y, z, w = _numbers(file, node.get("rotation", [0, 0, 0, 1]), 4)
    size = max(x * x + y * y + z * z + w * w, 1e-12)
    matrix[:3, :3] = np.eye(3) + 2 / size * np.array(
        [
            [-y * y - z * z, x * y - w * z, x * z + w * y],
            [x * y + w * z, -x * x - z * z, y * z - w * x],
            [x * z - w * y, y * z + w * x, -x * x - y * y],
        ]
    )
    matrix[:3, :3] *= _numbers(file, node.get("scale", [1, 1, 1]), 3)
    matrix[:3, 3] = _numbers(file, node.get("translation", [0, 0, 0]), 3)
    return matrix


def _numbers(file: GlbFile, values: object, count: int) -> np.ndarray:
    listed = values if isinstance(values, list) else []
    if len(listed) != count or not all(type(v) in (int, float) and abs(v) < 1e6 for v in listed):
        raise file.error("a node's place is no numbers")
    return np.array(listed, np.float64)


def _computed_normals(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    normals = np.zeros_like(vertices)
    for k in range(3):
        np.add.at(normals, triangles[:, k], np.cross(b - a, c - a))
    return _unit(normals)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
