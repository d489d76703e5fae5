"""Who stands where: line-ups, mirrored pairs, canon, and more dancers than arrive.

A view in, a view out, before anything is drawn. Dancers keep what they dance and are only moved:
each stays within a step of its place, so that its travelling is seen but nobody runs into a
neighbour, and the places fit the picture's shape (`blocking`). Pure numbers, no pygame.
"""

import math
from collections import deque
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from live.body.skeleton import mirrored
from live.errors import ConfigError
from live.osc.schema import LINEUPS, MAX_DANCERS
from visuals.feed.view import View
from visuals.scene.blocking import GAP_M, circle, cleared, grid, line, shape_for, squeezed, wedge

_MOST_CANON = 2.0  # beats

_SHARE = 0.35  # of a dancer's travelling that is left in a line-up ...
_MOST_M = 0.45  # ... and how far it may lead at most
_MOST_OF_A_GAP = 0.25
_ACROSS = 0.6  # of that sideways, where it would lead in front of a neighbour
_HOME_S = 4.0  # time constant of what counts as its place
_MOVE_S = 0.7  # time constant of the walk to a new place
_LONGEST_S = 8.0  # of the past that a canon reaches back to
_AGAIN_S = 0.25  # between looks at how the engine's places fit into the picture ...
_SAME_M = 0.08  # ... where somebody has gone this far


@dataclass
class Ensemble:
    """How the dancers that arrive are put on the stage; changed while it runs.

    lineup: one of LINEUPS; "stage" keeps the engine's formation. fit: whether they are drawn
    together so far that they fill the picture and nobody hides another; else a formation of the
    engine's stays as wide as it is. mirror: every second dancer dances mirrored. canon: beats by
    which each dancer is later than the one before (0..2). cast: dancers shown, 1..16; 0 shows those
    that arrive. A cast larger than what arrives repeats them. ConfigError for anything else.
    """

    lineup: str = "stage"
    mirror: bool = False
    canon: float = 0.0
    cast: int = 0
    fit: bool = True

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
        self._fitted = np.zeros((0, 3))  # how far places are moved to fit, until looked at again
        self._fitted_for: tuple[np.ndarray, float] | None = None  # these places, in this shape
        self._travels = 1.0  # share of their travelling that fits
        self._next_fit_s = 0.0

    def larger_cast(self, dancers: int, arriving: int) -> float:
        """The cast with so many more dancers (or fewer); arriving: how many there are without."""
        return float(min(max((self.cast or arriving) + dancers, 1), MAX_DANCERS))

    def arrange(self, view: View, dt_s: float, aspect: float = 16 / 9) -> View:
        """The view to draw. dt_s: since the last one; aspect: width / height of the picture."""
        self._now_s += dt_s
        self._past.append((self._now_s, dict(zip(view.dancers, view.joints, strict=True))))
        while self._past[0][0] < self._now_s - _LONGEST_S:
            self._past.popleft()
        count = self.cast or len(view.dancers)
        if not view.dancers or (self._untouched and (count < 2 or not self.fit)):
            self._shift.clear()
            self._home.clear()
            return view
        bodies = np.stack([self._body(view, k) for k in range(count)])
        bodies = bodies + self._moved(bodies, dt_s, aspect)[:, None]
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

    def _moved(self, bodies: np.ndarray, dt_s: float, aspect: float) -> np.ndarray:
        """How far each dancer is moved [N, 3]; a new line-up is walked to."""
        pelvis = bodies[:, 0] * [1, 0, 1]
        homes = self._homes(pelvis, dt_s)
        if self.lineup == "stage":
            places, share = self._stage_places(homes, aspect), self._travels
        else:
            places, share = lineup_places(self.lineup, len(bodies), aspect), _SHARE
        step = pelvis - homes
        if share < 1:
            length = np.linalg.norm(step, axis=1, keepdims=True)
            most_m = min(_MOST_M, _MOST_OF_A_GAP * shape_for(len(bodies), aspect).gap_m)
            step = step * np.minimum(share, most_m / np.maximum(length, 1e-6))
            step[:, 0] *= _ACROSS
        wanted = places + step - pelvis
        gain = 1 - math.exp(-max(dt_s, 0.0) / _MOVE_S)
        moved = np.empty_like(wanted)
        for k, want in enumerate(wanted):
            at = self._shift.get(k)
            moved[k] = self._shift[k] = want if at is None else at + (want - at) * gain
        return moved

    def _stage_places(self, homes: np.ndarray, aspect: float) -> np.ndarray:
        """The engine's formation [N, 3]: as it is, or drawn together to fit the picture."""
        apart = homes + self._apart(homes)
        if not self.fit or len(homes) < 2:
            self._travels = 1.0
            return apart
        if self._needs_fit(apart, aspect):
            together, self._travels = squeezed(apart[:, [0, 2]], aspect)
            self._travels = max(self._travels, _SHARE)
            self._fitted = np.zeros_like(homes)
            self._fitted[:, [0, 2]] = cleared(together, aspect) - apart[:, [0, 2]]
        return apart + self._fitted

    def _needs_fit(self, places: np.ndarray, aspect: float) -> bool:
        """Whether the formation is another one than when it was fitted last; seldom asked."""
        before = self._fitted_for
        if before is not None and before[1] == aspect and len(before[0]) == len(places):
            if self._now_s < self._next_fit_s:
                return False
            self._next_fit_s = self._now_s + _AGAIN_S
            if np.abs(before[0] - places).max() < _SAME_M:
                return False
        self._fitted_for = (places, aspect)
        return True

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
            while (np.linalg.norm(before - pelvis[k] - wanted[k], axis=1) < 0.5 * GAP_M).any():
                wanted[k, 0] += GAP_M
        return wanted


@cache
def lineup_places(lineup: str, count: int, aspect: float) -> np.ndarray:
    """Floor points [count, 3], metres, around the middle of the stage, the leader first."""
    floor = cleared(_SHAPES[lineup](count, aspect), aspect)
    floor = floor - (floor.min(axis=0) + floor.max(axis=0)) / 2
    return np.stack([floor[:, 0], np.zeros(count), floor[:, 1]], axis=1)


_SHAPES = {"line": line, "wedge": wedge, "circle": circle, "grid": grid}
