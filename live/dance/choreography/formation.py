"""Formations: where the dancers stand, and how they get from one to the next.

Enters: the name of a formation. Leaves: every dancer's place, a frame at a time. Engine's thread.

All walk at once along straight lines, and slots are given away so that no exchange of two would
shorten the sum of squared ways: then no two come nearer than 1/sqrt(2) of the spacing (Turpin,
Michael and Kumar 2014, CAPT).
"""

import math

import numpy as np

from live.beat.section import BREAK, BUILD, DROP, INTRO, OUTRO, VERSE
from live.body.pose import FRAME_RATE
from live.body.safe_motion import line_up

AUTO = "auto"
# What is chosen from by itself, the first for the first section of a piece.
_BY_KIND = {
    INTRO: ("rows", "line"),
    VERSE: ("rows", "grid", "line", "wedge"),
    BUILD: ("columns",),
    DROP: ("wedge", "line", "rows"),
    BREAK: ("circle", "scatter"),
    OUTRO: ("line", "circle"),
}
SPACING_M = 1.4
_WIDEST = 8  # dancers in a line
_WALK_M_S = 0.7
_FEWEST_S = 2.0
_GOLDEN_RAD = math.pi * (3 - math.sqrt(5))


def slots(name: str, dancers: int) -> np.ndarray:
    """Places (x, z) in metres, float64 [N, 2], the middle of them at 0; z to the audience."""
    if name == "rows" or dancers == 1:
        return line_up(dancers)
    index = np.arange(dancers)
    match name:
        case "line":
            places = _columns(index, math.ceil(dancers / math.ceil(dancers / _WIDEST)))
        case "wedge":  # rows of one, two, three: the first in front
            row = np.floor((np.sqrt(8 * index + 1) - 1) / 2)
            in_row = index - row * (row + 1) / 2
            places = np.stack([in_row - row / 2, -row], axis=1) * SPACING_M
        case "circle":
            radius = max(SPACING_M / (2 * math.sin(math.pi / dancers)), 0.7 * SPACING_M)
            angle = 2 * np.pi * index / dancers
            places = radius * np.stack([np.sin(angle), np.cos(angle)], axis=1)
        case "grid":
            places = _columns(index, math.ceil(math.sqrt(dancers)))
        case "columns":
            places = _columns(index, 2)
        case _:  # scatter: the florets of a sunflower, none near another
            radius = 0.75 * SPACING_M * np.sqrt(index + 0.5)
            angle = index * _GOLDEN_RAD
            places = radius[:, None] * np.stack([np.sin(angle), np.cos(angle)], axis=1)
    return places - (places.min(axis=0) + places.max(axis=0)) / 2


def chosen(name: str, kind: int, section: int) -> str:
    """The formation asked for, or, for AUTO, one that suits the kind of section (of
    `live.beat.section`): the same one when section number `section` returns."""
    if name != AUTO:
        return name
    suiting = _BY_KIND.get(kind, _BY_KIND[VERSE])
    return suiting[section % len(suiting)]


def _columns(index: np.ndarray, columns: int) -> np.ndarray:
    return np.stack([index % columns, -(index // columns)], axis=1) * SPACING_M


def assigned(start: np.ndarray, goal: np.ndarray) -> np.ndarray:
    """The goals [N, 2] in the order of the dancers at start [N, 2]: exchanged by two as long as
    that shortens the sum of squared ways."""
    goal = goal.copy()
    changed = True
    while changed:
        changed = False
        for i in range(len(goal)):
            # Exchanging i and j saves 2 (start_i - start_j) . (goal_j - goal_i).
            saved = ((start[i] - start) * (goal - goal[i])).sum(axis=1)
            j = int(saved.argmax())
            if saved[j] > 1e-9:
                goal[[i, j]] = goal[[j, i]]
                changed = True
    return goal


class Formations:
    """Owns where everybody's place is now, and where it moves."""

    def __init__(self, dancers: int, name: str = "rows"):
        self.name = name
        self.places = slots(name, dancers)
        self._start = self._goal = self.places
        self._share, self._step = 1.0, 0.0

    def set_dancers(self, dancers: int) -> None:
        """Those who stay walk to their new places; new ones start there."""
        goal = slots(self.name, dancers)
        start = goal.copy()
        stay = min(dancers, len(self.places))
        start[:stay] = self.places[:stay]
        self._go(start, goal)

    def change(self, name: str) -> None:
        """Begin to walk to another formation; no more happens where it is the one there is."""
        if name != self.name:
            self.name = name
            self._go(self.places, assigned(self.places, slots(name, len(self.places))))

    def step(self) -> np.ndarray:
        """Places (x, z) of the next frame, float64 [N, 2], metres."""
        if self._share < 1.0:
            self._share = min(self._share + self._step, 1.0)
            eased = self._share * self._share * (3 - 2 * self._share)
            self.places = self._start + eased * (self._goal - self._start)
        return self.places

    def _go(self, start: np.ndarray, goal: np.ndarray) -> None:
        self.places, self._start, self._goal = start, start, goal
        farthest = float(np.linalg.norm(goal - start, axis=1).max())
        self._share = 0.0
        self._step = 1.0 / (FRAME_RATE * max(farthest / _WALK_M_S, _FEWEST_S))
