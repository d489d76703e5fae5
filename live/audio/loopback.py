"""An output and an input in one stream: what is heard, counted from what is played.

Enters: samples to play. Leaves: what the input recorded meanwhile. The card's callback copies; the
caller's thread waits.
"""

import threading

import numpy as np

from live.audio import devices
from live.audio.devices import extra_settings, input_channels, list_devices, match_device
from live.audio.mixer import Mixer
from live.audio.source import DEFAULT_BLOCK
from live.audio.stream import STUCK_S, CardStream, Lease
from live.errors import DeviceError


class Loopback:
    """An output and an input in one stream: what is heard, counted from what is played.

    input, output: a device's name or a part of it, None for the default. block: samples a
    callback. rate: Hz, the input's. DeviceError if there is no such device.
    """

    def __init__(
        self, input: str | None = None, output: str | None = None, block: int = DEFAULT_BLOCK
    ):
        devices = list_devices()
        self._ends = (
            match_device(devices, input, "input"),
            match_device(devices, output, "output"),
        )
        self._block = block
        self.rate = self._ends[0].rate
        self.names = (self._ends[0].name, self._ends[1].name)
        self.latencies_s = (0.0, 0.0)  # of input and output, as the card says once it is open

    def run(self, audio: np.ndarray) -> np.ndarray:
        """Play audio, float32 [n], once; what the input recorded meanwhile, float32 [n], mixed.

        Sample i of it was delivered by the very callback that took sample i. DeviceError if the
        devices do not open together, or stop.
        """
        recorded = np.zeros(len(audio), np.float32)
        done = threading.Event()
        card = CardStream(lambda lease: self._make(lease, audio, recorded, done), lambda: None)
        card.open()
        try:
            if not done.wait(len(audio) / self.rate + STUCK_S):
                raise DeviceError("the sound device stopped; restart the sound server")
        finally:
            card.close()
        return recorded

    def _make(self, lease: Lease, audio: np.ndarray, recorded: np.ndarray, done: threading.Event):
        sd = devices.portaudio()
        channels = (input_channels(self._ends[0]), min(self._ends[1].outputs, 2))
        stream = sd.Stream(
            device=tuple(d.index for d in self._ends),
            channels=channels,
            samplerate=self.rate,
            blocksize=self._block,
            latency="low",
            dtype="float32",
            extra_settings=tuple(extra_settings(d) for d in self._ends),
            callback=_loop_back(
                audio, recorded, Mixer(channels[0], self.rate), done, sd.CallbackStop
            ),
            finished_callback=lease.ended,
        )
        self.latencies_s = stream.latency
        return stream


def _loop_back(
    audio: np.ndarray,
    recorded: np.ndarray,
    mixer: Mixer,
    done: threading.Event,
    stop: type[Exception],
):
    at = 0

    def callback(indata, outdata, frames, time_info, status):
        nonlocal at
        played = audio[at : at + frames]
        outdata[:] = 0.0
        outdata[: len(played)] = played[:, None]
        recorded[at : at + frames] = mixer.step(indata[: len(played)])
        at += frames
        if at >= len(audio):
            done.set()
            raise stop

    return callback
