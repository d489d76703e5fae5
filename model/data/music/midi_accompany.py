"""Bass, chords and lead for a drummer, written bar by bar from a progression.

Enters: the drummer's strokes in beats. Leaves: parts in beats. The bass plays with the kick, as
bassists do, so that it has the drummer's timing.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from model.data.music.genre import LATIN, MAJOR, MINOR, MODAL
from model.data.music.genres import SCALES
from model.data.music.midi_read import Array, Part

_KICKS = (35, 36)
_BASSES = (32, 33, 34, 35, 36, 38, 39)
_CHORDS = (0, 1, 4, 5, 7, 16, 17, 19, 24, 25, 26, 27, 29, 48, 50, 80, 81, 88, 89, 90)
_LEADS = (0, 11, 22, 25, 29, 30, 40, 52, 54, 56, 61, 64, 65, 66, 71, 73, 80, 81, 85, 87)
_COMPING = ("bar", "half", "offbeat", "eighths", "beats", "arpeggio")
_BASS_STYLES = ("kick", "kick", "kick", "eighths", "beats", "walking", "long")


@dataclass(frozen=True)
class Harmony:
    """What a section is made of: chords (scale steps, one a bar or two), who plays and how."""

    metre: int
    scale: tuple[int, ...]
    key: int
    progression: tuple[int, ...]
    bars_per_chord: float
    bass: tuple[int, str] | None
    chords: tuple[int, str] | None
    lead: tuple[int, float] | None
    seed: int

    @classmethod
    def draw(cls, rng: np.random.Generator, metre: int) -> "Harmony":
        progressions = MAJOR + MINOR + LATIN + MODAL
        return cls(
            metre=metre,
            scale=SCALES[str(rng.choice(["major", "minor", "dorian", "mixolydian"]))],
            key=int(rng.integers(12)),
            progression=progressions[int(rng.integers(len(progressions)))],
            bars_per_chord=float(rng.choice([1, 1, 1, 2, 0.5])) if metre % 2 == 0 else 1.0,
            bass=(int(rng.choice(_BASSES)), str(rng.choice(_BASS_STYLES)))
            if rng.random() < 0.88
            else None,
            chords=(int(rng.choice(_CHORDS)), str(rng.choice(_COMPING)))
            if rng.random() < 0.8
            else None,
            lead=(int(rng.choice(_LEADS)), float(rng.uniform(0.2, 0.7)))
            if rng.random() < 0.5
            else None,
            seed=int(rng.integers(2**31)),
        )

    def root(self, beat: float) -> int:
        """Scale step, from 0, of the chord that sounds at a beat of the section."""
        number = int(beat / (self.metre * self.bars_per_chord) + 1e-6)
        return self.progression[number % len(self.progression)] - 1

    def pitch(self, step: int, octave: int) -> int:
        up, within = divmod(step, len(self.scale))
        return 12 * (octave + up) + self.key + self.scale[within]


def accompany(
    harmony: Harmony, strokes: Array, bars: int, section: str
) -> Iterator[tuple[str, Part]]:
    """Name and part of every player. strokes: float64 [n, 4], the drummer's, in beats."""
    rng = np.random.default_rng(harmony.seed)  # a section that comes back is the same
    beats = bars * harmony.metre
    if harmony.bass and section != "break":
        program, style = harmony.bass
        yield "bass", Part(program, _bass(harmony, style, strokes, beats))
    if harmony.chords:
        program, style = harmony.chords
        yield "chords", Part(program, _comping(harmony, style, beats))
    if harmony.lead and section != "verse":
        program, density = harmony.lead
        yield "lead", Part(program, _melody(harmony, density, beats, rng))


def _bass(harmony: Harmony, style: str, strokes: Array, beats: int) -> Array:
    if style == "kick":
        starts = np.unique(strokes[np.isin(strokes[:, 2], _KICKS), 0])
        starts = starts[np.diff(starts, prepend=-1.0) > 0.1]
    else:
        every = {"eighths": 0.5, "beats": 1.0, "walking": 1.0, "long": float(harmony.metre)}[style]
        starts = np.arange(0, beats, every)
    if len(starts) == 0:
        starts = np.arange(0, beats, float(harmony.metre))
    lengths = np.minimum(np.diff(starts, append=beats), harmony.metre) * 0.9
    notes = []
    for number, (start, length) in enumerate(zip(starts.tolist(), lengths.tolist(), strict=True)):
        walk = (0, 2, 4, 5)[number % 4] if style == "walking" else 0
        step = harmony.root(max(start + 0.1, 0)) + walk
        notes.append(
            (start, length, harmony.pitch(step, 3), 100 if start % harmony.metre < 0.2 else 86)
        )
    return np.array(notes)


def _comping(harmony: Harmony, style: str, beats: int) -> Array:
    metre = harmony.metre
    starts = {
        "bar": np.arange(0, beats, float(metre)),
        "half": np.arange(0, beats, metre / 2 if metre % 2 == 0 else float(metre)),
        "offbeat": np.arange(0.5, beats, 1.0),
        "eighths": np.arange(0, beats, 0.5),
        "beats": np.arange(0, beats, 1.0),
        "arpeggio": np.arange(0, beats, 0.5),
    }[style]
    length = 0.95 * float(np.diff(starts, append=beats).min()) if style != "offbeat" else 0.3
    notes = []
    for number, start in enumerate(starts.tolist()):
        root = harmony.root(start)
        chord = [harmony.pitch(root + step, 5) for step in (0, 2, 4)]
        if style == "arpeggio":
            chord = [chord[number % 3]]
        notes += [(start, length, pitch, 74) for pitch in chord]
    return np.array(notes)


def _melody(harmony: Harmony, density: float, beats: int, rng: np.random.Generator) -> Array:
    """A walk along the scale in eighths, two bars long and then again."""
    phrase = 2 * harmony.metre
    starts = np.arange(0, phrase, 0.5)
    on_beat = starts % 1 == 0
    played = rng.random(len(starts)) < density * np.where(on_beat, 1.2, 0.7)
    steps = np.cumsum(rng.choice([-2, -1, -1, 0, 1, 1, 2], len(starts)))
    notes = []
    for first in range(0, beats, phrase):
        for start, step in zip(
            (first + starts[played]).tolist(), steps[played].tolist(), strict=True
        ):
            if start < beats:
                pitch = harmony.pitch(harmony.root(start) + int(step) % 8, 6)
                notes.append((start, 0.45, pitch, 88))
    return np.array(notes) if notes else np.zeros((0, 4))
