"""A patch tried without music: one fixture after the other, one channel after the other.

Enters: a patch. Leaves: boards, as those of a show, that `live.outputs.dmx` sends. Slower than any
flash that counts: each step lasts most of a second.
"""

import math

import numpy as np

from live.outputs.board import Board
from live.outputs.fixture import Channel, Fixture
from live.outputs.heads import Aim
from live.outputs.levels import Levels
from live.outputs.patch import Universe
from live.outputs.signals import AIMS, FILTERS

STEP_S = 0.8
_CORNERS = ((-2.0, 2.0), (2.0, 2.0), (2.0, -2.0), (-2.0, -2.0))  # x, z


class LampTest(Board):
    """Every fixture's channels in turn, then all of them; heads go round the stage meanwhile.

    only: the name of the fixture that is tried; '' for all. doing: what it does now, to be shown.
    """

    def __init__(self, universe: Universe, flashes: int, only: str = ""):
        super().__init__(universe, flashes)
        self.doing = ""
        self._fixtures = [f for f in universe.fixtures if only in ("", f.name)]
        self._heads = {f.name: Aim(f.head) for f in self._fixtures if f.head}
        self._steps = [
            (fixture, channel)
            for fixture in self._fixtures
            for channel in (*_lit(fixture), None)  # None: all of them
        ]
        self._began_s = math.nan

    @property
    def length_s(self) -> float:
        """Seconds of one round."""
        return STEP_S * len(self._steps)

    def step(self, levels: Levels, now_s: float) -> bytes:
        if math.isnan(self._began_s):
            self._began_s = now_s
        slots = bytearray(self.universe.home)
        if self._steps:
            number = int((now_s - self._began_s) / STEP_S)
            fixture, chosen = self._steps[number % len(self._steps)]
            self._light(slots, fixture, chosen)
            self._aim(slots, fixture, number)
            what = "all" if chosen is None or chosen.signal is None else chosen.signal.name
            self.doing = f"{fixture.name}: {what}"
        self.slots = bytes(slots)
        return self.slots

    def _light(self, slots: bytearray, fixture: Fixture, chosen: Channel | None) -> None:
        colour = chosen.signal.name if chosen and chosen.signal else ""
        for channel in fixture.channels:
            name = channel.signal.name if channel.signal else ""
            if not name:
                channel.put(slots, channel.low)
            elif name in FILTERS and chosen is None:
                channel.put(slots, channel.low)  # all filters out: light
            elif name in AIMS or not _is_tried(channel, name, chosen, colour):
                continue
            else:
                channel.put(slots, channel.high)

    def _aim(self, slots: bytearray, fixture: Fixture, number: int) -> None:
        aim = self._heads.get(fixture.name)
        x, z = _CORNERS[number % len(_CORNERS)]
        angles = aim.at(np.array([x, 0.0, z])) if aim else None
        for channel in fixture.channels:
            if angles and channel.signal and channel.signal.name in AIMS:
                share = angles[AIMS.index(channel.signal.name)]
                channel.put(slots, channel.low + (channel.high - channel.low) * share)


class Pointing(Board):
    """One head held where the operator puts it, its lamp on. pan, tilt: 0 to 255."""

    def __init__(self, universe: Universe, flashes: int, name: str = ""):
        super().__init__(universe, flashes)
        self._name = name
        self.pan = self.tilt = 127.5

    def step(self, levels: Levels, now_s: float) -> bytes:
        slots = bytearray(self.universe.home)
        for fixture in self.universe.fixtures:
            if fixture.name != self._name:
                continue
            for channel in fixture.channels:
                name = channel.signal.name if channel.signal else ""
                asked = {"pan": self.pan, "tilt": self.tilt}.get(name)
                if asked is not None:
                    channel.put(slots, asked)
                else:
                    channel.put(slots, channel.low if name in ("", *FILTERS) else channel.high)
        self.slots = bytes(slots)
        return self.slots


_COLOURED = ("red", "green", "blue", "white", "amber", *FILTERS)


def _is_tried(channel: Channel, name: str, chosen: Channel | None, colour: str) -> bool:
    """A colour alone is no light where the lamp has a dimmer besides."""
    return chosen in (None, channel) or (name == "intensity" and colour in _COLOURED)


def _lit(fixture: Fixture) -> list[Channel]:
    return [c for c in fixture.channels if c.signal is not None and c.signal.name not in AIMS]
