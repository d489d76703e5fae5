"""What each player plays: drums, bass, chords, lead, risers."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from model.data.music import build
from model.data.music.form import Bar
from model.data.music.genre import Genre, Pattern
from model.data.music.genres import SCALES
from model.data.music.score import BeatGrid, held, hits, place, swing
from model.data.music.song import STEPS_PER_BEAT, Array, SongConfig
from model.data.music.synth import TIMBRES, Drum, Timbre, drum_shot, note_shot, riser, vary


@dataclass
class Band:
    """What all players share: the score they read and the tape they are recorded on."""

    config: SongConfig
    genre: Genre
    grid: BeatGrid
    bars: list[Bar]
    sample_rate: int
    drums: Array
    tonal: Array
    rng: np.random.Generator
    kicks: list[Array] = field(default_factory=list)

    @property
    def build_style(self) -> build.BuildStyle:
        return build.BuildStyle.draw(self.config.seed)

    @property
    def steps_per_bar(self) -> int:
        return STEPS_PER_BEAT * self.genre.metre

    def pick(self, options: tuple):
        """One of the options, evenly."""
        return options[int(self.rng.integers(len(options)))]

    def samples(self, beat: Array) -> Array:
        """Start samples of beat positions as played: swung, and off by a few milliseconds."""
        swung = swing(beat, self.config.swing, self.genre.swing_unit)
        spread_s = self.config.micro_timing_ms / 1000
        off_s = np.clip(self.rng.normal(0, spread_s, len(swung)), -3 * spread_s, 3 * spread_s)
        return np.rint((self.grid.at(swung) + off_s) * self.sample_rate).astype(np.int64)

    def velocity(self, count: int) -> Array:
        return np.exp(self.rng.normal(0, 0.12, count))


def _slice(pattern: str, bar: Bar, steps: int) -> str:
    """The part of a pattern of one or more bars that a bar plays."""
    first = bar.in_section * steps % len(pattern)
    return pattern[first : first + steps]


# Balance of a kit before the random mix, by ear against full kits; others play at 0.5.
DRUM_GAIN = {
    "kick": 1.0,
    "snare": 0.75,
    "clap": 0.7,
    "hat": 0.28,
    "open_hat": 0.3,
    "ride": 0.22,
    "crash": 0.35,
    "shaker": 0.25,
    "tambourine": 0.3,
    "clave": 0.4,
    "cowbell": 0.35,
    "guiro": 0.35,
    "timbale": 0.45,
    "tabla_na": 0.6,
    "tabla_ge": 0.8,
    "conga_lo": 0.6,
}


def _kit(band: Band) -> dict[str, tuple[Drum, float]]:
    """A random kit: every voice of the genre's patterns with its sound and its gain."""
    rng, genre = band.rng, band.genre
    voices = {v for p in genre.drums for v in p} | set(genre.fill_voices) | {"crash", "snare"}
    kit = {}
    for name in sorted(voices):
        drum = Drum(
            name,
            tune=float(np.exp(rng.uniform(-0.25, 0.25))),
            decay=float(np.exp(rng.uniform(-0.6, 0.4))),
            tone=float(rng.random()),
            seed=int(rng.integers(2**31)),
        )
        kit[name] = (drum, DRUM_GAIN.get(name, 0.5) * 10 ** (rng.uniform(-5, 4) / 20))
    return kit


def _drum_bar(bar: Bar, pattern: Pattern, steps: int) -> Iterator[tuple[str, float, float]]:
    """Strokes of a plain bar: (voice, step, velocity). An intro holds voices back."""
    for order, (voice, line) in enumerate(pattern.items()):
        if bar.section == "intro" and order >= 2:
            continue
        for step, velocity in hits(_slice(line, bar, steps)):
            yield voice, step, velocity * (0.6 + 0.4 * bar.energy)


def _fill(band: Band, bar: Bar) -> list[tuple[str, float, float]]:
    """A fill over the last beat or two of a bar, going down the drums and getting louder."""
    rng, steps = band.rng, band.steps_per_bar
    length = int(rng.choice([2, 4, 4, 8]))
    voices = band.genre.fill_voices
    strokes = []
    for i in range(length):
        if rng.random() < 0.75 or i == 0:
            voice = voices[min(i * len(voices) // length, len(voices) - 1)]
            strokes.append((voice, float(steps - length + i), 0.5 + 0.5 * i / length))
    return strokes


def _drum_strokes(band: Band) -> Iterator[tuple[str, float, float]]:
    """All strokes of the song: (voice, beat, velocity)."""
    rng, genre, steps = band.rng, band.genre, band.steps_per_bar
    verse, chorus = band.pick(genre.drums), band.pick(genre.drums)
    fill_every = int(rng.choice([4, 8]))
    fills = rng.random() < 0.85
    for bar in band.bars:
        if bar.section == "break":
            continue
        if bar.section == "build":
            strokes = build.roll(bar, steps, band.build_style)
        else:
            pattern = chorus if bar.section in ("chorus", "drop") else verse
            strokes = list(_drum_bar(bar, pattern, steps))
            ends = bar.to_end == 0 or bar.in_section % fill_every == fill_every - 1
            if strokes and fills and ends:
                fill = _fill(band, bar)
                keep = ("kick", "hat", "clave", "ride", "shaker")
                strokes = [s for s in strokes if s[0] in keep or s[1] < fill[0][1]] + fill
            if strokes and bar.in_section == 0 and bar.section in ("chorus", "drop"):
                strokes.append(("crash", 0.0, 0.8))
        for voice, step, velocity in strokes:
            yield voice, bar.index * genre.metre + step / STEPS_PER_BEAT, velocity


def play_drums(band: Band) -> None:
    kit = _kit(band)
    played: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for voice, beat, velocity in _drum_strokes(band):
        played[voice].append((beat, velocity))
    for voice, strokes in played.items():
        drum, level = kit[voice]
        beat, velocity = np.array(strokes).T
        starts = band.samples(beat)
        gains = level * velocity * band.velocity(len(beat))
        place(band.drums, drum_shot(drum, band.sample_rate), starts, gains)
        if voice == "kick":
            band.kicks.append(starts)


@dataclass(frozen=True)
class _Harmony:
    """Key (MIDI note 48..59 of degree 1), scale, and the chord degree of every bar."""

    key: int
    scale: tuple[int, ...]
    degrees: tuple[int, ...]
    sevenths: bool

    def pitch(self, degree: int) -> int:
        """MIDI note of a scale degree counted from 0 at the key."""
        octave, step = divmod(degree, len(self.scale))
        return self.key + 12 * octave + self.scale[step]

    def chord(self, bar: int, centre: int) -> tuple[int, ...]:
        """Notes of a bar's chord, each folded into the octave about a centre pitch."""
        root = self.degrees[bar] - 1
        stack = (0, 2, 4, 6) if self.sevenths else (0, 2, 4)
        pitches = {(self.pitch(root + s) - centre + 6) % 12 + centre - 6 for s in stack}
        return tuple(sorted(pitches))


def _harmony(band: Band) -> _Harmony:
    rng, genre = band.rng, band.genre
    verse, chorus = band.pick(genre.progressions), band.pick(genre.progressions)
    bars_per_chord = int(rng.choice([1, 1, 1, 2]))
    degrees = []
    for bar in band.bars:
        progression = chorus if bar.section in ("chorus", "drop") else verse
        degrees.append(progression[bar.in_section // bars_per_chord % len(progression)])
    return _Harmony(
        key=int(rng.integers(48, 60)),
        scale=SCALES[band.pick(genre.scales)],
        degrees=tuple(degrees),
        sevenths=bool(rng.random() < genre.sevenths),
    )


@dataclass(frozen=True)
class _Note:
    """A note of a part: beat, length in beats, MIDI pitch, velocity 0..1."""

    beat: float
    beats: float
    pitch: int
    velocity: float


def _play(band: Band, notes: list[_Note], timbre: Timbre, level: float, legato: float) -> None:
    """Record notes on the tonal track; equal pitch and length share one rendered shot."""
    if not notes:
        return
    starts = band.samples(np.array([n.beat for n in notes]))
    gains = level * np.array([n.velocity for n in notes]) * band.velocity(len(notes))
    ends = band.grid.at(np.array([n.beat + n.beats * legato for n in notes]))
    begins = band.grid.at(np.array([n.beat for n in notes]))
    lengths_ms = np.maximum(np.rint((ends - begins) * 100), 4).astype(int) * 10
    alike: dict[tuple[int, int], list[int]] = defaultdict(list)
    for i, note in enumerate(notes):
        alike[note.pitch, int(lengths_ms[i])].append(i)
    for (pitch, length_ms), which in alike.items():
        shot = note_shot(timbre, pitch, length_ms, band.sample_rate)
        place(band.tonal, shot, starts[which], gains[which])


def _line(band: Band, harmony: _Harmony, pattern: str, low: int, bar: Bar) -> list[_Note]:
    """A bar of a digit pattern over its chord, every note folded to low .. low + 18."""
    notes = []
    root = harmony.degrees[bar.index] - 1
    folded = (harmony.pitch(root) - low) % 12 + low - harmony.pitch(root)
    for step, length, symbol in held(_slice(pattern, bar, band.steps_per_bar)):
        pitch = harmony.pitch(root + int(symbol) - 1) + folded
        beat = bar.index * band.genre.metre + step / STEPS_PER_BEAT
        accent = 1.0 if step % STEPS_PER_BEAT == 0 else 0.85
        notes.append(_Note(beat, length / STEPS_PER_BEAT, pitch, accent))
    return notes


def _play_line(
    band: Band,
    harmony: _Harmony,
    patterns: tuple[str, ...],
    timbres: tuple[str, ...],
    low: int,
    level: float,
    silent: tuple[str, ...],
) -> None:
    """Bass or figure: one pattern for quiet sections and one for loud ones."""
    verse, chorus = band.pick(patterns), band.pick(patterns)
    notes: list[_Note] = []
    for bar in band.bars:
        pattern = chorus if bar.section in ("chorus", "drop") else verse
        if pattern and bar.section not in silent:
            notes += _line(band, harmony, pattern, low, bar)
    legato = float(band.rng.uniform(0.6, 1.0))
    _play(band, notes, vary(TIMBRES[band.pick(timbres)], band.rng), level, legato)


def _play_chords(band: Band, harmony: _Harmony, level: float) -> None:
    """Accompaniment in the genre's rhythm; breaks and intros hold the chord instead."""
    genre, steps = band.genre, band.steps_per_bar
    rhythm, centre = band.pick(genre.chords), int(band.rng.integers(57, 67))
    pad = "x" + "=" * (steps - 1)
    notes: list[_Note] = []
    for bar in band.bars:
        pattern = pad if bar.section in ("break", "build") else rhythm
        for step, length, _ in held(_slice(pattern, bar, steps)):
            beat = bar.index * genre.metre + step / STEPS_PER_BEAT
            notes += [
                _Note(beat, length / STEPS_PER_BEAT, pitch, 0.9)
                for pitch in harmony.chord(bar.index, centre)
            ]
    timbre = vary(TIMBRES[band.pick(genre.chord_timbres)], band.rng)
    _play(band, notes, timbre, level, float(band.rng.uniform(0.5, 0.95)))


def _motif(band: Band) -> list[tuple[int, int]]:
    """Rhythm and contour of a bar of melody: (eighth, move in scale steps)."""
    eighths = 2 * band.genre.metre
    strong = np.where(np.arange(eighths) % 2 == 0, 1.3, 0.75)
    played = band.rng.random(eighths) < band.genre.lead * strong
    played[0] |= not played.any()
    moves = band.rng.choice([-2, -1, -1, 0, 1, 1, 2], eighths)
    return [(int(i), int(moves[i])) for i in np.flatnonzero(played)]


def _melody_bar(
    band: Band, harmony: _Harmony, motif: list[tuple[int, int]], bar: Bar, degree: int
) -> tuple[list[_Note], int]:
    """Sing a motif over a bar's chord, landing on chord notes on the beat."""
    notes = []
    root = harmony.degrees[bar.index] - 1
    stops = [eighth for eighth, _ in motif[1:]] + [2 * band.genre.metre]
    for (eighth, move), stop in zip(motif, stops, strict=True):
        degree = int(np.clip(degree + move, 4, 13))
        if eighth % 2 == 0 and (degree - root) % 7 not in (0, 2, 4):
            degree += 1 if degree < 9 else -1
        beat = bar.index * band.genre.metre + eighth / 2
        notes.append(_Note(beat, (stop - eighth) / 2, harmony.pitch(degree), 0.9))
    return notes, degree


def _play_lead(band: Band, harmony: _Harmony, level: float) -> None:
    """A melody of motifs in the form A A' A B, in choruses and breaks, often in verses."""
    first, answer, last = _motif(band), _motif(band), _motif(band)
    phrase = (first, answer, first, last)
    sings = {"chorus", "drop"} | set(band.pick((("verse",), ("verse", "break"), ("break",))))
    notes: list[_Note] = []
    degree = 7
    for bar in band.bars:
        if bar.section in sings:
            new, degree = _melody_bar(band, harmony, phrase[bar.in_section % 4], bar, degree)
            notes += new
    timbre = vary(TIMBRES[band.pick(band.genre.lead_timbres)], band.rng)
    _play(band, notes, timbre, level, float(band.rng.uniform(0.7, 1.0)))


def play_builds(band: Band) -> None:
    """What both tapes go through in a build, and the noise that rises in it; after all parts."""
    style, seed = band.build_style, int(band.rng.integers(2**31))
    for start_s, end_s in build.spans(band.bars, band.grid, band.genre.metre):
        build.shape(band.drums, band.tonal, (start_s, end_s), band.sample_rate, style)
        shot = riser(end_s - start_s, band.sample_rate, seed)
        place(band.tonal, shot, np.array([int(start_s * band.sample_rate)]), np.array([0.25]))
        if style.breath:
            last_s = end_s - (end_s - start_s) / 16
            silent = slice(int(last_s * band.sample_rate), int(end_s * band.sample_rate))
            band.drums[silent] = 0.0
            band.tonal[silent] *= 0.1


def play_tonal(band: Band) -> None:
    """All pitched parts; a song leaves some out so that no part can be relied upon."""
    rng, genre = band.rng, band.genre
    harmony = _harmony(band)
    levels = 10 ** (rng.uniform(-6, 4, 4) / 20) * np.array([0.9, 0.4, 0.4, 0.55])
    plays = rng.random(4) < np.array([0.92, 0.88, 0.45, 0.7])
    plays[1] |= not plays.any()
    if plays[0]:
        low = int(rng.integers(33, 39))
        silent = ("break",) if band.build_style.bass else ("break", "build")
        _play_line(band, harmony, genre.bass, genre.bass_timbres, low, levels[0], silent)
    if plays[1]:
        _play_chords(band, harmony, levels[1] * (0.7 if harmony.sevenths else 0.8))
    if plays[2]:
        low = int(rng.integers(52, 64))
        quiet = band.pick(((), ("verse",), ("intro", "verse"), ("break",)))
        _play_line(band, harmony, genre.figures, genre.figure_timbres, low, levels[2], quiet)
    if plays[3]:
        _play_lead(band, harmony, levels[3])
