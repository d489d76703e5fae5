"""A recording whatever happens to the process and the disk."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from live.errors import ConfigError
from live.session.reader import SessionReader
from live.session.writer import SessionWriter
from live.supervised_thread import failures
from tests.helpers.sessions import BLOCK, PACKET, SETTINGS, noise, record
from tests.helpers.sound_server import wait_until


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


@pytest.mark.parametrize("part", ["add", "flush"])
def test_a_fault_that_is_not_the_disks_costs_what_it_strikes(tmp_path, monkeypatch, part):
    """A thread that dies without a word would lose the rest of the show."""
    before = failures().get("recording", 0)
    writer = SessionWriter(tmp_path / "show.mcap", SETTINGS)
    with monkeypatch.context() as broken:
        broken.setattr(writer._mcap, part, lambda *message: 1 / 0)
        for i in range(10):
            writer.osc(i, PACKET)
        wait_until(lambda: writer.lost == 10, "ten that are lost")
    for i in range(10, 15):
        writer.osc(i, PACKET)
    writer.close()
    assert (writer.written, writer.lost, writer.error) == (5, 10, None)
    kept = [record.sample for record in SessionReader(writer.path)]
    assert kept == [*range(10, 15)]
    assert failures()["recording"] > before


def test_a_file_that_is_broken_is_told_at_once(tmp_path, monkeypatch, caplog):
    writer = SessionWriter(tmp_path / "show.mcap", SETTINGS)
    monkeypatch.setattr(writer._mcap, "_file", None)  # not even an OSError
    writer.osc(0, PACKET)
    wait_until(lambda: writer.error, "an error")
    assert "recording to" in writer.error
    assert "the show goes on" in caplog.text
    writer.close()
    assert (writer.written, writer.lost) == (0, 1)


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
