"""Where the sound comes from: a sound card, a file, or the built-in demo track.

Enters: a device's name, a path, or nothing. Leaves: mono float32 samples in a `SampleRing`, and the
time of the last block. Threads: the sound card's callback (or, without a card, a pacing thread) is
the ring's producer and does nothing but copy, count and note the time; a decoding thread runs
ahead of it for files; a lost device is re-opened by a background thread, because aborting a dead
stream may take seconds. The engine reads the ring and never waits for any of them.

The only file that imports sounddevice, and only when it is needed: without PortAudio, files and the
demo still run, silently.
"""

from pathlib import Path

import numpy as np

from live.audio import devices
from live.audio.devices import (
    DeviceInfo,
    _extra_settings,
    _input_channels,
    list_devices,
    match_device,
)
from live.audio.files import _mix_gain
from live.audio.playback import DemoSource, FileSource
from live.audio.source import MAX_RATE, MIN_RATE, _Source, log
from live.audio.stream import _CardStream, _Lease
from live.errors import DeviceError
from live.monotonic import monotonic_s

DEFAULT_BLOCK = 256  # samples a callback: 5.3 ms at 48 kHz


# Devices --------------------------------------------------------------------------------------


# Streams that may be lost ---------------------------------------------------------------------


# Sources --------------------------------------------------------------------------------------


class Microphone(_Source):
    """An input of the sound card, all its channels mixed.

    device: its name or a part of it, None for the default. block: samples a callback. rate: Hz,
    None for the device's own. DeviceError if there is no such input or it refuses the format.
    """

    listens = True

    def __init__(
        self, device: str | None = None, block: int = DEFAULT_BLOCK, rate: int | None = None
    ):
        info = match_device(list_devices(), device, "input")
        super().__init__(info.name, info.rate if rate is None else rate)
        _check_input(info, self.rate)
        self._label = info.label
        self._block = block
        self._card = _CardStream(self._make, self._mark_opened)

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

    def _make(self, lease: _Lease):
        sd = devices.portaudio()
        info = match_device(list_devices(), self._label, "input")
        channels = _input_channels(info)
        weights = np.full(channels, _mix_gain(channels), np.float32)
        return sd.InputStream(
            device=info.index,
            channels=channels,
            samplerate=self.rate,
            blocksize=self._block,
            latency="low",
            dtype="float32",
            extra_settings=_extra_settings(sd, info),
            callback=self._callback(lease, weights),
            finished_callback=lease.ended,
        )

    def _callback(self, lease: _Lease, weights: np.ndarray):
        def callback(indata, frames, time_info, status):
            now_s = monotonic_s()
            if not lease.valid:
                return
            if status:
                self.xruns += 1
            with np.errstate(all="ignore"):  # infinities are for the features to mend
                self._push(indata @ weights, now_s)

        return callback


def open_source(
    spec: str = "auto",
    *,
    loop: bool = False,
    play: bool = True,
    block: int = DEFAULT_BLOCK,
    rate: int | None = None,
) -> Microphone | FileSource | DemoSource:
    """The source a user means, not started yet.

    spec: "auto" (the default input; where there is none the demo, and `note` says why), "demo", the
    path of a file, or a device's name. DeviceError or ArtifactError with the way out.
    """
    if spec == "auto":
        return _auto(play, block, rate)
    if spec == "demo":
        return DemoSource(play)
    if Path(spec).exists():
        return FileSource(spec, loop, play)
    try:
        return Microphone(spec, block, rate)
    except DeviceError as error:
        if Path(spec).suffix in ("", "."):
            raise
        raise DeviceError(f"no file {spec!r}, and as a device: {error}") from error


def _auto(play: bool, block: int, rate: int | None) -> Microphone | DemoSource:
    try:
        return Microphone(None, block, rate)
    except DeviceError as error:
        demo = DemoSource(play)
        demo.note = f"{error}; the built-in demo plays instead."
        log.info("%s", demo.note)
        return demo


def _check_input(info: DeviceInfo, rate: int) -> None:
    if not MIN_RATE <= rate <= MAX_RATE:
        raise DeviceError(f"input {info.name!r} at {rate} Hz; {MIN_RATE} to {MAX_RATE} Hz work")
    sd = devices.portaudio()
    try:
        sd.check_input_settings(
            device=info.index,
            channels=_input_channels(info),
            dtype="float32",
            samplerate=rate,
            extra_settings=_extra_settings(sd, info),
        )
    except sd.PortAudioError as error:
        raise DeviceError(
            f"input {info.name!r} does not open at {rate} Hz ({error}); close programs that may "
            "hold it, or choose another: `posejockey devices`"
        ) from error


# Files ----------------------------------------------------------------------------------------
