"""What goes into a session file comes out of it."""

import json
from pathlib import Path

import numpy as np
import pytest
from mcap.reader import make_reader

from live.session import format
from live.session.mcap_reader import McapReader
from live.session.reader import SessionReader
from live.session.writer import SessionWriter
from tests.helpers.sessions import BLOCK, PACKET, RATE, SETTINGS, noise, record


def test_what_was_recorded_comes_back_bit_for_bit(tmp_path):
    path = tmp_path / "show.mcap"
    audio = record(path, 3)
    session = SessionReader(path)
    assert session.settings == {**SETTINGS, "session_version": 1}
    read, rate = session.audio()
    assert (read.dtype, rate) == (np.float32, RATE)
    np.testing.assert_array_equal(read.view(np.uint32), audio.view(np.uint32))
    packets = list(session.packets())
    assert packets[:2] == [(0, PACKET + b"\0"), (0, PACKET)]
    assert [sample for sample, _ in packets] == [400 * (i // 2) for i in range(360)]
    assert list(session.controls()) == [(s * 24_000 + 1, "energy", 0.1 * s) for s in range(3)]
    assert list(session.health()) == [(s * 24_000, {"fps": 60.0}) for s in range(3)]
    assert session.complete


def test_messages_come_in_the_order_in_which_they_were_recorded(tmp_path):
    path = tmp_path / "show.mcap"
    writer = SessionWriter(path, SETTINGS)
    writer.control(900, "seed", 3.0)
    writer.audio(0, noise(BLOCK))
    writer.osc(1_200, PACKET)
    writer.control(100, "tap", None)
    writer.close()
    assert [(r.topic, r.sample) for r in SessionReader(path)] == [
        ("control", 900),
        ("audio", 0),
        ("osc", 1_200),
        ("control", 100),
    ]


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 48_000, 192_000])
def test_samples_survive_their_way_through_nanoseconds(rate):
    for sample in [*range(3000), *range(10**10, 10**10 + 3000)]:
        assert format.to_sample(format.to_ns(sample, rate), rate) == sample


def test_a_gap_in_the_audio_is_silence_and_a_block_is_copied_at_once(tmp_path):
    path = tmp_path / "show.mcap"
    writer = SessionWriter(path, SETTINGS)
    block = np.ones(10, np.float32)
    writer.audio(0, block)
    block[:] = 2
    writer.audio(np.int64(20), block)
    writer.close()
    audio, _ = SessionReader(path).audio()
    np.testing.assert_array_equal(audio, np.repeat([1, 0, 2], 10))


def test_a_block_of_any_size_and_values_fits(tmp_path):
    path = tmp_path / "show.mcap"
    writer = SessionWriter(path, SETTINGS)
    audio = noise(100_000)
    audio[[5, 6, 7]] = np.nan, np.inf, -0.0
    writer.audio(0, audio)
    writer.close()
    np.testing.assert_array_equal(SessionReader(path).audio()[0].view("u4"), audio.view("u4"))
    assert writer.lost == 0


def test_values_json_cannot_say(tmp_path):
    path = tmp_path / "show.mcap"
    writer = SessionWriter(path, SETTINGS)
    writer.health(-5, {"ms": float("nan"), "n": np.int64(3), "x": np.float32(0.5), "s": ("a",)})
    writer.health(0, {"what": object()})
    writer.close()
    assert list(SessionReader(path).health()) == [(0, {"ms": None, "n": 3, "x": 0.5, "s": ["a"]})]
    assert (writer.written, writer.lost) == (1, 1)


def test_a_session_without_messages(tmp_path):
    path = tmp_path / "show.mcap"
    SessionWriter(path, SETTINGS).close()
    session = SessionReader(path)
    assert list(session) == []
    assert session.complete
    assert session.audio()[0].shape == (0,)


def test_other_mcap_readers_find_everything(tmp_path, small_chunks):
    path = tmp_path / "show.mcap"
    record(path, 2)
    with path.open("rb") as file:
        reader = make_reader(file, validate_crcs=True)
        summary = reader.get_summary()
        assert summary.statistics.message_count == 200 + 240 + 4
        assert summary.statistics.chunk_count == len(summary.chunk_indexes) > 10
        assert summary.statistics.message_end_time == 1_990_000_000
        assert sum(1 for _ in reader.iter_messages(topics=["osc"])) == 240
        (metadata,) = reader.iter_metadata()
        assert json.loads(metadata.metadata["seed"]) == 7
        encodings = {c.topic: c.message_encoding for c in summary.channels.values()}
        assert encodings == format.ENCODINGS


def test_a_file_of_an_earlier_version_is_read_and_written_alike(tmp_path):
    """The container is laid out with parts of the mcap package that are not promised to stay: an
    upgrade that changes them fails here."""
    golden = SessionReader(Path(__file__).with_name("golden.mcap"))
    writer = SessionWriter(tmp_path / "show.mcap", SETTINGS)
    writer.audio(0, np.arange(8, dtype=np.float32) / 8)
    writer.frame = 3
    writer.osc(400, PACKET)
    writer.control(900.5, "energy", 0.5)
    writer.event(8, "skip", 960)
    writer.health(24_000, {"fps": 60.0})
    writer.close()
    today = SessionReader(tmp_path / "show.mcap")
    assert golden.settings == today.settings == {**SETTINGS, "session_version": 1}
    assert list(golden) == list(today)
    assert golden.complete
    assert [(record.topic, record.frame) for record in golden] == [
        ("audio", 0), ("osc", 3), ("control", 3), ("event", 3), ("health", 3),
    ]  # fmt: skip
    kinds = [[type(r).__name__ for r in McapReader(s.path).records()] for s in (golden, today)]
    assert kinds[0] == kinds[1]
