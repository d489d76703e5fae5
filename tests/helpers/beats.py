"""A MIDI input made here, and distances between beats."""

from types import SimpleNamespace

import numpy as np


def apart(a, b, period=1.0):
    """Signed distance on a circle."""
    return (np.asarray(a) - b + period / 2) % period - period / 2


class Port:
    """A MIDI input as mido's, with callbacks, on a time of its own."""

    callback = None

    def __init__(self):
        self.now_s = 0.0
        self.closed = False

    def say(self, kind, time_s, **data):
        self.now_s = time_s
        self.callback(SimpleNamespace(type=kind, **data))

    def close(self):
        self.closed = True
