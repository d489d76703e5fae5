"""Session files: what goes in comes out, whatever happens to the process, the disk or the file."""

import json
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from mcap.reader import make_reader

from live.errors import ArtifactError, ConfigError
from live.osc import encoding
from live.osc.encoding import encode_message
from live.osc.schema import SCHEMA_VERSION
from live.session import format, mcap_file
from live.session import reader as recording
from live.session.reader import SessionReader
from live.session.replay import replay
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


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr(mcap_file, "_CHUNK_BYTES", 4_000)


# Round trip


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
        assert format._to_sample(format._to_ns(sample, rate), rate) == sample


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


# Files that were cut off, damaged or made up


def test_cut_anywhere_all_whole_chunks_are_there(tmp_path, small_chunks):
    path, cut = tmp_path / "show.mcap", tmp_path / "cut.mcap"
    record(path, 0.2)
    data = path.read_bytes()
    whole = list(SessionReader(path))
    with path.open("rb") as file:
        indexes = make_reader(file).get_summary().chunk_indexes
    assert len(indexes) >= 5
    head_end = indexes[0].chunk_start_offset
    ends = [i.chunk_start_offset + i.chunk_length for i in indexes]
    counts = np.cumsum([_messages(i) for i in indexes])
    near_ends = {end + by for end in (head_end, *ends) for by in range(-3, 4)}
    tail = range(ends[-1], len(data), 7)
    for length in sorted({*range(0, len(data), 211), *near_ends, *tail, len(data) - 1}):
        cut.write_bytes(data[:length])
        if length < head_end:
            with pytest.raises(ArtifactError):
                SessionReader(cut)
            continue
        expected = max((n for end, n in zip(ends, counts, strict=True) if end <= length), default=0)
        session = SessionReader(cut)
        assert list(session) == whole[:expected], length
        assert not session.complete


def _messages(index):
    """Messages of a chunk, from its message indexes: 15 bytes each, and 16 a message."""
    n_channels = len(index.message_index_offsets)
    return (index.message_index_length - 15 * n_channels) // 16


def test_damage_costs_one_chunk_and_is_told(tmp_path, small_chunks):
    path = tmp_path / "show.mcap"
    record(path, 0.2)
    whole = list(SessionReader(path))
    with path.open("rb") as file:
        index = make_reader(file).get_summary().chunk_indexes[1]
    data = bytearray(path.read_bytes())
    data[index.chunk_start_offset + index.chunk_length - 50] ^= 0xFF
    path.write_bytes(data)
    session = SessionReader(path)
    assert len(list(session)) == len(whole) - _messages(index)
    assert session.damaged == 1
    assert not session.complete


def test_no_damage_raises_anything_but_an_artifact_error(tmp_path, small_chunks):
    path = tmp_path / "show.mcap"
    record(path, 0.1)
    data = path.read_bytes()
    rng = np.random.default_rng(3)
    refused = 0
    for _ in range(400):
        bad = bytearray(data)
        at = rng.integers(0, len(bad), 4) if rng.random() < 0.5 else rng.integers(0, 500, 2)
        for position in at:
            bad[position] = rng.integers(0, 256)
        path.write_bytes(bad)
        try:
            session = SessionReader(path)
            list(session.controls()), list(session.health()), list(session.packets())
            for _ in session.blocks():
                pass
        except ArtifactError:
            refused += 1
    assert 0 < refused < 400


@pytest.mark.parametrize("content", [b"", b"x", b"RIFF" * 1000, mcap_file.MCAP0_MAGIC])
def test_a_file_that_is_no_session_is_refused(tmp_path, content):
    path = tmp_path / "song.wav"
    path.write_bytes(content)
    with pytest.raises(ArtifactError, match="not a PoseJockey session"):
        SessionReader(path)


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    for path in (tmp_path / "none.mcap", tmp_path):
        with pytest.raises(ArtifactError, match="cannot read"):
            SessionReader(path)


@pytest.mark.parametrize("settings", [{"sample_rate": "fast"}, {"sample_rate": 10**9}, {}])
def test_settings_that_make_no_sense_are_refused(tmp_path, settings):
    with pytest.raises(ArtifactError, match="sample_rate"):
        SessionReader(_forged(tmp_path, settings, []))


def test_a_session_of_another_version_is_refused(tmp_path):
    with pytest.raises(ArtifactError, match="version 99"):
        SessionReader(_forged(tmp_path, {**SETTINGS, "session_version": 99}, []))


def test_controls_that_make_no_sense_are_left_out(tmp_path):
    bad = [
        b'{"name": "seed", "value": NaN}',
        b'{"name": "seed", "value": 1e999}',
        b'{"name": "seed", "value": ' + b"9" * 400 + b"}",
        b'{"name": "seed", "value": ' + b"9" * 5000 + b"}",
        b'{"name": "seed", "value": [1]}',
        b'{"name": 3, "value": 1}',
        b'["seed", 1]',
        b"[" * 60_000,
        b"\xff\xfe",
        b"",
    ]
    good = b'{"name": "seed", "value": 1}'
    session = SessionReader(_forged(tmp_path, SETTINGS, [("control", 0, d) for d in [*bad, good]]))
    assert list(session.controls()) == [(0, "seed", 1.0)]


def test_a_message_or_a_chunk_too_large_is_left_out(tmp_path, monkeypatch):
    large = bytes(format.MAX_MESSAGE_BYTES + 1)
    session = SessionReader(_forged(tmp_path, SETTINGS, [("osc", 0, large), ("osc", 1, PACKET)]))
    assert [data for _, data in session.packets()] == [PACKET]
    assert (session.damaged, session.complete) == (1, False)
    bomb = SessionReader(_forged(tmp_path, SETTINGS, [("osc", 0, bytes(1 << 20))]))
    monkeypatch.setattr(recording, "_MAX_RECORD_BYTES", 1 << 19)
    monkeypatch.setattr(mcap_file, "_MAX_RECORD_BYTES", 1 << 19)
    assert bomb.path.stat().st_size < 4_000
    assert list(bomb) == []
    assert bomb.damaged == 1


def test_audio_that_claims_to_be_endless_is_refused(tmp_path):
    session = SessionReader(_forged(tmp_path, SETTINGS, [("audio", 1 << 63, bytes(4))]))
    with pytest.raises(ArtifactError, match="h of audio"):
        session.audio()


def _forged(tmp_path, settings, messages):
    """A well-formed container with whatever is given in it."""
    path = tmp_path / "forged.mcap"
    texts = {name: json.dumps(value) for name, value in settings.items()}
    with path.open("wb") as file:
        container = mcap_file._Container(file, {"session_version": "1", **texts})
        for message in messages:
            container.add(*message)
        container.flush()
        container.finish()
    return path


# Where the disk does not play along


def test_an_existing_file_is_left_as_it_was(tmp_path):
    path = tmp_path / "show.mcap"
    path.write_bytes(b"the only copy")
    with pytest.raises(ConfigError, match="exists and was left as it is"):
        SessionWriter(path, SETTINGS)
    with pytest.raises(ValueError, match="sample_rate"):
        SessionWriter(path, {"sample_rate": "fast"}, overwrite=True)
    assert path.read_bytes() == b"the only copy"
    record(path, 0.1, overwrite=True)
    assert SessionReader(path).audio()[0].shape == (4410,)


def test_a_path_that_cannot_be_written_is_told_at_once(tmp_path):
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "none" / "x.mcap", tmp_path / "file" / "x.mcap", "nul\0.mcap"):
        with pytest.raises(ConfigError, match="cannot record to"):
            SessionWriter(path, SETTINGS)
    with pytest.raises(ConfigError, match="cannot record to"):
        SessionWriter(tmp_path, SETTINGS, overwrite=True)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a disk that is always full")
def test_a_disk_that_is_full_from_the_start_is_told_at_once():
    with pytest.raises(ConfigError, match="No space left"):
        SessionWriter("/dev/full", SETTINGS, overwrite=True)


def _fill(writer, blocks):
    """Write until the writer stops, a block at a time; how many were offered."""
    offered = 0
    while writer.error is None and offered < blocks:
        writer.audio(offered * BLOCK, noise(BLOCK, offered))
        offered += 1
    return offered


def _assert_stopped(writer, offered, message):
    writer.close()
    assert message in writer.error
    assert str(writer.path) in writer.error
    assert writer.written + writer.lost == offered
    assert writer.lost > 0
    blocks = list(SessionReader(writer.path).blocks())
    assert len(blocks) >= writer.written > 0
    for sample, block in blocks:
        np.testing.assert_array_equal(block, noise(BLOCK, sample // BLOCK))


@pytest.fixture
def full_disk(tmp_path):
    """A file system of 512 kB of its own."""
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", tmp_path], capture_output=True
    )
    if not mounted or mounted.returncode:
        pytest.skip("needs leave to mount a file system")
    yield tmp_path
    subprocess.run(["umount", tmp_path], check=True)


def test_a_disk_that_fills_up_stops_the_recording_and_nothing_else(full_disk, monkeypatch):
    monkeypatch.setattr("live.session.writer._FLUSH_S", 0.0)
    writer = SessionWriter(full_disk / "show.mcap", SETTINGS, capacity=64)
    _assert_stopped(writer, _fill(writer, 1_000_000), "No space left")


@pytest.fixture
def file_size_limit():
    """No file of this process grows beyond 512 kB; Python ignores the signal that says so."""
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 19, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_failing_write_stops_the_recording_and_nothing_else(
    tmp_path, file_size_limit, monkeypatch
):
    monkeypatch.setattr("live.session.writer._FLUSH_S", 0.0)
    writer = SessionWriter(tmp_path / "show.mcap", SETTINGS, capacity=64)
    _assert_stopped(writer, _fill(writer, 1_000_000), "File too large")


def test_what_does_not_fit_into_the_queue_is_counted(tmp_path):
    path = tmp_path / "show.mcap"
    writer = SessionWriter(path, SETTINGS, capacity=8)
    for i in range(10_000):  # within 20 ms, and eight are taken away every 50 ms
        writer.osc(i, PACKET)
    writer.close()
    assert writer.error is None
    assert writer.lost > 0
    assert writer.written + writer.lost == 10_000
    assert len(list(SessionReader(path))) == writer.written


def test_after_closing_everything_is_lost_and_closing_again_is_harmless(tmp_path):
    writer = SessionWriter(tmp_path / "show.mcap", SETTINGS)
    writer.close()
    writer.control(0, "tap", None)
    writer.close()
    assert (writer.written, writer.lost, writer.error) == (0, 1, None)


_RECORDER = """
import sys, time
import numpy as np
from live.session.writer import SessionWriter
writer = SessionWriter(sys.argv[1], {"sample_rate": 24_000})
block = np.random.default_rng(0).uniform(-1, 1, 480).astype(np.float32)
start = time.perf_counter()
for i in range(3000):
    writer.audio(i * 480, block)
    print(i, flush=True)
    time.sleep(max(0, start + (i + 1) * 0.02 - time.perf_counter()))  # the pace of a microphone
"""


def test_a_killed_process_loses_at_most_the_last_second(tmp_path):
    path = tmp_path / "show.mcap"
    child = subprocess.Popen(
        [sys.executable, "-c", _RECORDER, str(path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
        env={**os.environ, "PYTHONPATH": "."},
    )
    with child:
        for line in child.stdout:
            if int(line) == 120:  # 2.4 s of audio
                child.kill()
        assert child.wait() != 0
    session = SessionReader(path)
    audio, rate = session.audio()
    assert len(audio) / rate >= 121 * 0.02 - 1
    block = np.random.default_rng(0).uniform(-1, 1, 480).astype(np.float32)
    np.testing.assert_array_equal(audio.reshape(-1, 480), np.tile(block, (len(audio) // 480, 1)))
    assert not session.complete


# Replay


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
