"""Trains the beat evidence network (`live/beat/evidence.py`) on rendered music alone.

Two steps: `songs` renders annotated songs, half of them through a room, with noise and babble
between them, and keeps their spectral rises; `train` fits a GRU to their beats and writes the file
that the stage reads. About 12 and 8 minutes on one core:

    python -m model.beat.train_evidence songs runs/beats/songs.npz
    python -m model.beat.train_evidence train runs/beats/songs.npz \\
        live/weights/beat_evidence.weights
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from live.audio.features import SAMPLE_RATE, TICK, TICKS_PER_FRAME, extract
from live.beat.evidence import (
    EVIDENCE_LATENCY_S,
    INPUT_DIM,
    LABEL_WIDTH_TICKS,
    N_RISE_BANDS,
    RISE_LAG,
    inputs,
    paired,
    rises,
)
from live.errors import ArtifactError
from live.monotonic import monotonic_s
from live.safe_write import whole_file
from model.data import room
from model.data.music.render import render_song
from model.data.music.song import TEMPO_RANGE_BPM, SongConfig, random_song

Array = np.ndarray

SONG_S = 40.0
N_TICKS = int(SONG_S * SAMPLE_RATE / TICK)
TICK_RATE_HZ = SAMPLE_RATE / TICK
# Ballroom tempi and instruments are rare among random songs, and the hardest to follow.
BALLROOM = ("waltz", "waltz", "waltz", "rumba", "tango", "ballad", "chacha")
BALLROOM_BPM = {"waltz": (78.0, 105.0), "rumba": (88.0, 112.0)}


@dataclass(frozen=True)
class BeatTraining:
    """songs: how many to render, of which the last `held_out` only measure; the rest as usual.

    carried: share of steps that begin with the states in which other songs left the network, so
    that it learns to give up a wrong beat; without this it could stay half a beat off for good.
    """

    songs: int = 1900
    held_out: int = 60
    iterations: int = 2200
    batch: int = 24
    frames: int = 750
    settling_frames: int = 45
    hidden: int = 64
    embedding: int = 48
    learning_rate: float = 3e-3
    weight_decay: float = 1e-3
    downbeat_weight: float = 0.6
    carried: float = 0.7
    seed: int = 0


# ---- songs -----------------------------------------------------------------------------------


def piece(seed: int) -> tuple[Array, Array, Array]:
    """Audio float32 [SONG_S at 24 kHz], beats_s, downbeats_s; a tenth has no beat at all."""
    rng = np.random.default_rng(seed)
    size = int(SONG_S * SAMPLE_RATE)
    none = np.zeros(0)
    if seed % 20 == 19:
        return (0.1 * rng.standard_normal(size)).astype(np.float32), none, none
    if seed % 20 == 9:
        return _in_a_room(babble(size, rng), rng, 0.5), none, none
    song = render_song(_song(rng), SAMPLE_RATE)
    return _in_a_room(song.audio, rng, 0.55), song.beats_s, song.downbeats_s


def _song(rng: np.random.Generator) -> SongConfig:
    genre, limits = None, None
    if rng.random() < 0.15:
        genre = str(rng.choice(BALLROOM))
        limits = BALLROOM_BPM.get(genre)
    elif rng.random() < 0.3:  # any genre at any tempo: patterns must not be known by their tempo
        limits = TEMPO_RANGE_BPM
    tempo_bpm = float(np.exp(rng.uniform(*np.log(limits)))) if limits else None
    return random_song(rng, genre, tempo_bpm, SONG_S)


def _in_a_room(audio: Array, rng: np.random.Generator, share: float) -> Array:
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


def write_songs(file: Path, count: int) -> None:
    """rise: float16 [N, T, 16]; label: float16 [N, T, 2], beat and downbeat, 0..1."""
    rise = np.zeros((count, N_TICKS, N_RISE_BANDS), np.float16)
    label = np.zeros((count, N_TICKS, 2), np.float16)
    for index in range(count):
        audio, beats_s, downbeats_s = piece(index)
        mel = np.concatenate([frame.mel for frame in extract(audio, SAMPLE_RATE)])[:N_TICKS]
        pairs = np.concatenate([np.zeros((RISE_LAG, mel.shape[1] // 2), np.float32), paired(mel)])
        rise[index] = rises(pairs)
        label[index] = np.stack([labels(beats_s), labels(downbeats_s)], axis=1)
    file.parent.mkdir(parents=True, exist_ok=True)
    np.savez(file, rise=rise, label=label)


def labels(times_s: Array) -> Array:
    """Gaussian bumps EVIDENCE_LATENCY_S after each time: float64 [N_TICKS], 0..1."""
    if len(times_s) == 0:
        return np.zeros(N_TICKS)
    ticks_s = (np.arange(N_TICKS) + 1) / TICK_RATE_HZ - EVIDENCE_LATENCY_S
    after = np.clip(np.searchsorted(times_s, ticks_s), 1, len(times_s) - 1)
    nearest_s = np.minimum(np.abs(ticks_s - times_s[after - 1]), np.abs(ticks_s - times_s[after]))
    return np.exp(-0.5 * (nearest_s * TICK_RATE_HZ / LABEL_WIDTH_TICKS) ** 2)


# ---- training --------------------------------------------------------------------------------


class EvidenceNetwork(nn.Module):
    """What `live.beat.evidence.BeatEvidence` steps, on whole sequences."""

    def __init__(self, config: BeatTraining):
        super().__init__()
        self.embed = nn.Linear(INPUT_DIM, config.embedding)
        self.gru = nn.GRU(config.embedding, config.hidden, batch_first=True)
        self.out = nn.Linear(config.hidden, 2 * TICKS_PER_FRAME)
        nn.init.constant_(self.out.bias, -3.0)

    def forward(self, x: Tensor, hidden: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """x: [B, T, 64]. Returns logits [B, T, 8] and the last state [1, B, H]."""
        states, last = self.gru(torch.relu(self.embed(x)), hidden)
        return self.out(states), last

    def arrays(self) -> dict[str, Array]:
        """The weights file's content, float16."""
        names = {
            "embed": self.embed.weight,
            "embed_bias": self.embed.bias,
            "input": self.gru.weight_ih_l0,
            "input_bias": self.gru.bias_ih_l0,
            "hidden": self.gru.weight_hh_l0,
            "hidden_bias": self.gru.bias_hh_l0,
            "output": self.out.weight,
            "output_bias": self.out.bias,
        }
        return {name: value.detach().numpy().astype(np.float16) for name, value in names.items()}


class Songbook:
    """Random stretches of songs, their sound made less like the renderer's every time."""

    def __init__(self, file: Path, config: BeatTraining):
        with np.load(file) as data:
            self._rise, self._label = data["rise"], data["label"]
        self._config = config
        self._known = len(self._rise) - config.held_out
        self._rng = np.random.default_rng(config.seed)

    def batch(self) -> tuple[Tensor, Tensor]:
        """Inputs [B, T, 64] and labels [B, T, 8]."""
        ticks = self._config.frames * TICKS_PER_FRAME
        songs = self._rng.choice(self._known, self._config.batch, replace=False)
        xs, ys = [], []
        for song in songs:
            span = self._span(ticks)
            xs.append(inputs(self._disguise(self._rise[song, span].astype(np.float32))))
            ys.append(self._label[song, span].astype(np.float32).reshape(-1, 2 * TICKS_PER_FRAME))
        return torch.tensor(np.stack(xs), dtype=torch.float32), torch.tensor(np.stack(ys))

    def held_out(self) -> tuple[Tensor, Tensor]:
        rise = self._rise[self._known :].astype(np.float32)
        label = self._label[self._known :].astype(np.float32)
        x = torch.tensor(np.stack([inputs(r) for r in rise]), dtype=torch.float32)
        return x, torch.tensor(label).reshape(len(x), -1, 2 * TICKS_PER_FRAME)

    def _span(self, ticks: int) -> slice:
        start = TICKS_PER_FRAME * int(self._rng.integers((N_TICKS - ticks) // TICKS_PER_FRAME + 1))
        return slice(start, start + ticks)

    def _disguise(self, rise: Array) -> Array:
        """Another equaliser, slower attacks, instruments that come late, other music, noise."""
        rng, size = self._rng, len(rise)
        curve = np.interp(np.arange(N_RISE_BANDS), np.linspace(0, 15, 5), rng.normal(0, 0.6, 5))
        gain = np.exp(curve + rng.normal(0, 0.25, N_RISE_BANDS) + rng.normal(0, 0.4))
        rise = rise * gain.astype(np.float32)
        if rng.random() < 0.35:
            rise = _smear(rise, rng)
        if rng.random() < 0.3:
            for band, late in zip(range(0, N_RISE_BANDS, 4), rng.integers(0, 4, 4), strict=True):
                rise[:, band : band + 4] = np.roll(rise[:, band : band + 4], late, axis=0)
        if rng.random() < 0.35:
            other = self._rise[rng.integers(self._known), self._span(size)]
            rise = rise + rng.uniform(0, 0.4) * other.astype(np.float32)
        if rng.random() < 0.5:
            rise = rise + np.abs(rng.normal(0, rng.uniform(0, 0.02), rise.shape))
        return rise


def _smear(rise: Array, rng: np.random.Generator) -> Array:
    kernel = np.exp(-np.arange(24) / rng.uniform(0.5, 5))
    kernel /= kernel.sum() ** rng.uniform(0.3, 1)
    columns = [np.convolve(column, kernel)[: len(rise)] for column in rise.T]
    return np.stack(columns, axis=1).astype(np.float32)


def train(songs: Path, weights: Path, config: BeatTraining) -> None:
    """Fit and write; prints the held-out cross-entropy of beats and downbeats."""
    torch.set_num_threads(1)
    torch.manual_seed(config.seed)
    book, network = Songbook(songs, config), EvidenceNetwork(config)
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, config.learning_rate, total_steps=config.iterations, pct_start=0.1
    )
    weigh = torch.tensor([1.0, config.downbeat_weight] * TICKS_PER_FRAME)
    last, began = None, monotonic_s()
    for iteration in range(config.iterations):
        x, y = book.batch()
        logits, last = network(x, _carry(last, config))
        last = last.detach()
        cost = nn.functional.binary_cross_entropy_with_logits(logits, y, reduction="none") * weigh
        loss = cost[:, config.settling_frames :].mean()
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        if iteration % 100 == 99:
            beat, downbeat = measure(network, book, config)
            spent_s = monotonic_s() - began
            print(f"{iteration + 1:5d} {beat:.4f} {downbeat:.4f} {spent_s:5.0f} s", flush=True)
    arrays = network.arrays()
    if not all(np.isfinite(array).all() for array in arrays.values()):
        raise ArtifactError(f"nothing written to {weights}: its training broke down, not finite")
    weights.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(weights) as partial, partial.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def _carry(last: Tensor | None, config: BeatTraining) -> Tensor | None:
    """States of other songs for most of the batch, fresh ones for the rest."""
    if last is None or torch.rand(()) > config.carried:
        return None
    kept = (torch.rand(1, config.batch, 1) < 0.85).float()
    return last[:, torch.randperm(config.batch)] * kept


@torch.no_grad()
def measure(network: EvidenceNetwork, book: Songbook, config: BeatTraining) -> tuple[float, float]:
    """Cross-entropy per tick of beat and downbeat on the songs held out."""
    x, y = book.held_out()
    cost = nn.functional.binary_cross_entropy_with_logits(network(x)[0], y, reduction="none")
    beat, downbeat = cost[:, config.settling_frames :].reshape(-1, 2).mean(dim=0)
    return float(beat), float(downbeat)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m model.beat.train_evidence", description=__doc__
    )
    jobs = parser.add_subparsers(dest="job", required=True)
    songs = jobs.add_parser("songs", help="render the songs")
    songs.add_argument("file", type=Path)
    fit = jobs.add_parser("train", help="fit the network")
    fit.add_argument("songs", type=Path)
    fit.add_argument("weights", type=Path)
    options = parser.parse_args(argv)
    if options.job == "songs":
        write_songs(options.file, BeatTraining().songs)
    else:
        train(options.songs, options.weights, BeatTraining())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
