"""Phrase and section: where in its form a piece of music is, heard without its future.

Enters: every feature frame, with the beat clock's reading at its end. Leaves: a `SectionReading`
for any later reading of the same clock. Engine's thread; the same frames give the same bits. What
costs time happens once a bar.

A section begins where a bar sounds unlike the section before it (Foote 2000, one-sided: the
bar that ended against the bars before). It is announced within a bar, and its age counts
from where it began.
"""

from dataclasses import dataclass

import numpy as np

from live.audio.features import FeatureFrame
from live.beat.bar_sound import BarSounds
from live.beat.clock import BeatReading
from live.osc.schema import SECTION_KINDS as KINDS

UNKNOWN, INTRO, VERSE, BUILD, DROP, BREAK, OUTRO = range(len(KINDS))
NEW = -1
PHRASE_BARS = (4, 8, 16)

_USUAL = 0.4  # of dance music
_CHANGE = 1.8  # a bar this many times as far from its section as bars usually are
_SHORTEST_BARS = 2
_SAME = 1.3  # as far from a section of before as bars usually are from their own
_QUIETER_DB, _LOUDER_DB = -3.0, 1.5


@dataclass(frozen=True)
class SectionReading:
    """index: of the section, from 0; returns_to: index of the one that came before and sounds the
    same, or NEW; kind: index of KINDS; age_beats: since it began; novelty: 0..1, how unlike its
    section the newest bar is; phrase_phase: [0, 1) of a phrase of phrase_beats beats."""

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


@dataclass
class _Section:
    """What is remembered of one: the mean sound of its bars, and how many there were."""

    sound: np.ndarray
    level_db: float
    bars: int = 1


class Sections:
    """Follows one piece of music after the other; silence ends a piece."""

    def __init__(self) -> None:
        self._bars = BarSounds()
        self.reset()

    def reset(self) -> None:
        """As before the first sound."""
        self._bars.reset()
        self._known: list[_Section] = []
        self._usual = 0.0  # distance of a bar to its section
        self._bar = 0  # bars since the section began, of what was heard
        self._said = SectionReading()
        self._heard: BeatReading | None = None

    def push(self, frame: FeatureFrame, reading: BeatReading) -> None:
        """Hear a frame. reading: of the beat clock, at the frame's end."""
        before, self._heard = self._heard, reading
        if before is not None and reading.state == "silent":
            if before.state != "silent":
                self._end_piece()
            return
        bar = self._bars.push(frame, reading)
        if bar is not None:
            self._bar += 1
            self._judge(*bar)

    def at(self, reading: BeatReading) -> SectionReading:
        """The section and the place in its phrase at another reading of the clock."""
        heard, said = self._heard, self._said
        if heard is None:
            return said
        metre = reading.metre
        bars = self._bar + heard.bar_phase + (reading.beats - heard.beats) / metre
        length = said.phrase_beats // 4
        return SectionReading(
            said.index,
            said.returns_to,
            said.kind,
            max(bars * metre, 0.0),
            said.novelty,
            (bars / length) % 1.0 % 1.0,
            length * metre,
        )

    def _end_piece(self) -> None:
        said = self._said
        self._bars.reset()
        self._known.clear()
        self._usual = 0.0
        self._bar = 0
        self._said = SectionReading(index=said.index + 1 if said.kind else said.index)

    def _judge(self, sound: np.ndarray, level_db: float) -> None:
        """One bar has ended."""
        said = self._said
        if not self._known:
            self._known.append(_Section(sound, level_db))
            self._said = SectionReading(said.index, NEW, INTRO)
            return
        now = self._known[-1]
        far = _distance(sound, now.sound)
        usual = self._usual or _USUAL
        ratio = far / max(usual, 1e-6)
        novelty = min(max(ratio - 1.0, 0.0) / (2 * _CHANGE), 1.0)
        if ratio > _CHANGE and now.bars >= _SHORTEST_BARS:
            self._begin(sound, level_db, novelty)
            return
        self._usual = usual + (far - usual) / 16
        now.bars += 1
        now.sound = now.sound + (sound - now.sound) / now.bars
        now.level_db += (level_db - now.level_db) / now.bars
        self._said = SectionReading(said.index, said.returns_to, said.kind, 0.0, novelty)

    def _begin(self, sound: np.ndarray, level_db: float, novelty: float) -> None:
        last = self._known[-1]
        distances = [_distance(sound, section.sound) for section in self._known[:-1]]
        back = int(np.argmin(distances)) if distances else NEW
        if back != NEW and distances[back] > _SAME * self._usual:
            back = NEW
        change_db = level_db - last.level_db
        kind = VERSE
        if change_db < _QUIETER_DB:
            kind = BREAK
        elif change_db > _LOUDER_DB:
            kind = DROP
        self._known.append(_Section(sound, level_db))
        self._bar = 1
        first = self._said.index - len(self._known) + 2
        returns_to = NEW if back == NEW else first + back
        self._said = SectionReading(self._said.index + 1, returns_to, kind, 0.0, novelty)


def _distance(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.sqrt(np.mean((one - other) ** 2)))
