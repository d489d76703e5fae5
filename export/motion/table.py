"""A table (.csv): one row a frame, metres, y up; for spreadsheets, TouchDesigner and scripts.

Columns: frame, time_s, beat_phase, bar_phase, tempo_bpm, beat_confidence, level, then
`DANCER_JOINT_x`, `_y`, `_z` for every dancer and joint. A dancer who is not on stage has empty
cells.
"""

import csv
from pathlib import Path

import numpy as np

from export.motion.motion import Motion
from live.body.skeleton import JOINT_NAMES

_MUSIC = ("beat_phase", "bar_phase", "tempo_bpm", "beat_confidence", "level")


def write(motion: Motion, skeleton: str, path: Path) -> None:
    """All dancers, in UTF-8 text with a header; `skeleton` does not count."""
    header = ["frame", "time_s", *_MUSIC]
    header += [
        f"{d}_{joint}_{axis}" for d in motion.dancers for joint in JOINT_NAMES for axis in "xyz"
    ]
    music = np.stack([motion.music[name] for name in _MUSIC], axis=1)
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(header)
        for k, time_s in enumerate(motion.times_s):
            joints = motion.joints[k].ravel().tolist()
            cells = ["" if value != value else f"{value:.5f}" for value in joints]
            table.writerow([k, f"{time_s:.5f}", *(f"{v:.4f}" for v in music[k].tolist()), *cells])
