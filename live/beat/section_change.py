"""Has a new section begun within the last bar? How unlike the section before the newest beats are.

Enters: the beats of a section so far, and how earlier sections began. Leaves: features for the
perceptrons of `live.beat.judge`, which say the chances. They follow Foote (2000), one-sided and on
beats: the newest beats against the same places of the bars before them, beside where in its phrase
the music is and whether an earlier section begins like this.
"""

import numpy as np

from live.audio.features import N_BANDS
from live.beat.beat_sound import (
    BANDS,
    CHROMA,
    LEVEL,
    RHYTHM,
    SLOTS,
    SOUND_DIM,
    TIMBRE,
    Array,
)

LAGS = 4  # a section is noticed when it has lasted 1 to 4 beats
LEAST_BEATS = 8  # of a section before another can begin
MEMORY_BEATS = 64  # of the present section that are compared
MOST_SECTIONS = 24  # remembered
OPENING_BEATS = 32  # of a section that are remembered
NOVELTY = 10  # column of the features that says how far the newest beats are out

_LOW = slice(0, 3)  # of the bands: below 200 Hz or so
_HIGH = slice(10, BANDS)
_EPS = 0.05
_FAR = 3.0


class SectionBeats:
    """The beats of the present section, newest last; kept for MEMORY_BEATS and the opening."""

    def __init__(self, sounds: list[Array], places: list[int], metre: int) -> None:
        self.metre = metre
        self.count = 0
        self.opening: list[Array] = []
        self.places: list[int] = []
        self._sounds = np.zeros((2 * MEMORY_BEATS, SOUND_DIM))
        self._far = np.zeros(2 * MEMORY_BEATS)  # harmony unlike that of the bars before
        self._filled = 0
        for sound, place in zip(sounds, places, strict=True):
            self.add(sound, place)

    def add(self, sound: Array, place: int) -> None:
        if self._filled == 2 * MEMORY_BEATS:
            for kept in (self._sounds, self._far):
                kept[:MEMORY_BEATS] = kept[MEMORY_BEATS:]
            del self.places[:MEMORY_BEATS]
            self._filled = MEMORY_BEATS
        self._sounds[self._filled] = sound
        self.places.append(place)
        self._filled += 1
        self._far[self._filled - 1] = self._harmony_away()
        self.count += 1
        if self.count <= OPENING_BEATS:
            self.opening.append(sound)

    @property
    def sounds(self) -> Array:
        """float64 [n, SOUND_DIM]: the newest, MEMORY_BEATS at most."""
        return self._sounds[max(self._filled - MEMORY_BEATS, 0) : self._filled]

    @property
    def far(self) -> Array:
        """float64 [n], 0..2, of `sounds`."""
        return self._far[max(self._filled - MEMORY_BEATS, 0) : self._filled]

    @property
    def newest_places(self) -> list[int]:
        return self.places[-len(self.sounds) :]

    def _harmony_away(self) -> float:
        """The newest beat against the same place of earlier bars: 1 - cosine to the nearest."""
        newest = self._filled - 1
        before = self._sounds[newest % self.metre : newest : self.metre, CHROMA]
        if not len(before):
            return 0.0
        return 1.0 - float((before @ self._sounds[newest, CHROMA]).max())


class Openings:
    """How earlier sections began: their first beats, OPENING_BEATS at most."""

    def __init__(self) -> None:
        self.sounds = np.zeros((0, OPENING_BEATS, SOUND_DIM))
        self.beats = np.zeros(0, int)  # of each that are known

    def add(self, sounds: list[Array]) -> None:
        """The oldest gives way to one more than MOST_SECTIONS."""
        opening = np.zeros((1, OPENING_BEATS, SOUND_DIM))
        opening[0, : len(sounds)] = sounds[:OPENING_BEATS]
        keep = slice(-(MOST_SECTIONS - 1), None)
        self.sounds = np.concatenate([self.sounds[keep], opening])
        self.beats = np.append(self.beats[keep], min(len(sounds), OPENING_BEATS))

    def distances(self, beats: Array) -> Array:
        """How far beats [n, SOUND_DIM] are from each opening's first n, or as many as there are:
        timbre, rhythm, harmony and level, float64 [sections, 4], each about 0 to 1."""
        n = len(beats)
        there = (np.arange(n) < self.beats[:, None])[..., None]  # [sections, n, 1]
        count = there.sum(axis=1)
        theirs = self.sounds[:, :n]
        apart = ((beats - theirs) * there).sum(axis=1) / count
        alike = ((beats[:, CHROMA] * theirs[..., CHROMA]) * there).sum(axis=(1, 2)) / count[:, 0]
        return np.stack(
            [_rms(apart[:, TIMBRE]), _rms(apart[:, RHYTHM]), 1.0 - alike, np.abs(apart[:, LEVEL])],
            axis=1,
        )


def total(distances: Array) -> Array:
    """One number for timbre, rhythm and harmony, [..., 3 or more]."""
    return 0.5 * distances[..., 0] + distances[..., 1] + distances[..., 2]


FEATURES = 28 + LAGS
_LAG_COLUMNS = np.eye(LAGS)


def change_features(now: SectionBeats, openings: Openings, confidence: float) -> Array:
    """float64 [LAGS, FEATURES]: of a section that began with the newest beat, with the two newest,
    and so on. now: the section so far, of LEAST_BEATS at least; confidence: of the beat."""
    sounds, far = now.sounds, now.far
    places = np.array(now.newest_places) % now.metre  # the metre may have been understood since
    known = len(sounds) - LAGS
    means = _means_by_place(sounds[:known], places[:known], now.metre)
    away = sounds - means[places]
    usual_timbre = _rms(away[:known, TIMBRE]).mean()
    usual_rhythm = _rms(away[:known, RHYTHM]).mean()
    usual_far = far[:known].mean()
    loudest = sounds[:known, RHYTHM.start : RHYTHM.start + N_BANDS].max(axis=0)
    rows = np.zeros((LAGS, FEATURES))
    for lag in range(1, LAGS + 1):
        start = len(sounds) - lag
        after = away[start:].mean(axis=0)
        timbre, rhythm, harmony = _rms(after[TIMBRE]), _rms(after[RHYTHM]), far[start:].mean()
        stroke = sounds[start, RHYTHM.start : RHYTHM.start + N_BANDS] - loudest
        fill = away[max(start - 4, 0) : start]
        beats, place = now.count - lag, places[start]
        here, near = 0.5 * timbre + rhythm + harmony, _FAR
        if len(openings.beats):
            near = min(total(openings.distances(sounds[start:])).min(), _FAR)
        rows[lag - 1] = (
            timbre,
            rhythm,
            after[LEVEL],
            after[_LOW].mean(),
            after[_HIGH].mean(),
            *after[RHYTHM].reshape(SLOTS, N_BANDS).mean(axis=0),
            np.log((timbre + _EPS) / (usual_timbre + _EPS)),
            np.log((rhythm + _EPS) / (usual_rhythm + _EPS)),
            harmony - usual_far,
            harmony,
            _rms(fill[:, RHYTHM]).mean() - usual_rhythm,
            fill[:, LEVEL].mean(),
            stroke[1],
            stroke[2],
            place == 0,
            place == now.metre // 2,
            *(beats % (bars * now.metre) == 0 for bars in (1, 2, 4, 8, 16)),
            min(np.log2(beats), 7.0),
            beats < 2 * now.metre - 1,
            near,
            min(here, _FAR) - near if near < _FAR else 0.0,
            confidence,
            *_LAG_COLUMNS[lag - 1],
        )
    return rows


RETURN_FEATURES = 8


def return_features(now: SectionBeats, openings: Openings) -> Array:
    """float64 [sections, RETURN_FEATURES]: is the present section one of those? It has beats."""
    beats = np.array(now.opening)
    apart = openings.distances(beats)
    best = total(apart)
    shared = np.minimum(openings.beats, len(beats))
    others = np.sort(best)[:2]
    lead = np.where(best == others[0], others[-1], others[0]) - best if len(best) > 1 else best * 0
    return np.column_stack(
        [
            apart,
            best,
            np.clip(lead, -1.0, 1.0),
            np.log2(shared),
            np.arange(len(best))[::-1] == 0,  # the one just left hardly returns at once
        ]
    )


def _means_by_place(sounds: Array, places: Array, metre: int) -> Array:
    """float64 [metre, SOUND_DIM]: of the beats on each place of the bar, of all where none is."""
    means = np.repeat(sounds.mean(axis=0)[None], metre, axis=0)
    for place in range(metre):
        on = places == place
        if on.any():
            means[place] = sounds[on].mean(axis=0)
    return means


def _rms(values: Array) -> Array:
    return np.sqrt(np.mean(values * values, axis=-1))
