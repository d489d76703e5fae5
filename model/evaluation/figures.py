"""The figures of a dance: every measure of `metrics` over a take, and their summary.

Enters: takes, and what the real dances of their style reach. Leaves: plain numbers by name.
"""

from collections.abc import Sequence

import numpy as np

from live.body.pose import FRAME_RATE
from model.data import accents
from model.evaluation import metrics
from model.evaluation.rhythm import late_ms
from model.evaluation.take import Take

_END_S = 20.0  # of the first and last stretch whose speeds are compared
_WINDOW_S = 15.0  # coherence of short real clips is compared over windows of this length


def score(take: Take, reference_m_s: float, harmonic: float | None = None) -> dict[str, float]:
    """All figures of one take.

    reference_m_s: mean speed of the real dances of the style; harmonic: where the accent is
    measured, the take's own best by default. Lengths in m, speeds in m/s, times in s, accent in ms.
    """
    joints, fps = take.joints, float(FRAME_RATE)
    coherence = metrics.phase_coherence(joints, fps, take.beats)
    short, short_null = _windowed_coherence(take)
    by_harmonic = phasors_of(take)
    at = harmonic or coherence.harmonic
    beats_s = metrics.beat_times(take.beats, fps)
    motion_s = metrics.kinematic_beats(joints, fps)
    frozen = metrics.freezing(joints, fps, reference_m_s)
    end = min(round(_END_S * fps), len(joints) // 2)
    distance = metrics.stage_distance(joints)
    sunk, deepest = metrics.floor_penetration(joints)
    return {
        "seconds": len(joints) / fps,
        "speed": metrics.mean_speed(joints, fps),
        "speed_ratio": metrics.mean_speed(joints, fps) / reference_m_s,
        "speed_first": metrics.mean_speed(joints[:end], fps),
        "speed_last": metrics.mean_speed(joints[-end:], fps),
        "frozen_longest": frozen.longest_s,
        "frozen_share": frozen.total_s / (len(joints) / fps),
        "coherence": coherence.score,
        "null": coherence.null,
        "coherence_15s": short,
        "null_15s": short_null,
        **{f"coherence_k{k:g}": abs(phasor) for k, phasor in by_harmonic.items()},
        "harmonic": at,
        "accent_ms": _milliseconds(by_harmonic[at], at, take.tempo_bpm),
        "accent_ms_k1": _milliseconds(by_harmonic[1.0], 1.0, take.tempo_bpm),
        "bas": metrics.beat_alignment(motion_s, beats_s),
        "bas_chance": metrics.chance_alignment(beats_s),
        "bas_shifted": metrics.shifted_alignment(motion_s, beats_s),
        "coverage": metrics.beat_coverage(motion_s, beats_s),
        "hit_rate": metrics.hit_rate(motion_s, beats_s),
        "grounded": metrics.grounded_share(joints),
        "skate": metrics.foot_skate(joints, fps),
        "pfc": metrics.physical_foot_contact(joints, fps),
        "bone_error": metrics.bone_error(joints),
        "sunk": sunk,
        "deepest": deepest,
        "distance": float(distance.mean()),
        "distance_end": float(distance[-1]),
    }


def _windowed_coherence(take: Take) -> tuple[float, float]:
    """Mean coherence and null over windows of 15 s: a score and its floor both shrink with length,
    so dances of unlike lengths compare only so."""
    length = min(round(_WINDOW_S * FRAME_RATE), len(take.joints))
    found = [
        metrics.phase_coherence(take.joints[i : i + length], FRAME_RATE, take.beats[i : i + length])
        for i in range(0, len(take.joints) - length + 1, length)
    ]
    return float(np.mean([c.score for c in found])), float(np.mean([c.null for c in found]))


def summarise(
    takes: Sequence[Take], reference_m_s: float, harmonic: float | None = None
) -> dict[str, float]:
    """Figures of several takes: means weighted by length, but the longest freeze and the deepest
    foot of all. The harmonic, unless given, is the one with the strongest mean phasor, and the
    accents are the mean phasors' too, so that takes either side of half a beat do not cancel."""
    figures = [score(t, reference_m_s) for t in takes]
    weight = np.array([f["seconds"] for f in figures])
    mean = {k: float(np.average([f[k] for f in figures], weights=weight)) for k in figures[0]}
    for name in ("frozen_longest", "deepest"):
        mean[name] = float(np.max([f[name] for f in figures]))  # max() would let NaN go
    mean["seconds"] = float(weight.sum())
    of_takes = [phasors_of(t) for t in takes]
    phasors = {k: np.average([p[k] for p in of_takes], weights=weight) for k in metrics.HARMONICS}
    best = harmonic or max(phasors, key=lambda k: abs(phasors[k]))
    tempo = float(np.average([t.tempo_bpm for t in takes], weights=weight))
    mean["harmonic"] = best
    mean["accent_beats"] = metrics.accent_of(phasors[best], best)
    mean["accent_ms"] = _milliseconds(phasors[best], best, tempo)
    mean["accent_ms_k1"] = _milliseconds(phasors[1.0], 1.0, tempo)
    return mean


def _milliseconds(phasor: complex, harmonic: float, tempo_bpm: float) -> float:
    return metrics.accent_of(phasor, harmonic) * 60_000 / tempo_bpm


def phasors_of(take: Take) -> dict[float, complex]:
    """The phasor of each harmonic, over the whole take."""
    envelope = _braking(take)
    return {k: metrics.phasor(envelope, take.beats, k) for k in metrics.HARMONICS}


def accent_off_ms(
    takes: Sequence[Take], on_grid: Sequence[Take], accent_beats: float, harmonic: float
) -> float:
    """`rhythm.late_ms` of the braking."""
    return late_ms(takes, on_grid, _braking, accent_beats, harmonic)


def _braking(take: Take) -> np.ndarray:
    return accents.levelled(accents.kinematic_envelope(take.joints, FRAME_RATE), FRAME_RATE)
