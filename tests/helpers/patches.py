"""Patches and levels for the tests of lights."""

import numpy as np

from live.outputs.fixture import Fixture
from live.outputs.levels import LEVELS, Levels
from live.outputs.patch import Universe

BOTH = """
rate = 44
blackout_on_exit = {blackout}
[[universe]]
protocol = "sacn"
universe = 7
host = "127.0.0.1"
priority = 120
[[universe.fixture]]
address = 1
channels = ["level", "beat", 200]
[[universe]]
protocol = "artnet"
universe = 258
host = "127.0.0.1"
[[universe.fixture]]
address = 510
channels = [{{ level = "lean", from = 64, to = 192, fine = true }}, "height"]
dancers = [2]
"""


def levels(**values):
    """Levels with one dancer's body all at 0 and a second one's as given."""
    names = list(LEVELS)
    music = np.array([values.get(n, 0.0) for n in names[:6]])
    body = np.array([[0.0] * 6, [values.get(n, 0.0) for n in names[6:12]]])
    return Levels(music, body)


def universe_of(*channels, protocol="sacn", host="127.0.0.1"):
    return Universe(protocol, 1, host, "", 100, (Fixture("lamp", channels),))
