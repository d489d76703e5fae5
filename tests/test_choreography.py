"""Choreography as its users play it: a show in a process, python-osc as the desk, files on disk.

One real show obeys every control of the choreography and answers each; what it kept is danced again
by `perform --score`, to another song and in another style.
"""

# ruff: noqa: F401, F811 (fixtures, which look unused and redefined)

import socket
import threading
from contextlib import suppress

import numpy as np
import pytest
from pythonosc.udp_client import SimpleUDPClient

import posejockey
from live.audio.features import SAMPLE_RATE
from live.dance.material.phrase import read_phrase
from live.osc import encoding
from live.session.reader import SessionReader
from live.session.take import read_take
from tests.helpers.live_process import WAIT_S, live, song
from tests.helpers.sound_server import wait_until


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def danced_s(show):
    """Seconds into the song, by the time stamp of the latest bundle."""
    return dict(encoding.decode(show.receiver.packets[-1]))["/pj/frame"][1] / SAMPLE_RATE


class Desk:
    """A program that sends controls by python-osc and reads the answers."""

    def __init__(self, port):
        self._client = SimpleUDPClient("127.0.0.1", port)
        self._client._sock.settimeout(0.1)
        self.answers = []
        self._over = False
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def send(self, name, *arguments):
        """Send it, and wait for its answer: (name, obeyed, number, text)."""
        before = len(self.answers)
        self._client.send_message(f"/pj/control/{name}", list(arguments))
        wanted = name.partition("/")[0]

        def answered():
            return any(a[0] == wanted for a in self.answers[before:])

        wait_until(answered, f"an answer to {name}", WAIT_S)
        return next(a for a in self.answers[before:] if a[0] == wanted)

    def close(self):
        self._over = True
        self._thread.join()
        self._client._sock.close()

    def _read(self):
        while not self._over:
            with suppress(TimeoutError):
                for address, arguments in encoding.decode(self._client._sock.recv(2048)):
                    if address == "/pj/ack":
                        self.answers.append(tuple(arguments))


@pytest.mark.slow
def test_every_control_of_the_choreography_is_obeyed_and_answered(live, song, tiny_model, tmp_path):
    port = free_port()
    folder, session = tmp_path / "phrases", tmp_path / "show.mcap"
    show = live(
        "--input", str(song(60.0)), "--no-play", "--control-port", str(port),
        "--dancers", "4", "--phrases", str(folder),
        "--record", str(session), "--phrase", "4", "--unison", "0",
    )  # fmt: skip
    desk = Desk(port)
    try:
        show.receiver.wait_for(1, "a first frame: now it listens")
        assert desk.send("ack", 1)[:2] == ("ack", 1)
        wait_until(lambda: danced_s(show) > 10.0, "ten seconds of dance", WAIT_S)
        for name, value in (
            ("unison", 1.0), ("canon", 0.5), ("variation", 0.25), ("recall", 0.0), ("loop", 1.0),
            ("phrase", 8.0),
        ):  # fmt: skip
            assert desk.send(name, value) == (name, 1, value, "")
        for name, text in (("form", "AA~B"), ("formation", "wedge"), ("ensemble", "pairs")):
            assert desk.send(name, text) == (name, 1, 0.0, text)
        assert desk.send("start")[:2] == ("start", 1)
        assert desk.send("keep", "hook") == ("keep", 1, 0.0, "hook")
        wait_until((folder / "hook.svg").exists, "the files of the phrase", WAIT_S)
        assert desk.send("phrase/hook") == ("phrase", 1, 0.0, "hook")
        assert desk.send("phrase/nobody")[1] == 0
        assert desk.send("keep", "../../hook")[1] == 0
        assert desk.send("form", "A?")[1] == 0
        assert desk.send("loop", 0.0) == ("loop", 1, 0.0, "")
    finally:
        desk.close()
        code, _, errors = show.stop()
    assert code == 0, errors
    assert read_phrase(folder / "hook.toml").beats == 4
    assert list(folder.glob("*.partial")) == []
    names = [name for _, name, _ in SessionReader(session).controls()]
    assert {"unison", "formation", "keep", "phrase", "loop", "start"} <= set(names)
    again = ["perform", str(session), "-o", str(tmp_path / "again.npz"), "--model", str(tiny_model)]
    assert posejockey.main(again) == 0


@pytest.mark.slow
def test_a_score_file_from_kept_phrases_to_a_film_of_another_style(song, tmp_path, tiny_model):
    path = song(12.0)
    score = tmp_path / "score.toml"
    score.write_text(
        '[[part]]\nat = 1\nform = "AB"\nphrase = 4\nunison = 1\n[[part]]\nat = "0:06"\ncanon = 1\n',
        "utf-8",
    )
    model = ["--model", str(tiny_model), "--dancers", "3"]
    take, again = tmp_path / "take.npz", tmp_path / "again.npz"
    options = ["-o", str(take), *model, "--score", str(score), "--phrases", str(tmp_path / "none")]
    assert posejockey.main(["perform", str(path), *options]) == 0
    noise = read_take(take)["score_noise"]
    assert noise.shape[1] == 3
    options = ["-o", str(again), *model, "--score", str(take), "--style", "salsa"]
    assert posejockey.main(["perform", str(path), *options]) == 0
    danced = read_take(again)["score_noise"]
    beats = min(len(noise), len(danced)) - 1
    np.testing.assert_array_equal(danced[4:beats], noise[4:beats])


def test_a_score_that_is_wrong_is_refused_before_the_show(tmp_path, capsys, song):
    path, score = song(1.0), tmp_path / "score.toml"
    score.write_text('[[part]]\nat = 1\nphrase = "nobody"\n', "utf-8")
    out = tmp_path / "take.npz"
    options = ["-o", str(out), "--score", str(score), "--phrases", str(tmp_path / "none")]
    assert posejockey.main(["perform", str(path), *options]) == 2
    said = capsys.readouterr().err
    assert "score.toml: part 1: there is no phrase 'nobody'" in said
    assert len(said.strip().splitlines()) == 1
    assert not out.exists()
