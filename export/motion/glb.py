"""Binary glTF (.glb): every dancer as a skinned figure with bones, and one animation of all.

Enters: a motion. Leaves: one file, metres, y up. The figure is the one that ships
(visuals/draw/avatar/dancer.glb); a program that wants the motion alone leaves it out.
"""

from pathlib import Path

import numpy as np

from export.motion.animation import add_nodes, add_tracks, new_animation
from export.motion.gltf import Gltf
from export.motion.motion import Motion
from export.motion.rig import nodes_of, played, rest_positions
from live.glb_file import GlbFile
from visuals.draw.avatar.shipped import SHIPPED

_ATTRIBUTES = {
    "POSITION": np.float32, "NORMAL": np.float32, "COLOR_0": np.uint8, "JOINTS_0": np.uint8,
    "WEIGHTS_0": np.uint8,
}  # fmt: skip


def write(motion: Motion, skeleton: str, path: Path) -> None:
    """All dancers; `skeleton` names their bones."""
    gltf = Gltf()
    animation, times = new_animation(gltf, len(motion.joints), motion.fps)
    names = [f"dancer {dancer}" for dancer in motion.dancers]
    roots = []
    mesh, bind = _add_figure(gltf, skeleton)
    for place, name in enumerate(names):
        rig = played(motion.joints[:, place], skeleton, hips_move=True)
        nodes = add_nodes(gltf, rig)
        add_tracks(gltf, animation, rig, nodes, times)
        skin = {"name": name, "joints": nodes, "skeleton": nodes[0], "inverseBindMatrices": bind}
        body = {"name": f"{name} body", "mesh": mesh, "skin": gltf.add("skins", skin)}
        roots.append(gltf.add("nodes", {"name": name, "children": [nodes[0]]}))
        roots.append(gltf.add("nodes", body))
    gltf.add("animations", animation)
    gltf.add("scenes", {"nodes": roots})
    gltf.objects["scene"] = 0
    path.write_bytes(gltf.to_bytes())


def _add_figure(gltf: Gltf, skeleton: str) -> tuple[int, int]:
    """The mesh of the figure that ships, and the accessor of where its bones are bound."""
    file = GlbFile(SHIPPED)
    primitive = file.item("meshes", 0)["primitives"][0]
    nodes = nodes_of(np.ones(19), skeleton, hips_move=True)
    arrays = {name: file.array(primitive["attributes"][name]) for name in _ATTRIBUTES}
    arrays["JOINTS_0"] = _joints_of(file, [node.bone for node in nodes])[arrays["JOINTS_0"]]
    attributes = {}
    for name, dtype in _ATTRIBUTES.items():
        share = name in ("COLOR_0", "WEIGHTS_0")
        values = np.rint(arrays[name] * 255) if share else arrays[name]
        bounds = name == "POSITION"
        attributes[name] = gltf.array(values.astype(dtype), "vertices", share, bounds)
    indices = gltf.array(file.array(primitive["indices"]).ravel().astype(np.uint16), "indices")
    material = gltf.add("materials", file.items("materials")[0])
    what = {"attributes": attributes, "indices": indices, "material": material}
    inverse = np.tile(np.eye(4, dtype=np.float32), (len(nodes), 1, 1))
    inverse[:, :3, 3] = -rest_positions(nodes)
    return gltf.add("meshes", {"name": "dancer", "primitives": [what]}), gltf.array(inverse)


def _joints_of(file: GlbFile, bones: list[str]) -> np.ndarray:
    """For each joint of the figure that ships, its place among `bones`."""
    own = [file.item("nodes", node)["name"] for node in file.item("skins", 0)["joints"]]
    places = {bone.lower(): place for place, bone in enumerate(bones)}
    return np.array([places[name.lower()] for name in own])
