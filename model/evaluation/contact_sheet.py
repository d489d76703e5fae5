"""A contact sheet: a row of stick figures for each dance, to look at what the figures cannot say.

Enters: joints by label. Leaves: a PNG. Front view, each figure centred on its pelvis, feet on a
common floor line; left limbs warm, right limbs cool. A faint trail shows where wrists and ankles
came from since the picture before.
"""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from live.body.skeleton import BONES, JOINT, JOINT_NAMES
from live.safe_write import whole_file

_CELL = (96, 132)  # pixels
_LABEL_HEIGHT = 16
_METRES_HIGH = 2.2
_BACKGROUND, _FLOOR, _TEXT = (16, 17, 22), (60, 62, 72), (220, 220, 225)
_LEFT, _RIGHT, _MIDDLE = (255, 150, 80), (90, 180, 255), (235, 235, 235)
_TRAIL = (95, 100, 115)
_TRAILED = tuple(JOINT[n] for n in ("l_wrist", "r_wrist", "l_ankle", "r_ankle"))


def draw(
    joints_by_label: dict[str, np.ndarray],
    path: Path,
    fps: float,
    every_s: float = 0.5,
    columns: int = 16,
    start_s: float = 0.0,
) -> None:
    """Write the sheet: one row per label, `columns` moments `every_s` apart from `start_s` on.

    joints: float [T, 19, 3], metres; a row ends early where its take does.
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
    """The last pose of joints [n, 19, 3], with the way its extremities came."""
    scale = _CELL[1] / _METRES_HIGH
    centre = joints[-1, 0, 0]
    points = np.stack(
        [origin[0] + (joints[..., 0] - centre) * scale, origin[1] - joints[..., 1] * scale], -1
    )
    for joint in _TRAILED:
        pen.line([tuple(p) for p in points[:, joint]], fill=_TRAIL)
    pose = points[-1]
    for parent, child in BONES:
        pen.line([tuple(pose[parent]), tuple(pose[child])], fill=_colour(child), width=2)
    x, y = pose[JOINT["head"]]
    pen.ellipse([x - 4, y - 4, x + 4, y + 4], outline=_MIDDLE)


def _colour(joint: int) -> tuple[int, int, int]:
    side = JOINT_NAMES[joint][:2]
    return _LEFT if side == "l_" else _RIGHT if side == "r_" else _MIDDLE
