"""How a dance is measured: plain numbers from joints and beats.

Enters: joints float [T, 19, 3] in metres (y up, floor at y = 0) at a stated `fps`, frame i at time
i / fps; and the beat, either as times in seconds or as a position in beats for every frame. Leaves:
floats. Nothing here knows of networks or files. Every score whose value luck can reach comes with
the value that luck reaches.
"""

from collections.abc import Sequence
from math import erf, sqrt
from typing import NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter1d

from live.body.skeleton import BONE_LENGTHS, FEET, PARENTS
from model.data.accents import joint_speed, kinematic_envelope, levelled, moving_mean

HARMONICS = (0.5, 1.0, 2.0)  # accents per beat
DETUNINGS = (-0.11, -0.08, -0.05, 0.05, 0.08, 0.11)
BAS_SIGMA_S = 0.05  # 3 frames at 60 fps
HIT_TOLERANCE_S = 0.07  # the window beat trackers are judged by
FREEZE_SHARE = 0.1

_KINEMATIC_SMOOTHING_S = 5 / 60  # AIST++: Gaussian of 5 frames at 60 fps
_FREEZE_SMOOTHING_S = 0.2
GROUNDED_HEIGHT_M = np.array([0.08, 0.05, 0.08, 0.05])  # of FEET: ankle, toe, ankle, toe
SKATE_SPEED_M_S = 0.3  # 1 cm a frame at 30 fps
_SHIFTS_BEATS = (0.25, 0.5, 0.75)


# ---- on the beat? ----------------------------------------------------------------------------


class Coherence(NamedTuple):
    """score: of the best of `HARMONICS`; harmonic: that one; accent_beats: where the accent falls
    after the beat, in beats, -0.5 / harmonic .. 0.5 / harmonic; null: the score of a wrong clock.
    """

    score: float
    harmonic: float
    accent_beats: float
    null: float


def phasor(envelope: np.ndarray, beats: np.ndarray, harmonic: float) -> complex:
    """mean e exp(-2 pi i k phi) / std e, of a levelled envelope and beat positions, both [T]."""
    spread = envelope.std()
    if spread < 1e-9:
        return 0j
    return complex(np.mean(envelope * np.exp(-2j * np.pi * harmonic * beats)) / spread)


def phase_coherence(joints: np.ndarray, fps: float, beats: np.ndarray) -> Coherence:
    """Does the body brake at the same place of every beat? (circular statistics: Mardia, 1972)

    score = |mean e exp(-2 pi i k phi)| / std e of the levelled envelope, best of k = 1/2, 1, 2;
    0 is no relation, a sharp pulse on every beat comes near 1. null: the mean score of clocks
    detuned by 5, 8 and 11 % both ways, each with its own best k. In a take shorter than about
    20 s a clock detuned by 5 % hardly slips, and the null says so by rising.
    """
    envelope = levelled(kinematic_envelope(joints, fps), fps)
    phasors = {k: phasor(envelope, beats, k) for k in HARMONICS}
    harmonic = max(phasors, key=lambda k: abs(phasors[k]))
    null = [
        max(abs(phasor(envelope, beats * (1 + detuning), k)) for k in HARMONICS)
        for detuning in DETUNINGS
    ]
    return Coherence(
        abs(phasors[harmonic]),
        harmonic,
        accent_of(phasors[harmonic], harmonic),
        float(np.mean(null)),
    )


def accent_of(phasor: complex, harmonic: float) -> float:
    """Where the accent of a phasor falls after the beat, in beats."""
    return float(-np.angle(phasor) / (2 * np.pi * harmonic))


def kinematic_beats(joints: np.ndarray, fps: float) -> np.ndarray:
    """Times in s of the minima of the mean joint speed, smoothed by a Gaussian of 83 ms (AIST++,
    Li et al., 2021: their detector, at any frame rate), between frames by a parabola."""
    speed = joint_speed(joints, fps).mean(axis=1)
    speed = gaussian_filter1d(speed, _KINEMATIC_SMOOTHING_S * fps, mode="nearest")
    lowest = np.flatnonzero((speed[1:-1] < speed[:-2]) & (speed[1:-1] <= speed[2:])) + 1
    before, after = speed[lowest - 1] - speed[lowest], speed[lowest + 1] - speed[lowest]
    offset = 0.5 * (before - after) / (before + after)
    return (lowest + offset + 0.5) / fps  # a speed lies half a frame after its first frame


def beat_alignment(motion_s: np.ndarray, beats_s: np.ndarray, sigma_s: float = BAS_SIGMA_S):
    """Beat alignment score: mean over kinematic beats of exp(-d^2 / 2 sigma^2), d to the nearest
    beat of the music (AIST++; sigma 3 frames at 60 fps = 50 ms). 0 without kinematic beats."""
    distance = distance_to_beats(motion_s, beats_s)
    return float(np.mean(np.exp(-0.5 * (distance / sigma_s) ** 2))) if len(distance) else 0.0


def chance_alignment(beats_s: np.ndarray, sigma_s: float = BAS_SIGMA_S) -> float:
    """The beat alignment score of kinematic beats that fall anywhere, equally likely.

    For one interval B it is sigma sqrt(2 pi) / B erf(B / (2 sqrt 2 sigma)); intervals count by
    their length.
    """
    intervals = np.diff(beats_s)
    caught = sum(erf(b / (2 * sqrt(2) * sigma_s)) for b in intervals)
    return float(sigma_s * sqrt(2 * np.pi) * caught / intervals.sum())


def shifted_alignment(motion_s: np.ndarray, beats_s: np.ndarray) -> float:
    """The same motion against the music moved by 1/4, 1/2 and 3/4 of a beat: mean score."""
    interval = float(np.median(np.diff(beats_s)))
    scores = [beat_alignment(motion_s, beats_s + shift * interval) for shift in _SHIFTS_BEATS]
    return float(np.mean(scores))


def beat_coverage(motion_s: np.ndarray, beats_s: np.ndarray) -> float:
    """Kinematic beats per beat of the music, Bk / Bm (Dance Revolution, Huang et al., 2021), with
    the detector of `kinematic_beats`."""
    return len(motion_s) / len(beats_s)


def hit_rate(
    motion_s: np.ndarray, beats_s: np.ndarray, tolerance_s: float = HIT_TOLERANCE_S
) -> float:
    """Share of kinematic beats within the tolerance of a beat, Ba / Bk (Dance Revolution).

    Luck gives 2 tolerance / interval: .23 at 100 BPM, .28 at 120, with 70 ms.
    """
    distance = distance_to_beats(motion_s, beats_s)
    return float(np.mean(distance <= tolerance_s)) if len(distance) else 0.0


def distance_to_beats(motion_s: np.ndarray, beats_s: np.ndarray) -> np.ndarray:
    """Seconds to the nearest beat, for the kinematic beats between the first and last beat."""
    inside = motion_s[(motion_s >= beats_s[0]) & (motion_s <= beats_s[-1])]
    after = np.clip(np.searchsorted(beats_s, inside), 1, len(beats_s) - 1)
    return np.minimum(np.abs(inside - beats_s[after - 1]), np.abs(beats_s[after] - inside))


def beat_times(beats: np.ndarray, fps: float) -> np.ndarray:
    """Times in s at which a rising beat position [T] passes whole beats."""
    whole = np.arange(np.ceil(beats[0]), np.floor(beats[-1]) + 1)
    return np.interp(whole, beats, np.arange(len(beats)) / fps)


# ---- alive? ----------------------------------------------------------------------------------


class Freezing(NamedTuple):
    """Seconds below 10 % of the reference speed: the longest stretch, and all together."""

    longest_s: float
    total_s: float


def mean_speed(joints: np.ndarray, fps: float) -> float:
    """Mean over joints and time of the speed on the stage, m/s."""
    return float(joint_speed(joints, fps).mean())


def freezing(joints: np.ndarray, fps: float, reference_m_s: float) -> Freezing:
    """Time during which the mean joint speed (over 0.2 s) is below 10 % of `reference_m_s`, which
    is the mean speed of the real dances of that style."""
    speed = moving_mean(joint_speed(joints, fps).mean(axis=1), fps, _FREEZE_SMOOTHING_S)
    moves = speed >= FREEZE_SHARE * reference_m_s  # no comparison with NaN holds: that is no dance
    still = np.concatenate([[0], ~moves, [0]]).astype(int)
    edges = np.flatnonzero(np.diff(still))
    runs = (edges[1::2] - edges[::2]) / fps
    return Freezing(float(runs.max(initial=0.0)), float(runs.sum()))


# ---- possible? -------------------------------------------------------------------------------


def foot_skate(joints: np.ndarray, fps: float) -> float:
    """Foot skating ratio (Lodge, Li et al., 2024): share of grounded foot frames that slide.

    A grounded foot joint slides where it moves more than 1 cm horizontally in 1/30 s. Feet that
    hover do not count, so read it beside `grounded_share`.
    """
    grounded = _grounded(joints)
    speed = np.linalg.norm(np.diff(joints[:, FEET][..., [0, 2]], axis=0), axis=-1) * fps
    return float((grounded & (speed > SKATE_SPEED_M_S)).sum() / max(grounded.sum(), 1))


def grounded_share(joints: np.ndarray) -> float:
    """Share of frames in which at least one foot joint is grounded: a dancer who floats has few."""
    return float(_grounded(joints).any(axis=1).mean())


def _grounded(joints: np.ndarray) -> np.ndarray:
    """bool [T - 1, 4]: foot joints that stay low (ankle <= 8 cm, toe <= 5 cm) to the next frame."""
    low = joints[:, FEET, 1] <= GROUNDED_HEIGHT_M
    return low[1:] & low[:-1]


def physical_foot_contact(joints: np.ndarray, fps: float) -> float:
    """PFC (EDGE, Tseng et al., 2023): a body whose root accelerates while neither foot rests.

    10^4 mean(min(v_lankle, v_ltoe) min(v_rankle, v_rtoe) |a_root| / max |a_root|), horizontal foot
    steps in metres per 1/30 s, root acceleration with its downward part left out. Lower is better.
    """
    root = np.asarray(joints[:, 0], np.float64)
    acceleration = np.diff(root, n=2, axis=0) * fps**2
    acceleration[:, 1] = np.maximum(acceleration[:, 1], 0.0)
    pull = np.linalg.norm(acceleration, axis=1)
    feet = np.diff(joints[1:, FEET][..., [0, 2]], axis=0)
    step = np.linalg.norm(feet, axis=-1) * fps / 30
    resting = np.minimum(step[:, 0], step[:, 1]) * np.minimum(step[:, 2], step[:, 3])
    return float(1e4 * np.mean(resting * pull) / max(pull.max(), 1e-9))


def bone_error(joints: np.ndarray) -> float:
    """Mean deviation of the 18 bones from the lengths of `live.body.skeleton`, metres."""
    bones = joints[:, 1:] - joints[:, PARENTS[1:]]
    return float(np.abs(np.linalg.norm(bones, axis=-1) - BONE_LENGTHS[1:]).mean())


def floor_penetration(joints: np.ndarray) -> tuple[float, float]:
    """Depth of the lowest joint below the floor, metres: (mean over frames, deepest)."""
    depth = np.maximum(-joints[..., 1].min(axis=1), 0.0)
    return float(depth.mean()), float(depth.max())


def stage_distance(joints: np.ndarray) -> np.ndarray:
    """Horizontal distance of the pelvis from the centre of the stage, metres: [T]."""
    return np.linalg.norm(joints[:, 0, [0, 2]], axis=1)


# ---- varied, and like the real ones? ---------------------------------------------------------


def kinetic_features(joints: np.ndarray, fps: float, window_s: float = 4.0) -> np.ndarray:
    """How each joint moves, per window of 4 s: float64 [windows, 57].

    Mean horizontal and vertical speed (m/s) and mean acceleration (m/s^2) of each of the 19 joints,
    after the kinetic features of Onuma et al. (2008) that AIST++ uses, as speeds, not their
    squares, which a few frames would rule. Needs no trained classifier; knows no posture.
    """
    velocity = np.diff(np.asarray(joints, np.float64), axis=0) * fps
    acceleration = np.linalg.norm(np.diff(velocity, axis=0), axis=-1) * fps
    across = np.linalg.norm(velocity[:-1, :, [0, 2]], axis=-1)
    frames = np.concatenate([across, np.abs(velocity[:-1, :, 1]), acceleration], axis=1)
    length = min(round(window_s * fps), len(frames))
    count = len(frames) // length
    return frames[: count * length].reshape(count, length, -1).mean(axis=1)


def diversity(features: np.ndarray) -> float:
    """Mean Euclidean distance between all pairs of rows of float [n, d] (Dancing to Music, Lee et
    al., 2019). 0 for fewer than two."""
    n = len(features)
    if n < 2:
        return 0.0
    square = (features**2).sum(axis=1)
    distance = square[:, None] + square[None, :] - 2 * features @ features.T
    return float(np.sqrt(np.maximum(distance, 0.0)).sum() / (n * (n - 1)))


def distance_between(parts: Sequence[np.ndarray]) -> float:
    """Mean Euclidean distance of rows of different parts, each float [n, d]. 0 for one part."""
    rows = np.concatenate(parts)
    part = np.repeat(np.arange(len(parts)), [len(p) for p in parts])
    square = (rows**2).sum(axis=1)
    distance = np.sqrt(np.maximum(square[:, None] + square - 2 * rows @ rows.T, 0.0))
    others = part[:, None] != part
    return float(distance[others].mean()) if others.any() else 0.0


def multimodality(features: np.ndarray) -> float:
    """Mean over pieces of music of the diversity of the dances to it: [pieces, dances, d]."""
    return float(np.mean([diversity(dances) for dances in features]))


def frechet_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Squared Frechet distance of two sets of feature rows [n, d], [m, d] taken as Gaussians:
    |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^1/2) (Dowson and Landau, 1982; FID: Heusel et al., 2017).

    Its value hangs on the feature space and the numbers of rows: print real against real beside it.
    """
    mean = first.mean(axis=0) - second.mean(axis=0)
    a, b = (np.atleast_2d(np.cov(rows, rowvar=False)) for rows in (first, second))
    root = _square_root(a)
    cross = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ b @ root), 0.0)).sum()
    return max(float(mean @ mean + np.trace(a) + np.trace(b) - 2 * cross), 0.0)


def _square_root(symmetric: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(symmetric)
    return (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
