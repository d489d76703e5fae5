"""The classifier of styles: a small network that tells dances apart by four seconds of motion.

Enters: pose vectors [T, 60] at 30 fps (`live.body.pose`), or what a `Sight` makes of them. Leaves:
a guess at the style, and 32 numbers a window in which dances are compared (Frechet distance,
diversity), as Heusel et al. (2017) compare pictures. Learned once from the training part of
`motion.npz`, kept beside it together with how often it is right on the part held out. No dancing
network ever sees it.
"""

import hashlib
import pickle
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from scipy.ndimage import uniform_filter1d
from torch import Tensor, nn
from torch.nn import functional as F

from live.body.pose import FRAME_RATE, POSE_DIM, decode, encode
from live.errors import ArtifactError
from live.safe_read import read_arrays
from model.data.windows import warp
from model.network.checkpoint import write_checkpoint

WINDOW = 4 * FRAME_RATE
FEATURE_DIM = 32

_VERSION = 1  # of what is learned: another one learns again
_WIDTH = 64
_STEPS = 1500
_BATCH = 48
_SHORTEST = FRAME_RATE * 3 // 2  # held-out ends of short clips are classified by what there is
_BEND = (0.75, 1.35)  # as far as training bends clips to the music
_SMOOTHINGS = (1, 3, 5)  # frames; no style must be known by the shake of its recording
_NOISE = 0.05  # in standard deviations
_AT_ONCE = 512


@dataclass(frozen=True)
class Sight:
    """How the classifier sees dances. name: where it is kept under; dim: numbers a frame;
    frame_rate: frames a second, 30 or a part of it; of_windows: pose vectors float32 [n, L, 60] at
    30 fps to [n, L', dim]."""

    name: str
    dim: int
    frame_rate: int
    of_windows: Callable[[np.ndarray], np.ndarray]

    @property
    def cache(self) -> str:
        return f"style_classifier{self.name}.pt"


def _as_they_are(windows: np.ndarray) -> np.ndarray:
    return windows


IN_SPACE = Sight("", POSE_DIM, FRAME_RATE, _as_they_are)
CACHE = IN_SPACE.cache


class _Network(nn.Module):
    """Three strided convolutions over time, mean and spread over the window, 32 features, styles.

    Pooling makes it blind to where in the window, and so in the beat, anything happens.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, n_styles: int, sight: Sight):
        super().__init__()
        self.frame_rate = sight.frame_rate
        self.register_buffer("mean", torch.zeros(sight.dim))
        self.register_buffer("std", torch.ones(sight.dim))
        self.conv = nn.Sequential(
            nn.Conv1d(2 * sight.dim, _WIDTH, 5, stride=max(sight.frame_rate // 15, 1)), nn.GELU(),
            nn.Conv1d(_WIDTH, _WIDTH, 5, stride=2), nn.GELU(),
            nn.Conv1d(_WIDTH, _WIDTH, 3, stride=2), nn.GELU(),
        )  # fmt: skip
        self.feature = nn.Linear(2 * _WIDTH, FEATURE_DIM)
        self.style = nn.Linear(FEATURE_DIM, n_styles)

    def forward(self, pose: Tensor) -> tuple[Tensor, Tensor]:
        """pose: [B, T, dim], T from 1.5 s on -> (features [B, 32], style logits [B, S])."""
        x = (pose - self.mean) / self.std
        change = self.frame_rate / 10 * F.pad(x.diff(dim=1), (0, 0, 1, 0))
        x = self.conv(torch.cat([x, change], dim=-1).transpose(1, 2))
        pooled = torch.cat([x.mean(dim=2), x.std(dim=2)], dim=1)
        features = self.feature(F.dropout(pooled, 0.3, self.training))
        return features, self.style(F.gelu(features))


class Classified(NamedTuple):
    """Of n windows: features float64 [n, 32] and the style seen in each, int [n]."""

    features: np.ndarray
    style: np.ndarray


@dataclass(frozen=True)
class StyleClassifier:
    """A trained classifier. accuracy: by style, share of held-out windows it gets right, of
    `windows` many."""

    network: _Network
    styles: tuple[str, ...]
    accuracy: dict[str, float]
    windows: dict[str, int]
    sight: Sight = IN_SPACE

    def classify(
        self, joints: np.ndarray, hop: int = FRAME_RATE, length: int = WINDOW
    ) -> Classified:
        """What every window of `length` frames of a dance looks like, one each `hop` frames.

        joints: float [T, 19, 3] on a stage, at 30 fps. A dance shorter than a window has none.
        """
        windows = windows_of(encode(joints), length, hop)
        return self.classify_windows(self.sight.of_windows(windows))

    def classify_windows(self, windows: np.ndarray) -> Classified:
        """windows: float32 [n, T, dim], as its sight has them."""
        features, styles = [], []
        with torch.inference_mode():
            for start in range(0, len(windows), _AT_ONCE):
                part = torch.as_tensor(windows[start : start + _AT_ONCE])
                feature, logits = self.network(part)
                features.append(feature.double().numpy())
                styles.append(logits.argmax(dim=1).numpy())
        if not features:
            return Classified(np.zeros((0, FEATURE_DIM)), np.zeros(0, int))
        return Classified(np.concatenate(features), np.concatenate(styles))


def windows_of(pose: np.ndarray, length: int, hop: int) -> np.ndarray:
    """Windows of `length` frames of [T, d], one each `hop`: float32 [n, length, d]."""
    starts = range(0, len(pose) - length + 1, hop)
    if not starts:
        return np.zeros((0, length, pose.shape[1]), np.float32)
    return np.stack([pose[s : s + length] for s in starts]).astype(np.float32)


def style_classifier(
    data: Path,
    steps: int = _STEPS,
    seed: int = 0,
    report: Callable[[str], None] = lambda line: None,
    sight: Sight = IN_SPACE,
) -> StyleClassifier:
    """The classifier of this data: the one kept beside it, or a new one learned now (a minute of
    processor time).

    data: what `posejockey prepare` wrote. One thread; equal data, steps and seed give an equal one.
    Raises ArtifactError where there is no prepared data.
    """
    source = data / "motion.npz"
    try:
        key = f"{_VERSION} {steps} {seed} {hashlib.sha256(source.read_bytes()).hexdigest()}"
    except OSError as error:
        raise ArtifactError(f"{data} holds no prepared data ({error})") from error
    motion = read_arrays(source, f"{data} holds no prepared data; run `posejockey prepare` first")
    cache = data / sight.cache
    if (state := kept(cache, key)) and (classifier := _restored(state, sight)):
        return classifier
    report(f"learning to tell the styles of {data} apart, once; about a minute")
    classifier = _learn(motion, steps, seed, sight)
    keep(_state(classifier, key), cache)
    return classifier


def _learn(motion: dict[str, np.ndarray], steps: int, seed: int, sight: Sight) -> StyleClassifier:
    torch.set_num_threads(1)
    styles = tuple(str(s) for s in motion["styles"])
    clips = _clips(motion)
    shown = [(style, pose[:split]) for style, pose, split in clips if split > WINDOW]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = _Network(len(styles), sight)
        every = np.concatenate([sight.of_windows(pose[None])[0] for _, pose in shown])
        network.mean.copy_(torch.as_tensor(every.mean(axis=0)))
        network.std.copy_(torch.as_tensor(np.maximum(every.std(axis=0), 0.02)))
        _train(network, shown, steps, np.random.default_rng(seed), sight)
    classifier = StyleClassifier(network.eval(), styles, {}, {}, sight)
    hits = _hits(classifier, [(style, pose[split:]) for style, pose, split in clips])
    accuracy = {style: float(np.mean(right)) for style, right in hits.items()}
    return replace(classifier, accuracy=accuracy, windows={s: len(r) for s, r in hits.items()})


def _clips(motion: dict[str, np.ndarray]) -> list[tuple[int, np.ndarray, int]]:
    """(style, pose [T, 60], first frame held out) of every clip, encoded as a dance seen on stage
    would be: else the network could tell the two apart by their making."""
    starts = motion["start"]
    return [
        (
            int(motion["style"][i]),
            encode(decode(motion["pose"][start:stop])),
            int(motion["split"][i] - start),
        )
        for i, (start, stop) in enumerate(pairwise(starts))
    ]


def _train(
    network: _Network,
    clips: list[tuple[int, np.ndarray]],
    steps: int,
    rng: np.random.Generator,
    sight: Sight,
) -> None:
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, total_steps=max(steps, 2))
    by_style = _grouped(clips)
    for _ in range(steps):
        # Whole batches of one length: classified windows are 4 s, held-out ends may be shorter.
        length = WINDOW if rng.random() < 0.7 else int(rng.integers(_SHORTEST, WINDOW))
        drawn = [_draw(by_style, length, rng) for _ in range(_BATCH)]
        pose = torch.as_tensor(sight.of_windows(np.stack([window for _, window in drawn])))
        pose = pose + _NOISE * network.std * torch.randn_like(pose)
        wanted = torch.tensor([style for style, _ in drawn])
        loss = F.cross_entropy(network(pose)[1], wanted, label_smoothing=0.1)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()


def _grouped(clips: Iterable[tuple[int, np.ndarray]]) -> dict[int, list[np.ndarray]]:
    groups: dict[int, list[np.ndarray]] = {}
    for style, pose in clips:
        groups.setdefault(style, []).append(pose)
    return groups


def _draw(
    by_style: dict[int, list[np.ndarray]], length: int, rng: np.random.Generator
) -> tuple[int, np.ndarray]:
    """A window of any style, each alike: bent in time, mirrored half of the time, smoothed."""
    style = int(rng.choice(list(by_style)))
    clips = by_style[style]
    room = np.array([len(pose) - WINDOW for pose in clips], float)
    pose = clips[int(rng.choice(len(clips), p=room / room.sum()))]
    speed = min(rng.uniform(*_BEND), (len(pose) - 1) / length)
    start = rng.uniform(0, len(pose) - 1 - speed * (length - 1))
    window = warp(pose, start + speed * np.arange(length), mirror=rng.random() < 0.5)
    return style, uniform_filter1d(window, int(rng.choice(_SMOOTHINGS)), axis=0, mode="nearest")


def _hits(classifier: StyleClassifier, held: list[tuple[int, np.ndarray]]) -> dict[str, list[bool]]:
    """By style: which held-out windows are classified right. An end shorter than 4 s is one window,
    from 1.5 s on; a style that has none does not appear."""
    hits: dict[str, list[bool]] = {}
    for style, pose in held:
        length = min(len(pose), WINDOW)
        if length < _SHORTEST:
            continue
        windows = classifier.sight.of_windows(windows_of(pose, length, FRAME_RATE))
        found = classifier.classify_windows(windows).style
        hits.setdefault(classifier.styles[style], []).extend((found == style).tolist())
    return dict(sorted(hits.items()))


def kept(path: Path, key: str) -> dict | None:
    """What `keep` wrote of this key; a damaged file counts as none."""
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        return state if state["key"] == key else None
    except (OSError, RuntimeError, EOFError, KeyError, TypeError, pickle.UnpicklingError):
        return None


def keep(state: dict, path: Path) -> None:
    """Written beside and swapped; where nothing can be written, the next run learns again."""
    with suppress(ArtifactError):
        write_checkpoint(state, path)


def _restored(state: dict, sight: Sight) -> StyleClassifier | None:
    try:
        network = _Network(len(state["styles"]), sight)
        network.load_state_dict(state["network"])
        return StyleClassifier(
            network.eval(), tuple(state["styles"]), state["accuracy"], state["windows"], sight
        )
    except (RuntimeError, KeyError, TypeError, AttributeError):
        return None


def _state(classifier: StyleClassifier, key: str) -> dict:
    return {
        "key": key,
        "styles": list(classifier.styles),
        "accuracy": classifier.accuracy,
        "windows": classifier.windows,
        "network": classifier.network.state_dict(),
    }
