"""Trains the bar evidence network (`live/beat/bar_evidence.py`) on songs rendered here.

Two steps: `songs` renders songs and keeps how every frame of them sounds and where it is in the
bar; `train` fits a GRU to their downbeats and writes the file that the stage reads:

    python -m model.beat.train_bars songs runs/bars/songs --midi DATA/midi
    python -m model.beat.train_bars train runs/bars/songs live/weights/bars.weights
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from live.audio.features import FRAME, SAMPLE_RATE, extract
from live.beat.bar_evidence import INPUT_DIM, BarInputs
from live.beat.beat_sound import BeatSounds
from live.beat.estimate import BEATS_PER_BAR
from live.errors import ArtifactError
from live.monotonic import monotonic_s
from model.beat.evidence_songs import any_song, in_a_room
from model.beat.heard_songs import HeardSong, read, write
from model.beat.weights_file import half_precision, named_weights, write_weights
from model.data.music.midi_read import read_library
from model.data.music.midi_song import MidiLibrary, random_midi_song
from model.data.music.render import render_song
from model.data.music.song import Song

Array = np.ndarray

SONG_S = 60.0
KINDS = ("rendered", "midi")
_STREAM = 77  # of random numbers: not the songs that the beat evidence learns from
_LOCKED = 1.0
_NEAR_S = 0.03  # a beat so near to a downbeat is it


@dataclass(frozen=True)
class BarTraining:
    """rendered, midi: how many songs of each to render; held_out: of each, the last so many only
    measure; beats: of a stretch; settling_beats: at its start, which do not count; noise, drop:
    added to the inputs and left out of the layers, for a rendered song gives its bar away too
    easily; the rest as usual."""

    rendered: int = 400
    midi: int = 200
    held_out: int = 30
    iterations: int = 1200
    batch: int = 32
    beats: int = 64
    settling_beats: int = 4
    hidden: int = 32
    embedding: int = 32
    learning_rate: float = 4e-3
    weight_decay: float = 1e-2
    noise: float = 0.5
    drop: float = 0.2
    seed: int = 0


# ---- songs -----------------------------------------------------------------------------------


def told_song(name: str, song: Song, audio: Array) -> HeardSong:
    """A song as it sounds in `audio`, with the true beat instead of a clock's reading."""
    frames = extract(audio, SAMPLE_RATE)
    time_s = (np.arange(len(frames)) + 1) * (FRAME / SAMPLE_RATE)
    count = np.arange(len(song.beats_s))
    inside = (time_s >= song.beats_s[0]) & (time_s < song.beats_s[-1])
    frames = [frame for frame, kept in zip(frames, inside, strict=True) if kept]
    beats = np.interp(time_s[inside], song.beats_s, count)
    bar = np.interp(time_s[inside], song.downbeats_s, np.arange(len(song.downbeats_s)))
    tempo_bpm = np.full(len(beats), float(np.median(song.tempo_bpm)))
    ones = np.ones(len(beats))
    readings = (beats % 1, bar % 1, tempo_bpm, ones, _LOCKED * ones, beats, BEATS_PER_BAR * ones)
    return HeardSong(
        name,
        np.array([frame.features for frame in frames], np.float32),
        np.array([frame.level for frame in frames]),
        np.array([frame.gain_db for frame in frames]),
        np.stack(readings, axis=1),
        np.zeros(0),
        (),
        np.interp(song.downbeats_s, song.beats_s, count),
    )


def write_songs(folder: Path, config: BarTraining, library: MidiLibrary | None) -> None:
    """A file a song; what is there already is not rendered again."""
    for kind, songs in zip(KINDS, (config.rendered, config.midi), strict=True):
        for seed in range(songs if kind == KINDS[0] or library else 0):
            path = folder / f"{kind}-{seed:05d}.npz"
            if path.exists():
                continue
            rng = np.random.default_rng([seed, _STREAM])
            if kind == KINDS[0] or library is None:
                song = render_song(any_song(rng, SONG_S), SAMPLE_RATE)
            else:
                song = random_midi_song(library, rng, SONG_S, SAMPLE_RATE)
            write(path, told_song(path.stem, song, in_a_room(song.audio, rng, 0.4)))


def beats_of(song: HeardSong) -> tuple[Array, Array]:
    """Inputs float32 [n, INPUT_DIM] of its beats, and which of them are downbeats, bool [n]."""
    sounds, told = BeatSounds(), BarInputs()
    inputs, is_first = [], []
    for frame, reading in song.frames():
        ended = sounds.push(frame, reading)
        if ended is not None:
            inputs.append(told.push(ended.sound))
            is_first.append(bool(np.abs(song.bars_s - ended.beat).min() < _NEAR_S))
    return np.array(inputs, np.float32).reshape(-1, INPUT_DIM), np.array(is_first, bool)


# ---- training --------------------------------------------------------------------------------


class BarNetwork(nn.Module):
    """What `live.beat.bar_evidence.BarEvidence` steps, on whole sequences."""

    def __init__(self, config: BarTraining):
        super().__init__()
        self.embed = nn.Linear(INPUT_DIM, config.embedding)
        self.gru = nn.GRU(config.embedding, config.hidden, batch_first=True)
        self.out = nn.Linear(config.hidden, 1)
        self.drop = nn.Dropout(config.drop)

    def forward(self, x: Tensor) -> Tensor:
        """x: [B, T, INPUT_DIM]. Returns logits [B, T]."""
        states, _ = self.gru(self.drop(torch.relu(self.embed(x))))
        return self.out(self.drop(states))[..., 0]

    def named(self) -> dict[str, Tensor]:
        """Its weights by their names in the file."""
        return named_weights(self.embed, self.gru, self.out)


Beats = tuple[Array, Array]


def read_beats(folder: Path, config: BarTraining) -> tuple[list[Beats], list[Beats]]:
    """(to learn from, held out); ArtifactError where nothing was rendered."""
    known, kept = [], []
    for kind in KINDS:
        songs = [beats_of(read(path)) for path in sorted(folder.glob(f"{kind}-*.npz"))]
        songs = [song for song in songs if len(song[0]) > config.settling_beats]
        known += songs[: -config.held_out]
        kept += songs[-config.held_out :]
    if not known:
        raise ArtifactError(f"no songs in {folder}: render them first, with `songs`")
    return known, kept


def _batch(songs: list[Beats], config: BarTraining, rng: np.random.Generator) -> list[Tensor]:
    """Inputs [B, T, INPUT_DIM], labels and weights [B, T]."""
    x = np.zeros((config.batch, config.beats, INPUT_DIM), np.float32)
    y, counts = np.zeros((2, config.batch, config.beats), np.float32)
    for row in range(config.batch):
        inputs, is_first = songs[rng.integers(len(songs))]
        start = rng.integers(max(len(inputs) - config.beats, 0) + 1)
        part = slice(start, start + config.beats)
        n = len(inputs[part])
        x[row, :n] = inputs[part] * np.exp(rng.normal(0, 0.2))
        y[row, :n] = is_first[part]
        counts[row, config.settling_beats : n] = 1
    x += rng.normal(0, config.noise, x.shape).astype(np.float32)
    return [torch.tensor(array) for array in (x, y, counts)]


def train(folder: Path, weights: Path, config: BarTraining) -> None:
    """Fit and write; prints the held-out cross-entropy a beat."""
    torch.set_num_threads(1)
    torch.manual_seed(config.seed)
    rng = np.random.default_rng(config.seed)
    known, kept = read_beats(folder, config)
    network = BarNetwork(config)
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, config.learning_rate, total_steps=config.iterations
    )
    began = monotonic_s()
    for iteration in range(config.iterations):
        x, y, counts = _batch(known, config, rng)
        cost = nn.functional.binary_cross_entropy_with_logits(network(x), y, reduction="none")
        loss = (cost * counts).sum() / counts.sum()
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        if (iteration + 1) % 200 == 0 or iteration + 1 == config.iterations:
            told = measure(network, kept, config)
            print(f"{iteration + 1:5d} {told:.4f} {monotonic_s() - began:5.0f} s", flush=True)
    write_weights(weights, half_precision(network.named()))


@torch.no_grad()
def measure(network: BarNetwork, songs: list[Beats], config: BarTraining) -> float:
    """Cross-entropy a beat; a fourth guessed blindly is .56."""
    network.eval()
    costs = []
    for inputs, is_first in songs:
        logits = network(torch.tensor(inputs)[None])[0, config.settling_beats :]
        label = torch.tensor(is_first[config.settling_beats :], dtype=torch.float32)
        costs.append(float(nn.functional.binary_cross_entropy_with_logits(logits, label)))
    network.train()
    return float(np.mean(costs))


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m model.beat.train_bars", description=__doc__)
    jobs = parser.add_subparsers(dest="job", required=True)
    songs = jobs.add_parser("songs", help="render the songs")
    songs.add_argument("folder", type=Path)
    songs.add_argument("--midi", type=Path, help="folder of MIDI performances with an index")
    fit = jobs.add_parser("train", help="fit the network")
    fit.add_argument("songs", type=Path)
    fit.add_argument("weights", type=Path)
    options = parser.parse_args(argv)
    config = BarTraining()
    if options.job == "train":
        train(options.songs, options.weights, config)
    else:
        library = MidiLibrary.of(read_library(options.midi)) if options.midi else None
        write_songs(options.folder, config, library)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
