"""Channels mixed to one, also where they cancel each other."""

import numpy as np
import pytest

from live.audio.mixer import Mixer

RATE = 48_000


def music(seconds=4.0, seed=0, rate=RATE):
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * rate)) / rate
    return (0.3 * rng.standard_normal(len(t)) * (1 - t % 0.5)).astype(np.float32)


def mixed(block, size=512, rate=RATE):
    mixer = Mixer(block.shape[1], rate)
    return np.concatenate([mixer.step(block[i : i + size]) for i in range(0, len(block), size)])


def rms(sound):
    return float(np.sqrt(np.mean(sound**2)))


@pytest.mark.parametrize(
    "others",
    [[-1.0], [-0.9], [-1.0, 0.0, 0.0], [0.02, -1.0, 0.0, 0.0, 0.0, 0.0, 0.0]],
    ids=["a balanced cable", "nearly", "on an interface", "of eight inputs"],
)
@pytest.mark.parametrize("rate", [8_000, 48_000, 192_000])
def test_channels_that_cancel_are_heard(others, rate):
    sound = music(rate=rate)
    block = np.stack([sound, *(gain * sound for gain in others)], axis=1)
    assert rms(block.sum(axis=1)) < 0.15 * rms(sound)
    assert rms(mixed(block, rate=rate)[rate // 5 :]) > 0.45 * rms(sound)


def test_what_cancels_only_later_is_heard_after_a_moment():
    sound = music(6.0)
    sign = np.where(np.arange(len(sound)) < 3 * RATE, 1.0, -1.0).astype(np.float32)
    heard = mixed(np.stack([sound, sign * sound], axis=1))
    np.testing.assert_array_equal(heard[: 3 * RATE], sound[: 3 * RATE])
    assert rms(heard[4 * RATE :]) == pytest.approx(rms(sound[4 * RATE :]), rel=0.01)


def test_a_kick_in_the_middle_of_a_wide_pad_is_never_lost():
    pad, t = music(8.0), np.arange(8 * RATE) / RATE
    kick = (0.8 * np.sin(2 * np.pi * 60 * t) * np.exp(-(t % 1.0) / 0.05)).astype(np.float32)
    heard = mixed(np.stack([kick + pad, kick - pad], axis=1))
    for second in range(8):
        struck = slice(second * RATE, second * RATE + RATE // 10)
        assert (heard[struck] @ kick[struck]) / (kick[struck] @ kick[struck]) > 0.9


@pytest.mark.parametrize("gains", [[1.0], [1.0, 0.3], [0.0, 1.0], [1.0, -0.3]])
def test_channels_that_do_not_cancel_are_averaged(gains):
    noises = [music(seed=i) for i in range(len(gains))]
    block = np.stack([g * (s + noises[0]) for g, s in zip(gains, noises, strict=True)], axis=1)
    np.testing.assert_allclose(mixed(block), block.mean(axis=1), atol=1e-6)


@pytest.mark.parametrize("channels", [1, 2, 6])
def test_chopping_changes_no_bit(channels):
    sound = music()
    signs = np.where(np.arange(channels) % 2, -1, 1).astype(np.float32)
    block = sound[:, None] * signs
    whole = mixed(block, len(block))
    for size in (37, 512, 4096):
        np.testing.assert_array_equal(mixed(block, size), whole)


def test_numbers_that_are_none_pass_by():
    block = np.stack([music(), -music()], axis=1)
    block[RATE // 2 : RATE] = np.inf
    with np.errstate(all="ignore"):
        heard = mixed(block)
    assert rms(heard[2 * RATE :]) > 0.9 * rms(block[2 * RATE :, 0])
