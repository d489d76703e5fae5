"""Training losses. Poses are normalised [B, T, 60] unless said otherwise; each returns a scalar."""

import torch
from torch import Tensor
from torch.nn import functional as F

from live.pose import FRAME_RATE
from live.skeleton import BONE_LENGTHS, FEET, N_JOINTS, PARENTS

_CONTACT_HEIGHT_M = (0.11, 0.06, 0.11, 0.06)  # ankle, toe: above this a foot is in the air
_CONTACT_SPEED_M_S = 0.25


def pose_loss(pose: Tensor, target: Tensor) -> Tensor:
    return F.l1_loss(pose, target)


def velocity_loss(pose: Tensor, target: Tensor) -> Tensor:
    """L1 between changes from frame to frame; without it poses are right and the motion dull."""
    return F.l1_loss(pose.diff(dim=1), target.diff(dim=1))


def contact_loss(pose: Tensor, target: Tensor) -> Tensor:
    """Speed of the feet over the floor, m/s, where the true foot stands. Poses in plain units."""
    standing = (_foot_speed(target) < _CONTACT_SPEED_M_S) & _is_low(target)
    return (_foot_speed(pose) * standing).sum() / standing.sum().clamp(min=1)


def bone_loss(pose: Tensor) -> Tensor:
    """Mean deviation of the bones from their lengths, metres. Poses in plain units."""
    joints = pose[..., : N_JOINTS * 3].unflatten(-1, (N_JOINTS, 3))
    lengths = (joints[..., 1:, :] - joints[..., PARENTS[1:], :]).norm(dim=-1)
    return (lengths - torch.as_tensor(BONE_LENGTHS[1:], device=pose.device)).abs().mean()


def style_loss(logits: Tensor, style: Tensor, matched: Tensor) -> Tensor:
    """Cross entropy of the style heard, over the windows whose music suits their style.

    logits, style: [B, S], style one-hot; matched: [B], 0 or 1.
    """
    each = F.cross_entropy(logits, style, reduction="none")
    return (each * matched).sum() / matched.sum().clamp(min=1)


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


def _feet(pose: Tensor) -> Tensor:
    return pose[..., : N_JOINTS * 3].unflatten(-1, (N_JOINTS, 3))[..., list(FEET), :]


def _foot_speed(pose: Tensor) -> Tensor:
    """Horizontal speed of the four foot joints over the floor, m/s: [B, T - 1, 4]."""
    feet = _feet(pose)
    change = feet.diff(dim=1) * FRAME_RATE
    root, feet = pose[:, 1:, -3:], feet[:, 1:]
    # A turning body carries its feet along: heading velocity w moves (x, z) by w * (z, -x).
    x = change[..., 0] + root[..., None, 0] + root[..., None, 2] * feet[..., 2]
    z = change[..., 2] + root[..., None, 1] - root[..., None, 2] * feet[..., 0]
    return torch.sqrt(x**2 + z**2 + 1e-6)


def _is_low(pose: Tensor) -> Tensor:
    limit = torch.tensor(_CONTACT_HEIGHT_M, device=pose.device)
    return _feet(pose)[:, 1:, :, 1] < limit
