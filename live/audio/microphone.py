"""An input of the sound card as a source.

Enters: PortAudio's blocks. Leaves: mono float32 in a `SampleRing`. The card's callback is the
ring's producer and does nothing but copy, count and note the time; a lost device is re-opened by a
background thread, because aborting a dead stream may take seconds.
"""

import numpy as np

from live.audio import devices
from live.audio.devices import (
    check_input,
    input_channels,
    input_settings,
    list_devices,
    match_device,
)
from live.audio.losses import LossEstimator
from live.audio.mixer import Mixer
from live.audio.source import DEFAULT_BLOCK, MAX_RATE, MIN_RATE, Source
from live.audio.stream import CardStream, Lease
from live.errors import DeviceError
from live.monotonic import monotonic_s


class Microphone(Source):
    """An input of the sound card, all its channels mixed.

    device: its name or a part of it, None for the default. block: samples a callback. rate: Hz,
    None for the device's own. DeviceError if there is no such input or it refuses the format.
    """

    listens = seeks = True

    def __init__(
        self, device: str | None = None, block: int = DEFAULT_BLOCK, rate: int | None = None
    ):
        info = match_device(list_devices(), device, "input")
        super().__init__(info.name, info.rate if rate is None else rate)
        if not MIN_RATE <= self.rate <= MAX_RATE:
            raise DeviceError(
                f"input {info.name!r} at {self.rate} Hz; {MIN_RATE} to {MAX_RATE} Hz work"
            )
        check_input(info, self.rate)
        self._label = info.label
        self._block = block
        self._channels = input_channels(info)
        self._split: tuple[int, Source] | None = None
        self._card = CardStream(self._make, self._mark_opened)

    @property
    def active(self) -> bool:
        """False once the device has gone; a frozen one shows in the last block's age instead."""
        return self._card.active

    @property
    def reopens(self) -> int:
        return self._card.reopens

    def start(self) -> None:
        """Once only. DeviceError if the device refuses after all."""
        self._card.open()

    def stop(self) -> None:
        self._card.close()

    def reopen(self) -> None:
        """Re-open the device by its name as soon as it is back. Returns at once."""
        self._card.reopen()

    def split_off(self, channel: int) -> Source:
        """A channel, from 1, goes into a ring of its own from the start on, and is not mixed.

        DeviceError unless the input has that channel and another. Before `start` only.
        """
        if not 1 <= channel <= self._channels or self._channels == 1:
            raise DeviceError(
                f"input {self.name!r} has {self._channels} channels; channel {channel} cannot be "
                "taken out of it, and one has to be left"
            )
        feed = Source(f"channel {channel} of {self.name}", self.rate)
        self._split = (channel - 1, feed)
        return feed

    def _mixer(self, channels: int) -> "Mixer | _Split":
        if self._split is None:
            return Mixer(channels, self.rate)
        return _Split(*self._split, channels, self.rate)

    def _make(self, lease: Lease):
        settings = input_settings(match_device(list_devices(), self._label, "input"))
        return devices.portaudio().InputStream(
            **settings,
            samplerate=self.rate,
            blocksize=self._block,
            latency="low",
            callback=self._callback(lease, self._mixer(settings["channels"])),
            finished_callback=lease.ended,
        )

    def _callback(self, lease: Lease, mixer: "Mixer | _Split"):
        losses = LossEstimator(self.rate)

        def callback(indata, frames, time_info, status):
            now_s, captured_s = monotonic_s(), time_info.inputBufferAdcTime
            with lease.turn:
                if lease.valid:
                    self.make_up(losses, frames, now_s, captured_s, bool(status))
                    with np.errstate(all="ignore"):  # infinities are for the features to mend
                        self.push(mixer.step(indata), now_s)

        return callback


class ChannelInput(Microphone):
    """One channel of an input, from 1, as it is. DeviceError if the input has no such channel."""

    def __init__(self, device: str, channel: int, block: int = DEFAULT_BLOCK):
        super().__init__(device, block)
        if not 1 <= channel <= self._channels:
            raise DeviceError(
                f"input {self.name!r} has {self._channels} channels, and no channel {channel}"
            )
        self._channel = channel - 1

    def _mixer(self, channels: int) -> "Mixer | _Split":
        return _Split(self._channel, None, channels, self.rate)


class _Split:
    """Blocks [n, channels] to [n]: a channel taken out of the mix into `feed`, or it alone.

    channel: from 0. A device that came back with fewer channels has silence in its place.
    """

    def __init__(self, channel: int, feed: Source | None, channels: int, rate: int):
        self._channel, self._feed = channel, feed
        self._mixer = Mixer(max(channels - (channel < channels), 1), rate)

    def step(self, block: np.ndarray) -> np.ndarray:
        count = block.shape[1]
        if self._channel >= count:
            one, others = np.zeros(len(block), np.float32), block
        else:
            one = block[:, self._channel].copy()
            others = np.delete(block, self._channel, axis=1) if count > 1 else block
        if self._feed is None:
            return one
        self._feed.push(one, monotonic_s())
        return self._mixer.step(others)
