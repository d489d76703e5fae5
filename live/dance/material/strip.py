"""A phrase as a picture: stick figures side by side, one a beat, as SVG text.

Enters: poses in metres. Leaves: a text that every browser and file manager shows. Pure.
"""

import numpy as np

from live.body.skeleton import JOINT_NAMES, PARENTS

_SCALE = 60  # pixels a metre
_WIDTH, _HEIGHT = 96, 144  # of a figure's place
_FLOOR = 12  # pixels below the feet
_LEFT, _RIGHT, _MIDDLE = "#e4572e", "#2e86ab", "#444"


def draw_strip(poses: np.ndarray) -> str:
    """poses: [B, 19, 3], y up, seen from +z. The dancer's left is red, its right is blue."""
    figures = [_figure(pose, beat) for beat, pose in enumerate(poses)]
    width = _WIDTH * max(len(figures), 1)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{_HEIGHT}" '
        f'viewBox="0 0 {width} {_HEIGHT}" stroke-width="4" stroke-linecap="round" fill="none">'
    )
    ground = f'<rect width="{width}" height="{_HEIGHT}" fill="#fff" stroke="none"/>'
    return "\n".join([head, ground, *figures, "</svg>"]) + "\n"


def _figure(pose: np.ndarray, beat: int) -> str:
    x = _WIDTH * (beat + 0.5) + _SCALE * (pose[:, 0] - pose[0, 0])
    y = _HEIGHT - _FLOOR - _SCALE * pose[:, 1]
    lines = [
        f'<path stroke="{_colour(joint)}" d="M{x[parent]:.1f} {y[parent]:.1f}'
        f'L{x[joint]:.1f} {y[joint]:.1f}"/>'
        for joint, parent in enumerate(PARENTS)
        if parent >= 0
    ]
    number = (
        f'<text x="{_WIDTH * (beat + 0.5):.0f}" y="14" font-size="11" text-anchor="middle" '
        f'font-family="sans-serif" fill="#888" stroke="none">{beat + 1}</text>'
    )
    return "".join([*lines, number])


def _colour(joint: int) -> str:
    name = JOINT_NAMES[joint]
    return _LEFT if name.startswith("l_") else _RIGHT if name.startswith("r_") else _MIDDLE
