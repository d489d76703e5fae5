"""Files and the demo in real time: with a card, without one, and with one that goes away."""

import threading
from types import SimpleNamespace

import numpy as np
import pytest

from live.audio import demo
from live.audio.files import read_audio
from live.audio.playback import DemoSource, FileSource
from live.monotonic import monotonic_s
from tests.helpers.sound_files import RATE, drain, hear_all, noise, write
from tests.helpers.sound_server import sound_server, wait_until  # noqa: F401, a fixture

# Without a card -------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [8_000, 44_100, 192_000])
def test_a_file_arrives_whole_and_in_real_time(tmp_path, rate):
    audio = noise(0.6, 2, rate)
    source = FileSource(write(tmp_path / "a.wav", audio, rate, subtype="FLOAT"), play=False)
    assert (source.rate, source.name, source.finished) == (rate, "a.wav", False)
    started = monotonic_s()
    heard = hear_all(source)
    assert 0.55 < monotonic_s() - started < 1.5
    np.testing.assert_allclose(heard, audio.mean(axis=1), atol=1e-7)
    assert (source.ring.dropped, source.xruns, source.active) == (0, 0, False)
    assert source.last_block_s.samples == len(audio)


def test_a_loop_has_no_seam(tmp_path):
    audio = noise(0.11)
    source = FileSource(write(tmp_path / "a.wav", audio, subtype="FLOAT"), loop=True, play=False)
    parts = []
    with source:
        wait_until(lambda: drain(source, parts) or source.ring.written > 0.5 * RATE, "four rounds")
        assert source.active
        assert not source.finished
    heard = np.concatenate(parts)
    np.testing.assert_array_equal(heard, np.resize(audio[:, 0], len(heard)))


def test_an_mp3_can_loop(tmp_path):
    source = FileSource(write(tmp_path / "a.mp3", noise(0.2)), loop=True, play=False)
    with source:
        wait_until(lambda: source.ring.written > 0.6 * RATE, "three rounds")
    assert not source.finished


def test_without_a_card_block_times_lie_on_a_line(tmp_path):
    source = FileSource(write(tmp_path / "a.wav", noise(0.5)), play=False)
    seen = set()
    with source:
        wait_until(lambda: seen.add(source.last_block_s) or source.finished, "the end")
    seen = sorted(seen, key=lambda block: block.samples)[1:-1]
    starts = [block.time_s - block.samples / RATE for block in seen]
    assert len(seen) > 10
    assert np.ptp(starts) < 1e-6


def test_no_thread_outlives_its_source(tmp_path):
    before = threading.active_count()
    with FileSource(write(tmp_path / "a.wav", noise(30.0)), play=False) as source:
        wait_until(lambda: source.ring.written, "sound")
    wait_until(lambda: threading.active_count() == before, "the threads' end", 2.0)


def test_the_demo_plays_its_track():
    with DemoSource(play=False) as source:
        wait_until(lambda: source.ring.written > 0.2 * RATE, "sound")
        heard = source.ring.read(RATE)
    np.testing.assert_array_equal(heard, read_audio(demo.PATH)[0][: len(heard)])


def test_a_source_that_never_started_can_be_stopped(tmp_path):
    FileSource(write(tmp_path / "a.wav", noise(0.1)), play=False).stop()


# With a card ----------------------------------------------------------------------------------


def test_what_is_played_is_what_is_danced_to(card, tmp_path):
    audio = noise(0.05, 2)
    source = FileSource(write(tmp_path / "a.wav", audio, subtype="FLOAT"))
    with source:
        assert source.active
        played = []
        now = monotonic_s()
        while (out := card.streams[0].play()) is not None:
            played.append(out)
            # The time when it is heard, not when it was handed over.
            assert source.last_block_s.time_s == pytest.approx(now + 0.025, abs=0.2)
        heard = source.ring.read(RATE)
        assert source.finished
        assert not source.active
    played = np.concatenate(played)
    np.testing.assert_array_equal(played[: len(audio)], audio)
    assert not played[len(audio) :].any()
    np.testing.assert_allclose(heard, audio.mean(axis=1), atol=1e-7)


def test_a_file_goes_on_silently_when_the_output_is_lost(card, tmp_path):
    source = FileSource(write(tmp_path / "a.wav", noise(0.5)), loop=True)
    with source:
        card.streams[0].play()
        card.present = False
        card.streams[0].vanish()
        source.reopen()
        wait_until(lambda: source.ring.written > 3 * 512, "sound without a card")
        assert source.active
        card.present = True
        wait_until(lambda: len(card.streams) > 1 and source.reopens, "the card again")
        written = source.ring.written
        card.streams[1].play()
        assert source.ring.written == written + 512


def test_without_an_output_a_file_plays_silently_and_says_so(card, tmp_path):
    card.present = False
    audio = noise(0.1)
    source = FileSource(write(tmp_path / "a.wav", audio, subtype="FLOAT"))
    np.testing.assert_array_equal(hear_all(source), audio[:, 0])
    assert "plays silently" in source.note


def test_an_output_underflow_is_counted(card, tmp_path):
    with FileSource(write(tmp_path / "a.wav", noise(1.0))) as source:
        card.streams[0].play(SimpleNamespace(output_underflow=True))
        assert source.xruns == 1


# With a real sound server ---------------------------------------------------------------------

PLAY = """
import json, sys, threading
from live.audio.playback import FileSource

end = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), end.set()), daemon=True).start()
with FileSource(sys.argv[1], loop=True) as source:
    while not end.wait(0.02):
        if not source.active:
            source.reopen()
        report = {"active": source.active, "written": source.ring.written, "note": source.note}
        print(json.dumps(report | {"reopens": source.reopens}), flush=True)
"""


def test_a_file_is_danced_to_while_the_output_is_away(sound_server, tmp_path):  # noqa: F811
    child = sound_server.start_python(PLAY, write(tmp_path / "a.wav", noise(5.0)))
    report = child.wait_for(lambda report: report["written"] > RATE // 4, "sound")
    assert report["note"] == ""
    sound_server.kill()
    samples = report["written"] + RATE
    child.wait_for(lambda report: report["written"] > samples, "a second of silent music")
    sound_server.start()
    child.wait_for(lambda report: report["reopens"], "the output again", 30)
    child.finish()
