"""The picture for other programs: names, copies, what is dropped, what fails."""

import sys
import threading

import numpy as np
import pytest

from live.errors import ConfigError
from tests.visuals.stage import wait_until
from visuals.__main__ import main
from visuals.draw import matte
from visuals.draw.surfaces import black
from visuals.out import senders
from visuals.out.outs import PictureOut, PictureOuts
from visuals.out.senders import OutName, parse_outs, require


class Receiver:
    """Stands for a library: keeps what it is sent, may be slow, may fail."""

    def __init__(self, failures: int = 0):
        self.pictures: list[np.ndarray] = []
        self.opened, self.closed = 0, 0
        self.is_watched = True
        self.go = threading.Event()
        self.go.set()
        self._failures = failures

    def open(self, out: OutName, alpha: bool, rate_hz: float) -> "Receiver":
        self.opened += 1
        return self

    def send(self, pixels: np.ndarray) -> None:
        self.go.wait(5)
        if len(self.pictures) == 1 and self._failures:
            self._failures -= 1
            raise OSError("the network is gone")
        self.pictures.append(pixels.copy())

    def close(self) -> None:
        self.closed += 1


def test_names_are_read_and_mistakes_told():
    assert parse_outs(["ndi:Main, spout:x", "NDI"]) == (
        OutName("ndi", "Main"), OutName("spout", "x"), OutName("ndi", "PoseJockey"),
    )  # fmt: skip
    for bad, told in ((["rtmp:x"], "ndi, spout, syphon"), (["ndi:a", "ndi:a"], "named twice"),
                      (["ndi:\x07"], "letters")):  # fmt: skip
        with pytest.raises(ConfigError, match=told):
            parse_outs(bad)


def test_what_is_missing_is_one_sentence_and_exit_code_2(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "cyndilib", None)
    assert main(["--out", "ndi:Main", "--check"]) == 2
    told = capsys.readouterr().err
    assert 'install it with: pip install -c constraints.txt -e ".[ndi]"' in told
    assert told.count("\n") == 1
    other = "spout" if sys.platform != "win32" else "syphon"
    with pytest.raises(ConfigError, match=r"needs (Windows|macOS); NDI works everywhere"):
        require(other)


@pytest.mark.parametrize("alpha", [False, True])
def test_pictures_arrive_whole_with_straight_alpha(alpha):
    receiver = Receiver()
    out = PictureOut(OutName("ndi", "x"), alpha, 60.0, receiver.open)
    canvas = matte.transparent((8, 4)) if alpha else black((8, 4))
    matte.memory(canvas)[:] = (40, 0, 100, 128)
    out.offer(canvas)
    matte.memory(canvas)[:] = 0  # drawn on again at once
    wait_until(lambda: out.sent == 1)
    out.close()
    assert receiver.pictures[0].shape == (4, 8, 4)
    wanted = [80, 0, 199, 128] if alpha else [40, 0, 100, 255]
    assert (receiver.pictures[0] == wanted).all()
    assert receiver.closed == receiver.opened == 1


def test_a_slow_receiver_gets_the_newest_and_keeps_nobody_waiting():
    receiver = Receiver()
    receiver.go.clear()
    out = PictureOut(OutName("ndi", "x"), False, 60.0, receiver.open)
    canvas = black((8, 4))
    for k in range(20):
        matte.memory(canvas)[..., 0] = k
        out.offer(canvas)
        if k == 0:
            wait_until(lambda: out._next is None)
    receiver.go.set()
    wait_until(lambda: out.sent == 2)
    out.close()
    assert [int(p[0, 0, 0]) for p in receiver.pictures] == [0, 19]
    assert out.dropped == 18


def test_a_receiver_that_fails_is_opened_again_and_counted(caplog):
    receiver = Receiver(failures=1)
    outs = PictureOuts()
    out = PictureOut(OutName("ndi", "x"), False, 60.0, receiver.open)
    outs.all.append(out)

    def sent_more() -> bool:
        outs.offer(black((8, 4)))
        return out.sent >= 2

    wait_until(sent_more)
    told = outs.close()
    assert receiver.opened == 2
    assert out.failures == 1
    assert "1 failures" in told[0]


def test_nothing_is_copied_for_nobody():
    receiver = Receiver()
    receiver.is_watched = False
    out = PictureOut(OutName("ndi", "x"), False, 60.0, receiver.open)
    wait_until(lambda: not out._watched)
    out.offer(black((8, 4)))
    assert out._next is None
    out.close()


def test_a_picture_drawn_smaller_is_handed_on_in_the_same_size():
    receiver, outs = Receiver(), PictureOuts(alpha=True)
    out = PictureOut(OutName("ndi", "x"), True, 60.0, receiver.open)
    outs.all.append(out)
    for k, size in enumerate(((16, 8), (8, 4))):
        canvas = matte.transparent(size)
        matte.memory(canvas)[:] = (128, 0, 0, 128)
        outs.offer(canvas, (16, 8))
        wait_until(lambda sent=k + 1: out.sent == sent)
    outs.close()
    assert [p.shape for p in receiver.pictures] == [(8, 16, 4)] * 2
    assert receiver.pictures[1][4, 8].tolist() == [255, 0, 0, 128]


def test_kinds_name_their_systems():
    assert [k.platform for k in senders.KINDS.values()] == ["", "win32", "darwin"]
