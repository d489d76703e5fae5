"""USD as text (.usda): a UsdSkel skeleton and its animation for every dancer; metres, y up.

Enters: a motion. Leaves: text that usdview, Omniverse, Houdini, Maya, Blender and Unreal
read. Bones alone, without a skin.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

import numpy as np

from export.motion.motion import Motion
from export.motion.rig import Node, Played, played, rest_positions


def write(motion: Motion, skeleton: str, path: Path) -> None:
    """All dancers; `skeleton` names their bones."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(
            '#usda 1.0\n(\n    defaultPrim = "dance"\n    metersPerUnit = 1\n    upAxis = "Y"\n'
            f"    timeCodesPerSecond = {motion.fps}\n    framesPerSecond = {motion.fps}\n"
            f"    startTimeCode = 0\n    endTimeCode = {len(motion.joints) - 1}\n)\n\n"
            'def Xform "dance"\n{\n'
        )
        for place, dancer in enumerate(motion.dancers):
            rig = played(motion.joints[:, place], skeleton, hips_move=True)
            _write_dancer(file, f"dancer_{dancer}", rig)
        file.write("}\n")


def _write_dancer(file: TextIO, name: str, rig: Played) -> None:
    joints = f"uniform token[] joints = [{', '.join(map(_quoted, _paths(rig.nodes)))}]"
    rest = rest_positions(rig.nodes)
    offsets = np.array([node.offset for node in rig.nodes])
    offsets[0] = rest[0]
    binding = 'prepend apiSchemas = ["SkelBindingAPI"]'
    file.write(
        f'    def SkelRoot "{name}" ({binding})\n    {{\n'
        f'        def Skeleton "skeleton" ({binding})\n        {{\n'
        f"            {joints}\n"
        f"            uniform matrix4d[] bindTransforms = [{', '.join(map(_matrix, rest))}]\n"
        f"            uniform matrix4d[] restTransforms = [{', '.join(map(_matrix, offsets))}]\n"
        f"            rel skel:animationSource = </dance/{name}/skeleton/motion>\n\n"
        f'            def SkelAnimation "motion"\n            {{\n                {joints}\n'
        f"                half3[] scales = [{', '.join(['(1, 1, 1)'] * len(rig.nodes))}]\n"
    )
    _write_samples(file, "float3[] translations", _moved(rig, offsets))
    _write_samples(file, "quatf[] rotations", np.roll(rig.rotations, 1, axis=-1))  # w first
    file.write("            }\n        }\n    }\n")


def _moved(rig: Played, offsets: np.ndarray) -> np.ndarray:
    """[T, K, 3]: where every node is, relative to its parent."""
    places = np.tile(offsets, (len(rig.rotations), 1, 1))
    for node, own in rig.places.items():
        places[:, node] = own
    return places


def _write_samples(file: TextIO, name: str, values: np.ndarray) -> None:
    file.write(f"                {name}.timeSamples = {{\n")
    for frame, rows in enumerate(values.tolist()):
        file.write(f"                    {frame}: [{', '.join(map(_tuple, rows))}],\n")
    file.write("                }\n")


def _paths(nodes: tuple[Node, ...]) -> list[str]:
    """Each joint as USD names it: by all that it hangs on."""
    found: list[str] = []
    for node in nodes:
        above = f"{found[node.parent]}/" if node.parent >= 0 else ""
        found.append(above + re.sub(r"\W", "_", node.name))
    return found


def _matrix(place: np.ndarray) -> str:
    x, y, z = place.tolist()
    return f"((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), ({x:.6f}, {y:.6f}, {z:.6f}, 1))"


def _tuple(values: Iterable[float]) -> str:
    return f"({', '.join(f'{value:.6f}' for value in values)})"


def _quoted(text: str) -> str:
    return f'"{text}"'
