"""What a section is to its piece: intro, verse, build, drop or chorus, break, outro.

Enters: the beats of a piece, and where its sections begin. Leaves: a kind, which may be said better
as more is heard: a section is loud or sparse only beside the others. Engine's thread.
"""

import math
from collections import deque

import numpy as np

from live.beat.beat_sound import BANDS, LEVEL, RHYTHM, SLOTS, TIMBRE, Array
from live.beat.judge import Judge
from live.beat.section_build import Build
from live.beat.section_change import MOST_SECTIONS
from live.osc.schema import SECTION_KINDS

UNKNOWN, INTRO, VERSE, BUILD, DROP, BREAK, OUTRO = range(len(SECTION_KINDS))
HEARD = (INTRO, VERSE, BUILD, DROP, BREAK)  # what the perceptron knows; an outro shows later
KIND_FEATURES = 29

_KICK, _KICKED = 1, -0.15  # column of the kick against that of the fullest section, and full
_FIRST = np.array([1.0, 1.0, 1.0, 0.0, 0.0])  # of HEARD, what a first section may be
_BEATS = 16  # the newest of a section, that say what it is
_LEAST = 2  # beats, before anything is said
_SLOPE = 8
_MEMORY = 0.8  # of what was thought a beat ago
_MARGIN = 0.1  # by which another kind has to lead
_FADED = -1.5  # in 6 dB: a fade is an outro
_LONG = 64  # beats of a break that nothing follows


class Kinds:
    """Owns what is remembered of the sections of one piece: their mean level, strokes and bands.

    returns: place among the closed sections of the one that the present one sounds like, or None.
    """

    def __init__(self, judge: Judge | None) -> None:
        self._judge = judge
        self._build = Build()
        self._closed: deque[tuple[Array, int]] = deque(maxlen=MOST_SECTIONS)
        self._beats: list[Array] = []
        self._count = 0
        self._thought: Array | None = None
        self._kind = UNKNOWN
        self.returns: int | None = None

    def add(self, sound: Array) -> None:
        """One more beat of the present section."""
        self._build.add(sound)
        strokes = sound[RHYTHM].reshape(SLOTS, 3)
        bands = sound[TIMBRE]
        self._beats.append(
            np.array(
                [
                    sound[LEVEL], strokes[:, 0].max(), strokes[:, 1].mean(), strokes[:, 2].mean(),
                    bands[:3].mean(), bands[BANDS - 6 :].mean(),
                ]
            )
        )  # fmt: skip
        del self._beats[: -_BEATS - 4]
        self._count += 1

    def begin(self, lag: int) -> None:
        """The newest `lag` beats are of a new section."""
        self._build.change()
        old = self._beats[: len(self._beats) - lag]
        self._closed.append((np.mean(old or self._beats, axis=0), self._kind))
        self._beats = self._beats[len(self._beats) - lag :]
        self._count = lag
        self._thought, self._kind, self.returns = None, UNKNOWN, None

    def kind(self) -> int:
        """Of the present section, after the newest beat."""
        if self._count < _LEAST:
            return self._kind
        assert self._judge is not None
        features = self.features()
        chances = self._judge.chances(features[None])[0]
        if features[_KICK] > _KICKED:
            chances[HEARD.index(BUILD)] = 0.0  # a build holds the kick back
        if not self._closed:  # nothing it could be louder or emptier than
            chances = chances * _FIRST
        before = chances if self._thought is None else self._thought
        thought = self._thought = before + (1 - _MEMORY) * (chances - before)
        best = int(thought.argmax())
        known = self._kind in HEARD
        if self._build.building:
            self._kind = BUILD
        elif self._build.dropped and HEARD[best] != BREAK:
            self._kind = DROP
        elif not known or thought[best] > thought[HEARD.index(self._kind)] + _MARGIN:
            self._kind = HEARD[best]
        return OUTRO if self._is_over() else self._kind

    def features(self, closed_kinds: list[int] | None = None) -> Array:
        """float64 [KIND_FEATURES]. closed_kinds: the true ones, in training."""
        now = np.mean(self._beats[-_BEATS:], axis=0)
        means = np.array([mean for mean, _ in self._closed]).reshape(-1, len(now))
        kinds = closed_kinds or [kind for _, kind in self._closed]
        loudest = np.maximum(means.max(axis=0, initial=-99.0), now)
        usual = means.mean(axis=0) if len(means) else now
        last = means[-1] if len(means) else now
        newest = self._beats[-_SLOPE:]
        half = len(newest) // 2
        rise = np.mean(newest[half:], axis=0) - np.mean(newest[:half] or newest, axis=0)
        before = kinds[-1] if kinds else UNKNOWN
        back = kinds[self.returns] if self.returns is not None else UNKNOWN
        return np.array(
            [
                *(now - loudest), *(now - usual), *(now - last), *rise[:4], now[1],
                math.log2(self._count), not kinds, before == BUILD, before == BREAK,
                back == DROP, back == VERSE,
            ]
        )  # fmt: skip

    def _is_over(self) -> bool:
        """It fades, or is a break that nothing follows."""
        had_drop = any(kind == DROP for _, kind in self._closed)
        if self._kind == BREAK and self._count > _LONG and had_drop:
            return True
        if self._count < _BEATS or not self._closed:
            return False
        levels = [beat[0] for beat in self._beats]
        falls = levels[-1] < levels[-4] < levels[-8] < levels[-12]
        return falls and levels[-1] - max(levels) < _FADED
