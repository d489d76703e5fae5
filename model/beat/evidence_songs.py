"""Songs to learn beats from, rendered, heard by the stage's features, and kept in a folder.

Enters: seeds, and a folder of MIDI performances if there is one. Leaves: `songs-XXXXX.npz`, CHUNK
songs each. Half of them went through a room; between them are noise and babble. What is there
already is not rendered again, so several processes may share a folder, each with its own range.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from live.audio.features import N_MELS, SAMPLE_RATE, TICK, TICKS_PER_FRAME, extract
from live.beat.evidence import EVIDENCE_LATENCY_S, LABEL_WIDTH_TICKS, paired
from live.safe_write import whole_file
from model.data import room
from model.data.music.midi_song import MidiLibrary, random_midi_song
from model.data.music.render import render_song
from model.data.music.song import TEMPO_RANGE_BPM, Song, SongConfig, random_song

Array = np.ndarray

SONG_S = 40.0
N_TICKS = int(SONG_S * SAMPLE_RATE / TICK)
TICK_RATE_HZ = SAMPLE_RATE / TICK
CHUNK = 50
# Ballroom tempi and instruments are rare among random songs, and the hardest to follow.
BALLROOM = ("waltz", "waltz", "waltz", "rumba", "tango", "ballad", "chacha")
BALLROOM_BPM = {"waltz": (78.0, 105.0), "rumba": (88.0, 112.0)}

Piece = tuple[Array, Array, Array]  # audio, beats_s, downbeats_s


def rendered_piece(seed: int) -> Piece:
    """Audio float32 [SONG_S at 24 kHz], beats_s, downbeats_s; a tenth has no beat at all."""
    rng = np.random.default_rng(seed)
    size = int(SONG_S * SAMPLE_RATE)
    none = np.zeros(0)
    if seed % 20 == 19:
        return (0.1 * rng.standard_normal(size)).astype(np.float32), none, none
    if seed % 20 == 9:
        return in_a_room(babble(size, rng), rng, 0.5), none, none
    return _heard(render_song(any_song(rng, SONG_S), SAMPLE_RATE), rng)


def midi_piece(library: MidiLibrary) -> Callable[[int], Piece]:
    """The same from MIDI performances."""

    def piece(seed: int) -> Piece:
        rng = np.random.default_rng(seed)
        return _heard(random_midi_song(library, rng, SONG_S, SAMPLE_RATE), rng)

    return piece


def write_songs(folder: Path, seeds: range, piece: Callable[[int], Piece]) -> None:
    """mel: float16 [N, T, 32], paired bands a tick; label: float16 [N, T, 2], beat and downbeat,
    0..1."""
    folder.mkdir(parents=True, exist_ok=True)
    for first in range(seeds.start, seeds.stop, CHUNK):
        file = folder / f"songs-{first:07d}.npz"
        if file.exists():
            continue
        count = min(CHUNK, seeds.stop - first)
        mel = np.zeros((count, N_TICKS, N_MELS // 2), np.float16)
        label = np.zeros((count, N_TICKS, 2), np.float16)
        for index in range(count):
            audio, beats_s, downbeats_s = piece(first + index)
            frames = extract(audio, SAMPLE_RATE)[: N_TICKS // TICKS_PER_FRAME]
            mel[index] = paired(np.concatenate([frame.mel for frame in frames]))
            label[index] = np.stack([labels(beats_s), labels(downbeats_s)], axis=1)
        with whole_file(file) as partial, partial.open("wb") as out:
            np.savez(out, mel=mel, label=label)
        print(f"{file.name}: {count} songs", flush=True)


def labels(times_s: Array) -> Array:
    """Gaussian bumps EVIDENCE_LATENCY_S after each time: float64 [N_TICKS], 0..1."""
    if len(times_s) < 2:
        return np.zeros(N_TICKS)
    ticks_s = (np.arange(N_TICKS) + 1) / TICK_RATE_HZ - EVIDENCE_LATENCY_S
    after = np.clip(np.searchsorted(times_s, ticks_s), 1, len(times_s) - 1)
    nearest_s = np.minimum(np.abs(ticks_s - times_s[after - 1]), np.abs(ticks_s - times_s[after]))
    return np.exp(-0.5 * (nearest_s * TICK_RATE_HZ / LABEL_WIDTH_TICKS) ** 2)


def _heard(song: Song, rng: np.random.Generator) -> Piece:
    return in_a_room(song.audio, rng, 0.55), song.beats_s, song.downbeats_s


def any_song(rng: np.random.Generator, duration_s: float) -> SongConfig:
    """A song of any genre; some are at a tempo that the genre would not choose."""
    genre, limits = None, None
    if rng.random() < 0.15:
        genre = str(rng.choice(BALLROOM))
        limits = BALLROOM_BPM.get(genre)
    elif rng.random() < 0.3:  # any genre at any tempo: patterns must not be known by their tempo
        limits = TEMPO_RANGE_BPM
    tempo_bpm = float(np.exp(rng.uniform(*np.log(limits)))) if limits else None
    return random_song(rng, genre, tempo_bpm, duration_s)


def in_a_room(audio: Array, rng: np.random.Generator, share: float) -> Array:
    """The audio, or with this chance as a microphone in a room hears it."""
    if rng.random() < share:
        return room.simulate(audio, SAMPLE_RATE, rng, float(rng.uniform(0, 1)))
    return audio


def babble(size: int, rng: np.random.Generator) -> Array:
    """Something like speech: voiced syllables of uneven length, consonants, pauses; float32."""
    audio = np.zeros(size)
    shortest, longest = rng.uniform(0.06, 0.12), rng.uniform(0.18, 0.35)
    pauses, pitch_hz = rng.uniform(0.05, 0.25), rng.uniform(85, 230)
    start_s = rng.uniform(0, 1)
    while start_s < size / SAMPLE_RATE - 0.5:
        length_s = rng.uniform(shortest, longest)
        sound = _syllable(length_s, pitch_hz * np.exp(rng.normal(0, 0.15)), rng)
        start = int(start_s * SAMPLE_RATE)
        audio[start : start + len(sound)] += sound[: size - start]
        gap_s = rng.uniform(0.25, 1.2) if rng.random() < pauses else rng.uniform(0, 0.06)
        start_s += length_s + gap_s
    return (0.3 * audio / np.abs(audio).max()).astype(np.float32)


def _syllable(length_s: float, pitch_hz: float, rng: np.random.Generator) -> Array:
    t = np.arange(int(length_s * SAMPLE_RATE)) / SAMPLE_RATE
    bend = 1 + 0.1 * np.sin(2 * np.pi * rng.uniform(1, 4) * t)
    turns = np.cumsum(pitch_hz * bend) / SAMPLE_RATE
    first_hz, second_hz = rng.uniform(280, 850), rng.uniform(850, 2500)
    harmonics = np.arange(1, 24)
    freq_hz = harmonics * pitch_hz
    gain = np.exp(-(((freq_hz - first_hz) / 250) ** 2)) + 0.03
    gain += 0.5 * np.exp(-(((freq_hz - second_hz) / 350) ** 2))
    sound = gain @ np.sin(2 * np.pi * harmonics[:, None] * turns)
    if rng.random() < 0.4:
        noisy = int(len(t) * rng.uniform(0.15, 0.45))
        sound[:noisy] *= 0.3
        sound[:noisy] += rng.uniform(0.2, 1) * rng.standard_normal(noisy)
    return sound * np.hanning(len(t)) ** rng.uniform(0.15, 0.5) * np.exp(rng.normal(0, 0.4))
