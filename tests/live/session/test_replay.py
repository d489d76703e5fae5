"""A recorded session sent again, in time."""

from contextlib import suppress

import numpy as np
import pytest

from live.errors import ArtifactError, ConfigError
from live.osc import encoding
from live.session.replay import replay
from live.session.writer import SessionWriter
from tests.helpers.sessions import SETTINGS


class FakeTime:
    """A clock that only sleeping advances, and a receiver that notes when it was sent what."""

    def __init__(self, stop_after=None):
        self.now = 1000.0
        self.sent = []
        self.stop_after = stop_after

    def clock(self):
        return self.now

    def sleep(self, seconds):
        assert 0 < seconds <= 1.0
        self.now += seconds

    def send(self, packets):
        self.sent.append((self.now - 1000.0, packets))
        if len(self.sent) == self.stop_after:
            raise KeyboardInterrupt


def _played(path, **options):
    fake = FakeTime(options.pop("stop_after", None))
    frames = None
    with suppress(KeyboardInterrupt):
        frames = replay(path, fake.send, clock=fake.clock, sleep=fake.sleep, **options)
    return fake.sent, frames


def _packets(path, *frames):
    """A session of OSC packets: (sample, how many), numbered."""
    writer = SessionWriter(path, SETTINGS)
    number = 0
    for sample, count in frames:
        for _ in range(count):
            writer.osc(sample, number.to_bytes(4, "big"))
            number += 1
    writer.close()
    return path


@pytest.mark.parametrize("speed", [1.0, 2.0, 0.25])
def test_a_replay_keeps_order_and_time(tmp_path, speed):
    path = _packets(tmp_path / "show.mcap", (4_800, 2), (5_200, 1), (77_200, 3))
    sent, frames = _played(path, speed=speed)
    assert frames == 3
    assert [t for t, _ in sent] == pytest.approx([0, 400 / 24_000 / speed, 72_400 / 24_000 / speed])
    assert [int.from_bytes(p) for _, packets in sent for p in packets] == [*range(6)]
    assert [len(packets) for _, packets in sent] == [2, 1, 3]


def test_a_loop_goes_on_in_step(tmp_path):
    path = _packets(tmp_path / "show.mcap", (400, 1), (800, 1), (1_200, 1))
    sent, _ = _played(path, loop=True, stop_after=8)
    assert [t for t, _ in sent] == pytest.approx([i / 60 for i in range(8)])
    assert [int.from_bytes(p[0]) for _, p in sent] == [0, 1, 2, 0, 1, 2, 0, 1]


def test_a_replay_sends_what_was_played_on_the_picture_before_the_next_frame(tmp_path):
    writer = SessionWriter(tmp_path / "show.mcap", SETTINGS)
    writer.control(0, "look", "chalk")
    for sample in (0, 0, 400):
        writer.osc(sample, b"pose")
    for name, value in (
        ("dark", None), ("cast", 99.0), ("energy", 1.0), ("look", "oil"), ("palette", 7e9),
    ):  # fmt: skip
        writer.control(500, name, value)
    writer.osc(800, b"pose")
    writer.close()
    sent, frames = _played(tmp_path / "show.mcap")
    assert frames == 3
    said = [[dict(encoding.decode(p)) or "pose" for p in packets] for _, packets in sent]
    assert said == [
        [{"/pj/visuals/look": ["chalk"]}, "pose", "pose"],
        ["pose"],
        [
            {"/pj/visuals/dark": []}, {"/pj/visuals/cast": [16.0]},
            {"/pj/visuals/palette": [6.0]}, "pose",
        ],
    ]  # fmt: skip


def test_a_replay_does_not_catch_up_after_a_long_stall_or_a_step_back(tmp_path):
    path = _packets(tmp_path / "show.mcap", *((i * 2_400, 1) for i in range(100)))
    fake = FakeTime()

    def send(packets):
        fake.send(packets)
        if len(fake.sent) == 10:
            fake.now += 60.0

    replay(path, send, clock=fake.clock, sleep=fake.sleep)
    steps = np.diff([t for t, _ in fake.sent])
    assert steps == pytest.approx([0.1] * 9 + [60.0] + [0.1] * 89)

    path = _packets(tmp_path / "back.mcap", (240_000, 1), (242_400, 1), (0, 1), (2_400, 1))
    assert [t for t, _ in _played(path)[0]] == pytest.approx([0, 0.1, 0.1, 0.2])


def test_a_thousand_packets_of_one_moment_are_sent_in_pieces(tmp_path):
    sent, _ = _played(_packets(tmp_path / "show.mcap", (0, 1000)))
    assert max(len(packets) for _, packets in sent) == 64
    assert sum(len(packets) for _, packets in sent) == 1000


def test_a_replay_that_cannot_be_says_why(tmp_path):
    path = _packets(tmp_path / "show.mcap")
    with pytest.raises(ArtifactError, match="no OSC packets"):
        _played(path, loop=True)
    for speed in (0, -1, float("nan"), float("inf")):
        with pytest.raises(ConfigError, match="speed"):
            _played(path, speed=speed)
