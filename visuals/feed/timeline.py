"""Datagrams to the picture of this very moment, never a backlog.

Enters: datagrams and the times at which they arrived. Leaves: a `View` for any time asked. Pure: no
socket, no clock, no thread; `feed` has those.

Packets arrive up to 20 ms early or late, some never, some twice or out of order. So drawing runs
one emission interval plus 20 ms behind the mean arrival, which is where the two neighbours of any
moment have nearly always come; poses in between are interpolated at the exact presentation time.
All times are seconds of `live.monotonic`.
"""

import bisect
import math
from collections import deque

import numpy as np

from live.body.skeleton import BONES, N_JOINTS, with_bone_lengths
from live.osc.encoding import HealthReport
from live.osc.values import Value
from visuals.feed.layout import BundleReader
from visuals.feed.parse import Packet
from visuals.feed.stream_clock import StreamClock
from visuals.feed.view import View

GONE_AFTER_S = 0.5  # a dancer who stops coming while the others go on

_EXTRAPOLATE_S = 0.050  # beyond the newest pose: 5 mm of error at a dancer's 4 m/s2, then hold
_MAX_GAP_S = 0.25  # poses farther apart than this are not blended into each other
_HISTORY = 24  # frames; 200 ms at 120 Hz

_CHILD = np.array([b for _, b in BONES])
_PARENT = np.array([a for a, _ in BONES])
_MAX_PENDING = 64  # controls kept until they are asked for: a flood costs bounded memory


class History:
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
        self._reader = BundleReader()
        self._clock = StreamClock()
        self._bodies: dict[int, History] = {}
        self._music = History()
        self._health: HealthReport | None = None
        self._styles: tuple[str, ...] = ()
        self._controls: deque[tuple[str, Value]] = deque(maxlen=_MAX_PENDING)
        self._newest_s = 0.0
        self._last_arrival_s = -math.inf

    def receive(self, datagram: bytes, now_s: float) -> None:
        """Take in one datagram that arrived at now_s; a useless one is counted and ignored."""
        packet = self._reader.read(datagram)
        if packet is None:
            self.malformed += 1
            return
        self.received += 1
        self.malformed += packet.refused
        self._controls += [control for control in packet.controls if control[0]]
        self._styles = packet.styles or self._styles
        if packet.dances:  # an operator who still plays is no engine that still dances
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
            self._bodies.setdefault(dancer, History()).add(time_s, joints)
        if packet.music:
            self._music.add(time_s, packet.music)
        # Counted in the feed's own time: when everything stops, everybody stays, dimmed.
        for dancer in [d for d, t in self._bodies.items() if self._gone(t)]:
            del self._bodies[dancer]

    def _gone(self, track: History) -> bool:
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
            style_request=self._styles[0] if self._styles else "",
            health=self._health,
            age_s=age_s,
            **self._music_at(time_s),
        )

    def take_controls(self) -> list[tuple[str, Value]]:
        """The picture's controls that came since the last time this was asked, oldest first.

        (name, value) of live.osc.schema.PICTURE, in range; value None has a switch change over.
        Or PANIC, and None: the picture as at the start.
        """
        taken = list(self._controls)
        self._controls.clear()
        return taken

    def _music_at(self, time_s: float) -> dict:
        if not self._music:
            return {}
        sent_s, music = self._music.latest(time_s)
        phase, bar_phase, bpm, confidence = music.beat
        beats = (time_s - sent_s) * bpm / 60
        return {
            "beat_phase": (phase + beats) % 1.0,
            # A waltz's bar is 3: over the 17 ms between frames the error stays under 0.5 %.
            "bar_phase": (bar_phase + beats / 4) % 1.0,
            "bpm": bpm,
            "confidence": confidence,
            "onset": music.onset,
            "level": music.level,
            "style": music.style,
            "section": music.section,
            "returns": music.returns,
            "phrase": _ahead(music.phrase, beats),
        }


def _ahead(phrase: tuple[float, int], beats: float) -> tuple[float, int]:
    """The phase in a phrase so many beats later, and its length."""
    phase, length = phrase
    return (phase + beats / length) % 1.0 if length else 0.0, length


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
