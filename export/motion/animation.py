"""Bones and their motion as nodes and an animation of glTF: what GLB and VRMA have in common.

Enters: one dancer's motion in a rig. Leaves: nodes in a document, and channels for its animation.
"""

import numpy as np

from export.motion.gltf import Gltf
from export.motion.rig import Played, rest_positions

_STILL = 1e-6  # of a track that does not move


def add_nodes(gltf: Gltf, played: Played) -> list[int]:
    """Add the rig in the T-pose, feet on the floor; the nodes' indices, the hips' first."""
    first = len(gltf.objects.get("nodes", []))
    rest = rest_positions(played.nodes)
    for i, node in enumerate(played.nodes):
        what: dict = {"name": node.name}
        what["translation"] = rest[0].tolist() if i == 0 else list(node.offset)
        below = [first + k for k, other in enumerate(played.nodes) if other.parent == i]
        if below:
            what["children"] = below
        gltf.add("nodes", what)
    return list(range(first, first + len(played.nodes)))


def add_tracks(gltf: Gltf, animation: dict, played: Played, nodes: list[int], times: int) -> None:
    """Add what moves to an animation; times: the accessor of its moments."""
    for i, node in enumerate(nodes):
        turns = played.rotations[:, i].astype(np.float32)
        if np.abs(turns - [0, 0, 0, 1]).max() > _STILL:
            _add(gltf, animation, node, "rotation", times, turns)
        if i in played.places:
            _add(gltf, animation, node, "translation", times, played.places[i].astype(np.float32))


def _add(gltf: Gltf, animation: dict, node: int, path: str, times: int, values: np.ndarray) -> None:
    sampler = {"input": times, "output": gltf.array(values), "interpolation": "LINEAR"}
    animation["samplers"].append(sampler)
    target = {"node": node, "path": path}
    animation["channels"].append({"sampler": len(animation["samplers"]) - 1, "target": target})


def new_animation(gltf: Gltf, frames: int, fps: int) -> tuple[dict, int]:
    """An animation without tracks, and the accessor of its moments, from 0 on."""
    moments = (np.arange(frames) / fps).astype(np.float32)
    return {"name": "dance", "samplers": [], "channels": []}, gltf.array(moments, bounds=True)
