"""The line of status: what it says of a show, and how it shares a terminal with everything else."""

import io
import os
import socket
import subprocess
import sys
import threading
from dataclasses import replace

import pytest

from live.cli import status
from live.osc.encoding import encode_message
from live.outputs.udp import OscOut
from live.show.status import ShowStatus, StatusText
from tests.helpers.live_process import WAIT_S
from tests.helpers.sound_server import ROOT

COUNTED = dict.fromkeys(
    ("late", "dropped", "skipped", "xruns", "resets", "refused", "rejected", "not recorded"), 0
)
CALM = ShowStatus(
    time_s=100.0,
    source="Scarlett",
    sound="",
    level=0.75,
    beat=(124.04, 0.874),
    active_source="link",
    state="dancing",
    style="salsa",
    frames=6000,
    counted=COUNTED,
    errors={"10.0.0.1:7401": 0, "10.0.0.2:7401": 0},
)


def after(seconds, **changes):
    """A status later than CALM, at 60 emissions a second."""
    time = {"time_s": CALM.time_s + seconds, "frames": CALM.frames + round(60 * seconds)}
    return replace(CALM, **time, **changes)


def test_a_show_that_goes_well():
    text = StatusText()
    text.line(CALM)
    assert text.line(after(0.5)) == (
        "Scarlett -20 dB | 124.0 BPM 87% link | salsa | 60/s | late 0 dropped 0 | no trouble "
        "| targets 2"
    )
    assert not text.is_troubled


def test_the_section_is_said_once_it_is_known():
    assert "87% link drop |" in StatusText().line(replace(CALM, section="drop"))


def test_before_the_first_frame():
    line = StatusText().line(replace(CALM, beat=None, style="", state="starting", level=0.0))
    assert line.startswith("Scarlett silent | no beat yet | STARTING | 0/s")


def test_the_rate_is_that_of_late():
    text = StatusText()
    for k in range(40):
        text.line(after(k / 4))
    assert "| 60/s |" in text.line(after(10))
    assert "| 30/s |" in text.line(replace(after(11.5), frames=after(10).frames + 45))


def test_the_phrase_that_is_danced_is_named_beside_the_style():
    text = StatusText()
    assert f"| {CALM.style} |" in text.line(CALM)
    assert f"| {CALM.style}, phrase hook |" in text.line(after(1, phrase="hook"))
    assert "| FROZEN |" in text.line(after(2, phrase="hook", state="frozen"))


def test_trouble_grows_old():
    text = StatusText()
    text.line(CALM)
    late = COUNTED | {"late": 3}
    assert "late 3 dropped 0 | late now |" in text.line(after(1, counted=late))
    assert text.is_troubled
    for seconds, age in ((10, "9 s"), (60, "59 s"), (181, "3 min"), (7300, "2 h")):
        assert f"| late {age} ago |" in text.line(after(seconds, counted=late))
    assert not text.is_troubled


def test_no_sound_comes_first_and_counts_as_trouble():
    text = StatusText()
    assert text.line(replace(CALM, sound="no sound")).startswith("NO SOUND Scarlett |")
    assert "| no sound 4 s ago |" in text.line(after(4))


def test_a_recording_that_has_stopped_is_said_first_and_for_good():
    text = StatusText()
    assert text.line(replace(CALM, is_recording=True)).startswith("Scarlett")
    stopped = after(60, is_recording=False, sound="no sound")
    assert text.line(stopped).startswith("NOT RECORDED | NO SOUND Scarlett |")
    text.line(after(3600, is_recording=False))
    assert text.is_troubled


def test_targets_that_refuse_are_named_while_they_do():
    text = StatusText()
    text.line(CALM)
    failed = {"10.0.0.1:7401": 0, "10.0.0.2:7401": 5}
    assert text.line(after(1, errors=failed)).endswith("targets 2, 1 refused: 10.0.0.2:7401")
    assert text.line(after(7, errors=failed)).endswith("targets 2")


def test_a_name_in_any_script_is_ascii_and_short():
    line = StatusText().line(replace(CALM, source="Mikrofon (麦克风)\x1b[2J éèê and so on"))
    assert line.isascii()
    assert line.isprintable()
    assert line.startswith("Mikrofon (???)?[2J.. -20 dB")


class StalledTerminal(io.StringIO):
    """Takes nothing, as after Ctrl-S, until `may_go` is set."""

    encoding = "ascii"

    def __init__(self):
        super().__init__()
        self.is_asked, self.may_go = threading.Event(), threading.Event()

    def isatty(self):
        return True

    def write(self, text):
        self.is_asked.set()
        self.may_go.wait()
        return super().write(text)


def test_a_terminal_that_takes_nothing_holds_nobody_up(monkeypatch):
    terminal = StalledTerminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setattr(status, "_LEAVE_S", 0.01)
    with status.StatusLine(lambda: CALM) as line:
        assert terminal.is_asked.wait(WAIT_S)
        for number in range(5_000):  # would wait for ever in whoever prints
            print("a line of the log", number)
    assert terminal.getvalue() == ""
    assert sys.stdout is terminal
    terminal.may_go.set()
    line._thread.join(WAIT_S)
    assert not line._thread.is_alive


# On a terminal --------------------------------------------------------------------------------


class Terminal:
    """`posejockey live` on a pseudo-terminal of its own, which it controls as under a shell."""

    def __init__(self, model, *options, **env):
        pty = pytest.importorskip("pty", reason="pseudo-terminals need Unix")
        self._end, terminal = pty.openpty()
        argv = [sys.executable, "-W", "error", ROOT / "posejockey.py", "live", "--model", model]
        argv += ["--no-visuals", "--input", "demo", "--no-play", "--osc", "127.0.0.1:9"]
        take_terminal = (
            "import fcntl, os, sys, termios\n"
            "os.setsid()\n"
            "fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
            "os.execv(sys.argv[1], sys.argv[1:])\n"
        )
        self.process = subprocess.Popen(
            [sys.executable, "-c", take_terminal, *map(str, [*argv, *options])],
            cwd=ROOT, env=os.environ | {"TERM": "xterm", "COLUMNS": "150"} | env,
            stdin=terminal, stdout=terminal, stderr=terminal,
        )  # fmt: skip
        os.close(terminal)
        self.said = ""

    def read_until(self, text):
        while text not in self.said and self._read():
            pass
        assert text in self.said

    def type(self, keys):
        os.write(self._end, keys)

    def wait(self):
        """Its exit code; all it has said is in `said`."""
        while self._read():
            pass
        return self.process.wait(WAIT_S)

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self._end)

    def _read(self):
        try:
            piece = os.read(self._end, 65_536)
        except OSError:  # EIO: nobody has the other end any more
            return False
        self.said += piece.decode()
        return bool(piece)


@pytest.fixture
def terminal(tiny_model):
    opened = []

    def start(*options, **env):
        opened.append(Terminal(tiny_model, *options, **env))
        return opened[-1]

    yield start
    for one in opened:
        one.close()


@pytest.fixture
def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.parametrize("encoding", ["utf-8", "cp437"])
def test_log_lines_stand_above_it_and_ctrl_c_ends_it(terminal, free_port, encoding):
    show = terminal("--control-port", free_port, PYTHONIOENCODING=encoding)
    show.read_until(" BPM ")
    with OscOut([("127.0.0.1", free_port)]) as desk:
        desk.send([encode_message("/pj/control/style", "s", ("polka 舞",))])
    show.read_until("is unknown")
    seen = len(show.said)
    while " BPM " not in show.said[seen:]:  # it is drawn again
        assert show._read()
    show.type(b"\x03")
    assert show.wait() == 0
    before, _, rest = show.said.partition("style 'polka")
    assert before.endswith("\r\x1b[2K")  # on a line from which the status was wiped
    assert rest.partition("\r\n")[0].endswith("this model has street, salsa")
    assert show.said.rpartition("\x1b[2K")[2].startswith("frames ")


@pytest.mark.parametrize(
    ("options", "env"), [(("--quiet",), {}), ((), {"TERM": "dumb"})], ids=["quiet", "dumb"]
)
def test_where_it_is_not_wanted_the_terminal_gets_plain_lines(terminal, options, env):
    show = terminal("--control-port", "0", "--seconds", "1", *options, **env)
    assert show.wait() == 0
    assert "\x1b" not in show.said
    assert "BPM" not in show.said
    assert show.said.splitlines()[-1].startswith("frames ")
