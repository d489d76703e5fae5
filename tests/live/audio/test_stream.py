"""A stream that is lost, hangs, and is opened again, without anybody waiting for it."""

from live.audio import stream
from live.audio.sources import Microphone
from live.monotonic import monotonic_s
from tests.helpers.card import block
from tests.helpers.sound_server import wait_until


def test_a_lost_device_comes_back_by_its_name(card):
    with Microphone() as microphone:
        card.streams[0].capture(block())
        card.present = False
        card.streams[0].vanish()
        assert not microphone.active
        microphone.reopen()
        wait_until(lambda: card.scans > 2, "a few attempts")
        assert not microphone.active
        card.present = True
        wait_until(lambda: microphone.active, "the device again")
        assert microphone.last_block_s.time_s > monotonic_s() - 1.0
        card.streams[1].capture(block())
        wait_until(lambda: microphone.reopens == 1, "the count")
        assert microphone.ring.written == 512


def test_reopening_does_not_wait_for_a_stream_that_hangs(card):
    with Microphone() as microphone:
        card.abort_hangs.clear()
        started = monotonic_s()
        for _ in range(3):
            microphone.reopen()
        assert monotonic_s() - started < 0.2
        assert not microphone.active
        card.abort_hangs.set()
        wait_until(lambda: microphone.active, "the device again")
        assert len(card.streams) == 2


def test_a_stream_that_hangs_for_good_is_left_behind(card, monkeypatch):
    monkeypatch.setattr(stream, "STUCK_S", 0.05)
    with Microphone() as microphone:
        card.abort_hangs.clear()
        microphone.reopen()

        def back():
            microphone.reopen()
            return microphone.active

        wait_until(back, "a second stream")
        assert card.scans == 0  # it would free the stream that hangs
        card.streams[1].capture(block())
        card.streams[0].capture(block())  # the backlog of a server that thaws
        assert microphone.ring.written == 256
        card.abort_hangs.set()
    assert not microphone.active


def test_stopping_does_not_wait_for_a_stream_that_hangs(card):
    microphone = Microphone()
    microphone.start()
    card.abort_hangs.clear()
    started = monotonic_s()
    microphone.stop()
    assert monotonic_s() - started < 1.0
    card.abort_hangs.set()
