"""Random stretches of songs to learn beats from, made less like themselves every time.

Enters: folders of songs (`evidence_songs.py`, `real_songs.py`). Leaves: batches of inputs, labels
and where those are known.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from live.audio.features import TICKS_PER_FRAME
from live.beat.evidence import (
    CHANGE_FRAMES,
    LABEL_WIDTH_TICKS,
    N_BANDS,
    N_RISE_BANDS,
    RISE_LAG,
    changes,
    frame_means,
    inputs,
    rises,
)
from live.errors import ArtifactError
from model.beat.evidence_songs import N_TICKS, TICK_RATE_HZ

Array = np.ndarray

_BEATS_PER_BAR = 4
_FAST_BPM = (210.0, 330.0)  # at which every second beat is the one that people tap
_FASTER = (1.3, 2.2)


@dataclass(frozen=True)
class Disguise:
    """How often, 0..1, and how much a stretch is made another.

    speed, speeds: played slower or faster; fast: so fast that every second beat is the beat, kick
    on it and snare between; thin: without bass; unchanging: without what changes slowly; the rest
    of it is in `_strokes`.
    """

    speed: float = 0.4
    speeds: tuple[float, float] = (0.8, 1.25)
    fast: float = 0.15
    thin: float = 0.3
    unchanging: float = 0.25


@dataclass(frozen=True)
class Songs:
    """Songs of one kind. rise: float16 [N, T, 16]; change: float16 [N, T / 4, 32]; label: float16
    [N, T, 2]; known: bool [N, T, 2], where the label says something; share: float [N], how often
    each is heard, of 1."""

    rise: Array
    change: Array
    label: Array
    known: Array
    share: Array

    def __len__(self) -> int:
        return len(self.rise)

    def part(self, which: Array | slice) -> "Songs":
        columns = (self.rise, self.change, self.label, self.known, self.share)
        rise, change, label, known, share = (column[which] for column in columns)
        return Songs(rise, change, label, known, share / share.sum())


Batch = tuple[Tensor, Tensor, Tensor]  # inputs [B, T, INPUT_DIM]; labels, known [B, T, 8]


def whole(songs: Songs) -> Batch:
    """Every song from its beginning, as it is."""
    x = [
        inputs(rise.astype(np.float32), change.astype(np.float32))
        for rise, change in zip(songs.rise, songs.change, strict=True)
    ]
    return _batch(x, [*songs.label.astype(np.float32)], [*songs.known])


def _batch(xs: list[Array], labels: list[Array], known: list[Array]) -> Batch:
    x = torch.tensor(np.stack(xs), dtype=torch.float32)
    shape = (*x.shape[:2], 2 * TICKS_PER_FRAME)
    y, where = (np.stack(column).astype(np.float32).reshape(shape) for column in (labels, known))
    return x, torch.tensor(y), torch.tensor(where)


class Songbook:
    """shares: how often a song of each kind is taken."""

    def __init__(self, kinds: list[Songs], shares: list[float], disguise: Disguise, seed: int):
        self._kinds, self._disguise = kinds, disguise
        self._shares = np.array(shares) / np.sum(shares)
        self._rng = np.random.default_rng(seed)

    def batch(self, size: int, frames: int) -> Batch:
        """Stretches of so many frames."""
        stretches = [self._stretch(frames) for _ in range(size)]
        return _batch(*map(list, zip(*stretches, strict=True)))

    def _song(self) -> tuple[Songs, int]:
        songs = self._kinds[self._rng.choice(len(self._kinds), p=self._shares)]
        return songs, int(self._rng.choice(len(songs), p=songs.share))

    def _stretch(self, frames: int) -> tuple[Array, Array, Array]:
        rng, (songs, song) = self._rng, self._song()
        size = frames * TICKS_PER_FRAME
        if rng.random() < self._disguise.fast:
            found = self._fast(songs, song, size)
            if found is not None:
                return found
        speed = 1.0
        if rng.random() < self._disguise.speed:
            speed = float(np.exp(rng.uniform(*np.log(self._disguise.speeds))))
        speed = min(speed, (N_TICKS - 2 * TICKS_PER_FRAME) / size)
        last = N_TICKS - int(np.ceil((size - 1) * speed)) - 2
        start = TICKS_PER_FRAME * int(rng.integers(last // TICKS_PER_FRAME + 1))
        place = start + speed * np.arange(size)
        rise = _at(songs.rise[song], place)
        label = _at(songs.label[song], place)
        return (
            self._told(rise, songs.change[song], place),
            label,
            songs.known[song][place.astype(int)],
        )

    def _fast(self, songs: Songs, song: int, size: int) -> tuple[Array, Array, Array] | None:
        """A stretch faster than anybody taps, its beat every second one from the bar's first on:
        polka, punk, thrash, samba. None where the song is too slow for it, or not in four."""
        beats, firsts = (_peaks(column) for column in songs.label[song].astype(np.float32).T)
        if len(beats) < 20 or len(firsts) < 5:
            return None
        step = float(np.median(np.diff(beats)))
        if abs(np.median(np.diff(firsts)) / step - _BEATS_PER_BAR) > 0.2:
            return None
        tempo_bpm = 60 * TICK_RATE_HZ / step
        slowest = max(_FAST_BPM[0] / tempo_bpm, _FASTER[0])
        fastest = min(_FAST_BPM[1] / tempo_bpm, _FASTER[1])
        if slowest >= fastest:
            return None
        speed = float(self._rng.uniform(slowest, fastest))
        # The song is too short for it, and begins again.
        place = (self._rng.uniform(0, N_TICKS) + speed * np.arange(size)) % (N_TICKS - 3)
        opening = np.flatnonzero(np.abs(beats[:, None] - firsts).min(axis=1) < TICKS_PER_FRAME)
        nearest = np.abs(np.arange(len(beats))[:, None] - opening).argmin(axis=1)
        followed = beats[(np.arange(len(beats)) - opening[nearest]) % 2 == 0]
        apart = np.abs(place[:, None] - followed).min(axis=1) / speed
        label = np.zeros((size, 2), np.float32)
        label[:, 0] = np.exp(-0.5 * (apart / LABEL_WIDTH_TICKS) ** 2)
        known = np.tile([True, False], (size, 1)) & songs.known[song][place.astype(int)]
        rise = songs.rise[song].astype(np.float32)
        rise[:-1] = np.maximum(rise[:-1], rise[1:])  # or strokes would fall between two ticks
        return self._told(_at(rise, place), songs.change[song], place), label, known

    def _told(self, rise: Array, change: Array, place: Array) -> Array:
        """The network's inputs of a stretch; change: of the whole song."""
        return inputs(self._strokes(rise), self._slow(_at(change, place[::TICKS_PER_FRAME] / 4)))

    def _strokes(self, rise: Array) -> Array:
        """Another equaliser, slower attacks, instruments that come late, other music, noise."""
        rng, size, bands = self._rng, len(rise), N_RISE_BANDS
        curve = np.interp(np.arange(bands), np.linspace(0, bands - 1, 5), rng.normal(0, 0.6, 5))
        gain = np.exp(curve + rng.normal(0, 0.25, bands) + rng.normal(0, 0.4))
        if rng.random() < self._disguise.thin:
            gain[: rng.integers(1, 5)] *= rng.uniform(0.1, 0.7)
        rise = rise * gain.astype(np.float32)
        if rng.random() < 0.35:
            rise = _smear(rise, rng)
        if rng.random() < 0.3:
            for band, late in zip(range(0, bands, 4), rng.integers(0, 4, 4), strict=True):
                rise[:, band : band + 4] = np.roll(rise[:, band : band + 4], late, axis=0)
        if rng.random() < 0.35:
            songs, song = self._song()
            first = int(rng.integers(N_TICKS - size + 1))
            other = songs.rise[song, first : first + size].astype(np.float32)
            rise = rise + rng.uniform(0, 0.4) * other
        if rng.random() < 0.5:
            rise = rise + np.abs(rng.normal(0, rng.uniform(0, 0.02), rise.shape))
        return rise

    def _slow(self, change: Array) -> Array:
        """Louder or softer in some bands, noise, or nothing."""
        rng = self._rng
        curve = np.interp(np.arange(N_BANDS), np.linspace(0, N_BANDS - 1, 5), rng.normal(0, 0.4, 5))
        gain = np.exp(curve + rng.normal(0, 0.3)) * (rng.random() >= self._disguise.unchanging)
        return gain * (change + rng.normal(0, rng.uniform(0, 0.03), change.shape))


def _at(column: Array, place: Array) -> Array:
    """Rows at fractional places: [T, C] to float32 [len(place), C]."""
    before = np.minimum(place.astype(int), len(column) - 2)
    part = (place - before)[:, None].astype(np.float32)
    here, after = column[before].astype(np.float32), column[before + 1].astype(np.float32)
    return here * (1 - part) + after * part


def _peaks(column: Array) -> Array:
    here = column[1:-1]
    return 1 + np.flatnonzero((here > 0.4) & (here >= column[:-2]) & (here > column[2:]))


def _smear(rise: Array, rng: np.random.Generator) -> Array:
    kernel = np.exp(-np.arange(24) / rng.uniform(0.5, 5))
    kernel /= kernel.sum() ** rng.uniform(0.3, 1)
    columns = [np.convolve(column, kernel)[: len(rise)] for column in rise.T]
    return np.stack(columns, axis=1).astype(np.float32)


def read_songs(folder: Path, without: tuple[str, ...] = (), tier: str = "") -> Songs:
    """Every song of a folder, every file of real songs alike often; none of the genres `without`,
    and where a tier is given none of another."""
    files = sorted(folder.glob("songs-*.npz"))
    if not files:
        raise ArtifactError(f"no songs in {folder}: make them first, with `songs`")
    rise, change, label, known, share = [], [], [], [], []
    for file in files:
        with np.load(file) as data:
            is_real = "genre" in data
            if is_real and (str(data["genre"]) in without or tier not in ("", str(data["tier"]))):
                continue
            told = [_told_of(song.astype(np.float32)) for song in data["mel"]]
            label.append(data["label"])
            known.append(data["known"] if is_real else np.ones(label[-1].shape, bool))
        rise += [song_rise for song_rise, _ in told]
        change += [song_change for _, song_change in told]
        share.append(np.full(len(told), 1 / len(told) if is_real else 1.0))
    if not rise:
        raise ArtifactError(f"none of the songs in {folder} may be learned from")
    joined, shares = map(np.concatenate, (label, share))
    return Songs(
        np.stack(rise), np.stack(change), joined, np.concatenate(known), shares / shares.sum()
    )


def _told_of(mel: Array) -> tuple[Array, Array]:
    """What the network is told of a song: mel [T, 32] to float16 [T, 16] and [T / 4, 32]."""
    rise = rises(np.concatenate([np.zeros((RISE_LAG, N_BANDS), np.float32), mel]))
    quiet = np.zeros((CHANGE_FRAMES, N_BANDS), np.float32)
    change = changes(np.concatenate([quiet, frame_means(mel)]))
    return rise.astype(np.float16), change.astype(np.float16)
