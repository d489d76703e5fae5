"""The beats and bars of a whole song, with its future known: for songs that a dance belongs to.

Enters: feature frames of a song. Leaves: beat times, which of them open a bar, the metre. Tempo and
bars are what the stage's clock held most of the time; within that tempo the beats are the likeliest
chain over the whole song, by the stage's own evidence, with an interval that wanders slowly
(Krebs, Böck, Widmer 2015). So they are right from the first bar on, where the stage still listens.
Runs in the caller's thread.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from live.audio.features import SAMPLE_RATE, TICK, FeatureFrame
from live.beat.clock import TempoConfig
from live.beat.evidence import EVIDENCE_LATENCY_S, BeatEvidence
from live.beat.tracker import OnsetEvidence

_TICK_HZ = SAMPLE_RATE / TICK
_NETWORK, _NETWORK_FLOOR, _ONSETS = 0.17, -2.0, 0.4  # as the stage weighs them
_BAND = 0.09  # of the tempo that the stage's tracker heard most surely: where intervals may lie
_WANDER = 60.0  # cost of an interval that changes by a factor e
_REACH = 3  # ticks that an interval may change by from beat to beat
_METRES = (4, 3, 2, 6)
_FRESH = 127  # of a chain that begins here
_LEAST_S, _LEAST_BEATS = 4.0, 4
_SURE = 0.3  # of the clock, at least once; less is no beat


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
    beat = _evidence(frames)
    heard = _heard(frames)
    if len(beat) < _LEAST_S * _TICK_HZ or not heard.sure.max() >= _SURE**2:
        return None
    usual = 60 * _TICK_HZ / _usual(heard.tempo_bpm, heard.sure)
    intervals = np.arange(round(usual * (1 - _BAND)), round(usual * (1 + _BAND)) + 1)
    ticks = _chain(beat, intervals)
    if len(ticks) < _LEAST_BEATS:
        return None
    times_s = (ticks + 1) / _TICK_HZ - EVIDENCE_LATENCY_S
    metre, first = _bars(heard, times_s, metre)
    above = 1 / (1 + np.exp(-2 * (beat[ticks].mean() - beat.mean())))
    return SongBeats(times_s, (np.arange(len(ticks)) - first) % metre, metre, float(2 * above - 1))


class _Heard(NamedTuple):
    """What the stage's clock made of the song, a frame a row: float64 [T]; sure: squared."""

    time_s: np.ndarray
    tempo_bpm: np.ndarray
    bar_phase: np.ndarray
    metre: np.ndarray
    sure: np.ndarray


def _heard(frames: list[FeatureFrame]) -> _Heard:
    """It weighs half and double tempo against each other, and hears bars; a chain does not."""
    clock = TempoConfig().make()
    rows = []
    for frame in frames:
        clock.push(frame)
        now = clock.at(frame.end)
        sure = now.confidence**2
        rows.append((frame.end / SAMPLE_RATE, now.tempo_bpm, now.bar_phase, now.metre, sure))
    return _Heard(*np.array(rows or [(0.0,) * 5], np.float64).T)


def _usual(tempo_bpm: np.ndarray, sure: np.ndarray) -> float:
    """The tempo heard most of the time: the median, by how sure it was."""
    order = tempo_bpm.argsort()
    total = sure[order].cumsum()
    return float(tempo_bpm[order][np.searchsorted(total, total[-1] / 2)])


def _bars(heard: _Heard, times_s: np.ndarray, metre: int | None) -> tuple[int, int]:
    """Beats a bar, and which beat is a first one: what the clock counted most of the time, later
    times more, since by then it had heard more."""
    at = np.clip(np.searchsorted(heard.time_s, times_s), 0, len(heard.time_s) - 1)
    weight = (heard.sure[at] + 1e-6) * (1.0 + times_s / max(times_s[-1], 1.0))
    counted = heard.metre[at].astype(int)
    if metre is None:
        metre = max(_METRES, key=lambda m: float(weight[counted == m].sum()))
    own = counted == metre
    places = np.rint(heard.bar_phase[at] * metre).astype(int)
    firsts = np.bincount((np.arange(len(at)) - places)[own] % metre, weight[own], metre)
    return metre, int(firsts.argmax())


def _evidence(frames: list[FeatureFrame]) -> np.ndarray:
    """What speaks for a beat per tick: float64 [T]."""
    network, onsets = BeatEvidence(), OnsetEvidence()
    state = network.initial_state()
    heard, strong = [np.zeros((0, 2))], [np.zeros(0)]
    for frame in frames:
        step, state = network.step(frame, state)
        heard.append(step)
        strong.append(onsets.step(frame.ticks))
    ratios = np.concatenate(heard)[:, 0].astype(np.float64)
    return _NETWORK * np.maximum(ratios, _NETWORK_FLOOR) + _ONSETS * np.concatenate(strong)


def _chain(beat: np.ndarray, intervals: np.ndarray) -> np.ndarray:
    """The likeliest chain of beats, ticks int [n].

    score[t, i]: of the best chain whose last beat falls on tick t, where the next comes after
    interval i at the earliest; came[t, i]: by which change of interval.
    """
    ticks, longest = len(beat), int(intervals[-1])
    score = np.full((ticks + longest, len(intervals)), -np.inf)
    came = np.zeros((ticks, len(intervals)), np.int8)
    cost = _steps(intervals)
    block = int(intervals[0])  # ticks at once: none of them comes after another
    for start in range(0, ticks, block):
        now = np.arange(start, min(start + block, ticks))
        rows = now[:, None] - intervals + longest  # shifted so that none is negative
        reached, change = _best_change(score[rows], cost)
        begun = 0.0 if start < longest else -np.inf
        score[now + longest] = beat[now][:, None] + np.maximum(reached, begun)
        came[now] = np.where(reached < begun, _FRESH, change)
    return _traced(score[longest:], came, intervals)


def _steps(intervals: np.ndarray) -> np.ndarray:
    """Cost of a change of interval by -_REACH to _REACH ticks: [2 R + 1, count], by the new one."""
    count = len(intervals)
    cost = np.full((2 * _REACH + 1, count), np.inf)
    for k, change in enumerate(range(-_REACH, _REACH + 1)):
        old = np.arange(count) + change
        inside = (old >= 0) & (old < count)
        ratio = np.log(intervals[old[inside]] / intervals[inside])
        cost[k, inside] = _WANDER * np.abs(ratio)
    return cost.astype(np.float32)


def _best_change(last: np.ndarray, cost: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Best score by tick and new interval, and which change of interval it came by.

    last: [tick, new interval, old interval].
    """
    new = np.arange(last.shape[1])
    options = np.stack([
        last[:, new, np.clip(new + change, 0, len(new) - 1)] - cost[k]
        for k, change in enumerate(range(-_REACH, _REACH + 1))
    ])  # fmt: skip
    k = options.argmax(axis=0)
    return np.take_along_axis(options, k[None], axis=0)[0], (k - _REACH).astype(np.int8)


def _traced(score: np.ndarray, came: np.ndarray, intervals: np.ndarray) -> np.ndarray:
    tail = score[max(len(score) - int(intervals[-1]), 0) :]
    t, i = (int(k) for k in np.unravel_index(int(tail.argmax()), tail.shape))
    t += len(score) - len(tail)
    found = []
    while t >= 0:
        found.append(t)
        change = int(came[t, i])
        t -= int(intervals[i])
        if change == _FRESH:
            break
        i += change
    return np.array(found[::-1])
