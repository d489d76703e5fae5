"""One universe's 512 bytes, packet after packet: signals limited, bent, faded, heads aimed.

Enters: the newest levels. Leaves: the slots. Owns what has to be remembered from packet to packet.
In the thread of who sends.
"""

import math

from live.outputs.fixture import Channel
from live.outputs.flash_limit import FlashLimit
from live.outputs.heads import Aim
from live.outputs.levels import Levels
from live.outputs.patch import Universe
from live.outputs.signals import AIMS, Reader, Signal


class Board:
    """slots: as they were sent last; at first at rest. flashes: as in `Patch`."""

    def __init__(self, universe: Universe, flashes: int):
        self.universe = universe
        self.slots = universe.home
        signals = dict.fromkeys(channel.signal for channel in universe.channels if channel.signal)
        self._limit = FlashLimit([s for s in signals if s.name not in AIMS], flashes)
        self._aims = [Aim(fixture.head) if fixture.head else None for fixture in universe.fixtures]
        self._shares: dict[Channel, float] = {}  # where what fades stands, 0 to 1
        self._time_s = math.inf  # of the last packet

    def step(self, levels: Levels, now_s: float) -> bytes:
        """The bytes of one packet. now_s: when it leaves, for fades."""
        passed_s = min(max(now_s - self._time_s, 0.0), 1.0)
        self._time_s = now_s
        values = self._limit.step(Reader(levels))
        known: dict[Signal, float | None] = dict(zip(self._limit.signals, values, strict=True))
        slots = bytearray(self.slots)
        for fixture, aim in zip(self.universe.fixtures, self._aims, strict=True):
            angles = aim.at(levels.place_of(fixture.dancers)) if aim else None
            for channel in fixture.channels:
                if channel.signal is None:
                    channel.put(slots, channel.low)
                    continue
                if channel.signal.name in AIMS:
                    share = angles[AIMS.index(channel.signal.name)] if angles else None
                else:
                    share = known[channel.signal]
                self._put(slots, channel, share, passed_s)
        self.slots = bytes(slots)
        return self.slots

    def rest(self) -> bytes:
        """The bytes of the end: everything at rest, constants too."""
        slots = bytearray(self.slots)
        for channel in self.universe.channels:
            if channel.rest is not None:
                channel.put(slots, channel.rest)
        self.slots = bytes(slots)
        return self.slots

    def _put(
        self, slots: bytearray, channel: Channel, share: float | None, passed_s: float
    ) -> None:
        if share is None:
            self._shares.pop(channel, None)  # dark is dark at once
            if channel.rest is not None:
                channel.put(slots, channel.rest)
            return
        if any(channel.fade_s):
            share = self._faded(channel, share, passed_s)
        share = min(max(share, 0.0), 1.0)
        channel.put(slots, channel.low + (channel.high - channel.low) * share)

    def _faded(self, channel: Channel, share: float, passed_s: float) -> float:
        now = self._shares.get(channel, 0.0 if channel.rest is not None else share)
        up_s, down_s = channel.fade_s
        if share > now:
            share = min(share, now + passed_s / up_s) if up_s else share
        else:
            share = max(share, now - passed_s / down_s) if down_s else share
        self._shares[channel] = share
        return share
