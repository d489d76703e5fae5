"""A contact sheet: a row of stick figures for each dance, to look at what the figures cannot say.

Enters: joints or key points by label. Leaves: a PNG. Front view, each figure centred on its pelvis,
feet on a common floor line; left limbs warm, right limbs cool. A faint trail shows where wrists and
ankles came from since the picture before.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from live.body.skeleton import BONES, JOINT_NAMES
from live.safe_write import whole_file
from model.data import body25

_CELL = (96, 132)  # pixels
_LABEL_HEIGHT = 16
_METRES_HIGH = 2.2
_BACKGROUND, _FLOOR, _TEXT = (16, 17, 22), (60, 62, 72), (220, 220, 225)
_LEFT, _RIGHT, _MIDDLE = (255, 150, 80), (90, 180, 255), (235, 235, 235)
_TRAIL = (95, 100, 115)


@dataclass(frozen=True)
class _Body:
    """names: of the points; those of the left begin with `left`, of the right with `right`."""

    names: tuple[str, ...]
    bones: tuple[tuple[int, int], ...]
    left: str
    right: str
    middle: str
    head: str
    trailed: tuple[str, ...]

    def colour(self, point: int) -> tuple[int, int, int]:
        name = self.names[point]
        if name.startswith(self.left):
            return _LEFT
        return _RIGHT if name.startswith(self.right) else _MIDDLE

    def at(self, *names: str) -> list[int]:
        return [self.names.index(name) for name in names]


_JOINTS = _Body(
    JOINT_NAMES, BONES, "l_", "r_", "pelvis", "head", ("l_wrist", "r_wrist", "l_ankle", "r_ankle")
)
_BODY25 = _Body(
    body25.NAMES, body25.BONES, "L", "R", "MidHip", "Nose", ("LWrist", "RWrist", "LAnkle", "RAnkle")
)


def draw(
    joints_by_label: dict[str, np.ndarray],
    path: Path,
    fps: float,
    every_s: float = 0.5,
    columns: int = 16,
    start_s: float = 0.0,
) -> None:
    """Write the sheet: one row per label, `columns` moments `every_s` apart from `start_s` on.

    joints: float [T, 19, 3] in metres, or points [T, 25, 2] of `model.data.body25`; all at `fps`.
    A row ends early where its take does.
    """
    row_height = _CELL[1] + _LABEL_HEIGHT
    sheet = Image.new("RGB", (columns * _CELL[0], len(joints_by_label) * row_height), _BACKGROUND)
    pen = ImageDraw.Draw(sheet)
    frames = np.rint((start_s + np.arange(columns) * every_s) * fps).astype(int)
    for row, (label, joints) in enumerate(joints_by_label.items()):
        top = row * row_height
        pen.text((4, top + 2), label, fill=_TEXT)
        floor = top + row_height - 8
        pen.line([(0, floor), (sheet.width, floor)], fill=_FLOOR)
        before = frames[0]
        for column, frame in enumerate(frames[frames < len(joints)]):
            origin = ((column + 0.5) * _CELL[0], floor)
            _figure(pen, joints[before : frame + 1], origin)
            before = frame
    with whole_file(path) as partial:
        sheet.save(partial, "PNG")


def _figure(pen: ImageDraw.ImageDraw, joints: np.ndarray, origin: tuple[float, float]) -> None:
    """The last pose of joints [n, 19, 3] or [n, 25, 2], with the way its extremities came."""
    flat = joints.shape[-2:] == (body25.N_POINTS, 2)
    body, metres = (_BODY25, body25.in_metres(joints)) if flat else (_JOINTS, joints)
    scale = _CELL[1] / _METRES_HIGH
    centre = metres[-1, body.at(body.middle), 0]
    points = np.stack(
        [origin[0] + (metres[..., 0] - centre) * scale, origin[1] - metres[..., 1] * scale], -1
    )
    for point in body.at(*body.trailed):
        pen.line([tuple(p) for p in points[:, point]], fill=_TRAIL)
    pose = points[-1]
    for parent, child in body.bones:
        pen.line([tuple(pose[parent]), tuple(pose[child])], fill=body.colour(child), width=2)
    x, y = pose[body.at(body.head)[0]]
    pen.ellipse([x - 4, y - 4, x + 4, y + 4], outline=_MIDDLE)
