"""Biovision hierarchy (.bvh): centimetres and degrees, y up, one dancer a file.

Enters: one dancer's motion. Leaves: text. Every joint turns about z, then x, then y of its own; the
root moves besides. Angles run on beyond 180 degrees where the turn does, so that a program that
interpolates between frames does not spin.
"""

from pathlib import Path

import numpy as np

from export.motion.motion import Motion
from export.motion.rig import TIPS, Node, played

_CM = 100.0


def write(motion: Motion, skeleton: str, path: Path) -> None:
    """The first dancer of `motion`, in UTF-8 text."""
    rig = played(motion.joints[:, 0], skeleton, hips_move=False)
    order = _depth_first(rig.nodes)
    angles = _unwound(euler_zxy(rig.rotations[:, order]))
    rows = np.concatenate([rig.places[0] * _CM, angles.reshape(len(angles), -1)], axis=1)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write("HIERARCHY\n")
        file.write("\n".join(_joint(rig.nodes, 0, 0)))
        file.write(f"\nMOTION\nFrames: {len(rows)}\nFrame Time: {1 / motion.fps:.9f}\n")
        np.savetxt(file, rows, fmt="%.5f", newline="\n")


def euler_zxy(xyzw: np.ndarray) -> np.ndarray:
    """Degrees [..., 3] about z, x, y of the turned axes, in this order, of quaternions [..., 4]."""
    x, y, z, w = np.moveaxis(xyzw, -1, 0)
    about_x = np.arcsin(np.clip(2 * (w * x + y * z), -1.0, 1.0))
    about_z = np.arctan2(2 * (w * z - x * y), 1 - 2 * (x * x + z * z))
    about_y = np.arctan2(2 * (w * y - x * z), 1 - 2 * (x * x + y * y))
    # Straight up or down z and y turn about one axis: all of it is given to z.
    pole = np.abs(np.sin(about_x)) > 1 - 1e-9
    about_z = np.where(pole, np.arctan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z)), about_z)
    about_y = np.where(pole, 0.0, about_y)
    return np.degrees(np.stack([about_z, about_x, about_y], axis=-1))


def _unwound(angles: np.ndarray) -> np.ndarray:
    """Angles [T, K, 3] of the same rotations, each frame's as near to the last one's as can be."""
    unwound = angles.copy()
    last = unwound[0]
    for now in unwound[1:]:
        other = np.stack([now[:, 0] + 180, 180 - now[:, 1], now[:, 2] + 180], axis=-1)
        choices = np.stack([now, other])
        choices += 360 * np.round((last - choices) / 360)
        far = np.abs(choices - last).sum(axis=-1)
        now[:] = np.where((far[0] <= far[1])[:, None], choices[0], choices[1])
        last = now
    return unwound


def _children(nodes: tuple[Node, ...], parent: int) -> list[int]:
    return [i for i, node in enumerate(nodes) if node.parent == parent]


def _depth_first(nodes: tuple[Node, ...], at: int = 0) -> list[int]:
    below = [i for child in _children(nodes, at) for i in _depth_first(nodes, child)]
    return [at, *below]


def _joint(nodes: tuple[Node, ...], at: int, depth: int) -> list[str]:
    """The lines of a joint and all below it."""
    node, pad = nodes[at], "\t" * depth
    place = "Xposition Yposition Zposition " if at == 0 else ""
    lines = [
        f"{pad}{'JOINT' if depth else 'ROOT'} {node.name}",
        f"{pad}{{",
        f"{pad}\tOFFSET {_offset(node.offset)}",
        f"{pad}\tCHANNELS {6 if place else 3} {place}Zrotation Xrotation Yrotation",
    ]
    for child in _children(nodes, at):
        lines += _joint(nodes, child, depth + 1)
    if node.bone in TIPS:
        lines += [f"{pad}\tEnd Site", f"{pad}\t{{"]
        lines += [f"{pad}\t\tOFFSET {_offset(TIPS[node.bone])}", f"{pad}\t}}"]
    return [*lines, f"{pad}}}"]


def _offset(metres: tuple[float, float, float]) -> str:
    return " ".join(f"{_CM * value:.5f}" for value in metres)
