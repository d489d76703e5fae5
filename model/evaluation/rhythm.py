"""Is a dance on the beat, by five signals of the body instead of the one that training pulls at?

Enters: takes with their beats. Leaves: for each signal its phase coherence, what luck reaches, and
the same over windows as long as the real clips.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from scipy.ndimage import gaussian_filter1d

from live.body.pose import FRAME_RATE
from live.body.skeleton import FEET, JOINT
from model.data.accents import joint_speed, kinematic_envelope, levelled
from model.evaluation.metrics import DETUNINGS, HARMONICS, accent_of, phasor
from model.evaluation.take import Take

SIGNALS = ("braking", "seen", "speed", "hands", "feet", "bounce")
_SEEN_S = 2 / 30  # AIST++ smooths over 5 / 60
_WRISTS = [JOINT["l_wrist"], JOINT["r_wrist"]]
_LONGEST_WINDOW_S = 15.0


def signals(joints: np.ndarray, fps: float) -> dict[str, np.ndarray]:
    """What may keep the beat, levelled over 2 s (`accents.levelled`), each float64 [T].

    braking: the deceleration of all joints (`accents.kinematic_envelope`); seen: the same after a
    Gaussian of 67 ms over the positions, without what is too fine for an eye; speed: mean speed of
    all joints; hands, feet: mean speed of the wrists, of ankles and toes; bounce: height of the
    pelvis.
    """
    speed = joint_speed(joints, fps)
    on_frames = (
        np.pad(speed, ((1, 0), (0, 0)), "edge") + np.pad(speed, ((0, 1), (0, 0)), "edge")
    ) / 2
    smooth = gaussian_filter1d(np.asarray(joints, np.float64), _SEEN_S * fps, 0, mode="nearest")
    raw = {
        "braking": kinematic_envelope(joints, fps),
        "seen": kinematic_envelope(smooth, fps),
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
    """Of each signal seven figures, means over takes weighted by length: beat_<signal>, over whole
    takes; beat_<signal>_null; the one over the other, beat_<signal>_of_null; both over windows of
    `window_s`, beat_<signal>_short and beat_<signal>_short_null, since scores and their nulls
    shrink as a take gets longer; and where the accent falls after the beat, in beats,
    beat_<signal>_accent, at the harmonic of the strongest mean phasor, beat_<signal>_harmonic."""
    found = []
    phasors = {(name, k): 0j for name in SIGNALS for k in HARMONICS}
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
            for k in HARMONICS:
                phasors[name, k] += len(signal) * phasor(signal, take.beats, k)
        found.append(row)
    weights = [len(t.joints) for t in takes]
    mean = {key: float(np.average([r[key] for r in found], weights=weights)) for key in found[0]}
    for name in SIGNALS:
        best = max(HARMONICS, key=lambda k, name=name: abs(phasors[name, k]))
        mean[f"beat_{name}_of_null"] = mean[f"beat_{name}"] / max(mean[f"beat_{name}_null"], 1e-9)
        mean[f"beat_{name}_harmonic"] = best
        mean[f"beat_{name}_accent"] = accent_of(phasors[name, best], best)
    return mean


def lateness_ms(
    takes: Sequence[Take], on_grid: Sequence[Take], real: Mapping[str, float]
) -> dict[str, float]:
    """How much later than in real dances each signal's accent falls, beat_<signal>_late_ms.

    on_grid: the takes counted as the real dances are; real: the figures of `rhythm` of these.
    """
    return {
        f"beat_{name}_late_ms": late_ms(
            takes,
            on_grid,
            lambda take, name=name: signals(take.joints, FRAME_RATE)[name],
            real[f"beat_{name}_accent"],
            real[f"beat_{name}_harmonic"],
        )
        for name in SIGNALS
    }


def late_ms(
    takes: Sequence[Take],
    on_grid: Sequence[Take],
    signal_of: Callable[[Take], np.ndarray],
    accent_beats: float,
    harmonic: float,
) -> float:
    """How much later than in the real dances the accent falls, ms; circular mean of the takes.

    on_grid: the same takes, counted as the real dances are, whose accent falls `accent_beats` after
    the beat. Which of two beats of the music is the first is not known: where the accent comes less
    than once a beat of the music, it is taken against the nearest beat.
    """
    total, periods, weights = 0j, [], []
    for take, counted in zip(takes, on_grid, strict=True):
        found = phasor(signal_of(counted), counted.beats, harmonic)
        period = min(1 / harmonic, counted.tempo_bpm / take.tempo_bpm)
        late = accent_of(found, harmonic) - accent_beats
        total += abs(found) * np.exp(2j * np.pi * late / period)
        periods.append(period * 60_000 / counted.tempo_bpm)
        weights.append(abs(found) + 1e-12)
    return float(np.angle(total) / (2 * np.pi) * np.average(periods, weights=weights))


def _in_windows(signal: np.ndarray, beats: np.ndarray, length: int) -> tuple[float, float]:
    length = min(length, len(signal))
    starts = range(0, len(signal) - length + 1, length)
    found = [coherence(signal[i : i + length], beats[i : i + length]) for i in starts]
    score, null = np.mean(found, axis=0)
    return float(score), float(null)
