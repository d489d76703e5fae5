"""Who stands where: line-ups, mirrored pairs, canon, and more dancers than arrive.

A view in, a view out, before anything is drawn. Dancers keep what they dance and are only moved:
each stays within a step of its place in the line-up, so that its travelling is seen but nobody
runs into a neighbour. Pure numbers, no pygame.
"""

import math
from collections import deque
from dataclasses import dataclass, replace

import numpy as np

from live.body.skeleton import mirrored
from live.errors import ConfigError
from live.osc.schema import LINEUPS, MAX_DANCERS
from visuals.feed.view import View

_MOST_CANON = 2.0  # beats

_GAP_M = 1.25  # between neighbours
_ROW_M = 1.35  # between rows
_WIDEST_M = 10.0  # of a line
_SHARE = 0.35  # of a dancer's travelling that is left in a line-up ...
_MOST_M = 0.45  # ... and how far it may lead at most
_HOME_S = 4.0  # time constant of what counts as its place
_MOVE_S = 0.7  # time constant of the walk to a new place
_LONGEST_S = 8.0  # of the past that a canon reaches back to


@dataclass
class Ensemble:
    """How the dancers that arrive are put on the stage; changed while it runs.

    lineup: one of LINEUPS; "stage" leaves everybody where the engine put them. mirror: every
    second dancer dances mirrored. canon: beats by which each dancer is later than the one before
    (0..2). cast: dancers shown, 1..16; 0 shows those that arrive. A cast larger than what arrives
    repeats them. ConfigError for anything else.
    """

    lineup: str = "stage"
    mirror: bool = False
    canon: float = 0.0
    cast: int = 0

    def __post_init__(self):
        if self.lineup not in LINEUPS:
            raise ConfigError(
                f"there is no line-up {self.lineup!r}; there are {', '.join(LINEUPS)}"
            )
        if not 0 <= self.canon <= _MOST_CANON:
            raise ConfigError(f"--canon {self.canon:g} is not between 0 and 2 beats")
        if not 0 <= self.cast <= MAX_DANCERS:
            raise ConfigError(f"--cast {self.cast} is not between 0 and {MAX_DANCERS}")
        self._now_s = 0.0
        self._past: deque[tuple[float, dict[int, np.ndarray]]] = deque()
        self._home: dict[int, np.ndarray] = {}  # by dancer: a slow mean of its place, metres
        self._shift: dict[int, np.ndarray] = {}  # by dancer: how far it is moved now, metres

    def larger_cast(self, dancers: int, arriving: int) -> float:
        """The cast with so many more dancers (or fewer); arriving: how many there are without."""
        return float(min(max((self.cast or arriving) + dancers, 1), MAX_DANCERS))

    def arrange(self, view: View, dt_s: float) -> View:
        """The view to draw. dt_s: since the last one."""
        self._now_s += dt_s
        self._past.append((self._now_s, dict(zip(view.dancers, view.joints, strict=True))))
        while self._past[0][0] < self._now_s - _LONGEST_S:
            self._past.popleft()
        if self._untouched or not view.dancers:
            self._shift.clear()
            self._home.clear()
            return view
        count = self.cast or len(view.dancers)
        bodies = np.stack([self._body(view, k) for k in range(count)])
        bodies = bodies + self._moved(bodies, dt_s)[:, None]
        return replace(view, dancers=self._numbers(view, count), joints=bodies.astype(np.float32))

    @property
    def _untouched(self) -> bool:
        return (self.lineup, self.mirror, self.canon, self.cast) == ("stage", False, 0.0, 0)

    def _numbers(self, view: View, count: int) -> tuple[int, ...]:
        """Of the dancers shown: their own, unless the cast is another one."""
        return view.dancers if count == len(view.dancers) else tuple(range(1, count + 1))

    def _body(self, view: View, k: int) -> np.ndarray:
        """What the k-th dancer shown does: joints [19, 3]."""
        source = view.dancers[k % len(view.dancers)]
        joints = view.joints[k % len(view.dancers)]
        # Without a beat a canon goes on at 120 beats a minute.
        beat_s = 60 / view.bpm if view.bpm > 0 else 0.5
        late_s = min(k * self.canon * beat_s, _LONGEST_S)
        if late_s > 0:
            joints = self._earlier(source, self._now_s - late_s, joints)
        if self.mirror and k % 2:
            around = joints[0] * [1, 0, 0]
            joints = mirrored(joints - around) + around
        return joints

    def _earlier(self, dancer: int, time_s: float, newest: np.ndarray) -> np.ndarray:
        """The pose at that moment, or the oldest known."""
        for then_s, bodies in self._past:
            if then_s >= time_s and dancer in bodies:
                return bodies[dancer]
        return newest

    def _moved(self, bodies: np.ndarray, dt_s: float) -> np.ndarray:
        """How far each dancer is moved [N, 3]; a new line-up is walked to."""
        pelvis = bodies[:, 0] * [1, 0, 1]
        if self.lineup == "stage":
            wanted = self._apart(pelvis)
        else:
            step = (pelvis - self._homes(pelvis, dt_s)) * _SHARE
            length = np.linalg.norm(step, axis=1, keepdims=True)
            step = step * np.minimum(1, _MOST_M / np.maximum(length, 1e-6))
            wanted = places(self.lineup, len(bodies)) + step - pelvis
        gain = 1 - math.exp(-max(dt_s, 0.0) / _MOVE_S)
        moved = np.empty_like(wanted)
        for k, want in enumerate(wanted):
            at = self._shift.get(k)
            moved[k] = self._shift[k] = want if at is None else at + (want - at) * gain
        return moved

    def _homes(self, pelvis: np.ndarray, dt_s: float) -> np.ndarray:
        """Where each dancer has been of late [N, 3]: travelling is what leads away from there."""
        gain = 1 - math.exp(-max(dt_s, 0.0) / _HOME_S)
        for k, at in enumerate(pelvis):
            home = self._home.get(k, at)
            self._home[k] = home + (at - home) * gain
        return np.stack([self._home[k] for k in range(len(pelvis))])

    def _apart(self, pelvis: np.ndarray) -> np.ndarray:
        """Repeated dancers beside the ones they repeat: no two on the same spot."""
        wanted = np.zeros_like(pelvis)
        for k in range(1, len(pelvis)):
            before = pelvis[:k] + wanted[:k]
            while (np.linalg.norm(before - pelvis[k] - wanted[k], axis=1) < 0.5 * _GAP_M).any():
                wanted[k, 0] += _GAP_M
        return wanted


def places(lineup: str, count: int) -> np.ndarray:
    """Floor points [count, 3], metres, around the middle of the stage, the leader first."""
    k = np.arange(count)
    if lineup == "line":
        # Many stand closer, every second one half a step back, or they would be dots.
        gap_m = min(_GAP_M, max(_WIDEST_M / count, 0.6))
        x = _from_the_middle(count) * gap_m
        z = np.where(gap_m < _GAP_M, -0.7 * (np.round(np.abs(x) / gap_m) % 2), 0.0)
    elif lineup == "wedge":
        rank = (k + 1) // 2
        gap_m = min(0.8 * _GAP_M, _WIDEST_M / max(count, 1))
        x, z = np.where(k % 2, 1, -1) * rank * gap_m, -0.55 * rank * _ROW_M
    elif lineup == "circle":
        radius = max(_GAP_M / (2 * math.sin(math.pi / max(count, 2))), 0.0) if count > 1 else 0.0
        angle = 2 * math.pi * k / count
        x, z = radius * np.sin(angle), radius * np.cos(angle)
    else:
        columns = math.ceil(math.sqrt(count * 1.6))
        row, column = np.divmod(k, columns)
        in_row = np.minimum(count - row * columns, columns)
        # Every second row stands in the gaps of the one before it.
        x = (column - (in_row - 1) / 2 + 0.5 * (row % 2) * (in_row == columns)) * _GAP_M
        z = -row * _ROW_M
    floor = np.stack([x, 0.0 * k, z], axis=1).astype(float)
    return floor - [0, 0, floor[:, 2].mean()]


def _from_the_middle(count: int) -> np.ndarray:
    """0, 1, -1, 2, ... for an odd count, 0.5, -0.5, 1.5, ... for an even one."""
    k = np.arange(count)
    outwards = np.where(k % 2, 1, -1) * ((k + 1) // 2).astype(float)
    return outwards - (0.0 if count % 2 else 0.5)
