"""The beats and bars of a whole song, with its future known: for songs that a dance belongs to.

Enters: sound. Leaves: beat times, which of them open a bar, the metre. The evidence is the stage's
own (`live.beat.evidence`, and onset strength); the search is exact over a song: a chain of beats
whose interval wanders slowly (Krebs, Böck, Widmer 2015), for bars of four, three and two. The
stage's filter may not look ahead; this may. Runs in the caller's thread.
"""

from dataclasses import dataclass

import numpy as np

from live.audio.features import SAMPLE_RATE, TICK, FeatureFrame
from live.beat.evidence import EVIDENCE_LATENCY_S, BeatEvidence, chances
from live.beat.tracker import OnsetEvidence

_TICK_HZ = SAMPLE_RATE / TICK
_INTERVALS = np.arange(round(_TICK_HZ * 60 / 205), round(_TICK_HZ * 60 / 55) + 1)  # ticks a beat
_NETWORK, _NETWORK_FLOOR, _ONSETS = 0.17, -2.0, 0.4  # as the stage weighs them
_LIKELY_BPM, _OCTAVES = 118.0, 0.55
_WANDER = 60.0  # cost of an interval that changes by a factor e
_REACH = 5  # ticks that an interval may change by from beat to beat
_BEAT = 0.9  # what a beat has to bring, or more beats would always be better
_METRES = {4: 0.0, 3: -3.0, 2: -8.0}
_DOWNBEAT = 0.5
_SHARE_LIMITS = (0.02, 0.9)


@dataclass(frozen=True)
class SongBeats:
    """times_s: float64 [n], rising; places: int [n], 0 on the first beat of a bar; metre: beats a
    bar; confidence: 0..1, how much more the beats are heard than what lies between."""

    times_s: np.ndarray
    places: np.ndarray
    metre: int
    confidence: float


def song_beats(frames: list[FeatureFrame], metre: int | None = None) -> SongBeats | None:
    """The beats of a song by its feature frames; None where it is too short or silent for any.

    metre: where it is known.
    """
    beat, downbeat = _evidence(frames)
    if len(beat) < 8 * _INTERVALS[0] or not np.abs(beat).max() > 0:
        return None
    metres = {metre: 0.0} if metre else _METRES
    chains = {m: _chain(beat, downbeat, m, prior) for m, prior in metres.items()}
    best = max(chains, key=lambda m: chains[m][0])
    _, ticks, places = chains[best]
    if len(ticks) < 4:
        return None
    heard = 1 / (1 + np.exp(-(beat[ticks].mean() - beat.mean()) * 2))
    times_s = (ticks + 1) / _TICK_HZ - EVIDENCE_LATENCY_S
    return SongBeats(times_s, places, best, float(2 * heard - 1))


def _evidence(frames: list[FeatureFrame]) -> tuple[np.ndarray, np.ndarray]:
    """What speaks for a beat, and for a downbeat rather than another, per tick: float64 [T]."""
    network, onsets = BeatEvidence(), OnsetEvidence()
    state = network.initial_state()
    heard, strong = [], []
    for frame in frames:
        step, state = network.step(frame, state)
        heard.append(step)
        strong.append(onsets.step(frame.ticks))
    ratios = np.concatenate(heard).astype(np.float64)
    beat = _NETWORK * np.maximum(ratios[:, 0], _NETWORK_FLOOR) + _ONSETS * np.concatenate(strong)
    chance = chances(ratios)
    share = np.clip(chance[:, 1] / np.maximum(chance[:, 0], 1e-6), *_SHARE_LIMITS)
    return beat, _DOWNBEAT * chance[:, 0] * (np.log(share / 0.25) - np.log((1 - share) / 0.75))


def _chain(
    beat: np.ndarray, downbeat: np.ndarray, metre: int, prior: float
) -> tuple[float, np.ndarray, np.ndarray]:
    """The likeliest chain of beats: its score, ticks [n] and places in the bar [n].

    score[t, b, i]: best chain whose last beat, of place b, falls on tick t after interval i.
    """
    ticks, longest = len(beat), int(_INTERVALS[-1])
    score = np.full((ticks + longest, metre, len(_INTERVALS)), -np.inf, np.float32)
    came = np.zeros((ticks, metre, len(_INTERVALS)), np.int8)
    usual = -0.5 * (np.log2(60 * _TICK_HZ / _INTERVALS / _LIKELY_BPM) / _OCTAVES) ** 2
    cost = _steps(len(_INTERVALS))
    places = np.arange(metre)
    share = np.where(places == 0, 1.0, -1.0 / (metre - 1))
    gained = (beat - _BEAT)[:, None] + downbeat[:, None] * share
    block = int(_INTERVALS[0])  # ticks at once: none of them comes after another
    for start in range(0, ticks, block):
        now = np.arange(start, min(start + block, ticks))
        rows = now[:, None] - _INTERVALS + longest  # shifted so that none is negative
        last = score[rows][:, :, (places - 1) % metre]  # [ticks, new interval, place, old interval]
        reached, change = _best_change(last, cost)
        begun = np.where(now[:, None, None] < longest, usual.astype(np.float32), -np.inf)
        score[now + longest] = gained[now][..., None] + np.maximum(reached, begun)
        came[now] = np.where(reached < begun, _FRESH, change)
    return _traced(score[longest:], came, metre, prior)


_FRESH = 127


def _steps(count: int) -> np.ndarray:
    """Cost of a change of interval by -_REACH to _REACH ticks: [2 R + 1, count], by the new one."""
    cost = np.full((2 * _REACH + 1, count), np.inf)
    for k, change in enumerate(range(-_REACH, _REACH + 1)):
        old = np.arange(count) + change
        inside = (old >= 0) & (old < count)
        ratio = np.log(_INTERVALS[old[inside]] / _INTERVALS[inside])
        cost[k, inside] = _WANDER * np.abs(ratio)
    return cost.astype(np.float32)


def _best_change(last: np.ndarray, cost: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Best score by tick, place and new interval, and which change of interval it came by."""
    new = np.arange(last.shape[1])
    options = np.stack(
        [
            last[:, new, :, np.clip(new + change, 0, len(new) - 1)] - cost[k][:, None, None]
            for k, change in enumerate(range(-_REACH, _REACH + 1))
        ]
    )  # [change, new interval, tick, place]
    k = options.argmax(axis=0)
    best = np.take_along_axis(options, k[None], axis=0)[0]
    return best.transpose(1, 2, 0), (k.transpose(1, 2, 0) - _REACH).astype(np.int8)


def _traced(
    score: np.ndarray, came: np.ndarray, metre: int, prior: float
) -> tuple[float, np.ndarray, np.ndarray]:
    ticks = len(score)
    tail = score[max(ticks - int(_INTERVALS[-1]), 0) :]
    t, place, i = np.unravel_index(int(np.nan_to_num(tail, neginf=-1e9).argmax()), tail.shape)
    total = float(tail[t, place, i]) + prior
    t, place, i = int(t) + ticks - len(tail), int(place), int(i)
    found = []
    while t >= 0:
        found.append((t, place))
        change = int(came[t, place, i])
        t, place = t - int(_INTERVALS[i]), (place - 1) % metre
        if change == _FRESH:
            break
        i += change
    times, places = np.array(found[::-1]).T
    return total, times, places
