"""VRM animation (.vrma): glTF with the extension VRMC_vrm_animation 1.0, one dancer a file.

Enters: one dancer's motion. Leaves: the file. As the specification wants it, the rest pose is the
T-pose, humanoid bones turn, and only the hips move; the hip joints, which move as well, are no
humanoid bones: players that carry the motion over to another avatar leave them out.
"""

from pathlib import Path

from export.motion.animation import add_nodes, add_tracks, new_animation
from export.motion.gltf import Gltf
from export.motion.motion import Motion
from export.motion.rig import HIP_JOINTS, played

_EXTENSION = "VRMC_vrm_animation"


def write(motion: Motion, skeleton: str, path: Path) -> None:
    """The first dancer of `motion`; `skeleton` names the nodes, the extension the bones."""
    gltf = Gltf()
    rig = played(motion.joints[:, 0], skeleton, hips_move=True)
    animation, times = new_animation(gltf, len(motion.joints), motion.fps)
    nodes = add_nodes(gltf, rig)
    add_tracks(gltf, animation, rig, nodes, times)
    gltf.add("animations", animation)
    gltf.add("scenes", {"nodes": [nodes[0]]})
    bones = {
        node.bone[0].lower() + node.bone[1:]: {"node": index}
        for index, node in zip(nodes, rig.nodes, strict=True)
        if node.bone and node.bone not in HIP_JOINTS
    }
    gltf.objects |= {
        "scene": 0,
        "extensionsUsed": [_EXTENSION],
        "extensions": {_EXTENSION: {"specVersion": "1.0", "humanoid": {"humanBones": bones}}},
    }
    path.write_bytes(gltf.to_bytes())
