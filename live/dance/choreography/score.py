"""The score: which phrase is danced on which beat, and its noise.

Enters: moments at which a beat begins, and the operator's settings. Leaves: an `Entry` a beat.
Engine's thread.

Noise is drawn by name (`live.dance.choreography.noise`): the phrase of a section is named by the
section, the round of the form and the letter. So nothing need be remembered of it for it to return
when the section does; only what the operator has put there is.
"""

from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from live.beat.section import BUILD, UNKNOWN
from live.dance.choreography.ensemble import Cast, cast_of
from live.dance.choreography.form import Part, parse_form
from live.dance.choreography.moment import Moment
from live.dance.choreography.noise import draw, mix
from live.dance.choreography.phrase import Phrase
from live.dance.choreography.settings import ChoreographySettings
from live.dance.choreography.song import Mood, SongPlace, mood_of
from live.dance.contract import is_anew
from live.errors import ConfigError

_SHORTEST = 4  # dancers' beats, of a phrase that is cut
_HELD_BEATS = 4
_VARIED = 0.5  # the least that a phrase marked as varied differs
_REMEMBERED = 4096  # phrases
# What a draw is for: the number after the seed in its name.
_SECTION, _ROUND, _VARIATION, _OWN = range(4)


@dataclass(frozen=True)
class Entry:
    """One beat of the dance, a row each dancer that may be. noise: float32 [16, Z]; energy:
    float32 [16]; mirrored: bool [16]; openness, together: of all; anew: what was danced before is
    forgotten (`live.dance.contract.CONTROL_NAMES`)."""

    noise: np.ndarray
    energy: np.ndarray
    mirrored: np.ndarray
    openness: float
    together: float
    anew: bool


@dataclass(frozen=True)
class Passage:
    """A phrase as it is danced now. number: of all that were begun; place: the section's name, None
    without; position: of the phrase in its section or since the last; first: index of its first
    beat, which may lie before the passage began; beats: the dancers'; name: of its noise; returns:
    the same letter was danced in this round; stored: what the operator has put here; kind, section:
    of the section that is heard, and its index."""

    number: int
    place: tuple[int, int] | None
    position: int
    first: int
    beats: int
    part: Part
    name: tuple[int, ...]
    returns: bool = False
    stored: Phrase | None = None
    kind: int = UNKNOWN
    section: int = -1


class Score:
    """Owns the phrase that is danced and what was danced before. width: Z."""

    def __init__(self, width: int, seed: int):
        self.width = width
        self.history: list[Phrase] | None = None  # of all that was danced, for who wants it
        self.reset(seed)

    def reset(self, seed: int) -> None:
        """Nothing was danced yet."""
        self.seed = seed
        self.passage: Passage | None = None
        self.last_phrase: Phrase | None = None
        self._song = SongPlace()
        self._queue: deque[Phrase] = deque()
        self._loop: tuple[Phrase, ...] = ()
        self._put: dict[tuple[tuple[int, int], int], Phrase] = {}  # by section and position
        self._lines: list[np.ndarray] = []  # noise of this phrase's beats, float32 [16, Z]
        self._is_cut = False
        self._form = parse_form("AABA")
        self._era = 0  # stretches without a section

    def play(self, phrases: Sequence[Phrase], loop: bool = False, at_once: bool = False) -> None:
        """From the next phrase on dance these, once or again and again; none: compose again.
        at_once: from the next beat on."""
        self._queue = deque(phrases)
        self._loop = tuple(phrases) if loop else ()
        self._is_cut |= at_once

    @property
    def danced(self) -> list[Phrase]:
        """All that was danced since `history` was asked for, the phrase that goes on too."""
        found = list(self.history or ())
        if self.passage is not None and self._lines:
            end = (found[-1].first + len(found[-1].noise) if found else 0) + len(self._lines)
            found.append(_danced(self.passage, self._lines, end))
        return found

    @property
    def playing(self) -> str:
        """The name of the kept phrase that is danced; "" for one of the choreographer's own."""
        stored = self.passage.stored if self.passage else None
        return stored.name if stored else ""

    def beat(
        self, index: int, moment: Moment, settings: ChoreographySettings, dancers: int, cut: bool
    ) -> Entry:
        """Write the beat `index`, which begins now. cut: the beats have jumped, so that the phrase
        is over."""
        now = _Now(index, moment, settings, self._place(moment, settings))
        if self.passage is None or cut or self._is_cut or _is_over(self.passage, now):
            self._begin(now)
        passage = self.passage
        assert passage is not None
        mood = _mood(moment, settings)
        cast = cast_of(settings.ensemble, passage.part.called, passage.part.answers, dancers == 1)
        together = settings.unison**mood.togetherness if settings.unison > 0 else 0.0
        beat = _beat_of(passage, index)
        own = self._rows(passage, beat, now.settings, mood)
        self._lines.append(own)
        rows = _shared(own, cast, together)
        kept = passage.stored
        energy = mood.energy + passage.part.energy + (kept.energy if kept else 0.0)
        mirrored = cast.mirrored ^ passage.part.mirrored ^ (kept is not None and kept.mirrored)
        noise = rows * (np.float32(mood.noise) * cast.noise)[:, None]
        # By its place in the phrase, so that a phrase that returns forgets where it did.
        anew = bool(is_anew(beat, moment.metre))
        energy = cast.energy + np.float32(energy)
        return Entry(noise, energy, mirrored, mood.openness, together, anew)

    # Which phrase -------------------------------------------------------------------------------

    def _place(self, moment: Moment, settings: ChoreographySettings) -> tuple[int, int] | None:
        if moment.section is None:
            return None
        place = self._song.follow(moment.section, moment.is_idle)
        return place if settings.recall else None

    def _begin(self, now: "_Now") -> None:
        """The phrase before is over, and the next one begins, or is joined where it is by now."""
        before, self._is_cut = self.passage, False
        if before is not None and len(self._lines) >= before.beats:
            self.last_phrase = _danced(before, self._lines[-before.beats :], now.index)
        if self.history is not None and before is not None and self._lines:
            self.history.append(_danced(before, self._lines, now.index))
        self._lines = []
        if before is not None and before.place is not None and now.place is None:
            self._era += 1
        number = before.number + 1 if before else 0
        position, joined = _position(before, now)
        kept = self._next_kept(now.place, position, self._again(now))
        kind = now.moment.section.kind if now.place and now.moment.section else UNKNOWN
        part, name, returns, first, beats = Part(0), (_OWN, number), False, now.index, 0
        if kept is not None:
            beats = len(kept.noise)
        else:
            part, name, returns = self._composed(now, position)
            first, beats = now.index - joined, now.beats(now.phrase_beats)
        self.passage = Passage(
            number, now.place, position, first, beats, part, name, returns, kept, kind, now.section
        )

    def _again(self, now: "_Now") -> Phrase | None:
        """The phrase that has just been danced, if it is to be repeated."""
        if not now.settings.loop:
            return None
        before = self.passage.stored if self.passage else None
        return before or self.last_phrase

    def _composed(self, now: "_Now", position: int) -> tuple[Part, tuple[int, ...], bool]:
        """The part of the form at this position, the name of its noise, and whether its letter
        was danced in this round before."""
        with suppress(ConfigError):  # the form that was good goes on
            self._form = parse_form(now.settings.form)
        if self._form:
            turn, step = divmod(position, len(self._form))
            part = self._form[step]
        else:
            turn, step, part = position, 0, Part(0)
        returns = part.letter in {earlier.letter for earlier in self._form[:step]}
        if now.place is None:
            return part, (_ROUND, self._era, turn, part.letter), returns
        return part, (_SECTION, *now.place, turn, part.letter), returns

    def _next_kept(
        self, place: tuple[int, int] | None, position: int, looped: Phrase | None
    ) -> Phrase | None:
        """The kept phrase whose turn it is: the operator's, or what he put here the last time."""
        if not self._queue:
            self._queue.extend(self._loop)
        phrase = self._queue.popleft() if self._queue else None
        if phrase is None and looped is not None:
            return looped
        if place is None:
            return phrase
        if phrase is None:
            return self._put.get((place, position))
        self._put[place, position] = phrase
        if len(self._put) > _REMEMBERED:
            del self._put[next(iter(self._put))]
        return phrase

    # Its noise ----------------------------------------------------------------------------------

    def _rows(
        self, passage: Passage, beat: int, settings: ChoreographySettings, mood: Mood
    ) -> np.ndarray:
        """float32 [16, Z]: what every dancer would dance alone."""
        if passage.part.held or mood.held:
            beat -= beat % _HELD_BEATS
        rows = draw(self.width, self.seed, *passage.name, beat)
        kept = passage.stored
        vary = kept.vary if kept else settings.variation * passage.returns
        if passage.part.varied:
            vary = max(vary, _VARIED)
        if kept is not None:
            given = kept.noise[beat % len(kept.noise)]
            given = given[np.arange(len(rows)) % len(given)]
            rows = np.where(np.isnan(given), rows, given)
        if vary > 0:
            # By its place in the form: a section that returns brings its variations back, too.
            other = draw(self.width, self.seed, _VARIATION, *passage.name, passage.position, beat)
            rows = mix(rows, other, vary)
        return rows


@dataclass(frozen=True)
class _Now:
    index: int
    moment: Moment
    settings: ChoreographySettings
    place: tuple[int, int] | None

    @property
    def phrase_beats(self) -> float:
        """Beats of the music in a phrase."""
        return self.settings.phrase * self.moment.metre / 4

    @property
    def section(self) -> int:
        """Index of the section that is heard, -1 for none."""
        return self.moment.section.index if self.place and self.moment.section else -1

    def by_age(self) -> tuple[int, int]:
        """Which phrase of its section it is, and how many of the dancers' beats have passed of
        it: a section is told some beats after it began, and what returns has to where it was."""
        assert self.moment.section is not None
        age = max(self.moment.section.age_beats - self.moment.late_beats, 0.0)
        position = int((age + _EARLY) // self.phrase_beats)
        joined = round((age - position * self.phrase_beats) * self.moment.ratio)
        return position, max(joined, 0)

    def beats(self, of_music: float) -> int:
        """The dancers' beats in so many of the music."""
        return max(round(of_music * self.moment.ratio), 1)


def _beat_of(passage: Passage, index: int) -> int:
    """Which beat of its phrase is danced on the beat `index`: a build dances its first half
    twice."""
    beat = max(index - passage.first, 0)
    return beat % max(passage.beats // 2, _SHORTEST) if passage.kind == BUILD else beat


def _mood(moment: Moment, settings: ChoreographySettings) -> Mood:
    if moment.section is None or not settings.recall:
        return mood_of(UNKNOWN, 0.0)
    return mood_of(moment.section.kind, moment.section.age_beats)


def _is_over(passage: Passage, now: _Now) -> bool:
    passed, moment = now.index - passage.first, now.moment
    if passage.stored is not None:
        return passed >= passage.beats
    if now.place is not None and now.section == passage.section:
        # What section this is may be said better as more is heard.
        if now.place != passage.place and moment.is_downbeat():
            return True
        is_stuck = passed >= 2 * passage.beats and moment.is_downbeat()
        return now.by_age()[0] > passage.position or is_stuck
    if now.place is not None or passage.place is not None:
        return True
    if not moment.is_downbeat():
        return False
    section, length = moment.section, now.phrase_beats
    if passed >= passage.beats:
        return True
    if section is None or section.phrase_beats < length or passed < _SHORTEST:
        return False
    return moment.begins(section.phrase_phase * section.phrase_beats - moment.late_beats, length)


def _position(before: Passage | None, now: _Now) -> tuple[int, int]:
    """Which phrase of its section begins, and how many of its beats have passed already."""
    goes_on = before is not None and (before.place, before.section) == (now.place, now.section)
    last = before.position if before is not None and goes_on else -1
    if now.place is None:
        return last + 1, 0
    position, joined = now.by_age()
    return (position, joined) if position > last else (last + 1, 0)


def _shared(rows: np.ndarray, cast: Cast, together: float) -> np.ndarray:
    """Every dancer's noise with what is shared with the leader in it; the leader's stays."""
    shared = mix(rows, rows[cast.leaders], together)
    is_leader = cast.leaders == np.arange(len(rows))
    return np.where(is_leader[:, None], rows, shared)[cast.twins]


def _danced(passage: Passage, lines: list[np.ndarray], end: int) -> Phrase:
    """What was danced as a phrase to be kept. end: index of the beat after it."""
    stored = passage.stored or Phrase(lines[0])
    return Phrase(
        noise=np.stack(lines),
        mirrored=passage.part.mirrored ^ stored.mirrored,
        energy=passage.part.energy + stored.energy,
        name=stored.name,
        first=end - len(lines),
    )


_EARLY = 0.25  # beats: as in `Moment`
