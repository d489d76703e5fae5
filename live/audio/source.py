"""What the show needs to know of a source of sound, and what all sources share.

Enters: blocks of mono float32, from whatever thread is the ring's one producer. Leaves: the ring
and the time of its newest block, which the engine's thread reads without waiting.
"""

import logging
from typing import NamedTuple, Protocol, Self

import numpy as np

from live.audio.losses import LossEstimator
from live.audio.ring import SampleRing
from live.monotonic import monotonic_s

MIN_RATE, MAX_RATE = 8_000, 192_000  # Hz
DEFAULT_BLOCK = 256  # samples a callback: 5.3 ms at 48 kHz
_RING_S = 4.0  # what a stalled engine may fall behind before samples are lost

log = logging.getLogger(__name__)


def printable(name: str) -> str:
    """A file's name as it can be shown, sent and kept: not all that a system allows is text."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in name)


class BlockTime(NamedTuple):
    """When the ring held how much.

    time_s: monotonic_s() when the newest sample arrived; for a source that plays aloud, when
    that sample leaves the loudspeaker, which may be some 50 ms ahead. samples: `ring.written` then.
    """

    time_s: float
    samples: int


class AudioSource(Protocol):
    """What the engine needs to know of a source of sound.

    rate: Hz, fixed for the source's life. active: samples are coming. finished: a file has ended
    and its last sample is in the ring. xruns: how often the card or the decoder lost sound. lost:
    samples of silence in the ring that stand for what the card lost. note: one sentence for the
    operator, or "". reopens: how often a lost device came back. listens: to a room, which is never
    quite silent; silence to the last bit means that it hears nothing at all. seeks: after a while
    of such silence it may find the sound elsewhere, if it is opened anew.
    """

    listens: bool
    seeks: bool

    rate: int
    name: str
    note: str
    ring: SampleRing
    xruns: int
    lost: int
    finished: bool

    @property
    def active(self) -> bool: ...
    @property
    def last_block_s(self) -> BlockTime: ...
    @property
    def reopens(self) -> int: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...
    def reopen(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *exc: object) -> None: ...


class Source:
    """What all sources share: the ring and the time of its last block."""

    listens = False
    seeks = False

    def __init__(self, name: str, rate: int, note: str = ""):
        self.name, self.rate, self.note = name, rate, note
        self.ring = SampleRing(int(_RING_S * rate))
        self.xruns = 0
        self.lost = 0
        self.finished = False
        self._last = BlockTime(monotonic_s(), 0)

    @property
    def active(self) -> bool:
        raise NotImplementedError

    @property
    def reopens(self) -> int:
        raise NotImplementedError

    @property
    def last_block_s(self) -> BlockTime:
        """Before the first block: when the source was made or its device was opened."""
        return self._last

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def start(self) -> None:
        raise NotImplementedError

    def stop(self) -> None:
        raise NotImplementedError

    def reopen(self) -> None:
        raise NotImplementedError

    def push(self, samples: np.ndarray, time_s: float) -> None:
        """Producer: append float32 [n], whose last sample arrived at `time_s`."""
        self.ring.write(samples)
        self._last = BlockTime(time_s, self.ring.written)

    def make_up(
        self, losses: LossEstimator, samples: int, arrival_s: float, card_s: float, xrun: bool
    ) -> None:
        """Producer, before a block: silence in the place of what was lost, which is counted.

        losses: the stream's own; the rest as for its `lost_before`.
        """
        known = losses.reported
        lost = losses.lost_before(samples, arrival_s, card_s, xrun)
        self.xruns += xrun or (lost > 0 and not known)
        if lost:
            self.lost += lost
            self.ring.write(np.zeros(lost, np.float32))

    def _mark_opened(self) -> None:
        # A watchdog on the last block's age must give a new stream time for its first block.
        self._last = BlockTime(monotonic_s(), self.ring.written)
