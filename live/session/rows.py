"""A dance as rows of whole numbers, 30 a second: what a page draws, also while it is still made.

Enters: stage frames as they are made, or the arrays of a take. Leaves: int16 rows, little-endian:
beat phase and bar phase (32767 is 1), then x y z of every dancer's joints in millimetres; GONE
where nobody dances. Runs in the caller's thread.
"""

from pathlib import Path

import numpy as np

from live.body.skeleton import N_JOINTS
from live.osc.encoding import StageFrame

ROWS_A_SECOND = 30
GONE = -32768
_ONE = 32767
_MM = 1000.0
_FLUSH = 15  # rows
_HEAD = 2


def row_width(dancers: int) -> int:
    """Numbers in a row."""
    return _HEAD + dancers * N_JOINTS * 3


def rows_of_take(take: dict[str, np.ndarray]) -> np.ndarray:
    """int16 [R, width]: the row r is at time r / ROWS_A_SECOND, the nearest pose of the take."""
    time_s = take["time_s"]
    wanted = np.arange(int(float(time_s[-1]) * ROWS_A_SECOND) + 1) / ROWS_A_SECOND
    nearest = np.clip(np.searchsorted(time_s, wanted - 1e-6), 0, len(time_s) - 1)
    beat = take["beat_phase"][nearest]
    bar = take.get("bar_phase", take["beat_phase"])[nearest]
    return _rows(beat, bar, take["joints"][nearest])


class RowFile:
    """Owns the file; `step` with every emission, 60 a second. dancers: how many a row has."""

    def __init__(self, path: Path, dancers: int):
        self._file = path.open("wb")
        self._dancers = dancers
        self._count = 0

    def step(self, frame: StageFrame) -> None:
        self._count += 1
        if self._count % 2 == 0:
            return
        joints = np.full((1, self._dancers, N_JOINTS, 3), np.nan, np.float32)
        there = min(self._dancers, len(frame.joints))
        joints[0, :there] = frame.joints[:there]
        beat = np.array(frame.beat[:2], np.float32)
        self._file.write(_rows(beat[:1], beat[1:], joints).tobytes())
        if self._count % (2 * _FLUSH) == 1:
            self._file.flush()

    def close(self) -> None:
        self._file.close()


def _rows(beat: np.ndarray, bar: np.ndarray, joints: np.ndarray) -> np.ndarray:
    """beat, bar: [R]; joints: [R, N, 19, 3], metres, NaN where nobody is."""
    rows = np.full((len(joints), row_width(joints.shape[1])), GONE, "<i2")
    phases = np.stack([beat, bar], axis=1)
    rows[:, :_HEAD] = np.round(np.clip(phases, 0, 1) * _ONE)
    flat = np.clip(joints.reshape(len(joints), -1) * _MM, GONE + 1, _ONE)
    rows[:, _HEAD:] = np.where(np.isnan(flat), GONE, np.round(flat)).astype("<i2")
    return rows
