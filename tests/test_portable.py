"""What one system alone has is asked for first, or caught: held for the code, and shown to bite."""

import sys

import pytest

from live import child_process
from tools import portable


def test_this_part_of_the_code_runs_on_every_system():
    """`make lint` looks at all of it; here at what lights and their child processes use."""
    for name in ("live/outputs/source_id.py", "live/outputs/dmx_watch.py", "live/child_process.py"):
        text = (portable.ROOT / name).read_text(encoding="utf-8")
        assert list(portable.findings(text, name)) == []


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("import fcntl", ["fcntl"]),
        ("def f():\n    import termios", ["termios"]),
        ("import os\nos.fork()", ["os.fork"]),
        ("from signal import SIGUSR1", ["signal.SIGUSR1"]),
        ("import signal\nsignal.signal(signal.SIGHUP, f)", ["signal.SIGHUP"]),
        ("open('/proc/cpuinfo')", ["/proc/cpuinfo"]),
        ("if x:\n    import pwd", ["pwd"]),
        ("try:\n    os.nice(1)\nexcept ValueError:\n    pass", ["os.nice"]),
    ],
)
def test_what_one_system_lacks_is_found(code, what):
    assert [w for _, w in portable.findings(code, "x.py")] == what


@pytest.mark.parametrize(
    "code",
    [
        "if sys.platform == 'win32':\n    import msvcrt\nelse:\n    import fcntl",
        "if hasattr(os, 'nice'):\n    os.nice(1)",
        "try:\n    import resource\nexcept ImportError:\n    resource = None",
        "try:\n    open('/proc/self/statm')\nexcept OSError:\n    pass",
        "def f():\n    if os.name == 'nt':\n        return\n    os.fork()",
        '"""/proc is Linux\'s."""',
        "import os\nos.replace('a', 'b')",
    ],
)
def test_what_has_a_way_out_is_left_alone(code):
    assert list(portable.findings(code, "x.py")) == []


def test_a_child_of_the_one_file_build_is_that_file_again(monkeypatch):
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", "/opt/posejockey")
    command = child_process.child_command("visuals", "--check")
    assert command == ["/opt/posejockey", "--module", "visuals", "--check"]
