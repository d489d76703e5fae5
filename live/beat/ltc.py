"""Linear timecode (LTC): a position from a channel of sound.

Enters: the samples of one channel, from the card's thread through a ring. Leaves: a
`TimecodeReading` at each poll, in the engine's thread, where its 2400 bits a second are decoded.

A frame is 80 bits of biphase mark: the level changes at the border of every bit, and in the middle
of a 1 (SMPTE ST 12-1). The last 16 say where a frame ends. Read forwards alone, within
2 % of its speed: 24 and 25 frames a second are told apart by nothing else.
"""

from collections.abc import Iterator

import numpy as np

from live.audio.source import Source
from live.beat.timecode import RATES, Label, RunningPosition, TimecodeReading

_FRAME_BITS = 80
_SYNC = 0xBFFC  # the last 16 bits of a frame, the first of them lowest
_SYNC_AT = 64
_MASK = (1 << _FRAME_BITS) - 1
_BITS_PER_S = (1800, 2600)  # somewhat beyond those of 24 and 30 frames a second
_USUAL_BITS_PER_S = 2200
_FOLLOW = 0.05  # of a bit's length, a bit
_LEAST_LEVEL = 2e-3  # -54 dB: what is quieter is noise
_LEVEL_DECAY_S = 0.5
_HYSTERESIS = 0.25  # of the level
_DC_S = 0.05
_MOST_S = 0.5  # of sound that is decoded in one poll; what is older says nothing any more


class LtcDecoder:
    """Samples in, labels out. rate: Hz. The same in any chopping."""

    _BLOCK = 256  # samples at once: what is measured of the level is so independent of chopping

    def __init__(self, rate: int):
        self._rate = rate
        self._waiting = np.zeros(0, np.float32)
        self._samples = 0  # decoded
        self._mean = self._level = 0.0
        self._is_high = False
        self._edge = 0  # sample of the last change
        self._bit = rate / _USUAL_BITS_PER_S  # samples
        self._half = 0  # length of the first half of a 1, 0: none is open
        self._register = 0
        self._count = 0  # bits since the last frame's end
        self._end = 0
        self._last: tuple[int, int] | None = None  # fields of the frame before, and its end

    def push(self, samples: np.ndarray) -> list[tuple[Label, int]]:
        """float32 [n]. Each label whose frame has ended, with the sample after it; only those that
        follow the one before, so that noise says nothing."""
        self._waiting = np.concatenate([self._waiting, samples])
        whole = len(self._waiting) // self._BLOCK * self._BLOCK
        blocks, self._waiting = self._waiting[:whole], self._waiting[whole:]
        found = []
        for block in blocks.reshape(-1, self._BLOCK):
            for edge in self._edges(block.astype(np.float64)):
                if self._is_frame(edge):
                    found += self._frame(edge)
            self._samples += self._BLOCK
        return found

    def _edges(self, block: np.ndarray) -> Iterator[int]:
        """Samples where the level changes, noise left out."""
        if not np.isfinite(block).all():
            return
        share = self._BLOCK / self._rate
        self._mean += min(share / _DC_S, 1.0) * (float(block.mean()) - self._mean)
        block = block - self._mean
        self._level = max(float(np.abs(block).max()), self._level * (1 - share / _LEVEL_DECAY_S))
        if self._level < _LEAST_LEVEL:
            return
        least = _HYSTERESIS * self._level
        clear = np.flatnonzero(np.abs(block) > least)
        highs = block[clear] > 0
        changed = highs != np.concatenate([[self._is_high], highs[:-1]])
        if len(highs):
            self._is_high = bool(highs[-1])
        yield from (self._samples + clear[changed]).tolist()

    def _is_frame(self, edge: int) -> bool:
        """Take the time since the last edge for half a 1 or a 0; whether a frame ends here."""
        length, self._edge = edge - self._edge, edge
        if length > 0.75 * self._bit:
            self._half = 0
            return length < 1.5 * self._bit and self._add(0, length)
        if self._half:
            length, self._half = length + self._half, 0
            return self._add(1, length)
        self._half = length
        return False

    def _add(self, bit: int, length: float) -> bool:
        slowest, fastest = self._rate / _BITS_PER_S[0], self._rate / _BITS_PER_S[1]
        self._bit += _FOLLOW * (min(max(length, fastest), slowest) - self._bit)
        self._register = (self._register >> 1) | bit << (_FRAME_BITS - 1)
        return self._register >> _SYNC_AT == _SYNC

    def _frame(self, end: int) -> Iterator[tuple[Label, int]]:
        """The frame in the register, which ends at a sample, if it follows the one before."""
        before, self._last = self._last, (self._register, end)
        if before is None:
            return
        per_s = self._rate / (end - before[1])
        rate = min(RATES, key=lambda r: abs(np.log(r / per_s)))
        if abs(np.log(rate / per_s)) > 0.25:
            return
        label, last = _label(self._register, rate), _label(before[0], rate)
        if label.is_possible and last.is_possible and label.count == last.count + 1:
            yield label, end


def _label(bits: int, rate: int) -> Label:
    """Of the 80 bits, the first lowest: digits of binary-coded decimals, four bits apart."""

    def number(at: int, tens_mask: int) -> int:
        units, tens = bits >> at & 0xF, bits >> (at + 8) & tens_mask
        return 10 * tens + units if units < 10 else 99  # 99: none of them

    is_drop = bool(bits >> 10 & 1) and rate == 30
    return Label(number(48, 0x3), number(32, 0x7), number(16, 0x7), number(0, 0x3), rate, is_drop)


class LtcSource:
    """`LtcDecoder` on a channel of its own device, or of the show's input.

    feed: has the channel's ring. is_own: a device of its own, which nobody else opens anew when it
    is lost, or closes.
    """

    name = "ltc"
    _REOPEN_AFTER_S = 1.0

    def __init__(self, feed: Source, is_own: bool = False):
        self._feed, self._is_own = feed, is_own
        self._decoder = LtcDecoder(feed.rate)
        self._origin = self._next = 0  # samples of the feed: the decoder's first, the next to come
        self._taken = 0
        self._running = RunningPosition()
        self._reopen_s = -np.inf

    def poll(self, sample: float, time_s: float) -> TimecodeReading | None:
        newest = self._feed.last_block_s
        if self._is_own:
            self._watch(newest.time_s, time_s)
        for label, end in self._decode(newest.samples):
            told_s = newest.time_s - (newest.samples - end) / self._feed.rate
            self._running.tell(label, label.position_s + label.frame_s, told_s)
        return self._running.reading(sample, time_s)

    def close(self) -> None:
        if self._is_own:
            self._feed.stop()

    def _decode(self, until: int) -> list[tuple[Label, int]]:
        """Labels and the samples of the feed at which they end, up to one of its samples."""
        ring, most = self._feed.ring, round(_MOST_S * self._feed.rate)
        waiting = until - self._next
        if waiting > most:
            ring.drop_oldest(most)
            waiting = most
        if waiting <= 0:
            return []
        block = ring.read(waiting)
        self._taken += len(block)
        end = self._taken + ring.dropped
        if end - len(block) != self._next:  # some are missing
            self._decoder, self._origin = LtcDecoder(self._feed.rate), end - len(block)
        self._next = end
        return [(label, self._origin + at) for label, at in self._decoder.push(block)]

    def _watch(self, newest_s: float, now_s: float) -> None:
        lost = not self._feed.active or now_s - newest_s > self._REOPEN_AFTER_S
        if lost and now_s >= self._reopen_s:
            self._reopen_s = now_s + self._REOPEN_AFTER_S
            self._feed.reopen()
