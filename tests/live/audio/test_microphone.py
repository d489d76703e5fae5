"""A channel of an input by itself: taken out of the mix, or listened to alone."""

import numpy as np
import pytest

from live.audio.microphone import ChannelInput, Microphone
from live.errors import DeviceError


def three(*levels, samples=256):
    return np.tile(np.float32([levels]), (samples, 1))


def test_a_channel_that_is_split_off_is_not_mixed(card):
    microphone = Microphone()
    feed = microphone.split_off(2)
    with microphone:
        card.streams[0].capture(three(0.2, 0.9, 0.4))
        np.testing.assert_allclose(microphone.ring.read(256), 0.3, atol=1e-6)
        np.testing.assert_allclose(feed.ring.read(256), 0.9)
        assert feed.last_block_s.samples == 256
        assert feed.rate == microphone.rate


def test_a_device_that_comes_back_with_fewer_channels_has_silence_there(card):
    microphone = Microphone()
    feed = microphone.split_off(3)
    with microphone:
        card.streams[0].capture(three(0.2, 0.4))
        np.testing.assert_allclose(microphone.ring.read(256), 0.3, atol=1e-6)
        assert not feed.ring.read(256).any()


def test_one_channel_alone(card):
    with ChannelInput("card", 3) as one:
        card.streams[0].capture(three(0.2, 0.9, -0.4))
        np.testing.assert_allclose(one.ring.read(256), -0.4)


@pytest.mark.parametrize("channel", [0, 4, 99])
def test_a_channel_that_there_is_not_is_a_device_error(card, channel):
    with pytest.raises(DeviceError, match="3 channels"):
        Microphone().split_off(channel)
    with pytest.raises(DeviceError, match="3 channels"):
        ChannelInput("card", channel)


def test_something_has_to_be_left_to_dance_to(card, monkeypatch):
    devices = card.query_devices()
    monkeypatch.setattr(card, "query_devices", lambda: [devices[0] | {"max_input_channels": 1}])
    with pytest.raises(DeviceError, match="one has to be left"):
        Microphone().split_off(1)
    assert ChannelInput("card", 1).rate == 44_100
