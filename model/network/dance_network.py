"""Encoder and decoder as one: the graph that is trained, and exactly the step that is exported.

Enters: music features, and for each dancer clock, style, control and noise. Leaves: a pose a frame.
Normalisation of features and poses lives inside, so the stage feeds and receives plain units.
"""

import numpy as np
import torch
from torch import Tensor, nn

from live.body.pose import POSE_DIM
from live.body.skeleton import BONE_LENGTHS, CHAINS, N_JOINTS, PARENTS
from model.network.config import NetworkConfig
from model.network.decoder import PoseDecoder, Posterior
from model.network.encoder import MusicEncoder


class DanceNetwork(nn.Module):
    """Music, clock, style, control and noise in; a pose a frame out, for any number of dancers."""

    feature_mean: Tensor
    feature_std: Tensor
    pose_mean: Tensor
    pose_std: Tensor

    def __init__(self, config: NetworkConfig):
        super().__init__()
        self.config = config
        n_styles = len(config.styles)
        self.encoder = MusicEncoder(config.encoder, n_styles)
        self.decoder = PoseDecoder(config.decoder, config.encoder.width, n_styles)
        self.posterior = Posterior(config.decoder)
        for name, width in (
            ("feature", config.encoder.feature_dim),
            ("pose", config.decoder.pose_dim),
        ):
            self.register_buffer(f"{name}_mean", torch.zeros(width))
            self.register_buffer(f"{name}_std", torch.ones(width))

    def set_normalisation(self, **statistics: Tensor) -> None:
        """feature_mean, feature_std [83], pose_mean, pose_std [60]."""
        for name, value in statistics.items():
            getattr(self, name).copy_(value)

    def hear(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """features [B, T, 83] in plain units -> music context [B, T, C], style logits [B, T, S]."""
        return self.encoder((features - self.feature_mean) / self.feature_std)

    def normalise(self, pose: Tensor) -> Tensor:
        return (pose - self.pose_mean) / self.pose_std

    def denormalise(self, pose: Tensor) -> Tensor:
        return pose * self.pose_std + self.pose_mean

    def initial_state(self, dancers: int = 1) -> dict[str, Tensor]:
        """All zeros: the state of a dancer who has neither heard nor danced."""
        return self.encoder.initial_state() | self.decoder.initial_state(dancers)

    def step(
        self,
        features: Tensor,
        clock: Tensor,
        style: Tensor,
        control: Tensor,
        noise: Tensor,
        state: dict[str, Tensor],
    ) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        """One frame, as it is exported: features [1, 83], clock [N, 8], style [N, S], control
        [N, 4], noise [N, Z] -> pose [N, 60] in plain units, style logits [1, S], state."""
        music, logits, heard = self.encoder.step(
            (features - self.feature_mean) / self.feature_std, state
        )
        music = music.expand(clock.shape[0], -1)
        pose, danced = self.dance_frame(music, clock, style, control, noise, state)
        return pose, logits, heard | danced

    forward = step  # what `torch.onnx.export` traces

    def dance(
        self, features: Tensor, clock: Tensor, style: Tensor, control: Tensor, noise: Tensor
    ) -> Tensor:
        """The whole sequence, free running from the initial state.

        features [T, 83], clock [T, N, 8], style [N, S], control [T, N, 4], noise [T, N, Z] ->
        pose [T, N, 60]. The encoder runs at once with its banded mask; equals `step` repeated.
        """
        music, _ = self.hear(features[None])
        music = music[0, :, None].expand(-1, clock.shape[1], -1)
        return self.dance_to(music, clock, style, control, noise)

    def dance_to(
        self, music: Tensor, clock: Tensor, style: Tensor, control: Tensor, noise: Tensor
    ) -> Tensor:
        """`dance` to music that was heard already, [T, N, C]: each dancer's own."""
        state = self.decoder.initial_state(clock.shape[1])
        poses = []
        for t in range(len(clock)):
            pose, state = self.dance_frame(music[t], clock[t], style, control[t], noise[t], state)
            poses.append(pose)
        return torch.stack(poses)

    def dance_frame(
        self,
        music: Tensor,
        clock: Tensor,
        style: Tensor,
        control: Tensor,
        noise: Tensor,
        state: dict[str, Tensor],
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """One decoder step whose pose, in plain units, has whole bones, and goes back in like that.

        music [N, C]. Free running adds up small errors: without whole bones the skeleton drifts by
        centimetres.
        """
        condition = self.decoder.conditions(music, clock, style, control)
        pose, after = self.decoder.step(condition, clock, noise, state)
        plain, pose = self.whole(pose)
        return plain, after | {"pose": pose}

    def whole(self, pose: Tensor) -> tuple[Tensor, Tensor]:
        """A normalised pose [N, 60] with whole bones, in plain units and normalised."""
        plain = whole_bones(self.denormalise(pose))
        return plain, self.normalise(plain)


def whole_bones(pose: Tensor) -> Tensor:
    """Give every bone its length and keep its direction. Pose vectors [N, 60] in plain units.

    The same as `live.body.skeleton.with_bone_lengths`, for the graph.
    """
    apart, together, stand, lengths = (torch.as_tensor(a, device=pose.device) for a in _BONES)
    bones = (pose @ apart).unflatten(-1, (N_JOINTS - 1, 3))
    bones = bones * (lengths / bones.norm(dim=-1, keepdim=True).clamp(min=1e-6))
    return torch.addmm(pose @ stand, bones.flatten(1), together)


def _bones() -> tuple[np.ndarray, ...]:
    """`whole_bones` as products, float32, for a graph of few nodes: [60, 54], a pose's bones; [54,
    60], the joints at their ends with the pelvis at 0; [60, 60], the pelvis under every joint, and
    the root as it is; [18, 1], the lengths in metres."""
    axes, joints = np.eye(3), np.eye(N_JOINTS)
    apart = np.zeros((POSE_DIM, 3 * (N_JOINTS - 1)))
    apart[:-3] = np.kron(joints[1:] - joints[list(PARENTS[1:])], axes).T
    together = np.zeros((3 * (N_JOINTS - 1), POSE_DIM))
    together[:, :-3] = np.kron(CHAINS, axes).T
    stand = np.eye(POSE_DIM)
    stand[:-3, :-3] = np.kron(np.outer(joints[0], np.ones(N_JOINTS)), axes)
    arrays = (apart, together, stand, BONE_LENGTHS[1:, None])
    return tuple(np.asarray(array, np.float32) for array in arrays)


_BONES = _bones()
