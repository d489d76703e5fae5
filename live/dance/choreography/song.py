"""Where in which song the dance is, and what that asks of it.

Enters: readings of the ears, once a beat. Leaves: the name of the section, the same one when it
returns, and its mood. Engine's thread.
"""

from dataclasses import dataclass

from live.beat.section import BREAK, BUILD, DROP, INTRO, OUTRO, UNKNOWN, VERSE, SectionReading

_BUILD_GROWS_BEATS = 32.0


@dataclass(frozen=True)
class Mood:
    """energy, openness: added to the faders'. noise: share of the noise that is danced.
    togetherness: the fader `unison` to this power: who asked for none or all gets none or all in
    every mood. held: one movement a bar instead of one a beat."""

    energy: float = 0.0
    openness: float = 0.0
    noise: float = 1.0
    togetherness: float = 1.0
    held: bool = False


# Besides what the music itself asks for (`live.dance.music_energy`: -0.8 in a break to 0.6).
_MOODS = {
    UNKNOWN: Mood(),
    INTRO: Mood(energy=-0.2, togetherness=1.5),
    VERSE: Mood(),
    DROP: Mood(energy=0.4, openness=0.3, togetherness=0.25),
    BREAK: Mood(energy=-0.6, openness=-0.3, noise=0.6, togetherness=2.0, held=True),
    OUTRO: Mood(energy=-0.3),
}


def mood_of(kind: int, age_beats: float) -> Mood:
    """What a section asks for, so many beats after it began: a build grows all the time."""
    if kind != BUILD:
        return _MOODS.get(kind, _MOODS[UNKNOWN])
    grown = min(max(age_beats, 0.0) / _BUILD_GROWS_BEATS, 1.0)
    return Mood(energy=-0.2 + 0.6 * grown, openness=-0.2 + 0.4 * grown, togetherness=0.5)


class SongPlace:
    """Owns the names of the sections of this piece: one that returns has the name it had first."""

    def __init__(self) -> None:
        self._piece = 0
        self._index = -1
        self._was_idle = False
        self._roots: dict[int, int] = {}

    def follow(self, section: SectionReading, is_idle: bool) -> tuple[int, int]:
        """(piece, section) by name. After silence, or where sections count anew, a piece begins."""
        if section.index < self._index or (is_idle and not self._was_idle):
            self._piece += 1
            self._roots.clear()
        self._index, self._was_idle = section.index, is_idle
        origin = section.returns_to if section.returns_to >= 0 else section.index
        # It may first be taken for one that returns, and then for a new one.
        root = origin if origin == section.index else self._roots.get(origin, origin)
        self._roots[section.index] = root
        return self._piece, self._roots[section.index]
