"""The figures on screen, as a process of their own: its crash must not end the show.

Enters: the visualizer's options, asked of itself before the show. Leaves: whether the show is still
wanted. Polled by the show's thread, which it never keeps waiting.
"""

import logging
import socket
import subprocess
import tempfile
from contextlib import ExitStack
from pathlib import Path

from live.child_process import child_command
from live.errors import ConfigError
from live.monotonic import monotonic_s
from live.osc.schema import DEFAULT_PORT, PALETTES
from live.show.config import ShowConfig

log = logging.getLogger(__name__)

_RESTART_AFTER_S, _RESTART_AT_MOST_S = 2.0, 60.0
_TRUSTED_AFTER_S = 10.0  # one that goes on with what was played and lives this long
_EXPLAINED = 2  # exit code of one that has said what is wrong: no port, say


def options_of(config: ShowConfig, given: list[str]) -> list[str]:
    """What the visualizer is started with: of the show's file, then `given` after --.

    ConfigError where it would refuse them, or where the show decides.
    """
    if given and not config.opens_visualizer:
        raise ConfigError("after -- are the visualizer's options, and this show has none")
    own = config.visualizer_options
    if own:
        _check(own, "[visuals]")
    if given:
        _check([*own, *given], "after --")  # the later one wins
    return [*own, *given]


def _check(options: list[str], where: str) -> None:
    command = child_command("visuals", *options, "--check")
    asked = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if asked.returncode:
        lines = asked.stderr.strip().splitlines() or [f"exit code {asked.returncode}"]
        raise ConfigError(f"{where}: {lines[-1]}")
    if asked.stdout:  # it has helped instead of checking
        raise ConfigError(
            f"{where}: --help is no option of a show; run `posejockey visuals --help`"
        )


def asks_terminal(options: list[str]) -> bool:
    asked = [option for option in options if option in ("--terminal", "--no-terminal")]
    return asked[-1:] == ["--terminal"]


def palette_of(options: list[str]) -> str:
    """The palette that the picture begins with."""
    found = PALETTES[0]
    for option, following in zip(options, [*options, ""][1:], strict=True):
        name, equals, value = option.partition("=")
        if name == "--palette":
            found = value if equals else following
    return found if found in PALETTES else PALETTES[0]


def is_port_free(port: int = DEFAULT_PORT) -> bool:
    """Whether a visualizer could listen here."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


class Visualizer:
    """Owns the process. Left by its user (exit code 0) it ends the show.

    After a crash it is started again, and goes on with what was played; if it dies soon again,
    later and later. Where its port is taken by another one, the show goes on without it until the
    port is free.
    """

    def __init__(self, control_port: int, options: list[str], stack: ExitStack):
        # Last, so that no option leads it away from this show.
        self._command = child_command("visuals", *options, "--port", str(DEFAULT_PORT))
        self._command += ["--control", f"127.0.0.1:{control_port}"]
        folder = tempfile.TemporaryDirectory(prefix="posejockey-", ignore_cleanup_errors=True)
        self._state = Path(stack.enter_context(folder)) / "picture.json"
        self._command += ["--state", str(self._state)]
        self._process: subprocess.Popen | None = None
        self._resumed = False
        self._started = self._next_start = 0.0
        self._pause_s = _RESTART_AFTER_S
        self._start()
        stack.callback(self._stop)

    def is_wanted(self) -> bool:
        """False once the user has closed the window."""
        code = self._process.poll() if self._process else None
        if code == 0:
            return False
        if code is not None:
            self._process = None
            self._note_death(code)
        if self._process is None and monotonic_s() >= self._next_start:
            self._start_if_possible()
        return True

    def _note_death(self, code: int) -> None:
        """When to start it again, and with what."""
        now = monotonic_s()
        if now - self._started >= _TRUSTED_AFTER_S:
            self._pause_s = _RESTART_AFTER_S
        elif self._resumed and code != _EXPLAINED:
            self._state.unlink(missing_ok=True)  # what was played may be what it dies of
        self._next_start = max(now, self._started + self._pause_s)
        self._pause_s = min(2 * self._pause_s, _RESTART_AT_MOST_S)

    def _start_if_possible(self) -> None:
        if is_port_free():
            self._start()
        else:
            self._next_start = monotonic_s() + _RESTART_AFTER_S

    def _start(self) -> None:
        self._started = monotonic_s()
        try:
            self._resumed = self._state.exists()
            self._process = subprocess.Popen(self._command)
        except OSError as error:  # no memory, no more processes
            log.warning("the visualizer cannot be started: %s", error)
            self._next_start = self._started + _RESTART_AT_MOST_S

    def _stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout=3.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
