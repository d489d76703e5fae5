"""A stream that is lost, hangs, and is opened again, without anybody waiting for it."""

import threading

from live.audio import stream
from live.audio.sources import Microphone
from live.monotonic import monotonic_s
from tests.helpers.card import block
from tests.helpers.sound_server import wait_until


def is_back(microphone):
    """Ask for it again and again, as the show does while nothing is heard."""
    if not microphone.active:
        microphone.reopen()
    return microphone.active


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
        card.may_close.clear()
        started = monotonic_s()
        for _ in range(3):
            microphone.reopen()
        assert monotonic_s() - started < 0.2
        assert not microphone.active
        card.may_close.set()
        wait_until(lambda: microphone.active, "the device again")
        assert len(card.streams) == 2


def test_a_stream_that_hangs_for_good_is_left_behind(card, monkeypatch):
    monkeypatch.setattr(stream, "STUCK_S", 0.05)
    with Microphone() as microphone:
        card.may_close.clear()
        microphone.reopen()

        wait_until(lambda: is_back(microphone), "a second stream")
        assert card.scans == 0  # it would free the stream that hangs
        card.streams[1].capture(block())
        card.streams[0].capture(block())  # the backlog of a server that thaws
        assert microphone.ring.written == 256
        card.may_close.set()
    assert not microphone.active


def test_a_stream_that_hangs_for_good_does_not_end_the_search_for_devices(card, monkeypatch):
    monkeypatch.setattr(stream, "STUCK_S", 0.05)
    monkeypatch.setattr(stream, "_LOST_S", 0.2)
    card.name = card._seen_name = "USB Audio (hw:1,0)"
    with Microphone() as microphone:
        card.may_close.clear()
        card.present, card.name = False, "USB Audio (hw:2,0)"
        card._seen = False  # what PortAudio knew is gone, and the new number it does not know

        def searched():
            microphone.reopen()
            return card.scans > 1

        wait_until(searched, "a search in spite of the stream that hangs")
        card.present = True
        wait_until(lambda: is_back(microphone), "the device by its new number")
        card.may_close.set()


def test_a_search_that_hangs_is_the_last_but_not_the_end(card, monkeypatch):
    monkeypatch.setattr(stream, "STUCK_S", 0.05)
    with Microphone() as microphone:
        card.may_end.clear()
        card.streams[0].vanish()
        wait_until(lambda: is_back(microphone), "the device, without a search")
        card.streams[-1].capture(block())
        assert microphone.ring.written == 256


def test_a_device_that_comes_back_under_another_number_is_found(card):
    card.name = card._seen_name = "USB Audio (hw:1,0)"
    with Microphone() as microphone:
        card.name = "USB Audio (hw:2,0)"
        card.streams[0].vanish()
        microphone.reopen()
        wait_until(lambda: microphone.active, "the device again")


def test_a_stream_is_given_up_between_two_blocks_and_never_within_one(card, monkeypatch):
    """Two streams that write at once would tear the ring."""
    with Microphone() as microphone:
        writing, go_on = threading.Event(), threading.Event()
        push = microphone.push

        def slow_push(samples, time_s):
            writing.set()
            assert go_on.wait(10)
            push(samples, time_s)

        monkeypatch.setattr(microphone, "push", slow_push)
        capture = threading.Thread(target=card.streams[0].capture, args=(block(),))
        capture.start()
        assert writing.wait(10)
        reopen = threading.Thread(target=microphone.reopen)
        reopen.start()
        reopen.join(0.1)
        assert reopen.is_alive()  # it waits for the block
        go_on.set()
        capture.join()
        reopen.join()
        card.streams[0].capture(block())
        assert microphone.ring.written == 256


def test_stopping_does_not_wait_for_a_stream_that_hangs(card):
    microphone = Microphone()
    microphone.start()
    card.may_close.clear()
    started = monotonic_s()
    microphone.stop()
    assert monotonic_s() - started < 1.0
    card.may_close.set()
