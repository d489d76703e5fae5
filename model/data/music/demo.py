"""Renders the built-in demo track: a minute of music that loops, for machines without a microphone.

    python -m model.data.music.demo live/audio/demo.ogg

Enters: a sample rate. Leaves: a `DemoTrack`, the same samples at every call. Four scenes in
A minor over the same four chords: a pop groove at 100 BPM, eight beats without drums that
rise into house at 126 BPM, and hip-hop at 90 BPM that falls back into the groove.
"""

import sys
from dataclasses import dataclass

import numpy as np
import soundfile

from model.data.music.score import BeatGrid, Section, duck, held, hits, place, swing
from model.data.music.synth import TIMBRES, Drum, drum_shot, note_shot, riser

Array = np.ndarray

BEATS_PER_BAR = 4
STEPS_PER_BEAT = 4
BAR_STEPS = BEATS_PER_BAR * STEPS_PER_BEAT
PEAK = 0.85

# Am7, F, C, G as the piano and the strings hold them, and their roots in the bass (MIDI notes).
CHORDS = ((57, 60, 64, 67), (57, 60, 65, 69), (55, 60, 64, 67), (55, 59, 62, 67))
ROOTS = (33, 41, 36, 43)


@dataclass(frozen=True)
class DemoTrack:
    """The demo and its truth.

    audio: float32 [T] in [-1, 1], its end joins its start; beats_s: float64 [n];
    downbeats_s: float64 [n / 4]; sections in order, "break" is the one without drums.
    """

    audio: Array
    sample_rate: int
    beats_s: Array
    downbeats_s: Array
    sections: tuple[Section, ...]


@dataclass(frozen=True)
class Part:
    """One instrument: a timbre, its level, and a pattern of one or more bars (sixteenths).

    Symbols: 1 the chord's root, 5 and 8 its fifth and octave, x the whole chord, letters a..n
    the white notes from A3 (57) up to G5; "=" holds, "." rests.
    """

    timbre: str
    level: float
    pattern: str


@dataclass(frozen=True)
class Scene:
    """A stretch at one tempo: drums by voice, instruments, how much the sixteenths swing."""

    name: str
    tempo_bpm: float
    bars: int
    drums: tuple[tuple[Drum, float, str], ...]
    parts: tuple[Part, ...]
    swing: float = 0.0
    duck: float = 0.0


WHITE_NOTES = dict(
    zip("abcdefghijklmn", (57, 59, 60, 62, 64, 65, 67, 69, 71, 72, 74, 76, 77, 79), strict=True)
)
_TUNE = "j==h==j=l===j==.k==j==h=e=======" + "g==h==j=k===l==.k==j==i=g======="
_ARPEGGIO = "j.l.e.j.l.e.j.l.j.m.f.j.m.f.j.m." + "j.l.g.j.l.g.j.l.i.k.g.i.k.g.k.i."
_FILL = "................" * 7 + "........x.xxXxXX"
_CRASH = "X" + "." * 127

POP = Scene(
    "pop",
    100.0,
    8,
    (
        (Drum("kick", tone=0.4), 0.9, "X.....x.X..x...."),
        (Drum("snare", tone=0.5), 0.6, "....X.......X..o"),
        (Drum("hat", tone=0.7), 0.2, "x.o.x.o.x.o.x.oo"),
        (Drum("shaker"), 0.12, "xoxoxoxoxoxoxoxo"),
        (Drum("tom_lo"), 0.5, _FILL),
        (Drum("crash"), 0.25, _CRASH),
    ),
    (
        Part("finger_bass", 0.75, "1==1..1=1==1.5=8"),
        Part("electric_piano", 0.2, "x=====x===x====="),
        Part("guitar", 0.16, "1.5.8.5.1.5.8.5."),
        Part("singer", 0.3, _TUNE),
    ),
    swing=0.2,
)
BREAK = Scene(
    "break",
    100.0,
    2,
    (),
    (
        Part("strings", 0.2, "x==============="),
        Part("bell", 0.35, "j.l.n.l.j.l.n.l.j.m.h.m.j.m.n.m."),
    ),
)
HOUSE = Scene(
    "house",
    126.0,
    8,
    (
        (Drum("kick", tone=0.7), 1.0, "X...X...X...X..."),
        (Drum("clap", tone=0.5), 0.5, "....X.......X..."),
        (Drum("open_hat", tone=0.8), 0.26, "..x...x...x...x."),
        (Drum("hat", tone=0.8), 0.14, "xoxoxoxoxoxoxoxo"),
        (Drum("conga_hi"), 0.25, "...x..x....x.xx."),
        (Drum("snare", tone=0.6), 0.45, _FILL),
        (Drum("crash"), 0.3, _CRASH),
    ),
    (
        Part("synth_bass", 0.7, "..1=..1=..1=..8."),
        Part("piano", 0.24, "x..x..x...x..x.."),
        Part("warm_pad", 0.13, "x==============="),
        Part("synth_pluck", 0.35, _ARPEGGIO),
    ),
    duck=0.6,
)
HIPHOP = Scene(
    "hiphop",
    90.0,
    8,
    (
        (Drum("kick", tune=0.9, decay=1.2, tone=0.3), 1.0, "X......x..X....."),
        (Drum("snare", tune=0.85, tone=0.7), 0.7, "....X.......X..."),
        (Drum("hat", tone=0.5), 0.22, "x.xox.x.x.xox.xx"),
        (Drum("rim"), 0.2, "......o..o....o."),
        (Drum("tom_hi"), 0.4, _FILL),
        (Drum("crash"), 0.2, _CRASH),
    ),
    (
        Part("sub_bass", 0.85, "1=====....1=5=.."),
        Part("electric_piano", 0.24, "x====...x===...."),
        Part("strings", 0.1, "x==============="),
        Part("flute", 0.26, "l===j=h=....e=h=j===h=e=........g===h=j=....k=l=k=======i======="),
    ),
    swing=0.6,
)
SCENES = (POP, BREAK, HOUSE, HIPHOP)


def _pitches(symbol: str, bar: int) -> tuple[int, ...]:
    """MIDI notes of a pattern's symbol over a bar's chord."""
    chord = bar % len(CHORDS)
    if symbol == "x":
        return CHORDS[chord]
    if symbol in WHITE_NOTES:
        return (WHITE_NOTES[symbol],)
    return (ROOTS[chord] + {"1": 0, "5": 7, "8": 12}[symbol],)


def _bass_up(part: Part) -> int:
    """Octaves, in semitones, that an instrument plays a root pattern above the bass."""
    return 0 if part.timbre.endswith("bass") else 24


class _Tape:
    """Two tracks with room after the end for what still rings; `fold` closes the loop."""

    def __init__(self, grid: BeatGrid, sample_rate: int) -> None:
        self.grid = grid
        self.sample_rate = sample_rate
        self.size = round(grid.beats_s[-1] * sample_rate)
        self.drums = np.zeros(self.size + 4 * sample_rate, np.float32)
        self.tonal = np.zeros_like(self.drums)

    def starts(self, beats: Array) -> Array:
        """Sample at which each beat position falls: int64 [n]."""
        return np.rint(self.grid.at(beats) * self.sample_rate).astype(np.int64)

    def fold(self) -> Array:
        """The mix, its overhang laid over its beginning: float32 [size], peak PEAK."""
        mix = self.drums + self.tonal
        loop, overhang = mix[: self.size], mix[self.size :]
        loop[: len(overhang)] += overhang
        loop = np.tanh(loop)
        return PEAK / np.abs(loop).max() * loop


def _play_drums(tape: _Tape, scene: Scene, first_beat: int) -> None:
    steps = np.arange(scene.bars * BAR_STEPS)
    beats = first_beat + swing(steps / STEPS_PER_BEAT, scene.swing, 0.25)
    for drum, level, pattern in scene.drums:
        velocity = np.zeros(len(pattern))
        for step, accent in hits(pattern):
            velocity[step] = accent
        velocity = velocity[steps % len(pattern)]
        struck = velocity > 0
        shot = drum_shot(drum, tape.sample_rate)
        place(tape.drums, shot, tape.starts(beats[struck]), level * velocity[struck])


def _play_part(tape: _Tape, scene: Scene, part: Part, first_beat: int) -> None:
    seconds_per_step = 60 / scene.tempo_bpm / STEPS_PER_BEAT
    repeats = scene.bars * BAR_STEPS // len(part.pattern)
    for step, length, symbol in held(part.pattern * repeats):
        beat = first_beat + swing(np.array([step / STEPS_PER_BEAT]), scene.swing, 0.25)
        length_ms = round(900 * length * seconds_per_step)
        up = _bass_up(part) if symbol in "158" else 0
        for pitch in _pitches(symbol, step // BAR_STEPS):
            shot = note_shot(TIMBRES[part.timbre], pitch + up, length_ms, tape.sample_rate)
            place(tape.tonal, shot, tape.starts(beat), np.array([part.level]))


def _play(tape: _Tape, scene: Scene, first_beat: int) -> None:
    _play_drums(tape, scene, first_beat)
    for part in scene.parts:
        _play_part(tape, scene, part, first_beat)
    beats = first_beat + np.arange(scene.bars * BEATS_PER_BAR)
    if scene.duck:
        end = tape.starts(np.array([beats[-1] + 1]))[0]
        recover = int(0.3 * tape.sample_rate)
        tape.tonal[:end] *= duck(end, tape.starts(beats), scene.duck, recover)
    if scene.name == "break":
        bounds = tape.grid.at(np.array([beats[0], beats[-1] + 1]))
        swell = riser(float(bounds[1] - bounds[0]), tape.sample_rate)
        place(tape.tonal, swell, tape.starts(beats[:1]), np.array([0.15]))


def render(sample_rate: int) -> DemoTrack:
    """Play the demo, about 61 s; deterministic, some tenths of a second of work at 48 kHz."""
    tempi = np.repeat([s.tempo_bpm for s in SCENES], [s.bars * BEATS_PER_BAR for s in SCENES])
    grid = BeatGrid.from_tempo(tempi)
    tape = _Tape(grid, sample_rate)
    sections = []
    first_beat = 0
    for scene in SCENES:
        _play(tape, scene, first_beat)
        sections.append(Section(float(grid.beats_s[first_beat]), scene.tempo_bpm, scene.name))
        first_beat += scene.bars * BEATS_PER_BAR
    beats_s = grid.beats_s[:-1]
    return DemoTrack(
        audio=tape.fold(),
        sample_rate=sample_rate,
        beats_s=beats_s,
        downbeats_s=beats_s[::BEATS_PER_BAR],
        sections=tuple(sections),
    )


def write(path: str) -> None:
    """The track as Ogg Vorbis, mono, 48 kHz, exactly as long as it is."""
    track = render(48_000)
    with soundfile.SoundFile(path, "w", track.sample_rate, 1, format="OGG") as file:
        for start in range(0, len(track.audio), 4096):  # libsndfile ends in a fault for all at once
            file.write(track.audio[start : start + 4096])


if __name__ == "__main__":
    write(sys.argv[1])
