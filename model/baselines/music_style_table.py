"""How well the style of music is heard: both forms of the extractor, learned and measured.

Enters: prepared data, and recordings where there are any. Leaves: a row for each form and each kind
of music, with accuracy and confusion. The classes are the genres of the prepared songs, for those
are what a song has: to one genre several styles may be danced. Nothing that is measured was learned
from: songs are rendered from seeds of their own, recordings are those that `prepare` leaves out.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from live.audio.features import SAMPLE_RATE, extract
from live.body.pose import FRAME_RATE
from live.errors import ArtifactError
from model.baselines.music_style import LARGER, PUBLISHED, Form, MusicStyle
from model.data.music.render import render_song
from model.data.music.song import random_song
from model.data.prepared import read_motion, read_music, read_summary
from model.data.recordings import Recording, held_out_recordings

FORMS = {"GRU 30": PUBLISHED, "2 x GRU 512, dropout": LARGER}
WINDOW = 4 * FRAME_RATE
_BATCH, _LEARNING_RATE, _CLIP = 32, 1e-3, 1.0
_HELD_OUT_SEED = 900_002  # songs of `prepare` follow from small seeds
_SONGS, _SONG_S = 6, 20.0  # rendered of each genre
_MOST_S = 60.0  # of a recording


@dataclass(frozen=True)
class StyleRow:
    """One form on one kind of music. accuracy: share of windows of 4 s that are heard right;
    song_accuracy: of songs, by the mean of their windows; chance: of always the commonest class;
    confusion: int [C, C], windows, by the true class and the one heard; minutes: of processor time;
    steps: of 32 windows."""

    form: str
    music: str
    accuracy: float
    song_accuracy: float
    chance: float
    songs: int
    windows: int
    confusion: np.ndarray
    classes: tuple[str, ...]
    minutes: float
    steps: int


@dataclass(frozen=True)
class _Heard:
    """A held-out song: features [n, WINDOW, 83] of its windows, and its class."""

    windows: np.ndarray
    genre: int


def music_style_table(
    data: Path,
    recordings: Path | None,
    minutes: float,
    seed: int,
    songs: int = _SONGS,
) -> list[StyleRow]:
    """Both forms on rendered songs, and on recordings of the classes where there are any.

    minutes: of processor time for each form; songs: rendered of each genre. ArtifactError where the
    data cannot be read, or the folder has no recordings at all.
    """
    torch.set_num_threads(1)
    music = read_music(data)
    classes = tuple(sorted({str(genre) for genre in music["genre"]}))
    held_out = {"rendered": _rendered(classes, seed, songs)}
    if recordings is not None:
        held_out["recordings"] = _recorded(
            held_out_recordings(recordings, _was_heard(data)), classes
        )
    rows = []
    for name, form in FORMS.items():
        torch.manual_seed(seed)
        learned, steps = _learned(music, classes, form, minutes, np.random.default_rng(seed))
        for kind, pieces in held_out.items():
            if pieces:
                rows.append(_row(name, kind, learned, pieces, classes, minutes, steps))
    return rows


def confusions(row: StyleRow, most: int = 5) -> list[tuple[str, str, float]]:
    """What is mistaken for what, and in which share of its windows: the commonest first."""
    share = row.confusion / np.maximum(row.confusion.sum(axis=1, keepdims=True), 1)
    wrong = share * (1 - np.eye(len(share)))
    order = np.argsort(-wrong, axis=None, kind="stable")[:most]
    found = [(int(i), int(j)) for i, j in zip(*np.unravel_index(order, wrong.shape), strict=True)]
    return [(row.classes[i], row.classes[j], float(wrong[i, j])) for i, j in found if wrong[i, j]]


class _Learned:
    """A trained extractor, with the statistics of what it was shown."""

    def __init__(self, network: MusicStyle, mean: np.ndarray, std: np.ndarray):
        self.network, self.mean, self.std = network, mean, std

    def logits(self, windows: np.ndarray) -> Tensor:
        """[n, T, 83] -> [n, C]."""
        return self.network(torch.as_tensor((windows - self.mean) / self.std))[1]


def _learned(
    music: dict[str, np.ndarray],
    classes: tuple[str, ...],
    form: Form,
    minutes: float,
    rng: np.random.Generator,
) -> tuple[_Learned, int]:
    """An extractor, after how many steps: classes alike, songs of a class alike."""
    features = music["features"].astype(np.float32)
    network = MusicStyle(form, len(classes), float(FRAME_RATE))
    learned = _Learned(network, features.mean(axis=0), np.maximum(features.std(axis=0), 0.05))
    optimiser = torch.optim.Adam(network.parameters(), _LEARNING_RATE)
    songs = [np.flatnonzero(music["genre"] == genre) for genre in classes]
    began, steps = time.process_time(), 0
    while steps == 0 or time.process_time() - began < 60 * minutes:
        genres = rng.integers(len(classes), size=_BATCH)
        windows = np.stack([_window(music, features, rng.choice(songs[g]), rng) for g in genres])
        loss = F.cross_entropy(learned.logits(windows), torch.as_tensor(genres))
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), _CLIP)
        optimiser.step()
        steps += 1
    network.eval()
    return learned, steps


def _window(
    music: dict[str, np.ndarray], features: np.ndarray, song: int, rng: np.random.Generator
) -> np.ndarray:
    first, last = music["start"][song], music["start"][song + 1]
    if last - first < WINDOW:
        raise ArtifactError(
            f"a song of the data has {(last - first) / FRAME_RATE:.1f} s; its style is learned from"
            f" {WINDOW / FRAME_RATE:.0f} s; run `posejockey prepare` again"
        )
    begin = rng.integers(first, last - WINDOW + 1)
    return features[begin : begin + WINDOW]


def _rendered(classes: Sequence[str], seed: int, songs: int) -> list[_Heard]:
    heard = []
    for genre, name in enumerate(classes):
        for k in range(songs):
            rng = np.random.default_rng([_HELD_OUT_SEED, seed, genre, k])
            song = render_song(random_song(rng, name, None, _SONG_S, False), SAMPLE_RATE)
            heard.append(_Heard(_windows(song.audio), genre))
    return heard


def _recorded(
    recordings: Sequence[tuple[Recording, np.ndarray]], classes: Sequence[str]
) -> list[_Heard]:
    """Those in genres of the data; others cannot be heard right."""
    return [
        _Heard(_windows(audio[: round(_MOST_S * SAMPLE_RATE)]), classes.index(recording.genre))
        for recording, audio in recordings
        if recording.genre in classes
    ]


def _was_heard(data: Path) -> bool:
    """Whether recordings are among the prepared songs."""
    styles = tuple(str(s) for s in read_motion(data)["styles"])
    return "research" in read_summary(data, styles).get("tiers", ())


def _windows(audio: np.ndarray) -> np.ndarray:
    """Features [n, WINDOW, 83] of sound at 24 kHz, one window after the other."""
    features = np.stack([f.features for f in extract(audio, SAMPLE_RATE)])
    count = len(features) // WINDOW
    return features[: count * WINDOW].reshape(count, WINDOW, -1)


def _row(
    form: str,
    kind: str,
    learned: _Learned,
    pieces: Sequence[_Heard],
    classes: tuple[str, ...],
    minutes: float,
    steps: int,
) -> StyleRow:
    confusion = np.zeros((len(classes), len(classes)), np.int64)
    right = 0
    with torch.inference_mode():
        for piece in pieces:
            logits = learned.logits(piece.windows)
            guesses = logits.argmax(dim=1).numpy()
            confusion[piece.genre] += np.bincount(guesses, minlength=len(classes))
            right += int(logits.log_softmax(dim=1).mean(dim=0).argmax()) == piece.genre
    return StyleRow(
        form,
        kind,
        float(confusion.trace() / confusion.sum()),
        right / len(pieces),
        float(confusion.sum(axis=1).max() / confusion.sum()),
        len(pieces),
        int(confusion.sum()),
        confusion,
        classes,
        minutes,
        steps,
    )
