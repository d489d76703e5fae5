"""Phrase and section: where in its form a piece of music is, heard without its future.

Enters: every feature frame, with the beat clock's reading at its end. Leaves: a `SectionReading`
for any later reading of the same clock. Engine's thread; the same frames give the same bits. What
costs time happens once a beat.

A change is announced when the new section has lasted one to four beats, and its age counts from
where it began. Which earlier section it is, and of what kind, may be said better as more is heard.
"""

from collections import deque
from dataclasses import dataclass, replace

import numpy as np

from live.audio.features import FeatureFrame
from live.beat.beat_sound import BeatSound, BeatSounds
from live.beat.estimate import BeatReading
from live.beat.judge import judges
from live.beat.section_change import (
    LEAST_BEATS,
    OPENING_BEATS,
    Openings,
    SectionBeats,
    change_features,
    return_features,
)
from live.beat.section_kind import BREAK, BUILD, DROP, INTRO, OUTRO, UNKNOWN, VERSE, Kinds
from live.osc.schema import SECTION_KINDS as KINDS

__all__ = ["BREAK", "BUILD", "DROP", "INTRO", "KINDS", "NEW", "OUTRO", "UNKNOWN", "VERSE",
           "SectionReading", "Sections"]  # fmt: skip

NEW = -1
PHRASE_BARS = (4, 8, 16)
_SURE = (0.9, 0.85, 0.8, 0.5)  # chances that announce a section of 1, 2, 3 and 4 beats
_SAME = 0.5  # chance that it is an earlier one


@dataclass(frozen=True)
class SectionReading:
    """index: of the section, from 0; returns_to: index of the first one that sounds the same, or
    NEW; kind: index of KINDS; age_beats: since it began; novelty: 0..1, how much like a beginning
    the newest beats sound; phrase_phase: [0, 1) of a phrase of phrase_beats beats."""

    index: int = 0
    returns_to: int = NEW
    kind: int = UNKNOWN
    age_beats: float = 0.0
    novelty: float = 0.0
    phrase_phase: float = 0.0
    phrase_beats: int = 16

    @property
    def name(self) -> str:
        return KINDS[self.kind]

    @property
    def section(self) -> tuple[int, int, int, float, float]:
        """As on the wire: `live.osc.schema.SECTION`."""
        return self.index, self.returns_to, self.kind, self.age_beats, self.novelty

    @property
    def phrase(self) -> tuple[float, int]:
        """As on the wire: `live.osc.schema.PHRASE`."""
        return self.phrase_phase, self.phrase_beats


class Sections:
    """Follows one piece of music after the other; silence ends a piece."""

    def __init__(self) -> None:
        self._change, self._return, self._kind = judges()
        self._beats = BeatSounds()
        self._said = SectionReading()
        self._heard: BeatReading | None = None
        self._begin_piece()

    def _begin_piece(self) -> None:
        self._beats.reset()
        self._openings = Openings()
        self._firsts: list[int] = []  # of each opening: index of the first that sounds the same
        self._kinds = Kinds(self._kind)
        self._now: SectionBeats | None = None
        self._began = 0.0  # where the section did, in beats of the clock
        self._bar = 0.0  # where the bar did that counts as its first
        self._lengths: deque[int] = deque(maxlen=4)  # of the last sections, bars
        self._phrase_bars = PHRASE_BARS[0]

    def push(self, frame: FeatureFrame, reading: BeatReading) -> None:
        """Hear a frame. reading: of the beat clock, at the frame's end."""
        before, self._heard = self._heard, reading
        if reading.state == "silent":
            if before is not None and before.state != "silent" and self._now is not None:
                self._begin_piece()
                self._said = SectionReading(self._said.index + 1)
            return
        beat = self._beats.push(frame, reading)
        if beat is not None:
            self._hear(beat, reading)

    def at(self, reading: BeatReading) -> SectionReading:
        """The section and the place in its phrase at another reading of the clock."""
        if self._now is None:
            return self._said
        length = self._phrase_bars * reading.metre
        # Bars are counted from the one that began with the section, or nearest to it: the phrase
        # stays with the bars of the clock, wherever its downbeat is found.
        bars = round((reading.beats - self._bar) / reading.metre - reading.bar_phase)
        phase = (bars + reading.bar_phase) / self._phrase_bars % 1.0
        return replace(
            self._said,
            age_beats=max(float(reading.beats) - self._began, 0.0),
            phrase_phase=float(phase),
            phrase_beats=length,
        )

    def _hear(self, beat: BeatSound, reading: BeatReading) -> None:
        """One beat has ended."""
        if self._now is None:
            self._now = SectionBeats([], [], reading.metre)
            self._begin_at(beat.beat, reading)
        now = self._now
        now.metre = reading.metre
        now.add(beat.sound, beat.place)
        self._kinds.add(beat.sound)
        novelty = 0.0
        if now.count >= LEAST_BEATS:
            features = change_features(now, self._openings, reading.confidence)
            chances = self._change.chances(features)[:, 0]
            novelty = float(chances.max())
            sure = np.flatnonzero(chances >= _SURE)
            if len(sure):
                self._begin(int(chances.argmax()) + 1, beat, reading)
        returns_to = self._said.returns_to
        if len(self._openings.beats) and self._now.count <= OPENING_BEATS:
            returns_to = self._look_back()
        self._said = replace(
            self._said, returns_to=returns_to, kind=self._kinds.kind(), novelty=novelty
        )

    def _begin(self, lag: int, beat: BeatSound, reading: BeatReading) -> None:
        """A section began with the newest `lag` beats."""
        now, said = self._now, self._said
        assert now is not None
        opening = now.opening[: now.count - lag]
        self._openings.add(opening)
        first = said.index if said.returns_to == NEW else said.returns_to
        self._firsts = [*self._firsts, first][-len(self._openings.beats) :]
        began = beat.beat + 1 - lag
        self._lengths.append(round((began - self._began) / now.metre))
        self._phrase_bars = _phrase_bars(self._lengths)
        sounds = list(now.sounds[-lag:])
        places = now.newest_places[-lag:]
        self._now = SectionBeats(sounds, places, now.metre)
        self._kinds.begin(lag)
        self._begin_at(began, reading)
        self._said = SectionReading(said.index + 1)

    def _begin_at(self, beat: int, reading: BeatReading) -> None:
        self._began = float(beat)
        downbeat = reading.beats - reading.bar_phase * reading.metre
        self._bar = downbeat + round((beat - downbeat) / reading.metre) * reading.metre

    def _look_back(self) -> int:
        """Index of the first section like the present one, or NEW."""
        assert self._now is not None
        chances = self._return.chances(return_features(self._now, self._openings))[:, 0]
        best = int(chances.argmax())
        self._kinds.returns = best if chances[best] >= _SAME else None
        return self._firsts[best] if chances[best] >= _SAME else NEW


def _phrase_bars(lengths: deque[int]) -> int:
    """The longest phrase that the last sections are made of whole ones of."""
    for bars in reversed(PHRASE_BARS):
        if all(length % bars == 0 for length in lengths):
            return bars
    return PHRASE_BARS[0]
