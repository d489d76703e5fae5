"""An input of the sound card as a source.

Enters: PortAudio's blocks. Leaves: mono float32 in a `SampleRing`. The card's callback is the
ring's producer and does nothing but copy, count and note the time; a lost device is re-opened by a
background thread, because aborting a dead stream may take seconds.
"""

import numpy as np

from live.audio import devices
from live.audio.devices import check_input, input_settings, list_devices, match_device
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

    def _make(self, lease: Lease):
        settings = input_settings(match_device(list_devices(), self._label, "input"))
        return devices.portaudio().InputStream(
            **settings,
            samplerate=self.rate,
            blocksize=self._block,
            latency="low",
            callback=self._callback(lease, Mixer(settings["channels"], self.rate)),
            finished_callback=lease.ended,
        )

    def _callback(self, lease: Lease, mixer: Mixer):
        losses = LossEstimator(self.rate)

        def callback(indata, frames, time_info, status):
            now_s, captured_s = monotonic_s(), time_info.inputBufferAdcTime
            with lease.turn:
                if lease.valid:
                    self.make_up(losses, frames, now_s, captured_s, bool(status))
                    with np.errstate(all="ignore"):  # infinities are for the features to mend
                        self.push(mixer.step(indata), now_s)

        return callback
