"""A show that is none: a control port which answers as the real one does."""

import socket
from contextlib import suppress

import numpy as np

from live.body.skeleton import REST_POSE
from live.control.osc_in import ControlIn
from live.osc.encoding import FrameEncoder, StageFrame
from live.osc.schema import PICTURE
from live.show.watched import Watched


class FakeShow:
    """Watchers, answers and names by the show's own code; its dancers stand where they are put."""

    def __init__(self, port=0, dancers=2):
        self.control = ControlIn(port=port)
        self.port = self.control.port
        self.values = {"energy": 0.0, "style": "auto", "freeze": 0.0}
        self.played = []
        names = {"cue": ("intro", "drop")}
        self._watched = Watched(
            self.control.watchers, self.values.get, lambda name: names.get(name, ())
        )
        self._number = 0
        self._encoder = FrameEncoder(dancers, 4)
        self.joints = np.float32([np.add(REST_POSE, (k, 0, 0)) for k in range(dancers)])

    def step(self, now_s=0.0):
        """A tick: what has come is obeyed, a frame leaves."""
        for name, value in self.control.poll():
            self.played.append((name, value))
            in_force = self._watched.note_picture(name, value) if name in PICTURE else value
            if name not in PICTURE and value is not None:
                self.values[name] = value
            self.control.answer(name, name != "cue" or value == "drop", in_force)
        self.control.watchers.send(self._encoder.encode(self.frame()))
        self._watched.tell(now_s)

    def frame(self):
        self._number += 1
        dancers = len(self.joints)
        return StageFrame(
            self._number, self._number * 400, self.joints, np.zeros(dancers, np.float32),
            (0.25, 0.5, 120.0, 0.9), np.zeros(3, np.float32), 0.5, np.full(4, 0.25, np.float32),
            (1, -1, 4, 8.0, 0.0), (0.5, 16),
        )  # fmt: skip

    def close(self):
        self.control.close()


def free_udp_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def until(condition, step, loop_sleep, tries=600):
    """Step until a condition holds; AssertionError if it never does."""
    for _ in range(tries):
        if condition():
            return
        with suppress(OSError):
            step()
        await loop_sleep(0.01)
    raise AssertionError("it never happened")
