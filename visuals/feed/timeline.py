"""OSC in: UDP datagrams to the picture of this very moment, never a backlog.

`Feed` owns the socket and one thread that drains it as fast as packets come; whoever draws asks
`view(now_s)` from another thread. `Timeline` below it is pure: datagrams and times in, `View` out.

Packets arrive up to 20 ms early or late, some never, some twice or out of order. So drawing runs
one emission interval plus 20 ms behind the mean arrival, which is where the two neighbours of any
moment have nearly always come; poses in between are interpolated at the exact presentation time.
All times are seconds of `time.perf_counter` (`time.monotonic` steps by 16 ms on Windows).
"""

import bisect
import math
import socket
import threading
import time
from collections import deque
from dataclasses import dataclass, field

import numpy as np

from live.body.skeleton import BONES, JOINT_NAMES, N_JOINTS, with_bone_lengths
from live.control.osc_in import Value, value_of
from live.errors import DeviceError
from live.osc import schema as osc_schema
from live.osc.schema import DEFAULT_PORT, MAX_DANCERS, SAMPLE_WRAP, STATES, HealthReport

SAMPLE_RATE = 24_000
LOST_AFTER_S = 1.0
GONE_AFTER_S = 0.5  # a dancer who stops coming while the others go on

_JITTER_S = 0.020
_EXTRAPOLATE_S = 0.050  # beyond the newest pose: 5 mm of error at a dancer's 4 m/s2, then hold
_JUMP_S = 0.5  # a step of the sample count beyond this is a restart, not a late packet
_STALL_S = 0.2  # arrival this far from its time is no jitter ...
_STALLED_S = 0.5  # ... but packets held back, unless all are as late for as long as this
_MAX_GAP_S = 0.25  # poses farther apart than this are not blended into each other
_HISTORY = 24  # frames; 200 ms at 120 Hz
_CLOCK_FRAMES = 120  # over which the mean arrival is taken: 2 s at 60 Hz
_MAX_COORDINATE_M = 100.0

_CHILD = np.array([b for _, b in BONES])
_PARENT = np.array([a for a, _ in BONES])
_JOINT_ADDRESS = {
    osc_schema.JOINTS.address.format(dancer=d, joint=name): (d, j)
    for d in range(1, MAX_DANCERS + 1)
    for j, name in enumerate(JOINT_NAMES)
}
_PICTURE = {control.address: control for control in osc_schema.PICTURE.values()}
_MOST_PLAYED = 64  # controls kept until they are asked for: a flood costs bounded memory
_NO_STYLE = np.zeros(0, np.float32)


@dataclass(frozen=True)
class View:
    """Everything there is to draw at one moment. Metres, stage space; phases in [0, 1)."""

    dancers: tuple[int, ...] = ()  # their numbers, 1..16, ascending
    joints: np.ndarray = field(default_factory=lambda: np.zeros((0, N_JOINTS, 3), np.float32))
    beat_phase: float = 0.0
    bar_phase: float = 0.0
    bpm: float = 0.0
    confidence: float = 0.0
    onset: tuple[float, float, float] = (0.0, 0.0, 0.0)  # low, mid, high, 0..1
    level: float = 0.0  # 0..1
    style: np.ndarray = field(default_factory=lambda: _NO_STYLE)  # float32 [S]
    styles: tuple[str, ...] = ()  # what the weights are called; () where nobody has said it
    wish: str = ""  # the style asked for, as of live.osc.schema.STYLES; "" before it is known
    health: HealthReport | None = None
    age_s: float = math.inf  # since the last packet; inf before the first

    @property
    def lost(self) -> bool:
        return self.age_s > LOST_AFTER_S

    @property
    def style_name(self) -> str:
        """The strongest style's name, "" where it is not known."""
        best = int(self.style.argmax()) if self.style.size else 0
        return self.styles[best] if best < len(self.styles) else ""

    @property
    def state(self) -> str:
        """The engine's own word (live.osc.schema.STATES); "" before the first health message."""
        return self.health.state if self.health else ""


@dataclass
class Packet:
    """What one datagram said, checked."""

    sample: int | None = None
    joints: dict[int, np.ndarray] = field(default_factory=dict)
    music: "_Music | None" = None
    health: HealthReport | None = None
    styles: tuple[str, ...] = ()  # the wish, then the names
    played: list[tuple[str, Value]] = field(default_factory=list)  # of the picture; "": let go
    refused: int = 0  # controls of the picture that did not fit, beside others that did

    @property
    def dances(self) -> bool:
        """Whether it is of the stream, and not only about the picture."""
        return bool(self.joints or self.music or self.health)


@dataclass(frozen=True)
class _Music:
    beat: tuple[float, float, float, float]  # phase, bar phase, bpm, confidence
    onset: tuple[float, float, float]
    level: float
    style: np.ndarray


def parse(datagram: bytes) -> Packet | None:
    """One datagram, checked. None if nothing in it can be used.

    Messages of other schemas are passed over, and so is a dancer with a missing or absurd joint:
    holding the last good pose looks better than a figure with an arm at infinity.
    """
    packet = Packet()
    bodies: dict[int, np.ndarray] = {}
    values: dict[str, tuple] = {}
    for address, arguments in osc_schema.decode(datagram):
        if address in _PICTURE:
            played = value_of(_PICTURE[address], arguments)
            if played is None:
                packet.refused += 1
            else:
                packet.played.append(played)
            continue
        if address == osc_schema.STYLES.address:
            if arguments and all(isinstance(text, str) for text in arguments):
                packet.styles = tuple(arguments)
            continue
        if not _all_finite(arguments):
            continue
        if address in _JOINT_ADDRESS and len(arguments) == 3:
            dancer, joint = _JOINT_ADDRESS[address]
            body = bodies.setdefault(dancer, np.full((N_JOINTS, 3), np.nan, np.float32))
            body[joint] = np.clip(arguments, -1e6, 1e6)
        else:
            values[address] = tuple(arguments)
    packet.sample = _sample(values)
    packet.music = _music(values)
    packet.health = _health(values)
    if packet.sample is not None:
        packet.joints = {d: b for d, b in bodies.items() if (np.abs(b) <= _MAX_COORDINATE_M).all()}
    useful = packet.dances or packet.styles or packet.played
    return packet if useful else None


class StreamClock:
    """Where the feed's sample count lies on our clock, though packets come early and late.

    The offset is a running mean of arrival minus presentation time, so that one late packet moves
    it by a hundredth of its lateness and the drift of the sender's sound card is followed. What a
    network held back and then hands over at once is not heard: were it, the picture would lag for
    seconds after every hiccup.
    """

    def __init__(self):
        self._count = 0
        self._sample = 0  # unwrapped
        self._offset_s = 0.0
        self._period_s = 1 / 60
        self._on_time_s = 0.0  # the last arrival that was not held back

    def receive(self, sample: int, now_s: float) -> tuple[float, bool]:
        """(the stream time in s of this sample, whether the stream began anew with it)."""
        step = (sample - self._sample + SAMPLE_WRAP // 2) % SAMPLE_WRAP - SAMPLE_WRAP // 2
        if self._count == 0 or abs(step) > _JUMP_S * SAMPLE_RATE:
            self._restart(sample, now_s)
            return sample / SAMPLE_RATE, True
        time_s = (self._sample + step) / SAMPLE_RATE
        if step > 0:
            self._advance(step, now_s - time_s, now_s)
        return time_s, False

    def _restart(self, sample: int, now_s: float) -> None:
        self._count = 1
        self._sample = sample
        self._offset_s = now_s - sample / SAMPLE_RATE
        self._on_time_s = now_s

    def _advance(self, step: int, offset_s: float, now_s: float) -> None:
        self._sample += step
        self._count += 1
        gain = 1 / min(self._count, _CLOCK_FRAMES)
        self._period_s += (min(step / SAMPLE_RATE, 0.05) - self._period_s) * gain
        error_s = offset_s - self._offset_s
        held_back = error_s > _STALL_S
        if held_back and now_s - self._on_time_s < _STALLED_S + error_s:
            return
        self._on_time_s = now_s
        self._offset_s += error_s if abs(error_s) > _STALL_S else gain * error_s

    def playing(self, now_s: float) -> float:
        """The stream time to show now."""
        return now_s - self._offset_s - self._period_s - _JITTER_S


class Track:
    """The last few values of one thing, in the order of their presentation times."""

    def __init__(self):
        self._times: list[float] = []
        self._values: list = []

    def __len__(self) -> int:
        return len(self._times)

    @property
    def newest_s(self) -> float:
        return self._times[-1]

    def clear(self) -> None:
        self._times.clear()
        self._values.clear()

    def add(self, time_s: float, value) -> None:
        at = bisect.bisect_left(self._times, time_s)
        if at < len(self._times) and self._times[at] == time_s:
            return  # a duplicate
        self._times.insert(at, time_s)
        self._values.insert(at, value)
        if len(self._times) > _HISTORY:
            del self._times[0], self._values[0]

    def around(self, time_s: float):
        """(earlier value, later value, u): the moment lies at earlier + u * (later - earlier).

        u > 1 a little beyond the newest; both values are the same where there is one side only.
        """
        last = len(self._times) - 1
        later = min(max(bisect.bisect_left(self._times, time_s), 1), last) if last else 0
        earlier = max(later - 1, 0)
        start, end = self._times[earlier], self._times[later]
        if end - start > _MAX_GAP_S or later == earlier:
            near = later if time_s > (start + end) / 2 else earlier
            return self._values[near], self._values[near], 0.0
        u = (min(time_s, end + _EXTRAPOLATE_S) - start) / (end - start)
        return self._values[earlier], self._values[later], max(u, 0.0)

    def latest(self, time_s: float):
        """(time, value) of the newest entry not after time_s, or of the oldest there is."""
        at = max(bisect.bisect_right(self._times, time_s) - 1, 0)
        return self._times[at], self._values[at]


class Timeline:
    """Datagrams in, views out. No sockets, no clock of its own; not thread-safe."""

    def __init__(self):
        self.received = 0
        self.malformed = 0
        self._clock = StreamClock()
        self._bodies: dict[int, Track] = {}
        self._music = Track()
        self._health: HealthReport | None = None
        self._styles: tuple[str, ...] = ()
        self._played: deque[tuple[str, Value]] = deque(maxlen=_MOST_PLAYED)
        self._newest_s = 0.0
        self._last_arrival_s = -math.inf

    def receive(self, datagram: bytes, now_s: float) -> None:
        """Take in one datagram that arrived at now_s; a useless one is counted and ignored."""
        packet = parse(datagram)
        if packet is None:
            self.malformed += 1
            return
        self.received += 1
        self.malformed += packet.refused
        self._played += [control for control in packet.played if control[0]]
        self._styles = packet.styles or self._styles
        if packet.dances:  # a desk that still talks is no engine that still dances
            self._last_arrival_s = now_s
        self._health = packet.health or self._health
        if packet.sample is not None:
            self._place(packet, *self._clock.receive(packet.sample, now_s))

    def _place(self, packet: Packet, time_s: float, restarted: bool) -> None:
        if restarted:
            self._bodies.clear()
            self._music.clear()
            self._newest_s = time_s
        self._newest_s = max(self._newest_s, time_s)
        for dancer, joints in packet.joints.items():
            self._bodies.setdefault(dancer, Track()).add(time_s, joints)
        if packet.music:
            self._music.add(time_s, packet.music)
        # Counted in the feed's own time: when everything stops, everybody stays, dimmed.
        for dancer in [d for d, t in self._bodies.items() if self._gone(t)]:
            del self._bodies[dancer]

    def _gone(self, track: Track) -> bool:
        return track.newest_s < self._newest_s - GONE_AFTER_S

    def view(self, now_s: float) -> View:
        """What to draw at now_s."""
        return self.at(self.playing(now_s), now_s - self._last_arrival_s)

    def playing(self, now_s: float) -> float:
        """The stream's own time, in s, that is shown at now_s."""
        return self._clock.playing(now_s)

    def at(self, time_s: float, age_s: float) -> View:
        """What to draw at a moment of the stream. age_s: since something last arrived."""
        dancers = tuple(sorted(self._bodies))
        poses = [blend(*self._bodies[d].around(time_s)) for d in dancers]
        empty = View()
        return View(
            dancers=dancers,
            joints=np.stack(poses) if poses else empty.joints,
            styles=self._styles[1:],
            wish=self._styles[0] if self._styles else "",
            health=self._health,
            age_s=age_s,
            **self._music_at(time_s),
        )

    def take_played(self) -> list[tuple[str, Value]]:
        """The picture's controls that came since the last time this was asked, oldest first.

        (name, value) of live.osc.schema.PICTURE, in range; value None has a switch change over.
        """
        taken = list(self._played)
        self._played.clear()
        return taken

    def _music_at(self, time_s: float) -> dict:
        if not self._music:
            return {}
        said_s, music = self._music.latest(time_s)
        phase, bar_phase, bpm, confidence = music.beat
        beats = (time_s - said_s) * bpm / 60
        return {
            "beat_phase": (phase + beats) % 1.0,
            # A waltz's bar is 3: over the 17 ms between frames the error stays under 0.5 %.
            "bar_phase": (bar_phase + beats / 4) % 1.0,
            "bpm": bpm,
            "confidence": confidence,
            "onset": music.onset,
            "level": music.level,
            "style": music.style,
        }


class Feed:
    """A UDP port, the thread that drains it, and the view of it at any time.

    port 0 takes a free one; `port` says which. Raises DeviceError if the port is taken.
    """

    def __init__(self, port: int = DEFAULT_PORT, host: str = "127.0.0.1"):
        self._timeline = Timeline()
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._socket = _bound_socket(host, port)
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._drain, name="osc-in", daemon=True)
        self._thread.start()

    def view(self, now_s: float) -> View:
        with self._lock:
            return self._timeline.view(now_s)

    def take_played(self) -> list[tuple[str, Value]]:
        """As `Timeline.take_played`."""
        with self._lock:
            return self._timeline.take_played()

    def playing(self, now_s: float) -> float:
        """The stream's own time, in s, that is shown at now_s."""
        with self._lock:
            return self._timeline.playing(now_s)

    @property
    def received(self) -> int:
        return self._timeline.received

    @property
    def malformed(self) -> int:
        return self._timeline.malformed

    def close(self) -> None:
        self._closing.set()
        self._thread.join()
        self._socket.close()

    def __enter__(self) -> "Feed":
        return self

    def __exit__(self, *exc) -> None:
        self.close()

    def _drain(self) -> None:
        while not self._closing.is_set():
            try:
                datagram = self._socket.recv(65_536)
            except TimeoutError:
                continue
            except OSError:  # a network that went away; it may come back
                self._closing.wait(0.01)
                continue
            now_s = time.perf_counter()
            with self._lock:
                self._timeline.receive(datagram, now_s)


def blend(a: np.ndarray, b: np.ndarray, u: float) -> np.ndarray:
    """The pose at a + u (b - a), joints [19, 3], every bone as long as in the two poses.

    Positions are blended, then bones stretched back: an arm half a turn on would otherwise
    shorten, at 60 frames a second by up to a tenth in the fastest moves.
    """
    if u == 0.0 or a is b:
        return a
    lengths = np.zeros(N_JOINTS, np.float32)
    lengths[1:] = (1 - min(u, 1.0)) * _bone_lengths(a) + min(u, 1.0) * _bone_lengths(b)
    return with_bone_lengths(a + np.float32(u) * (b - a), lengths)


def _bone_lengths(joints: np.ndarray) -> np.ndarray:
    return np.linalg.norm(joints[_CHILD] - joints[_PARENT], axis=-1)


def _bound_socket(host: str, port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.bind((host, port))
    except (OSError, OverflowError) as error:
        sock.close()
        raise DeviceError(
            f"cannot listen on {host}:{port} ({error}); is another visualizer running? "
            "choose another port with --port"
        ) from error
    sock.settimeout(0.1)  # how soon `close` is noticed
    return sock


def _all_finite(arguments: list) -> bool:
    return all(type(v) in (float, int) and math.isfinite(v) for v in arguments)


def _sample(values: dict[str, tuple]) -> int | None:
    arguments = values.get(osc_schema.FRAME.address, ())
    if len(arguments) != 2 or not isinstance(arguments[1], int):
        return None
    return arguments[1] % SAMPLE_WRAP


def _music(values: dict[str, tuple]) -> _Music | None:
    beat = values.get(osc_schema.BEAT.address, ())
    if len(beat) != 4:
        return None
    onset = values.get(osc_schema.ONSET.address, ())
    level = values.get(osc_schema.LEVEL.address, ())
    phase, bar_phase, bpm, confidence = beat
    return _Music(
        beat=(phase % 1.0, bar_phase % 1.0, min(max(bpm, 0.0), 400.0), _unit(confidence)),
        onset=_three(onset),
        level=_unit(level[0]) if len(level) == 1 else 0.0,
        style=np.array(values.get(osc_schema.STYLE.address, ()), np.float32),
    )


def _health(values: dict[str, tuple]) -> HealthReport | None:
    arguments = values.get(osc_schema.HEALTH.address, ())
    if len(arguments) != len(osc_schema.HEALTH.arguments):
        return None
    code = int(arguments[-1])
    if not 0 <= code < len(STATES):
        return None
    return HealthReport(*arguments[:-1], state=STATES[code])


def _three(onset: tuple) -> tuple[float, float, float]:
    low, mid, high = onset if len(onset) == 3 else (0.0, 0.0, 0.0)
    return _unit(low), _unit(mid), _unit(high)


def _unit(value: float) -> float:
    return min(max(float(value), 0.0), 1.0)
