"""Is a dance on the beat, by five signals of the body instead of the one that training pulls at?

Enters: takes with their beats. Leaves: for each signal its phase coherence, what luck reaches, and
the same over windows as long as the real clips.
"""

from collections.abc import Sequence

import numpy as np

from live.body.pose import FRAME_RATE
from live.body.skeleton import FEET, JOINT
from model.data.accents import joint_speed, kinematic_envelope, levelled
from model.evaluation.metrics import DETUNINGS, HARMONICS, phasor
from model.evaluation.take import Take

SIGNALS = ("braking", "speed", "hands", "feet", "bounce")
_WRISTS = [JOINT["l_wrist"], JOINT["r_wrist"]]
_LONGEST_WINDOW_S = 15.0


def signals(joints: np.ndarray, fps: float) -> dict[str, np.ndarray]:
    """What may keep the beat, levelled over 2 s (`accents.levelled`), each float64 [T].

    braking: the deceleration of all joints (`accents.kinematic_envelope`); speed: mean speed of all
    joints; hands, feet: mean speed of the wrists, of ankles and toes; bounce: height of the pelvis.
    """
    speed = joint_speed(joints, fps)
    on_frames = (
        np.pad(speed, ((1, 0), (0, 0)), "edge") + np.pad(speed, ((0, 1), (0, 0)), "edge")
    ) / 2
    raw = {
        "braking": kinematic_envelope(joints, fps),
        "speed": on_frames.mean(axis=1),
        "hands": on_frames[:, _WRISTS].mean(axis=1),
        "feet": on_frames[:, FEET].mean(axis=1),
        "bounce": np.asarray(joints[:, 0, 1], np.float64),
    }
    return {name: levelled(values, fps) for name, values in raw.items()}


def coherence(signal: np.ndarray, beats: np.ndarray) -> tuple[float, float]:
    """(score, null) of a levelled signal: |mean s exp(-2 pi i k phi)| / std s, best of `HARMONICS`,
    and its mean over clocks detuned by 5, 8 and 11 % both ways, each with its own best k."""

    def best(phi: np.ndarray) -> float:
        return max(abs(phasor(signal, phi, k)) for k in HARMONICS)

    return best(beats), float(np.mean([best(beats * (1 + d)) for d in DETUNINGS]))


def window_s(takes: Sequence[Take]) -> float:
    """Length of window in which dances of this style compare with its real ones, s: that of the
    clip in which the middle of all frames lies, 15 at most."""
    lengths = np.sort([len(t.joints) for t in takes])
    middle = lengths[np.searchsorted(np.cumsum(lengths), lengths.sum() / 2)]
    return min(float(middle) / FRAME_RATE, _LONGEST_WINDOW_S)


def rhythm(takes: Sequence[Take], window_s: float) -> dict[str, float]:
    """Of each signal five figures, means over takes weighted by length: beat_<signal>, over whole
    takes; beat_<signal>_null; the one over the other, beat_<signal>_of_null; and both over windows
    of `window_s`, beat_<signal>_short and beat_<signal>_short_null, since scores and their nulls
    shrink as a take gets longer."""
    found, weights = [], []
    for take in takes:
        row = {}
        for name, signal in signals(take.joints, FRAME_RATE).items():
            score, null = coherence(signal, take.beats)
            short, short_null = _in_windows(signal, take.beats, round(window_s * FRAME_RATE))
            row |= {
                f"beat_{name}": score,
                f"beat_{name}_null": null,
                f"beat_{name}_short": short,
                f"beat_{name}_short_null": short_null,
            }
        found.append(row)
        weights.append(len(take.joints))
    mean = {key: float(np.average([r[key] for r in found], weights=weights)) for key in found[0]}
    for name in SIGNALS:
        null = max(mean[f"beat_{name}_null"], 1e-9)
        mean[f"beat_{name}_of_null"] = mean[f"beat_{name}"] / null
    return mean


def _in_windows(signal: np.ndarray, beats: np.ndarray, length: int) -> tuple[float, float]:
    length = min(length, len(signal))
    starts = range(0, len(signal) - length + 1, length)
    found = [coherence(signal[i : i + length], beats[i : i + length]) for i in starts]
    score, null = np.mean(found, axis=0)
    return float(score), float(null)
