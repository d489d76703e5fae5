"""MIDI performances with their beats, read from a folder of annotated files.

Enters: a folder with `index.json` (one entry a file: file, tier, licence, credit, genre, bpm, metre
or time_signatures) and Standard MIDI Files. Leaves: `Performance`s, in beats, so that a renderer
may play them at any tempo. Needs mido.

The beat is what the time signature counts: a quarter, or a dotted quarter where eighths come in
threes (6/8, 9/8, 12/8). What has another count than 2, 3, 4 or 6 in a bar, or changes its count, is
left out: nobody could say which bar is which.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from live.errors import ArtifactError, ConfigError

Array = np.ndarray

METRES = (2, 3, 4, 6)  # beats in a bar
DRUM_CHANNEL = 9
MAX_LATE_S = 0.04  # a player further off the grid than this has another grid in mind
_LEAST_NOTES = 8


@dataclass(frozen=True)
class Part:
    """What one instrument plays. program: General MIDI, 0..127, -1 for drums; notes: float64
    [n, 4], sorted: start and length in beats, pitch 0..127, velocity 1..127."""

    program: int
    notes: Array

    @property
    def is_drums(self) -> bool:
        return self.program < 0


@dataclass(frozen=True)
class Performance:
    """A piece on its own grid: beat k at k, a downbeat every `metre` beats from 0 on.

    name: the file; source: its top folder; bpm: beats a minute as played; beats: its length in
    whole bars.
    """

    name: str
    source: str
    genre: str
    bpm: float
    metre: int
    beats: int
    parts: tuple[Part, ...]


def read_library(folder: Path, tiers: tuple[str, ...] = ("open",)) -> list[Performance]:
    """Every usable performance of these tiers, in the order of the index.

    Held out are the test and validation splits of data sets that have them.
    """
    index = folder / "index.json"
    try:
        entries = json.loads(index.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ArtifactError(
            f"{index}: {error}; name a folder of MIDI files with an index"
        ) from error
    found = []
    for entry in entries:
        if entry["tier"] in tiers and entry.get("split", "train") == "train":
            performance = read_performance(folder, entry)
            if performance is not None:
                found.append(performance)
    if not found:
        raise ArtifactError(f"{folder}: no MIDI performance of tier {', '.join(tiers)} in it")
    return found


def read_performance(folder: Path, entry: dict) -> Performance | None:
    """One file of the index; None where its bars cannot be counted or hardly a note is in it."""
    try:
        import mido
    except ImportError as error:
        raise ConfigError("reading MIDI files needs mido: pip install -e .[control]") from error
    midi = mido.MidiFile(folder / entry["file"], clip=True)
    count = _count(entry)
    if count is None:
        return None
    metre, quarters_per_beat = count
    ticks_per_beat = midi.ticks_per_beat * quarters_per_beat
    # Drummers play ahead of the click or behind it; the beat is where they put it.
    late_s = (entry.get("verified") or {}).get("median_ms", 0.0) / 1000
    bpm = float(entry["bpm"]) / quarters_per_beat
    late = late_s * bpm / 60 if abs(late_s) <= MAX_LATE_S else 0.0
    parts = tuple(_parts(midi, ticks_per_beat, late))
    if sum(len(part.notes) for part in parts) < _LEAST_NOTES:
        return None
    end = max(float((part.notes[:, 0] + part.notes[:, 1]).max()) for part in parts)
    beats = metre * max(round(end / metre), 1)
    source = entry["file"].split("/")[0]
    return Performance(entry["file"], source, entry["genre"], bpm, metre, beats, parts)


def _count(entry: dict) -> tuple[int, float] | None:
    """Beats in a bar, and quarters in a beat."""
    signatures = entry.get("time_signatures") or [[0, entry["metre"], entry["metre_unit"]]]
    if len({(top, unit) for _, top, unit in signatures}) > 1:
        return None
    _, top, unit = signatures[0]
    if unit == 8 and top % 3 == 0:
        metre, quarters = top // 3, 1.5
    elif unit == 4:
        metre, quarters = top, 1.0
    else:
        return None
    return (metre, quarters) if metre in METRES else None


def _parts(midi, ticks_per_beat: float, late: float):
    """A part for every channel, track and program that plays a note."""
    notes: dict[tuple[int, int, int], list[tuple[float, float, float, float]]] = {}
    for number, track in enumerate(midi.tracks):
        program = dict.fromkeys(range(16), 0)
        sounding: dict[tuple[int, int], tuple[float, int, int]] = {}
        tick = 0
        for message in track:
            tick += message.time
            if message.type == "program_change":
                program[message.channel] = message.program
            elif message.type in ("note_on", "note_off"):
                key = (message.channel, message.note)
                if key in sounding:
                    start, velocity, sound = sounding.pop(key)
                    length = max(tick - start, 1) / ticks_per_beat
                    note = (start / ticks_per_beat - late, length, message.note, velocity)
                    notes.setdefault((number, message.channel, sound), []).append(note)
                if message.type == "note_on" and message.velocity > 0:
                    drums = message.channel == DRUM_CHANNEL
                    sound = -1 if drums else program[message.channel]
                    sounding[key] = (tick, message.velocity, sound)
    for (_, _, sound), played in sorted(notes.items()):
        table = np.array(sorted(played), np.float64)
        yield Part(sound, table)
