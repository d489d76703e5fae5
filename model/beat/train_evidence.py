"""Trains the beat evidence network (`live/beat/evidence.py`) on songs rendered here.

Two steps: `songs` renders annotated songs into a folder (`model/beat/evidence_songs.py`); `train`
fits a GRU to their beats and downbeats and writes the file that the stage reads:

    python -m model.beat.train_evidence songs runs/beats/songs --midi DATA/midi
    python -m model.beat.train_evidence train runs/beats/songs live/weights/beat_evidence.weights
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from live.audio.features import TICKS_PER_FRAME
from live.beat.evidence import (
    INPUT_DIM,
    N_RISE_BANDS,
    RISE_LAG,
    inputs,
    rises,
)
from live.errors import ArtifactError
from live.monotonic import monotonic_s
from model.beat.evidence_songs import N_TICKS, midi_piece, rendered_piece, write_songs
from model.beat.weights_file import half_precision, named_weights, write_weights
from model.data.music.midi_read import read_library
from model.data.music.midi_song import MidiLibrary

Array = np.ndarray


@dataclass(frozen=True)
class BeatTraining:
    """rendered, midi: how many songs of each to render; held_out: of each, the last so many only
    measure; the rest as usual.

    carried: share of steps that begin with the states in which other songs left the network, so
    that it learns to give up a wrong beat; without this it could stay half a beat off for good.
    """

    rendered: int = 800
    midi: int = 700
    held_out: int = 40
    iterations: int = 2200
    batch: int = 24
    frames: int = 750
    settling_frames: int = 45
    hidden: int = 64
    embedding: int = 48
    learning_rate: float = 3e-3
    weight_decay: float = 1e-3
    downbeat_weight: float = 0.8
    carried: float = 0.7
    seed: int = 0


KINDS = ("rendered", "midi")  # folders of songs


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

    def named(self) -> dict[str, Tensor]:
        """Its weights by their names in the file."""
        return named_weights(self.embed, self.gru, self.out)


class Songbook:
    """Random stretches of songs, their sound made less like the renderer's every time."""

    def __init__(self, folder: Path, config: BeatTraining):
        self._config = config
        self._rng = np.random.default_rng(config.seed)
        kinds = [_read_songs(folder / name) for name in KINDS]
        known, kept = [], []
        for songs in kinds:
            known.append([column[: -config.held_out] for column in songs])
            kept.append([column[-config.held_out :] for column in songs])
        self._rise, self._label = map(np.concatenate, zip(*known, strict=True))
        self._kept = [tuple(columns) for columns in kept]

    def __len__(self) -> int:
        return len(self._rise)

    def batch(self) -> tuple[Tensor, Tensor]:
        """Inputs [B, T, 64] and labels [B, T, 8]."""
        frames = self._config.frames
        songs = self._rng.choice(len(self), self._config.batch, replace=False)
        xs, ys = [], []
        for song in songs:
            first = self._start(frames)
            ticks = slice(TICKS_PER_FRAME * first, TICKS_PER_FRAME * (first + frames))
            xs.append(inputs(self._disguise(self._rise[song, ticks].astype(np.float32))))
            ys.append(self._label[song, ticks].astype(np.float32).reshape(frames, -1))
        return torch.tensor(np.stack(xs), dtype=torch.float32), torch.tensor(np.stack(ys))

    def held_out(self, kind: int) -> tuple[Tensor, Tensor]:
        rise, label = (column.astype(np.float32) for column in self._kept[kind])
        x = np.stack([inputs(song) for song in rise])
        return torch.tensor(x), torch.tensor(label).reshape(len(x), -1, 2 * TICKS_PER_FRAME)

    def _start(self, frames: int) -> int:
        return int(self._rng.integers(N_TICKS // TICKS_PER_FRAME - frames + 1))

    def _disguise(self, rise: Array) -> Array:
        """Another equaliser, slower attacks, instruments that come late, other music, noise."""
        rng, size, bands = self._rng, len(rise), N_RISE_BANDS
        curve = np.interp(np.arange(bands), np.linspace(0, bands - 1, 5), rng.normal(0, 0.6, 5))
        gain = np.exp(curve + rng.normal(0, 0.25, bands) + rng.normal(0, 0.4))
        rise = rise * gain.astype(np.float32)
        if rng.random() < 0.35:
            rise = _smear(rise, rng)
        if rng.random() < 0.3:
            for band, late in zip(range(0, bands, 4), rng.integers(0, 4, 4), strict=True):
                rise[:, band : band + 4] = np.roll(rise[:, band : band + 4], late, axis=0)
        if rng.random() < 0.35:
            first = TICKS_PER_FRAME * self._start(size // TICKS_PER_FRAME)
            other = self._rise[rng.integers(len(self)), first : first + size]
            rise = rise + rng.uniform(0, 0.4) * other.astype(np.float32)
        if rng.random() < 0.5:
            rise = rise + np.abs(rng.normal(0, rng.uniform(0, 0.02), rise.shape))
        return rise


def _read_songs(folder: Path) -> tuple[Array, Array]:
    """Every song of a folder: rise float16 [N, T, 16] and label float16 [N, T, 2]."""
    files = sorted(folder.glob("songs-*.npz"))
    if not files:
        raise ArtifactError(f"no songs in {folder}: render them first, with `songs`")
    rises_of, labels_of = [], []
    for file in files:
        with np.load(file) as data:
            rises_of += [_rise(song.astype(np.float32)) for song in data["mel"]]
            labels_of.append(data["label"])
    return np.stack(rises_of), np.concatenate(labels_of)


def _rise(mel: Array) -> Array:
    """What the network is told of a song: mel [T, 32]. Returns float16 [T, 16]."""
    before = np.zeros((RISE_LAG, mel.shape[1]), np.float32)
    return rises(np.concatenate([before, mel])).astype(np.float16)


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
            costs = [c for kind in range(len(KINDS)) for c in measure(network, book, config, kind)]
            told = " ".join(f"{c:.4f}" for c in costs)
            print(f"{iteration + 1:5d} {told} {monotonic_s() - began:5.0f} s", flush=True)
    write_weights(weights, half_precision(network.named()))


def _carry(last: Tensor | None, config: BeatTraining) -> Tensor | None:
    """States of other songs for most of the batch, fresh ones for the rest."""
    if last is None or torch.rand(()) > config.carried:
        return None
    kept = (torch.rand(1, config.batch, 1) < 0.85).float()
    return last[:, torch.randperm(config.batch)] * kept


@torch.no_grad()
def measure(
    network: EvidenceNetwork, book: Songbook, config: BeatTraining, kind: int
) -> tuple[float, float]:
    """Cross-entropy per tick of beat and downbeat on the songs of a kind that are held out."""
    x, y = book.held_out(kind)
    cost = nn.functional.binary_cross_entropy_with_logits(network(x)[0], y, reduction="none")
    beat, downbeat = cost[:, config.settling_frames :].reshape(-1, 2).mean(dim=0)
    return float(beat), float(downbeat)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m model.beat.train_evidence", description=__doc__
    )
    jobs = parser.add_subparsers(dest="job", required=True)
    songs = jobs.add_parser("songs", help="render the songs")
    songs.add_argument("folder", type=Path)
    songs.add_argument("--midi", type=Path, help="folder of MIDI performances with an index")
    fit = jobs.add_parser("train", help="fit the network")
    fit.add_argument("songs", type=Path)
    fit.add_argument("weights", type=Path)
    options = parser.parse_args(argv)
    config = BeatTraining()
    if options.job == "train":
        train(options.songs, options.weights, config)
        return 0
    write_songs(options.folder / "rendered", range(config.rendered), rendered_piece)
    if options.midi:
        library = MidiLibrary.of(read_library(options.midi))
        write_songs(options.folder / "midi", range(config.midi), midi_piece(library))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
