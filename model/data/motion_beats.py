"""The beats of a dance, from its motion alone: for clips whose music nobody has.

Enters: joints at 30 a second. Leaves: one steady grid of beats, how sure it is, and the metre. The
beat is the comb that best fits the decelerations of feet, hands and all joints. A waltz brakes at
no beat more than at another, but rises and falls once a bar, with its feet and its travel: that is
where its grid comes from. Runs in the caller's thread.
"""

from dataclasses import dataclass

import numpy as np

from live.body.pose import FRAME_RATE
from live.body.skeleton import JOINT
from model.data import accents
from model.data.beat_grid import fit_grid

_TEMPO_BPM = (66.0, 160.0)
_LIKELY_BPM, _OCTAVES = 112.0, 0.8  # of two combs alike, the one nearer to where dances are danced
_FIXED = 0.02  # a tempo that was told is searched this far around
# Rise and fall, foot speed and travel over their spread at the bar of a waltz: 32 waltzes have
# .38 to .56, .25 to .38 and .21 to .36; of 119 other clips none that is as long passes all three.
_WALTZ = {"height": 0.35, "feet": 0.2, "travel": 0.2}
_WALTZ_BPM = (72.0, 110.0)
_WALTZ_S = 16.0  # in shorter clips of anything, some line is as strong by chance
_BIN_HZ = 0.0005


@dataclass(frozen=True)
class MotionBeats:
    """Beat k falls where tempo_bpm / 60 t + phase = k; on a bar where k is a multiple of metre, if
    has_bars (else nobody knows which beat is the first).

    strength: 0..1, of the comb; consistency: 1 where all of the clip agrees on the phase, below .6
    do not trust it.
    """

    tempo_bpm: float
    phase: float
    strength: float
    consistency: float
    metre: int
    has_bars: bool = False


def beats_of_motion(
    joints: np.ndarray, tempo_bpm: float | None = None, metre: int | None = None
) -> MotionBeats:
    """The grid that fits joints float [T, 19, 3], metres, of any body.

    tempo_bpm, metre: what is known already.
    """
    signals = _signals(joints)
    bar = _waltz_bar(signals) if tempo_bpm is None and metre in (None, 3) else None
    if bar is not None:
        return _waltz(signals, 180.0 * bar)
    braking = signals["braking"]
    low, high = _range(braking, tempo_bpm)
    grid = fit_grid(braking, FRAME_RATE, low, high)
    return MotionBeats(*grid, metre=metre or 4)


def _signals(joints: np.ndarray) -> dict[str, np.ndarray]:
    """Braking, height, foot speed and travel of a body, each [T], centred over two seconds."""
    joints = np.asarray(joints, np.float64)
    feet = [JOINT["l_ankle"], JOINT["r_ankle"]]
    steps = np.diff(joints, axis=0, prepend=joints[:1])
    raw = {
        "braking": accents.kinematic_envelope(joints, FRAME_RATE),
        "height": joints[:, 0, 1],
        "feet": np.linalg.norm(steps[:, feet], axis=-1).sum(axis=1),
        "travel": np.linalg.norm(steps[:, 0, [0, 2]], axis=-1),
    }
    return {name: accents.levelled(signal, FRAME_RATE) for name, signal in raw.items()}


def _range(braking: np.ndarray, tempo_bpm: float | None) -> tuple[float, float]:
    """Where to look for the tempo: around what was told, or around the likeliest line."""
    if tempo_bpm is not None:
        return tempo_bpm * (1 - _FIXED), tempo_bpm * (1 + _FIXED)
    tempi, lines = _spectrum(braking, *_TEMPO_BPM)
    likely = np.exp(-0.5 * (np.log2(tempi / _LIKELY_BPM) / _OCTAVES) ** 2)
    best = float(tempi[int((lines * likely).argmax())])
    return best - 0.1, best + 0.1


def _spectrum(signal: np.ndarray, low_bpm: float, high_bpm: float) -> tuple[np.ndarray, np.ndarray]:
    """Tempi, and |mean s exp(-2 pi i beats)| / std s at each."""
    size = max(round(FRAME_RATE / _BIN_HZ), 4 * len(signal))
    lines = np.abs(np.fft.rfft(signal, size)) / len(signal) / max(float(signal.std()), 1e-12)
    tempi = 60 * np.fft.rfftfreq(size, 1 / FRAME_RATE)
    inside = (tempi >= low_bpm) & (tempi <= high_bpm)
    return tempi[inside], lines[inside]


def _waltz_bar(signals: dict[str, np.ndarray]) -> float | None:
    """Bars a second of a waltz; None where it is none."""
    if len(signals["height"]) < _WALTZ_S * FRAME_RATE:
        return None
    low, high = (bpm / 3 for bpm in _WALTZ_BPM)
    bars, _ = lines = _spectrum(signals["height"], low, high)
    best = int(lines[1].argmax())
    at = {name: _spectrum(signals[name], low, high)[1][best] for name in _WALTZ}
    if all(at[name] >= least for name, least in _WALTZ.items()):
        return float(bars[best]) / 60
    return None


def _waltz(signals: dict[str, np.ndarray], tempo_bpm: float) -> MotionBeats:
    """The first beat of a bar is where the body is lowest, before it rises."""
    bar = tempo_bpm / 3
    fall = fit_grid(-signals["height"], FRAME_RATE, bar - 0.1, bar + 0.1)
    return MotionBeats(
        3 * fall.tempo_bpm, 3 * fall.phase, fall.strength, fall.consistency, 3, has_bars=True
    )
