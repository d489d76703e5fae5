"""Dance units: what lies between the kinematic beats of a dance, and the network that knows them.

Enters: windows of poses. Leaves: units of equal length, and codes from which a unit can be danced
again: of its initial pose, and of its movement (the decomposition of Lee et al., 2019).

A unit runs over two kinematic beats, so that a window of four seconds holds several. Each half is
resampled to 8 poses, so that its beats always fall on the 8th and the 16th (a unit of the paper has
32 poses). The initial pose stands before them: it is the last one of the unit before.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks
from torch import Tensor, nn
from torch.nn import functional as F

BEAT_POSES, UNIT_BEATS = 8, 2
UNIT = BEAT_POSES * UNIT_BEATS  # poses, after the initial one
_SMOOTHING_S = 5 / 60  # as of `metrics.kinematic_beats`
_APART_S = (0.35, 1.1)  # between kinematic beats; a longer rest is divided evenly
_LOG_VARIANCE = -4.0  # of codes, to begin with: from noise alone nothing is learned for long


class Units(NamedTuple):
    """M units of B windows. poses: [M, 17, D]; pace: [M, 17], frames a pose; counts: int64 [B], at
    least one of each window, in the order of windows and of time."""

    poses: Tensor
    pace: Tensor
    counts: Tensor


def kinematic_beats(pose: np.ndarray, rate: float) -> np.ndarray:
    """Frames, int [n], n >= 3, at which a dance float [T, D], standardised, hardly moves: minima of
    the mean speed of all its numbers, for what a joint is hangs on the space. A window without two
    intervals is divided in halves."""
    speed = np.abs(np.diff(pose, axis=0)).mean(axis=1)
    speed = gaussian_filter1d(speed, _SMOOTHING_S * rate, mode="nearest")
    slow, _ = find_peaks(-speed, distance=max(round(_APART_S[0] * rate), 1))
    found = [slow[:1]]
    for before, after in pairwise(slow):
        parts = int(np.ceil((after - before) / (_APART_S[1] * rate)))
        found.append(np.linspace(before, after, parts + 1).round().astype(int)[1:])
    beats = np.concatenate(found)
    return beats if len(beats) > UNIT_BEATS else np.array([0, len(speed) // 2, len(speed)])


def units_of(pose: Tensor, rate: float, most: int) -> Units:
    """The first `most` units of each window of poses [B, T, D], standardised."""
    rows, places, counts = [], [], []
    for i, window in enumerate(pose.float().cpu().numpy()):
        beats = kinematic_beats(window, rate)
        count = min((len(beats) - 1) // UNIT_BEATS, most)
        along = np.arange(count)[:, None] * UNIT_BEATS + np.arange(UNIT + 1) / BEAT_POSES
        places.append(np.interp(along, np.arange(len(beats)), beats))
        rows += [i] * count
        counts.append(count)
    at = np.concatenate(places)
    of_row = torch.as_tensor(rows, device=pose.device)
    return Units(
        sampled(pose, torch.as_tensor(at, dtype=pose.dtype, device=pose.device), of_row),
        torch.as_tensor(np.gradient(at, axis=1), dtype=pose.dtype, device=pose.device),
        torch.as_tensor(counts, device=pose.device),
    )


def sampled(pose: Tensor, at: Tensor, row: Tensor) -> Tensor:
    """Poses [B, T, D] at fractional frames [M, n] of the rows int64 [M]: [M, n, D], by
    Catmull-Rom."""
    base = at.floor().long()
    t = (at - base)[..., None]
    a, b, c, d = (pose[row[:, None], (base + k).clamp(0, pose.shape[1] - 1)] for k in (-1, 0, 1, 2))
    return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))


def on_beats(poses: Tensor, beats: Tensor) -> tuple[Tensor, Tensor]:
    """A dance bent in time: every 8th of its poses [n, D], from the first on, falls on a whole
    beat.

    beats: float64 [T], rising, T > 1; the first pose falls on the last whole one before them.
    Leaves the pose of each frame [T, D], and its pace in poses a frame [T]."""
    place = (beats - beats[0].floor()) * BEAT_POSES
    row = torch.zeros(1, dtype=torch.long, device=poses.device)
    pace = torch.as_tensor(np.gradient(place.numpy()), dtype=poses.dtype)
    return sampled(poses[None], place[None].to(poses.dtype), row)[0], pace


class UnitNetwork(nn.Module):
    """The variational autoencoder of units: two encoders and a recurrent decoder."""

    clock: Tensor

    def __init__(self, dim: int, hidden: int, initial: int, movement: int):
        super().__init__()
        self.movement = movement
        self.initial_encoder = nn.Sequential(
            nn.Linear(dim, hidden), nn.ReLU(), nn.Linear(hidden, 2 * initial)
        )
        self.movement_in = nn.GRU(dim, hidden, batch_first=True)
        self.movement_out = nn.Linear(hidden, 2 * movement)
        self.begin = nn.Linear(initial, hidden)
        self.decoder = nn.GRU(movement + 2 * UNIT_BEATS, hidden, batch_first=True)
        self.pose = nn.Linear(hidden + initial + movement, dim)
        phase = torch.arange(UNIT + 1)[:, None] * torch.arange(1, UNIT_BEATS + 1) / UNIT
        clock = torch.cat([(2 * torch.pi * phase).cos(), (2 * torch.pi * phase).sin()], dim=1)
        self.register_buffer("clock", clock, persistent=False)

    def encode_initial(self, pose: Tensor) -> tuple[Tensor, Tensor]:
        """Poses [M, D] -> mean and log variance of their codes, each [M, initial]."""
        mean, log_variance = self.initial_encoder(pose).chunk(2, dim=-1)
        return mean, log_variance + _LOG_VARIANCE

    def encode_movement(self, unit: Tensor) -> tuple[Tensor, Tensor]:
        """Units [M, 17, D] -> mean and log variance of their codes, each [M, movement]."""
        state = self.movement_in(unit)[1][-1]
        mean, log_variance = self.movement_out(state).chunk(2, dim=-1)
        return mean, log_variance + _LOG_VARIANCE

    def decode(self, initial: Tensor, movement: Tensor) -> Tensor:
        """Codes [M, initial], [M, movement] -> the unit, with its initial pose: [M, 17, D]."""
        steps = movement[:, None].expand(-1, UNIT + 1, -1)
        clock = self.clock.expand(len(movement), -1, -1)
        begin = torch.tanh(self.begin(initial))[None]
        states = self.decoder(torch.cat([steps, clock], dim=-1), begin)[0]
        codes = torch.cat([initial, movement], dim=-1)[:, None].expand(-1, UNIT + 1, -1)
        return self.pose(torch.cat([states, codes], dim=-1))

    def losses(self, unit: Tensor) -> dict[str, Tensor]:
        """Of units [M, 17, D], as means. reconstruction: absolute error; motion: that of the steps
        from pose to pose; kl: from the standard normal distribution, of both codes; shift: a
        movement that is begun from the pose of another unit has to be recognised as the same one.
        """
        initial, movement = self.encode_initial(unit[:, 0]), self.encode_movement(unit)
        begun, moved = drawn(*initial), drawn(*movement)
        other = begun[torch.randperm(len(begun)).to(begun.device)]
        again = self.encode_movement(self.decode(other, moved))[0]
        decoded = self.decode(begun, moved)
        return {
            "reconstruction": F.l1_loss(decoded, unit),
            "motion": F.l1_loss(decoded.diff(dim=1), unit.diff(dim=1)),
            "kl": divergence(*initial) + divergence(*movement),
            "shift": F.l1_loss(again, moved.detach()),
        }


def drawn(mean: Tensor, log_variance: Tensor) -> Tensor:
    return mean + (0.5 * log_variance).exp() * torch.randn_like(mean)


def divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Kullback-Leibler divergence from the standard normal distribution, mean over numbers."""
    return 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).mean()
