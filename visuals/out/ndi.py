"""NDI: the picture on the network, for OBS, Resolume, TouchDesigner, vMix. By cyndilib."""

from fractions import Fraction

import numpy as np
from cyndilib.sender import Sender
from cyndilib.video_frame import VideoSendFrame
from cyndilib.wrapper.ndi_structs import FourCC


class NdiSender:
    """One source on the network; another size of picture makes it anew."""

    def __init__(self, name: str, alpha: bool, rate_hz: float):
        self._name, self._rate = name, Fraction(max(round(rate_hz), 1), 1)
        self._code = FourCC.BGRA if alpha else FourCC.BGRX
        self._size = (0, 0)
        self._sender: Sender | None = None
        self._open((1280, 720))  # so that it can be chosen before the first picture

    @property
    def is_watched(self) -> bool:
        return self._sender is not None and self._sender.get_num_connections(0) > 0

    def send(self, pixels: np.ndarray) -> None:
        height, width = pixels.shape[:2]
        if (width, height) != self._size:
            self._open((width, height))
        assert self._sender is not None
        # Copied by cyndilib; compressed and sent by NDI's own threads.
        self._sender.write_video_async(pixels.reshape(-1))

    def close(self) -> None:
        if self._sender is not None:
            self._sender.close()
            self._sender = None

    def _open(self, size: tuple[int, int]) -> None:
        self.close()
        frame = VideoSendFrame()
        frame.set_resolution(*size)
        frame.set_frame_rate(self._rate)
        frame.set_fourcc(self._code)
        # Without NDI's own clock: the display's is the one that counts.
        sender = Sender(self._name, clock_video=False)
        sender.set_video_frame(frame)
        sender.open()
        self._sender, self._size = sender, size


def open_sender(name: str, alpha: bool, rate_hz: float) -> NdiSender:
    return NdiSender(name, alpha, rate_hz)
