"""Sound for tests: noise, files of it, and everything that a source has to say."""

import numpy as np
import soundfile

from tests.helpers.sound_server import wait_until

RATE = 48_000


def noise(seconds, channels=1, rate=RATE, seed=0):
    rng = np.random.default_rng(seed)
    return rng.uniform(-0.5, 0.5, (int(seconds * rate), channels)).astype(np.float32)


def write(path, audio, rate=RATE, **options):
    soundfile.write(path, audio, rate, **options)
    return path


def drain(source, parts):
    parts.append(source.ring.read(1 << 24))
    return source.finished and source.ring.unread == 0


def hear_all(source, seconds=10.0):
    """Everything a source has to say."""
    parts = []
    with source:
        wait_until(lambda: drain(source, parts), "the end of the file", seconds)
    return np.concatenate(parts)
