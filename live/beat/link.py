"""Ableton Link: as a source of beats, a silent peer of its session, or to lead that session.

Enters: the state of the session, read at each poll; or our own beat. Leaves: a `BeatEstimate`, or
our tempo and phase for the others. Engine's thread; Link runs its own. The library is optional
(`pip install -e .[control]`), imported when it is opened.
"""

from typing import Any, Protocol

from live.beat.estimate import BEATS_PER_BAR, BeatEstimate
from live.errors import ConfigError
from live.monotonic import monotonic_s

LINK_ROLES = ("follow", "lead")


class LinkSource:
    """A silent peer of the Link session: it follows tempo, beat and bar, and changes nothing.

    always: speak also without other peers, when the session is only our own. session: a
    `link.Link`, made here if not given. ConfigError without the library.
    """

    name = "link"
    rejected = 0
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


class Beat(Protocol):
    """What is needed of a `live.beat.clock.BeatReading`."""

    @property
    def bar_phase(self) -> float: ...
    @property
    def tempo_bpm(self) -> float: ...
    @property
    def metre(self) -> int: ...
    @property
    def state(self) -> str: ...


class LinkLeader:
    """Gives the Link session our tempo and phase while our clock is sure of them.

    The session is steered like our own clock: what is off by less than a quarter of a beat is made
    up for by a tempo that differs by 2 % at most, so that nobody's music jumps; what is off by
    more, or follows a change of our tempo, is set at once. While we are not sure, nothing is
    touched and the session runs on. Bars of four carry their downbeat over; of others only the
    beat is led.
    """

    _EVERY_S = 0.1
    _NEW_TEMPO = 0.01
    _OFF_BPM = 0.02  # smaller changes are not worth a message to all peers
    _JUMP = 0.25  # beats
    _SETTLED = 0.004  # beats: below it the tempo alone counts
    _SLEW_S = 2.0
    _MOST_SLEW = 0.02

    def __init__(self, session: Any = None):
        self._link = _link_library().Link(120.0) if session is None else session
        self._micros = self._link.clock().micros
        self._link.enabled = True
        self._next_s = float("-inf")
        self._led_bpm = 0.0

    @property
    def peers(self) -> int:
        """The others in the session."""
        return self._link.numPeers()

    def lead(self, beat: Beat, time_s: float) -> None:
        """beat: ours at time_s, monotonic seconds. Ten times a second at most."""
        if time_s < self._next_s or beat.state not in ("locked", "coasting"):
            return
        self._next_s = time_s + self._EVERY_S
        state = self._link.captureAppSessionState()
        host_us = self._micros() + round((time_s - monotonic_s()) * 1e6)
        quantum = BEATS_PER_BAR if beat.metre == BEATS_PER_BAR else 1
        ours = beat.metre * beat.bar_phase % quantum
        off = (ours - state.phaseAtTime(host_us, quantum) + quantum / 2) % quantum - quantum / 2
        is_new = abs(beat.tempo_bpm - self._led_bpm) > self._NEW_TEMPO * beat.tempo_bpm
        self._led_bpm = beat.tempo_bpm
        if is_new or abs(off) > self._JUMP:
            state.setTempo(beat.tempo_bpm, host_us)
            state.forceBeatAtTime(ours, host_us, quantum)
            self._link.commitAppSessionState(state)
            return
        slew = 0.0 if abs(off) < self._SETTLED else off / (self._SLEW_S * beat.tempo_bpm / 60)
        wanted = beat.tempo_bpm * (1 + min(max(slew, -self._MOST_SLEW), self._MOST_SLEW))
        if abs(wanted - state.tempo()) > self._OFF_BPM:
            state.setTempo(wanted, host_us)
            self._link.commitAppSessionState(state)

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
