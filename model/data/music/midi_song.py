"""Annotated songs out of MIDI performances: real drummers, real arrangements, any tempo.

Enters: a library of performances and a random generator. Leaves: a `Song`, audio with its true
beats, bars and sections, as `model.data.music.render` gives. Equal arguments give equal songs on
equal versions of FluidSynth and its sound fonts.

Three ways to a song: a band piece as it was arranged; a tune with a drum pattern under it; a
drummer with bass, chords and lead written here, the bass on the drummer's kick. The last has a
form: verses, choruses that come back the same, breaks without drums.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from model.data.music.midi_accompany import Harmony, accompany
from model.data.music.midi_read import Array, Part, Performance
from model.data.music.midi_sound import Voice, play, play_drums, sound_fonts
from model.data.music.score import Section
from model.data.music.song import Song

TEMPO_BPM = (60.0, 190.0)
_STRETCH = (0.72, 1.35)  # of the tempo it was played at: further, it is another dance
# Instruments of a family are exchanged for one another: General MIDI has eight of each.
_FAMILY = 8
_SHARES = {"band": 0.34, "tune": 0.13, "drummer": 0.38, "pattern": 0.15}
_OWN_DRUMS_SHARE = 0.4
_ALONE_SHARE = 0.2  # of drummers who play without a band
_KITS = (0, 0, 0, 8, 16, 24, 25, 32, 40)  # General Standard drum kits
_LEVEL_DBFS = (-30.0, -13.0)
_FORM = (
    ("verse", 8, "AB"),
    ("chorus", 8, "AB"),
    ("verse", 8, "A"),
    ("chorus", 8, "AB"),
    ("break", 4, "-"),
    ("chorus", 8, "AB"),
)


@dataclass(frozen=True)
class MidiLibrary:
    """Performances by what they are good for."""

    bands: tuple[Performance, ...]
    tunes: tuple[Performance, ...]
    drummers: tuple[Performance, ...]
    fills: tuple[Performance, ...]
    patterns: tuple[Performance, ...]

    @classmethod
    def of(cls, performances: Sequence[Performance]) -> "MidiLibrary":
        def from_source(*names: str) -> tuple[Performance, ...]:
            return tuple(p for p in performances if p.source in names)

        groove = from_source("groove")
        return cls(
            bands=tuple(p for p in from_source("freedoom", "openmsx") if p.beats >= 32),
            tunes=from_source("nottingham"),
            drummers=tuple(p for p in groove if p.beats >= 4 * p.metre),
            fills=tuple(p for p in groove if p.beats < 4 * p.metre),
            patterns=from_source("patterns"),
        )


def random_midi_song(
    library: MidiLibrary,
    rng: np.random.Generator,
    duration_s: float = 40.0,
    sample_rate: int = 24_000,
    kind: str | None = None,
) -> Song:
    """Draw and play one song. kind: "band", "tune", "drummer" or "pattern"; drawn if None."""
    fonts = sound_fonts()
    kind = kind or str(rng.choice(list(_SHARES), p=list(_SHARES.values())))
    if kind == "band":
        piece = _band(library, rng)
    elif kind == "tune":
        piece = _tune(library, rng)
    else:
        piece = _drummer(library, rng, kind)
    tempo_bpm = _tempo(piece.performance.bpm, rng)
    lead_in_s = float(rng.choice([0.0, rng.uniform(0, 1.0)]))
    played = _Player(piece, tempo_bpm, lead_in_s, duration_s, rng)
    font = fonts[int(rng.integers(len(fonts)))]
    return played.record(font, sample_rate)


@dataclass(frozen=True)
class _Piece:
    """A performance to be played from one of its bars, over and over; sections in bars."""

    performance: Performance
    first_bar: int
    sections: tuple[tuple[str, int], ...] = ()
    kind: str = ""


def _tempo(bpm: float, rng: np.random.Generator) -> float:
    """A tempo near the one it was played at, within TEMPO_BPM."""
    while bpm > TEMPO_BPM[1]:
        bpm /= 2  # who writes quarters at 220 hears halves
    low, high = np.clip(bpm * np.array(_STRETCH), *TEMPO_BPM)
    return float(np.exp(rng.uniform(np.log(low), np.log(max(high, low + 1)))))


# ---- three ways to a song --------------------------------------------------------------------


def _pick(rng: np.random.Generator, choices: Sequence[Performance]) -> Performance:
    return choices[int(rng.integers(len(choices)))]


def _band(library: MidiLibrary, rng: np.random.Generator) -> _Piece:
    """An arrangement in other colours and another key, perhaps without one of its parts."""
    performance = _pick(rng, library.bands)
    fast = performance.bpm > TEMPO_BPM[1]
    key = int(rng.integers(-4, 5))
    parts = [p if p.is_drums else _recolour(p, key, rng) for p in performance.parts]
    if len(parts) > 3 and rng.random() < 0.5:
        parts.pop(int(rng.integers(len(parts))))
    performance = replace(performance, parts=tuple(parts))
    if fast:
        performance = _halved(performance)
    bars = performance.beats // performance.metre
    return _Piece(performance, int(rng.integers(max(bars - 8, 1))), kind="band")


def _halved(performance: Performance) -> Performance:
    """Counted in beats twice as long."""
    scale = np.array([0.5, 0.5, 1, 1])
    parts = tuple(replace(p, notes=p.notes * scale) for p in performance.parts)
    beats = performance.metre * max(performance.beats // (2 * performance.metre), 1)
    return replace(performance, parts=parts, beats=beats, bpm=performance.bpm / 2)


def _recolour(part: Part, key: int, rng: np.random.Generator) -> Part:
    program = part.program
    if rng.random() < 0.6:
        program = program // _FAMILY * _FAMILY + int(rng.integers(_FAMILY))
    notes = part.notes.copy()
    notes[:, 2] = np.clip(notes[:, 2] + key, 12, 115)
    return Part(program, notes)


def _tune(library: MidiLibrary, rng: np.random.Generator) -> _Piece:
    """A folk tune, often over a drum pattern of the same metre."""
    tune = _pick(rng, library.tunes)
    key = int(rng.integers(-5, 6))
    colours = (0, 11, 21, 22, 24, 25, 40, 65, 71, 73, 80, 105, 110)
    parts = []
    for number, part in enumerate(tune.parts):
        program = int(rng.choice(colours)) if number == 0 else int(rng.choice((0, 21, 24, 25, 48)))
        parts.append(_recolour(Part(program, part.notes), key, rng))
    fitting = [
        p for p in library.patterns if tune.metre % p.metre == 0 or p.metre == 2 * tune.metre
    ]
    if fitting and rng.random() < 0.6:
        drums = _pick(rng, fitting)
        parts.append(_tile(drums.parts[0], drums.beats, tune.beats))
    return _Piece(replace(tune, parts=tuple(parts)), 0, kind="tune")


def _drummer(library: MidiLibrary, rng: np.random.Generator, kind: str) -> _Piece:
    """A drummer or a drum machine, and a band that we write."""
    source = library.drummers if kind == "drummer" else library.patterns
    drums = _pick(rng, source)
    bars = drums.beats // drums.metre
    first = int(rng.integers(max(bars - 8, 0) + 1))
    grooves = [_cut(drums, first, min(bars - first, int(rng.choice([4, 8]))))]
    if kind == "pattern":
        alike = [p for p in source if p.genre == drums.genre and p.metre == drums.metre]
        grooves.append(_cut(_pick(rng, alike), 0, 1))
    else:
        grooves.append(_cut(drums, int(rng.integers(max(bars - 4, 0) + 1)), min(bars, 4)))
    fills = [p for p in library.fills if p.metre == drums.metre and p.source == drums.source]
    fill = _pick(rng, fills) if fills and rng.random() < 0.6 else None
    alone = rng.random() < _ALONE_SHARE
    return _arrange(drums, grooves, fill, alone, rng, kind)


def _arrange(
    drums: Performance,
    grooves: list[tuple[Part, int]],
    fill: Performance | None,
    alone: bool,
    rng: np.random.Generator,
    kind: str,
) -> _Piece:
    """Sections after one another: the same groove and harmony wherever one comes back."""
    metre = drums.metre
    harmonies = {name: Harmony.draw(rng, metre) for name in ("verse", "chorus")}
    harmonies["break"] = harmonies["verse"]
    tracks: dict[tuple[str, int], list[Array]] = {}
    sections, bar = [], 0
    for name, bars, who in _FORM:
        groove, length = grooves[0 if name == "verse" else 1]
        strokes = _tile(groove, length * metre, bars * metre).notes
        if fill is not None:
            strokes = _with_fill(strokes, fill, bars * metre)
        if who != "-" or alone:
            tracks.setdefault(("drums", -1), []).append(_moved(strokes, bar * metre))
        if not alone:
            for part_name, part in accompany(harmonies[name], strokes, bars, name):
                key = (part_name, part.program)
                tracks.setdefault(key, []).append(_moved(part.notes, bar * metre))
        sections.append((name, bar))
        bar += bars
    parts = tuple(
        Part(program, np.concatenate(notes)) for (_, program), notes in tracks.items() if notes
    )
    whole = replace(drums, parts=parts, beats=bar * metre)
    return _Piece(whole, int(rng.integers(bar // 2)), tuple(sections), kind)


def _cut(performance: Performance, first_bar: int, bars: int) -> tuple[Part, int]:
    """Some bars of a drummer, as beats from 0, and how many."""
    notes = np.concatenate([part.notes for part in performance.parts])
    start, size = first_bar * performance.metre, bars * performance.metre
    # A stroke may come a little before its bar.
    inside = (notes[:, 0] >= start - 0.2) & (notes[:, 0] < start + size - 0.2)
    return Part(-1, _moved(notes[inside], -start)), bars


def _tile(part: Part, length: int, beats: int) -> Part:
    """A loop of `length` beats played for `beats`."""
    copies = [_moved(part.notes, k * length) for k in range(-(-beats // length))]
    notes = np.concatenate(copies)
    return Part(part.program, notes[notes[:, 0] < beats - 0.2])


def _with_fill(strokes: Array, fill: Performance, beats: int) -> Array:
    """The last bar played otherwise."""
    fresh = np.concatenate([part.notes for part in fill.parts])
    fresh = _moved(fresh[fresh[:, 0] < fill.metre - 0.2], beats - fill.metre)
    return np.concatenate([strokes[strokes[:, 0] < beats - fill.metre - 0.2], fresh])


def _moved(notes: Array, beats: float) -> Array:
    return notes + np.array([beats, 0, 0, 0])


# ---- playing ---------------------------------------------------------------------------------


class _Player:
    """Puts a piece into seconds and plays it; humanised, or straightened to the grid."""

    def __init__(
        self,
        piece: _Piece,
        tempo_bpm: float,
        lead_in_s: float,
        duration_s: float,
        rng: np.random.Generator,
    ):
        self._piece, self._rng = piece, rng
        self._tempo_bpm, self._lead_in_s, self._duration_s = tempo_bpm, lead_in_s, duration_s
        self._straight = rng.random() < 0.25
        self._jitter_s = float(rng.uniform(0.0, 0.012)) * (not self._straight)

    def record(self, font, sample_rate: int) -> Song:
        rng, size = self._rng, round(self._duration_s * sample_rate)
        voices = [self._voice(part) for part in self._piece.performance.parts]
        own = [v for v in voices if v.program < 0] if rng.random() < _OWN_DRUMS_SHARE else []
        others = [v for v in voices if all(v is not o for o in own)]
        audio = np.zeros(size, np.float32)
        if any(len(v.notes) for v in others):
            audio += _unit(play(others, font, self._duration_s, sample_rate))
        for voice in own:
            drums = play_drums(voice, rng, size, sample_rate)
            audio += np.float32(10 ** (rng.uniform(-4, 6) / 20)) * _unit(drums)
        return self._song(_mastered(audio, rng), sample_rate)

    def _voice(self, part: Part) -> Voice:
        """The part in seconds, from the piece's first bar on, repeated to the end."""
        rng, piece = self._rng, self._piece
        metre, total = piece.performance.metre, piece.performance.beats
        spread = np.sort(part.notes[:, 0])
        start = piece.first_bar * metre
        needed = self._duration_s * self._tempo_bpm / 60
        rounds = range(int((start + needed) // total) + 1)
        notes = np.concatenate([_moved(part.notes, k * total - start) for k in rounds])
        notes = notes[(notes[:, 0] > -0.2) & (notes[:, 0] < needed)]
        if self._straight and len(spread):
            notes[:, 0] = _straightened(notes[:, 0])
        seconds = notes.copy()
        seconds[:, :2] *= 60 / self._tempo_bpm
        off_s = rng.normal(0, self._jitter_s, len(notes)) + rng.normal(0, 0.4 * self._jitter_s)
        seconds[:, 0] = np.maximum(seconds[:, 0] + self._lead_in_s + off_s, 0.0)
        seconds[:, 3] = np.clip(notes[:, 3] * np.exp(rng.normal(0, 0.08, len(notes))), 1, 127)
        gain = float(10 ** (rng.uniform(-9, 0) / 20))
        kit = int(rng.choice(_KITS))
        return Voice(part.program, seconds, gain if part.program >= 0 else max(gain, 0.6), kit)

    def _song(self, audio: Array, sample_rate: int) -> Song:
        piece, metre = self._piece, self._piece.performance.metre
        beat_s = 60 / self._tempo_bpm
        beats_s = np.arange(self._lead_in_s, self._duration_s, beat_s)
        return Song(
            audio=audio,
            sample_rate=sample_rate,
            beats_s=beats_s,
            downbeats_s=beats_s[::metre],
            tempo_bpm=np.full(len(beats_s), self._tempo_bpm),
            metre=metre,
            genre=f"midi {piece.kind}: {piece.performance.genre}",
            sections=self._sections(beat_s),
        )

    def _sections(self, beat_s: float) -> tuple[Section, ...]:
        """Sections as they are heard from the first bar on, in every round."""
        piece = self._piece
        bar_s = beat_s * piece.performance.metre
        round_bars = piece.performance.beats // piece.performance.metre
        found = []
        rounds = range(int(self._duration_s / bar_s / round_bars) + 2)
        for start_bar, name in [(k * round_bars + b, n) for k in rounds for n, b in piece.sections]:
            start_s = self._lead_in_s + max(start_bar - piece.first_bar, 0) * bar_s
            if start_bar <= piece.first_bar:
                found = [Section(start_s, self._tempo_bpm, name)]
            elif start_s < self._duration_s:
                found.append(Section(start_s, self._tempo_bpm, name))
        return tuple(found)


def _straightened(beats: Array) -> Array:
    """To the nearest twelfth or sixteenth of a beat's quarter, whichever fits the note."""
    four, three = np.round(beats * 4) / 4, np.round(beats * 6) / 6
    return np.where(np.abs(four - beats) <= np.abs(three - beats), four, three)


def _unit(audio: Array) -> Array:
    """Brought to an RMS of one tenth."""
    rms = float(np.sqrt(np.mean(audio**2)))
    return audio * np.float32(0.1 / (rms + 1e-6)) if rms > 1e-6 else audio


def _mastered(audio: Array, rng: np.random.Generator) -> Array:
    """Driven softly and brought to a level, as far as the peaks leave room for it."""
    drive = float(rng.uniform(0.3, 2.0))
    rms = float(np.sqrt(np.mean(audio**2))) + 1e-9
    driven = np.tanh(audio * (0.25 * drive / rms))
    gain = 10 ** (rng.uniform(*_LEVEL_DBFS) / 20) / (np.sqrt(np.mean(driven**2)) + 1e-9)
    return (driven * min(gain, 0.97 / (np.abs(driven).max() + 1e-9))).astype(np.float32)
