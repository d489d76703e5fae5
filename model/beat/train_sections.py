"""Trains what hears a new section begin, and an old one come back, on rendered songs alone.

Reads the songs of `model.beat.heard_songs` (rendered and heard where a folder has them not), cuts
them into beats as the stage does, and fits three small perceptrons (`live/beat/judge.py`):

    python -m model.beat.train_sections runs/sections live/weights/sections.weights

Half an hour for the songs on one core, a minute for the fit.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from live.audio.features import SAMPLE_RATE
from live.beat.beat_sound import BeatSound, BeatSounds
from live.beat.judge import JUDGES
from live.beat.section_change import (
    LAGS,
    LEAST_BEATS,
    OPENING_BEATS,
    Openings,
    SectionBeats,
    change_features,
    return_features,
)
from live.beat.section_kind import BREAK, BUILD, DROP, HEARD, INTRO, VERSE, Kinds
from model.beat.heard_songs import HeardSong, heard_midi_song, heard_song
from model.beat.weights_file import write_weights
from model.data.music.midi_read import read_library
from model.data.music.midi_song import MidiLibrary

Array = np.ndarray
FIRST_SEED, FIRST_MIDI_SEED = 710_000, 730_000
MEMBERS = 3
HIDDEN = 12
STEPS = 1500
NOISE = 0.4  # on the features, in their standard deviations
# Of the positive examples: changes and builds are rare, and a chorus is the one to be right about.
WEIGHT = {"change": (3.0,), "return": (1.0,), "kind": (1.0, 1.0, 4.0, 1.3, 1.0)}
KIND_OF = {"intro": INTRO, "verse": VERSE, "build": BUILD, "chorus": DROP, "break": BREAK}
ALIKE = {"drop": "chorus"}  # the renderer plays both alike
_MISSED = 0.15  # share of the changes that training passes over, as the stage may
_FALSE = 0.01  # a beat: share of beats where training begins a section that is none


@dataclass(frozen=True)
class HeardBeats:
    """beats: of a whole song. starts: index of the beat that opens each true section after the
    first, and `names` of all, the first included. confidence: float64 [n]. metre: most beats'."""

    beats: list[BeatSound]
    starts: list[int]
    names: list[str]
    confidence: Array
    metres: list[int]


def beats_of(song: HeardSong) -> HeardBeats:
    sounds = BeatSounds()
    beats, began_s, confidence, metres = [], [], [], []
    for frame, reading in song.frames():
        beat = sounds.push(frame, reading)
        if beat is not None:
            beats.append(beat)
            began_s.append(frame.end / SAMPLE_RATE - 60 / reading.tempo_bpm)
            confidence.append(reading.confidence)
            metres.append(reading.metre)
    times = np.array(began_s)
    starts = [int(np.abs(times - s).argmin()) for s in song.starts_s[1:]]
    names = [ALIKE.get(name, name) for name in song.names]
    return HeardBeats(beats, starts, names, np.array(confidence), metres)


class Examples:
    """Features and truth, after each beat, of changes, returns and kinds: lists of arrays."""

    def __init__(self) -> None:
        self.rows: dict[str, list[tuple[Array, Array]]] = {what: [] for what in JUDGES}

    def add(self, what: str, features: Array, truth: Array) -> None:
        self.rows[what].append((features, truth))

    def of(self, what: str) -> tuple[Array, Array]:
        """features [n, f], truth [n, outputs]."""
        features, truth = zip(*self.rows[what], strict=True)
        return np.concatenate(features), np.concatenate(truth)

    def take(self, song: HeardBeats, rng: np.random.Generator) -> None:
        """Those of a song, followed as the stage does it, but mostly told where sections begin."""
        openings, opened = Openings(), []
        names = dict(zip(song.starts, song.names[1:], strict=True))
        name = song.names[0]
        now, kinds = SectionBeats([], [], song.metres[0]), Kinds(None)
        for i, beat in enumerate(song.beats):
            now.metre = song.metres[i]
            now.add(beat.sound, beat.place)
            kinds.add(beat.sound)
            if now.count >= LEAST_BEATS:
                label = [float(i + 1 - lag in names) for lag in range(1, LAGS + 1)]
                features = change_features(now, openings, float(song.confidence[i]))
                self.add("change", features, np.array(label)[:, None])
            if len(openings.beats) and now.count <= OPENING_BEATS:
                same = np.array([float(n == name) for n in opened])
                if now.count in (4, 5, 6, 8, 12, 16, 24, 32):
                    self.add("return", return_features(now, openings), same[:, None])
                if now.count == LAGS:
                    old = np.flatnonzero(same)
                    kinds.returns = (
                        int(rng.choice(old)) if len(old) and rng.random() < 0.7 else None
                    )
            codes = [KIND_OF[n] for n in opened]
            truth = np.array([[float(KIND_OF[name] == k) for k in HEARD]])
            self.add("kind", kinds.features(codes)[None], truth)
            start = i + 1 - LAGS
            true = start in names and rng.random() > _MISSED
            if now.count >= LEAST_BEATS and (true or rng.random() < _FALSE):
                openings.add(now.opening[: now.count - LAGS])
                opened = [*opened, name][-len(openings.beats) :]
                name = names.get(max((s for s in names if s <= start), default=-1), song.names[0])
                newest = song.beats[start : i + 1]
                now = SectionBeats([b.sound for b in newest], [b.place for b in newest], now.metre)
                kinds.begin(LAGS)


def fit(x: Array, y: Array, weight: Sequence[float]) -> dict[str, Array]:
    """The mean of MEMBERS perceptrons, which is one again; weight: of the positive examples, of
    each output."""
    centre, scale = x.mean(axis=0), 1.0 / (x.std(axis=0) + 1e-3)
    xs = torch.tensor((x - centre) * scale, dtype=torch.float32)
    ys = torch.tensor(y, dtype=torch.float32)
    members = [_fit_one(xs, ys, weight, seed) for seed in range(MEMBERS)]
    hidden, hidden_bias, out, out_bias = zip(*members, strict=True)
    return {
        "centre": centre,
        "scale": scale,
        "hidden": np.concatenate(hidden, axis=1),
        "hidden_bias": np.concatenate(hidden_bias),
        "out": np.concatenate(out) / MEMBERS,
        "out_bias": np.mean(out_bias, axis=0),
    }


def _fit_one(xs: Tensor, ys: Tensor, weight: Sequence[float], seed: int) -> tuple[Array, ...]:
    torch.manual_seed(seed)
    first, last = nn.Linear(xs.shape[1], HIDDEN), nn.Linear(HIDDEN, ys.shape[1])
    network = nn.Sequential(first, nn.Tanh(), last)
    optimiser = torch.optim.AdamW(network.parameters(), lr=5e-3, weight_decay=0.1)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, STEPS)
    for _ in range(STEPS):
        pick = torch.randint(len(xs), (512,))
        noisy = xs[pick] + NOISE * torch.randn(512, xs.shape[1])
        cost = nn.functional.binary_cross_entropy_with_logits(
            network(noisy), ys[pick], pos_weight=torch.tensor(list(weight))
        )
        optimiser.zero_grad()
        cost.backward()
        optimiser.step()
        schedule.step()
    layers = (first.weight.T, first.bias, last.weight.T, last.bias)
    return tuple(layer.detach().numpy() for layer in layers)


def train(songs: list[HeardSong], weights: Path) -> None:
    """Fit the three judges, and write them."""
    torch.set_num_threads(1)
    rng, examples = np.random.default_rng(0), Examples()
    for song in songs:
        examples.take(beats_of(song), rng)
    arrays = {}
    for what in JUDGES:
        fitted = fit(*examples.of(what), WEIGHT[what])
        arrays |= {f"{what}_{name}": a.astype(np.float32) for name, a in fitted.items()}
    write_weights(weights, arrays)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m model.beat.train_sections", description=__doc__
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--songs", type=int, default=24)
    parser.add_argument("--midi", type=Path, help="library of MIDI performances, for more songs")
    parser.add_argument("--midi-songs", type=int, default=10)
    options = parser.parse_args(argv)
    songs = [heard_song(FIRST_SEED + i, options.folder) for i in range(options.songs)]
    if options.midi:
        library, seeds = MidiLibrary.of(read_library(options.midi)), range(options.midi_songs)
        songs += [heard_midi_song(FIRST_MIDI_SEED + i, library, options.folder) for i in seeds]
    train(songs, options.weights)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
