"""Training losses.

Enters: generated dances beside real ones. Poses are normalised [B, T, 60] unless said otherwise.
Leaves: a scalar each.
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from live.body.skeleton import BONE_LENGTHS, PARENTS
from model.evaluation.metrics import GROUNDED_HEIGHT_M, SKATE_SPEED_M_S
from model.network.decoder import twice_a_beat
from model.training.kinematics import (
    bends,
    braking,
    foot_height,
    foot_speed,
    local_joints,
    movement,
    root_pull,
)

_MOVEMENT_UNITS = (0.5, 0.05, 0.5)  # of the control inputs, see model.data.prepare
_CONTACT_HEIGHT_M = (0.11, 0.06, 0.11, 0.06)  # ankle, toe: above this a foot is in the air
_CONTACT_SPEED_M_S = 0.25
_CONTACT_SOFTNESS_M = 0.01
_LEAST_SLIDING = 0.05
_LEAST_SPREAD = 0.01
_LEAST_BRAKING = 1e-4  # m/s a frame
_CLARITY = 1.5  # one phasor of many dances is weaker than theirs one by one
_SEEN_FRAMES = (0.0, 2.0)  # smoothing of what brakes: none, and 67 ms
_LEAST_SIZES = (0.02, 0.004, 0.002)  # of deviation, change and its change: less is stillness


def pose_loss(pose: Tensor, target: Tensor) -> Tensor:
    return F.l1_loss(pose, target)


def velocity_loss(pose: Tensor, target: Tensor) -> Tensor:
    """L1 between changes from frame to frame; without it poses are right and the motion dull."""
    return F.l1_loss(pose.diff(dim=1), target.diff(dim=1))


def bend_loss(pose: Tensor, target: Tensor) -> Tensor:
    """L1 between how elbows and knees are bent. Where a straight arm points is less certain than
    that it is straight, and joints that are each right on average bend it. Poses in plain units."""
    return F.l1_loss(bends(pose), bends(target))


def contact_loss(pose: Tensor, target: Tensor) -> Tensor:
    """Speed of the feet over the floor, m/s, where the true foot stands. Poses in plain units."""
    low = foot_height(target)[:, 1:] < torch.tensor(_CONTACT_HEIGHT_M, device=target.device)
    standing = (foot_speed(target) < _CONTACT_SPEED_M_S) & low
    return (foot_speed(pose) * standing).sum() / standing.sum().clamp(min=1)


def skate_loss(pose: Tensor, real: Tensor, style: Tensor, reference: Tensor) -> Tensor:
    """How far the feet are from those of real dances in how much they slide and how little they
    carry, style by style, as shares of what the real ones do. Poses [B, T, 60] in plain
    units; style one-hot [B, S]; reference [S, 2], see `ReferenceStats.foot_skate`.

    Means of a style are compared, both ways: row by row and one way, feet learned to stick. Of few
    rows an absolute difference is least where feet always stick; and in squares those that slide
    thrice as much as real ones count more than those nearly right.
    """
    return _unbiased_sq_mean_diff((_feet(pose) - _feet(real)) / (style @ reference), style)


def _feet(pose: Tensor) -> Tensor:
    """Of each row how much its feet slide and how much it moves unsupported: [B, 2].

    Smooth forms of `model.evaluation.metrics.foot_skate` (v^4 / (v^4 + v0^4) for the frames in
    which a low foot moves horizontally; with squares, feet that creep all the time passed for feet
    that stand and step) and of `physical_foot_contact`, without its division by the greatest
    acceleration. Heights have no gradient, or feet would learn to hover.
    """
    speed = foot_speed(pose)
    above = foot_height(pose)[:, 1:] - torch.as_tensor(GROUNDED_HEIGHT_M).to(pose)
    low = torch.sigmoid(-above / _CONTACT_SOFTNESS_M).detach()
    ratio = (speed / SKATE_SPEED_M_S) ** 4
    slides = (low * ratio / (1 + ratio)).sum(dim=(1, 2)) / low.sum(dim=(1, 2)).clamp(min=1.0)
    left, right = speed[:, 1:, :2].amin(dim=2), speed[:, 1:, 2:].amin(dim=2)
    return torch.stack([slides, (left * right * root_pull(pose)).mean(dim=1)], dim=1)


class ReferenceStats(NamedTuple):
    """Statistics of the real dances of each style. spread [S, 60]: the units of its mean pose (see
    `PairedWindows.style_spread`); moments [S, 240]: of its dances, on average; foot_skate [S, 2]:
    how much their feet slide, and how much the body moves unsupported (`skate_loss`)."""

    spread: Tensor
    moments: Tensor
    foot_skate: Tensor


def reference_stats(real: Tensor, plain: Tensor, style: Tensor, spread: Tensor) -> ReferenceStats:
    """real: many poses [B, T, 60], normalised, of windows as long as those to be compared; plain:
    the same in plain units; style [B, S] one-hot; spread [S, 60]."""
    share = style / style.sum(dim=0).clamp(min=1.0)
    foot_skate = (share.T @ _feet(plain)).clamp(min=_LEAST_SLIDING)
    return ReferenceStats(spread, share.T @ _moments(real, _units(style, spread)), foot_skate)


def moments_loss(pose: Tensor, real: Tensor, style: Tensor, reference: ReferenceStats) -> Tensor:
    """How far the generated dances of a style are, on average, from its real ones: in their mean
    pose, its spread, its speed and how smooth it is, and in how far each dance is from the style's
    average. Poses [B, T, 60] normalised; style [B, S] one-hot, zero where a row is not to count.
    Feature matching (Salimans et al., 2016), style by style.

    A dancer goes on from poses of its own, so the posture of a style it came from, or of another
    body, can last for ever: no teacher-forced dance shows the way back. And a network that dances a
    style always alike follows every single dance well.
    """
    units, centre = _units(style, reference.spread), style @ reference.moments
    ours, theirs = _moments(pose, units), _moments(real, units)
    unusual = (ours - centre).abs() - (theirs - centre).abs()
    return _unbiased_sq_mean_diff(torch.cat([ours - theirs, unusual], dim=1), style)


def features_loss(generated: Tensor, real: Tensor, style: Tensor) -> Tensor:
    """Feature matching in a learned space, as of a perceptual loss (Johnson et al., 2016). Features
    [B, F] that `model.training.critic.StyleReader` reads in whole stretches, each over its standard
    deviation among the real ones; style [B, S] one-hot, zero where a row is not to count."""
    return _unbiased_sq_mean_diff(
        (generated - real) / real.std(dim=0).clamp(min=_LEAST_SPREAD), style
    )


def accent_loss(pose: Tensor, real: Tensor, clock: Tensor, style: Tensor) -> Tensor:
    """Do a style's generated dances brake where its real ones do, in the beat, its half, and in two
    and four beats? Poses [B, T, 60] in plain units, clock [B, T, 8], style [B, S] one-hot, zero
    where a row is not to count.

    Compares the mean phasors of the braking of each joint (`model.evaluation.metrics.phasor`), of
    generated dances against `_CLARITY` times those of real ones, as it is and as it is seen: to
    tremble on the beat is the cheapest way to the one, and leaves the other where it was. The
    critic tells a slipped clock best where accents are clear, so by the critic alone dances become
    clearer than real ones, and clear before the beat.
    """
    waves = torch.cat([clock[..., :6], twice_a_beat(clock)], dim=-1)[:, 1:-1]
    off = []
    for smoothing in _SEEN_FRAMES:
        there = braking(real, smoothing)
        level = there.mean(dim=(0, 1)).clamp(min=_LEAST_BRAKING)
        difference = (braking(pose, smoothing) - _CLARITY * there) / level
        off.append(torch.einsum("btj,btw->bjw", difference, waves).flatten(1) / waves.shape[1])
    return _unbiased_sq_mean_diff(torch.cat(off, dim=1), style)


def _unbiased_sq_mean_diff(off: Tensor, style: Tensor) -> Tensor:
    """Mean square of the mean differences of each style; off [B, F], of each row; style [B, S].

    A U-statistic: the square is estimated from products of different rows, sum over i != j of
    d_i d_j / n (n - 1). Unbiased, where the square of the mean would ask all dances of a style
    to be alike.
    """
    count = style.sum(dim=0)[:, None]
    total, squares = style.T @ off, style.T @ off**2
    squared = (total**2 - squares) / (count * (count - 1)).clamp(min=1.0)
    return (count * (count > 1) * squared).sum() / (len(style) * off.shape[1])


def _units(style: Tensor, spread: Tensor) -> Tensor:
    """[B, 60]; 1 in rows that have no style, which count nothing."""
    return style @ spread + (style.sum(dim=1, keepdim=True) == 0)


def _moments(pose: Tensor, units: Tensor) -> Tensor:
    """Of each row [B, T, 60] its mean, in units [B, 60], and the logarithms of its mean deviation,
    mean change from frame to frame and mean change of that: [B, 240]. Logarithms, because three
    times the tremor of a quiet hand is as telling as three times the swing of a lively one."""
    mean = pose.mean(dim=1, keepdim=True)
    change = pose.diff(dim=1)
    sizes = (pose - mean, change, change.diff(dim=1))
    logs = [
        torch.log(size.abs().mean(dim=1) + least)
        for size, least in zip(sizes, _LEAST_SIZES, strict=True)
    ]
    return torch.cat([mean[:, 0] / units, *logs], dim=1)


def bone_loss(pose: Tensor) -> Tensor:
    """Mean deviation of the bones from their lengths, metres. Poses in plain units."""
    joints = local_joints(pose)
    lengths = (joints[..., 1:, :] - joints[..., PARENTS[1:], :]).norm(dim=-1)
    return (lengths - torch.as_tensor(BONE_LENGTHS[1:], device=pose.device)).abs().mean()


def movement_loss(pose: Tensor, target: Tensor, counts: Tensor) -> Tensor:
    """How far energy, openness and travel of a stretch are from those of a target, in the units of
    the control inputs. pose: [B, T, 60], plain; target: [B, T, 60], a dance that has them;
    counts: [B], 0 for rows that were not conditioned on any."""
    units = torch.tensor(_MOVEMENT_UNITS, device=pose.device)
    off = ((movement(pose) - movement(target)) / units).abs().mean(dim=-1)
    return (off * counts).sum() / counts.sum().clamp(min=1)


def style_loss(logits: Tensor, danced: Tensor) -> Tensor:
    """Cross entropy of the style heard, frame by frame. logits: [M, T, S]; danced: [M, S], how
    likely each style is danced to the song, whoever dances to it now."""
    by_frame = danced[..., None].expand(-1, -1, logits.shape[1])
    return F.cross_entropy(logits.transpose(1, 2), by_frame)


def kl_loss(
    mean: Tensor, log_std: Tensor, prior_mean: Tensor, prior_log_std: Tensor, used: Tensor
) -> Tensor:
    """KL divergence of posterior from prior, nats summed over latents and used beats.

    Gaussians [B, K, Z]; used: [B, K], 1 where the beat lies in the window.
    """
    ratio = torch.exp(2 * (log_std - prior_log_std))
    distance = (mean - prior_mean) ** 2 * torch.exp(-2 * prior_log_std)
    nats = 0.5 * (ratio + distance - 1) - (log_std - prior_log_std)
    return (nats.sum(dim=-1) * used).sum()
