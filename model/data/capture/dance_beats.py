"""Beats of a dance of ours: from the phases that were sent with its poses.

Enters: phase of beat and bar at the poses' times. Leaves: `KnownBeats`, or None where the clock was
never sure.
"""

import numpy as np

from model.data.capture.captured import KnownBeats

_SURE = 0.5  # of the clock's confidence, on average
_LEAST = 4


def beats_of_phases(
    time_s: np.ndarray,
    beat_phase: np.ndarray,
    bar_phase: np.ndarray | None,
    confidence: np.ndarray,
) -> KnownBeats | None:
    """Where the phase [T], 0 to 1, comes round, between frames too; and which beats open a bar."""
    if not confidence.mean() >= _SURE:
        return None
    beats = _rounds(time_s, beat_phase)
    if len(beats) < _LEAST:
        return None
    if bar_phase is None:
        return KnownBeats(beats)
    bars = _rounds(time_s, bar_phase)
    if len(bars) < 2:
        return KnownBeats(beats)
    metre = round(float(np.median(np.diff(bars)) / np.median(np.diff(beats))))
    first = int(np.abs(beats - bars[len(bars) // 2]).argmin())
    return KnownBeats(beats, metre, first % metre) if 2 <= metre <= 7 else KnownBeats(beats)


def _rounds(time_s: np.ndarray, phase: np.ndarray) -> np.ndarray:
    phase = phase.astype(np.float64)
    at = np.flatnonzero(np.diff(phase) < -0.5)
    to_go = 1 - phase[at]
    share = to_go / np.maximum(to_go + phase[at + 1], 1e-6)
    return time_s[at] + share * (time_s[at + 1] - time_s[at])
