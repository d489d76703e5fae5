"""Session files for tests: recorded ones, and made-up ones."""

import json

import numpy as np

from live.osc.encoding import encode_message
from live.osc.schema import SCHEMA_VERSION
from live.session import mcap_writer
from live.session.writer import SessionWriter

RATE = 44_100
BLOCK = 441
SETTINGS = {
    "sample_rate": RATE,
    "seed": 7,
    "model_sha256": "0" * 64,
    "schema_version": SCHEMA_VERSION,
    "styles": ["street", "salsa"],
}
PACKET = encode_message("/pj/level", "f", [0.5])


def noise(samples, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, samples).astype(np.float32)


def record(path, seconds, rng_seed=0, **options):
    """A session of `seconds`: audio, two packets a frame, a control and health every second."""
    writer = SessionWriter(path, SETTINGS, **options)
    audio = noise(int(seconds * RATE), rng_seed)
    for start in range(0, len(audio), BLOCK):
        writer.audio(start, audio[start : start + BLOCK])
    for frame in range(int(seconds * 60)):
        writer.osc(frame * 400, PACKET + bytes([frame % 256]))
        writer.osc(frame * 400, PACKET)
    for second in range(int(seconds)):
        writer.control(second * 24_000 + 1, "energy", 0.1 * second)
        writer.health(second * 24_000, {"fps": 60.0})
    writer.close()
    return audio


def forged(path, settings, messages):
    """A well-formed container with whatever is given in it: (topic, time_ns, data, frame)."""
    texts = {name: json.dumps(value) for name, value in settings.items()}
    with path.open("wb") as file:
        mcap = mcap_writer.McapWriter(file, {"session_version": "1", **texts})
        for message in messages:
            mcap.add(*message)
        mcap.flush()
        mcap.finish()
    return path
