"""The evaluation of AIST++ (Li et al., 2021) and of the papers after it, for systems beside ours.

Enters: dances, made and real ones. Leaves: a table's row of FIDk, FIDg, Distk, Distg, BAS, PFC.

The FIDs are of whole clips in the features of `model.evaluation.aist_features`, brought to the mean
and standard deviation of the real ones. Our 19 joints at 30 fps stand for SMPL's 24 at 60, our real
dances for AIST++'s, and the beat is the true one, not a tracked one: rows may be compared with each
other, and only roughly with published ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from live.body.pose import FRAME_RATE
from model.evaluation import aist_features, metrics
from model.evaluation.frechet import ByStyle, frechet_to_halves
from model.evaluation.take import Take

# AIST++ has systems dance 20 s, and real dances of 7 to 48 s. Of ours too
# few last 20 s: so 10 s of both.
CLIP_S = 10.0
_SPACES = ("k", "g")  # kinetic, geometric
_SCORES = ("bas_aist", "bas_music", "pfc_aist")
# A deviation of the real clips below this counts as this: of kinetic features as published; of
# geometric ones 1 % of the time, since with some dozens of real clips there are features that none
# of them ever shows, and by which one frame of a made dance would be endlessly far away.
_LEAST_DEVIATION = {"k": 1e-10, "g": 0.01}


@dataclass(frozen=True)
class _Clips:
    """n clips. features: by space, float64 [n, 72] and [n, 32]; style, take: of each clip, [n];
    scores: by key of the row, [n]."""

    features: dict[str, np.ndarray]
    style: np.ndarray
    take: np.ndarray
    scores: dict[str, np.ndarray]

    def chosen(self, rows: np.ndarray) -> "_Clips":
        features = {space: values[rows] for space, values in self.features.items()}
        scores = {key: values[rows] for key, values in self.scores.items()}
        return _Clips(features, self.style[rows], self.take[rows], scores)

    def beside(self, mean: dict[str, np.ndarray], deviation: dict[str, np.ndarray]) -> "_Clips":
        """Features as so many deviations from a mean."""
        features = {s: (rows - mean[s]) / deviation[s] for s, rows in self.features.items()}
        return replace(self, features=features)

    def by_style(self, space: str) -> ByStyle:
        return {s: self.features[space][self.style == s] for s in np.unique(self.style)}


def protocol(
    takes: Sequence[Take], real: Sequence[Take], clip_s: float = CLIP_S
) -> dict[str, float]:
    """The row of a system. takes: its dances, real: the real ones, all cut into clips of `clip_s`
    (several beats at least) that share no frame. Left out is what is left over, and styles of which
    not both have a clip. ValueError if then either has fewer than two.

    fid_k, fid_g: Frechet distance of all clips to all real ones. Of tens of clips its size is ruled
    by their number: so fid_k_ratio, fid_g_ratio are over that of two real halves, by as many clips
    and with every style alike (`frechet_to_halves`): 1 is as near as real dances are; NaN if no
    style has two clips in each half.
    dist_k, dist_g: mean distance of any two clips.
    bas_aist: as AIST++ has it, mean over kinematic beats (minima of the mean speed smoothed by a
    Gaussian of 5 frames) of exp(-d^2 / 2 sigma^2), d to the nearest beat of the music, sigma 3
    frames; bas_music: over the beats of the music, d to the nearest kinematic beat, as Bailando (Li
    et al., 2022) and the tables after it have it; pfc_aist: of EDGE (Tseng et al., 2023). These
    three are means over clips.
    """
    made, true = _comparable(_clips(takes, clip_s), _clips(real, clip_s), clip_s)
    first, second = _halves(true)
    row = _row(made, (made, true))
    for space in _SPACES:
        row[f"fid_{space}_ratio"] = _ratio(*(c.by_style(space) for c in (made, first, second)))
    return row


def real_protocol(real: Sequence[Take], clip_s: float = CLIP_S) -> dict[str, float]:
    """The row of the real dances themselves, in the keys of `protocol`.

    The FIDs are of two halves: every other take of a style, or the first and second half of its
    only one. With half of the clips they may be further apart than a system with more clips is from
    all; the ratios, 1 here, are free of that. ValueError if a half has fewer than two clips.
    """
    clips = _clips(real, clip_s)
    true, _ = _comparable(clips, clips, clip_s)
    row = _row(true, _halves(true))
    return row | {f"fid_{space}_ratio": 1.0 for space in _SPACES}


def _row(clips: _Clips, sides: tuple[_Clips, _Clips]) -> dict[str, float]:
    """What clips are by themselves, and the distances of two sides."""
    first, second = sides
    if min(len(first.take), len(second.take)) < 2:
        raise ValueError("fewer than two clips on a side: there is no distance of distributions")
    row = {
        f"fid_{s}": metrics.frechet_distance(first.features[s], second.features[s]) for s in _SPACES
    }
    row |= {f"dist_{s}": metrics.diversity(clips.features[s]) for s in _SPACES}
    return row | {key: float(values.mean()) for key, values in clips.scores.items()}


def _ratio(made: ByStyle, first: ByStyle, second: ByStyle) -> float:
    sides = (made, first, second)
    enough = any(min(len(side.get(s, ())) for side in sides) > 1 for s in made)
    return frechet_to_halves(*sides).ratio if enough else float("nan")


def _comparable(made: _Clips, true: _Clips, clip_s: float) -> tuple[_Clips, _Clips]:
    """The clips of styles that both have, beside the mean and deviation of the true ones."""
    made, true = (
        clips.chosen(np.isin(clips.style, other.style))
        for clips, other in ((made, true), (true, made))
    )
    if min(len(made.take), len(true.take)) < 2:
        raise ValueError(f"too few clips of {clip_s:g} s in styles both have: shorten them")
    mean = {s: rows.mean(axis=0) for s, rows in true.features.items()}
    deviation = {
        s: np.maximum(rows.std(axis=0), _LEAST_DEVIATION[s]) for s, rows in true.features.items()
    }
    return made.beside(mean, deviation), true.beside(mean, deviation)


def _halves(clips: _Clips) -> tuple[_Clips, _Clips]:
    """Every other take of each style; of a style with one take its halves in time."""
    in_second = np.zeros(len(clips.take), bool)
    for style in np.unique(clips.style):
        own = np.flatnonzero(clips.style == style)
        takes, which = np.unique(clips.take[own], return_inverse=True)
        in_second[own] = which % 2 if len(takes) > 1 else np.arange(len(own)) >= len(own) / 2
    return clips.chosen(~in_second), clips.chosen(in_second)


def _clips(takes: Sequence[Take], clip_s: float) -> _Clips:
    frames = round(clip_s * FRAME_RATE)
    starts = [
        (number, start)
        for number, take in enumerate(takes)
        for start in range(0, len(take.joints) - frames + 1, frames)
    ]
    found = []
    for number, start in starts:
        piece = slice(start, start + frames)
        found.append(_described(takes[number].joints[piece], takes[number].beats[piece]))
    kinetic, geometric, scores = zip(*found, strict=True) if found else ((), (), ())
    return _Clips(
        {"k": np.array(kinetic), "g": np.array(geometric)},
        np.array([takes[number].style for number, _ in starts]),
        np.array([number for number, _ in starts]),
        {key: np.array([s[key] for s in scores]) for key in _SCORES},
    )


def _described(
    joints: np.ndarray, beats: np.ndarray
) -> tuple[np.ndarray, list[float], dict[str, float]]:
    """Kinetic and geometric features and the scores of one clip."""
    body = aist_features.smpl_at_60_fps(joints)
    body -= body[0, 0]  # as Bailando: where a clip begins must not count as energy
    music_s = metrics.beat_times(beats, FRAME_RATE)
    motion_s = metrics.kinematic_beats(body, aist_features.FPS)
    scores = {
        "bas_aist": metrics.beat_alignment(motion_s, music_s),
        "bas_music": metrics.beat_alignment(music_s, motion_s) if len(motion_s) > 1 else 0.0,
        "pfc_aist": metrics.physical_foot_contact(joints, FRAME_RATE),
    }
    features = aist_features.kinetic(body), list(aist_features.geometric(body).values())
    return *features, scores
