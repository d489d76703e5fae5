"""Ableton Link as a source of beats: a silent peer of its session.

Enters: the state of the session, read at each poll. Leaves: a `BeatEstimate`. Engine's thread; Link
runs its own. The library is optional (`pip install -e .[control]`), imported when it is opened.
"""

from typing import Any

from live.beat.estimate import BEATS_PER_BAR, BeatEstimate
from live.errors import ConfigError
from live.monotonic import monotonic_s


class LinkSource:
    """A silent peer of the Link session: it follows tempo, beat and bar, and changes nothing.

    always: speak also without other peers, when the session is only our own. session: a
    `link.Link`, made here if not given. ConfigError without the library.
    """

    name = "link"
    _OWN_BPM = 120.0  # of the session before anybody else is in it

    def __init__(self, always: bool = False, session: Any = None):
        self._always = always
        self._link = _link_library().Link(self._OWN_BPM) if session is None else session
        self._micros = self._link.clock().micros
        self._link.enabled = True

    @property
    def peers(self) -> int:
        """The others in the session."""
        return self._link.numPeers()

    def poll(self, sample: float, time_s: float) -> BeatEstimate | None:
        if not (self._always or self.peers):
            return None
        state = self._link.captureAppSessionState()
        # Link's clock may be another than ours, corrected differently: compare them every time.
        host_us = self._micros() + round((time_s - monotonic_s()) * 1e6)
        bar_beat = state.phaseAtTime(host_us, BEATS_PER_BAR) % BEATS_PER_BAR
        return BeatEstimate(sample, bar_beat % 1.0, state.tempo(), 1.0, bar_beat=bar_beat)

    def close(self) -> None:
        self._link.enabled = False


def _link_library() -> Any:
    try:
        import link
    except ImportError as error:
        raise ConfigError(
            "Ableton Link needs LinkPython-extern; run `pip install -c constraints.txt "
            "-e .[control]`, or choose another --clock"
        ) from error
    return link
