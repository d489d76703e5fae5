"""An engine under test: what its network is given, and the figures of its dance."""

import numpy as np

from live.body.skeleton import BONE_LENGTHS, PARENTS
from live.dance.performer import Performer
from live.show.offline import stage_frames

RATE = 48_000
TOP_SPEED_M_S = 15.0  # nothing on a stage moves faster from one emission to the next


class Listening(Performer):
    """The network, and a note of everything it is given."""

    def __init__(self, *args, **options):
        self.heard = []
        super().__init__(*args, **options)
        self.heard.clear()  # of the warm-up

    def step(self, features, clock, style, control, noise, temperature=1.0):
        given = (features, clock, style, control, noise, temperature)
        self.heard.append([np.array(value) for value in given])
        return super().step(*given)

    def given(self, index):
        """One argument over all frames: 1 clock, 2 style, 3 control, 4 noise,
        5 temperature."""
        return np.array([step[index] for step in self.heard])


def run(engine, audio, block=None):
    return list(stage_frames(engine, audio, block))


def joints_of(frames):
    return np.array([f.joints for f in frames])


def bone_errors(joints):
    """How far bones are from their length, as a share of it."""
    bones = np.linalg.norm(joints[..., 1:, :] - joints[..., PARENTS[1:], :], axis=-1)
    return np.abs(bones / BONE_LENGTHS[1:] - 1)


def same(a, b):
    """Whether two emissions are the same bit by bit."""
    arrays = ("joints", "heading", "onset", "style")
    values = ("sample", "beat", "level", "section", "phrase")
    return all(getattr(a, name) == getattr(b, name) for name in values) and all(
        np.array_equal(getattr(a, name), getattr(b, name)) for name in arrays
    )


def control(engine, name, value=None):
    engine.control(name, value, float(engine.position))


def run_on(engine, audio):
    """More sound into an engine that is under way; the joints of its key frames."""
    engine.push(audio)
    joints = []
    while engine.advance(engine.newest + 1):
        joints.append(engine.emit(0, engine.newest).joints)
    return np.array(joints)
