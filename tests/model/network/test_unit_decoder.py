"""A latent spelled out over its beat."""

import numpy as np
import torch

from live.dance.contract import clock_vector
from model.network.config import DecoderConfig
from model.network.decoder import Posterior
from model.network.unit_decoder import UnitDecoder, beat_waves

CONFIG = DecoderConfig(unit_dim=6, pose_dim=9, unit_width=64)


def clock_at(beats) -> torch.Tensor:
    return torch.as_tensor(clock_vector(np.asarray(beats, float), 120.0))


def test_a_place_in_the_beat_is_told_whatever_the_beat():
    torch.testing.assert_close(
        beat_waves(clock_at([0.3])), beat_waves(clock_at([7.3])), atol=1e-4, rtol=0
    )


def test_the_end_of_a_beat_differs_from_its_begin():
    begin, end = beat_waves(clock_at([4.01, 4.99]))
    assert (begin - end).abs().max() > 1.5


def test_a_frame_ago_is_told_even_before_the_beat_began():
    beats = torch.arange(6) / 15 + 0.2  # a beat at 120 BPM has 15 frames
    told = beat_waves(clock_at(beats))
    torch.testing.assert_close(
        beat_waves(clock_at(beats), frames_ago=1.0)[1:], told[:-1], atol=1e-4, rtol=0
    )
    begin, before = (beat_waves(clock_at([3.0]), frames_ago=ago) for ago in (0.0, 1.0))
    assert 0.05 < (begin - before).abs().max() < 1.5  # near by, not at the end of the beat


def test_what_is_spelled_need_not_stand_still_on_the_beat():
    now, ago = (beat_waves(clock_at([3.0]), frames_ago=ago) for ago in (0.0, 0.01))
    assert (now - ago).abs().max() > 0.01
    cosines = [beat_waves(clock_at([3.0]), ago, sines=False) for ago in (0.0, 0.01)]
    assert (cosines[0] - cosines[1]).abs().max() < 0.001


def beats_of_motion(count: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Two whole beats a row, each a random line from one pose to another: pose [B, 24, 9], clock,
    beat."""
    beats = np.arange(24) / 12 + 1 / 24
    ends = torch.randn(count, 2, 2, 9)
    place = torch.as_tensor(beats % 1.0, dtype=torch.float32)[:, None]
    index = np.floor(beats).astype(int)
    pose = ends[:, index, 0] + place * (ends[:, index, 1] - ends[:, index, 0])
    clock = clock_at(beats).expand(count, -1, -1)
    return pose, clock, torch.as_tensor(index).expand(count, -1)


def test_posterior_and_decoder_learn_to_say_a_beat_and_spell_it():
    torch.manual_seed(0)
    config = DecoderConfig(unit_dim=18, pose_dim=9, unit_width=96)
    posterior, decoder = Posterior(config, width=128), UnitDecoder(config)
    optimiser = torch.optim.Adam([*posterior.parameters(), *decoder.parameters()], lr=4e-3)
    errors = []
    for _ in range(500):
        pose, clock, beat = beats_of_motion(32)
        mean, _ = posterior(pose, clock, beat)
        by_frame = mean.gather(1, beat[..., None].expand(-1, -1, mean.shape[-1]))
        error = (decoder(by_frame, clock) - pose).abs().mean()
        optimiser.zero_grad()
        error.backward()
        optimiser.step()
        errors.append(float(error.detach()))
    assert np.mean(errors[-20:]) < 0.6 * np.mean(errors[:20])
