"""A second pair of eyes: a small network that knows from which clip some seconds of dance come.

Enters: joints. Leaves: 32 numbers a window in which dances are compared, and the style of the clip
a window looks like. It shares nothing with `model.evaluation.style_classifier`, nor with what
training asks (critic, reader, moments, accents): other inputs (distances between joints, heights,
and how fast they change; no pose vector), another question (which 15 s of which clip, so that it
has to see what differs within a style), other layers, another seed.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from scipy.ndimage import uniform_filter1d
from torch import Tensor, nn
from torch.nn import functional as F

from live.body.pose import FRAME_RATE, encode, split
from live.body.skeleton import JOINT
from live.errors import ArtifactError
from model.data.prepared import read_motion
from model.evaluation.style_classifier import Classified, keep, kept, windows_of
from model.evaluation.take import real_takes

FEATURE_DIM = 32
CACHE = "segment_classifier.pt"

_VERSION = 1  # of what is learned: another one learns again
_SEED = 20_011
_SEGMENT_S = 15.0
_WINDOW = 4 * FRAME_RATE
_SHORTEST = 3 * FRAME_RATE // 2
_WIDTH = 48
_STEPS = 1200
_BATCH = 64
_BEND = (0.8, 1.25)
_SMOOTHINGS = (1, 3, 5)  # frames: no clip must be known by its noise
_AT_ONCE = 512
_PAIRS = (
    ("l_wrist", "r_wrist"), ("l_wrist", "head"), ("r_wrist", "head"), ("l_wrist", "pelvis"),
    ("r_wrist", "pelvis"), ("l_elbow", "r_elbow"), ("l_elbow", "spine"), ("r_elbow", "spine"),
    ("l_ankle", "r_ankle"), ("l_ankle", "pelvis"), ("r_ankle", "pelvis"), ("l_knee", "r_knee"),
    ("l_wrist", "r_ankle"), ("r_wrist", "l_ankle"), ("l_wrist", "l_shoulder"),
    ("r_wrist", "r_shoulder"), ("head", "l_ankle"), ("head", "r_ankle"),
)  # fmt: skip
_HEIGHTS = ("head", "pelvis", "l_wrist", "r_wrist", "l_knee", "r_knee", "l_toe", "r_toe")
_CHANNELS = len(_PAIRS) + len(_HEIGHTS) + 3


class _Network(nn.Module):
    """Dilated convolutions over time, the strongest and the mean answer of each, 32 features."""

    mean: Tensor
    std: Tensor

    def __init__(self, segments: int):
        super().__init__()
        self.register_buffer("mean", torch.zeros(_CHANNELS))
        self.register_buffer("std", torch.ones(_CHANNELS))
        self.conv = nn.ModuleList(
            nn.Conv1d(_WIDTH if i else 2 * _CHANNELS, _WIDTH, 3, dilation=2**i, padding=2**i)
            for i in range(4)
        )
        self.feature = nn.Linear(2 * _WIDTH, FEATURE_DIM)
        self.segment = nn.Linear(FEATURE_DIM, segments)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """x: [B, T, 29] -> (features [B, 32], logits [B, segments])."""
        x = (x - self.mean) / self.std
        change = FRAME_RATE / 8 * F.pad(x.diff(dim=1), (0, 0, 1, 0))
        x = torch.cat([x, change], dim=-1).transpose(1, 2)
        x = F.avg_pool1d(x, 2)
        for i, layer in enumerate(self.conv):
            x = F.elu(layer(x)) + (x if i else 0)
        pooled = torch.cat([x.mean(dim=2), x.amax(dim=2)], dim=1)
        features = torch.tanh(self.feature(F.dropout(pooled, 0.2, self.training)))
        return features, self.segment(features)


@dataclass(frozen=True)
class SegmentClassifier:
    """A trained classifier. style_of: of each segment, int [n]; styles: names; accuracy: by style,
    share of held-out windows that it takes for one of a clip of their style."""

    network: _Network
    style_of: np.ndarray
    styles: tuple[str, ...]
    accuracy: dict[str, float]

    def classify(
        self, joints: np.ndarray, hop: int = FRAME_RATE, length: int = _WINDOW
    ) -> Classified:
        """Features and the style of the likeliest segment of each window of `length` frames, one
        every `hop`. joints: float [T, 19, 3] on a stage, at 30 fps."""
        features, styles = [np.zeros((0, FEATURE_DIM))], [np.zeros(0, int)]
        windows = windows_of(relations(joints), length, hop)
        with torch.inference_mode():
            for start in range(0, len(windows), _AT_ONCE):
                feature, logits = self.network(torch.as_tensor(windows[start : start + _AT_ONCE]))
                features.append(feature.double().numpy())
                styles.append(self._styles(logits))
        return Classified(np.concatenate(features), np.concatenate(styles))

    def _styles(self, logits: Tensor) -> np.ndarray:
        """The style whose segments are likeliest together."""
        one_hot = torch.as_tensor(np.eye(len(self.styles), dtype=np.float32)[self.style_of])
        return (logits.softmax(dim=1) @ one_hot).argmax(dim=1).numpy()


def relations(joints: np.ndarray) -> np.ndarray:
    """Distances of 18 pairs of joints, 8 heights, speed along the body's front and side and of its
    turn: float32 [T, 29], wherever the dancer stands and whatever way it faces."""
    pose = encode(joints)
    local, root = split(pose)
    ends = np.array([[JOINT[a], JOINT[b]] for a, b in _PAIRS])
    apart = np.linalg.norm(local[:, ends[:, 0]] - local[:, ends[:, 1]], axis=-1)
    heights = local[:, [JOINT[n] for n in _HEIGHTS], 1]
    return np.concatenate([apart, heights, root], axis=1).astype(np.float32)


def segment_classifier(
    data: Path, steps: int = _STEPS, report: Callable[[str], None] = lambda line: None
) -> SegmentClassifier:
    """The classifier of this data: the one kept beside it, or a new one learned now (a minute of
    processor time). Equal data and steps give an equal one.

    data: what `posejockey prepare` wrote. Raises ArtifactError where there is none.
    """
    motion = read_motion(data)
    digest = hashlib.sha256((data / "motion.npz").read_bytes()).hexdigest()
    key = f"{_VERSION} {steps} {_SEED} {digest}"
    styles = tuple(str(s) for s in motion["styles"])
    parts, style_of, held = _segments(data, motion, styles)
    if not parts:
        raise ArtifactError(f"{data} holds no clip of {_SHORTEST / FRAME_RATE:g} s to learn from")
    if (state := kept(data / CACHE, key)) is not None:
        network = _Network(len(style_of))
        network.load_state_dict(state["network"])
        return SegmentClassifier(network.eval(), style_of, styles, state["accuracy"])
    report(f"learning to tell the clips of {data} apart, once; about a minute")
    network = _learn(parts, style_of, steps)
    classifier = SegmentClassifier(network.eval(), style_of, styles, {})
    classifier.accuracy.update(_accuracy(classifier, held))
    state = {"key": key, "network": network.state_dict(), "accuracy": classifier.accuracy}
    keep(state, data / CACHE)
    return classifier


def _segments(
    data: Path, motion: dict[str, np.ndarray], styles: tuple[str, ...]
) -> tuple[list[np.ndarray], np.ndarray, list[tuple[str, np.ndarray]]]:
    """(relations of each segment, its style; style and joints of the held-out ends)."""
    parts, style_of, held = [], [], []
    for i, take in enumerate(real_takes(data)):
        shown = int(motion["split"][i] - motion["start"][i])
        x = relations(take.joints)[:shown]
        count = max(round(shown / FRAME_RATE / _SEGMENT_S), 1)
        for part in np.array_split(x, count):
            if len(part) >= _SHORTEST:
                parts.append(part)
                style_of.append(styles.index(take.style))
        held.append((take.style, take.joints[shown:]))
    return parts, np.array(style_of), held


def _learn(parts: list[np.ndarray], style_of: np.ndarray, steps: int) -> _Network:
    torch.set_num_threads(1)
    rng = np.random.default_rng(_SEED)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(_SEED)
        network = _Network(len(parts))
        every = np.concatenate(parts)
        network.mean.copy_(torch.as_tensor(every.mean(axis=0)))
        network.std.copy_(torch.as_tensor(np.maximum(every.std(axis=0), 0.02)))
        optimiser = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=0.05)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, max(steps, 1))
        for _ in range(steps):
            length = int(rng.integers(_SHORTEST, _WINDOW + 1))
            chosen = _drawn(style_of, rng)
            x = torch.as_tensor(np.stack([_stretch(parts[i], length, rng) for i in chosen]))
            x = x + 0.05 * network.std * torch.randn_like(x)
            loss = F.cross_entropy(network(x)[1], torch.as_tensor(chosen), label_smoothing=0.1)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            schedule.step()
    return network


def _drawn(style_of: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Segments of all styles alike: int [batch]."""
    share = 1 / np.bincount(style_of)[style_of]
    return rng.choice(len(style_of), _BATCH, p=share / share.sum())


def _stretch(part: np.ndarray, length: int, rng: np.random.Generator) -> np.ndarray:
    """Some of a segment, bent in time and smoothed, float32 [length, 29]; one that is too short is
    held at its end."""
    speed = rng.uniform(*_BEND)
    start = rng.uniform(0, max(len(part) - 1 - speed * (length - 1), 0))
    at = np.clip(start + speed * np.arange(length), 0, len(part) - 1)
    low = np.minimum(at.astype(int), len(part) - 2)
    share = (at - low)[:, None].astype(np.float32)
    x = (1 - share) * part[low] + share * part[low + 1]
    return uniform_filter1d(x, int(rng.choice(_SMOOTHINGS)), axis=0, mode="nearest")


def _accuracy(
    classifier: SegmentClassifier, held: list[tuple[str, np.ndarray]]
) -> dict[str, float]:
    hits: dict[str, list[bool]] = {}
    for style, joints in held:
        length = min(len(joints), _WINDOW)
        if length >= _SHORTEST:
            found = classifier.classify(joints, FRAME_RATE, length).style
            hits.setdefault(style, []).extend(found == classifier.styles.index(style))
    return {style: float(np.mean(right)) for style, right in sorted(hits.items())}
