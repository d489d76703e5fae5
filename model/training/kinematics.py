"""A moving body in torch: what `live.body.pose` says of pose vectors, for losses with gradients.

Pose vectors are float32 [B, T, 60] in plain units (`live.body.pose`).
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from live.body.pose import FRAME_RATE
from live.body.skeleton import FEET, JOINT, N_JOINTS

_EXTREMITIES = tuple(JOINT[n] for n in ("l_wrist", "r_wrist", "l_ankle", "r_ankle"))
_LIMBS = torch.tensor(
    [
        [JOINT[f"{side}_{part}"] for part in limb]
        for side in "lr"
        for limb in (("shoulder", "elbow", "wrist"), ("hip", "knee", "ankle"))
    ]
)
_LEAST_BONE_M = 1e-4
_EPSILON = 1e-6  # under square roots: a joint at rest has a gradient


def local_joints(pose: Tensor) -> Tensor:
    """[B, T, 19, 3], metres, in the heading frame."""
    return pose[..., : N_JOINTS * 3].unflatten(-1, (N_JOINTS, 3))


def joint_velocity(pose: Tensor) -> Tensor:
    """Velocity on the stage, in the heading frame of the later frame, m/s: [B, T - 1, 19, 3]."""
    joints = local_joints(pose)
    change = joints.diff(dim=1) * FRAME_RATE
    root, joints = pose[:, 1:, None, -3:], joints[:, 1:]
    # A turning body carries its joints along: heading velocity w moves (x, z) by w * (z, -x).
    x = change[..., 0] + root[..., 0] + root[..., 2] * joints[..., 2]
    z = change[..., 2] + root[..., 1] - root[..., 2] * joints[..., 0]
    return torch.stack([x, change[..., 1], z], dim=-1)


def braking(pose: Tensor, smoothing: float = 0.0) -> Tensor:
    """How hard each joint slows down, on the frames between the first and the last, m/s a frame:
    [B, T - 2, 19]. Of `model.data.accents.kinematic_envelope`, joint by joint. smoothing: of the
    velocity, the deviation of a Gaussian in frames; an eye does not follow every jerk."""
    velocity = _smooth(joint_velocity(pose), smoothing) if smoothing else joint_velocity(pose)
    speed = torch.sqrt(velocity.square().sum(dim=-1) + _EPSILON)
    return (-speed.diff(dim=1)).clamp(min=0.0)


def _smooth(values: Tensor, deviation: float) -> Tensor:
    """[B, T, ...] smoothed over time; its ends are held."""
    reach = round(3 * deviation)
    offset = torch.arange(-reach, reach + 1, device=values.device)
    kernel = torch.softmax(-0.5 * (offset / deviation) ** 2, dim=0).to(values)
    rows = values.flatten(2).transpose(1, 2)
    rows = F.pad(rows, (reach, reach), mode="replicate")
    smooth = F.conv1d(rows.flatten(0, 1)[:, None], kernel[None, None])[:, 0]
    return smooth.unflatten(0, rows.shape[:2]).transpose(1, 2).reshape(values.shape)


def foot_speed(pose: Tensor) -> Tensor:
    """Horizontal speed of the four foot joints over the floor, m/s: [B, T - 1, 4]."""
    velocity = joint_velocity(pose)[:, :, list(FEET)]
    return torch.sqrt(velocity[..., 0] ** 2 + velocity[..., 2] ** 2 + _EPSILON)


def root_pull(pose: Tensor) -> Tensor:
    """Acceleration of the pelvis on the stage without its downward part, m/s^2: [B, T - 2]."""
    velocity = joint_velocity(pose)[:, :, 0]
    turn = pose[:, 2:, -1]
    x, y, z = (velocity.diff(dim=1) * FRAME_RATE).unbind(dim=-1)
    # The axes turn with the heading, and a steady velocity seems to change in them.
    x = x + turn * velocity[:, 1:, 2]
    z = z - turn * velocity[:, 1:, 0]
    return torch.sqrt(x**2 + y.clamp(min=0.0) ** 2 + z**2 + _EPSILON)


def bends(pose: Tensor) -> Tensor:
    """How far elbows and knees are from straight: the direction of the lower part of each limb less
    that of its upper part, [..., 4, 3]. Of poses [..., 60]."""
    joints = local_joints(pose)
    bones = joints[..., _LIMBS[:, 1:], :] - joints[..., _LIMBS[:, :-1], :]
    upper, lower = F.normalize(bones, dim=-1, eps=_LEAST_BONE_M).unbind(dim=-2)
    return lower - upper


def foot_height(pose: Tensor) -> Tensor:
    """[B, T, 4], metres."""
    return local_joints(pose)[..., list(FEET), 1]


def movement(pose: Tensor) -> Tensor:
    """Energy, openness and travel of a whole stretch: [B, 3].

    The quantities of `model.data.prepare.control_curves`: logarithm of the mean joint speed (m/s),
    mean distance of wrists and ankles from the pelvis (m), logarithm of the root's mean speed
    (m/s).
    """
    joints = local_joints(pose)
    speed = torch.sqrt(joint_velocity(pose).square().sum(dim=-1) + _EPSILON)
    reach = (joints[:, :, _EXTREMITIES] - joints[:, :, :1]).norm(dim=-1)
    root = torch.sqrt(pose[..., -3:-1].square().sum(dim=-1) + _EPSILON)
    return torch.stack(
        [
            torch.log(speed.mean(dim=(1, 2)) + 0.02),
            reach.mean(dim=(1, 2)),
            torch.log(root.mean(dim=1) + 0.05),
        ],
        dim=-1,
    )
