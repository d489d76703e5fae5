"""A skeleton whose joints turn: from rotations and offsets to where every joint is.

Enters: a tree of joints with their rest, and for each frame their local rotations and translations.
Leaves: positions, with one more point beyond each joint that ends a limb, so that it is known where
a head or a foot without a further joint points. Works in pieces, since an hour has many matrices.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

END = "_end"
"""What stands after a joint's name for the point beyond it."""

_PIECE = 4096  # frames at once


@dataclass(frozen=True)
class Rig:
    """names, parents: of K joints, parents before children, -1 for a root. rest: float64 [K, 4, 4],
    local, in the rest pose. ends: offsets of the point beyond a joint in its own axes, where the
    file gives one."""

    names: tuple[str, ...]
    parents: tuple[int, ...]
    rest: np.ndarray
    ends: dict[int, np.ndarray]

    def with_ends(self) -> tuple[tuple[str, ...], tuple[int, ...], dict[int, np.ndarray]]:
        """Names and parents of joints and of the points beyond them, and the points' offsets."""
        ends = self.ends | {
            i: self._onward(i)
            for i in range(len(self.names))
            if i not in self.parents and i not in self.ends and self.parents[i] >= 0
        }
        beyond = sorted(ends)
        names = self.names + tuple(self.names[i] + END for i in beyond)
        return names, self.parents + tuple(beyond), {i: ends[i] for i in beyond}

    def _onward(self, joint: int) -> np.ndarray:
        """As far again as the joint is from its parent, in the joint's own axes."""
        return self.rest[joint, :3, :3].T @ self.rest[joint, :3, 3]


Local = Callable[[slice], tuple[np.ndarray, np.ndarray]]
"""Local rotations [n, K, 3, 3] and translations [n, K, 3] of a slice of frames."""


def positions(rig: Rig, frames: int, local: Local) -> np.ndarray:
    """float64 [frames, K + E, 3]: every joint, and the points beyond, in `with_ends`' order."""
    names, _, ends = rig.with_ends()
    out = np.empty((frames, len(names), 3))
    for start in range(0, frames, _PIECE):
        piece = slice(start, min(start + _PIECE, frames))
        out[piece] = _walked(rig.parents, ends, *local(piece))
    return out


def _walked(
    parents: Sequence[int], ends: dict[int, np.ndarray], turns: np.ndarray, moves: np.ndarray
) -> np.ndarray:
    n, joints = moves.shape[:2]
    turned = np.empty((n, joints, 3, 3))
    at = np.empty((n, joints + len(ends), 3))
    for i, parent in enumerate(parents):
        if parent < 0:
            turned[:, i], at[:, i] = turns[:, i], moves[:, i]
        else:
            turned[:, i] = turned[:, parent] @ turns[:, i]
            at[:, i] = at[:, parent] + _applied(turned[:, parent], moves[:, i])
    for k, (joint, offset) in enumerate(ends.items()):
        at[:, joints + k] = at[:, joint] + turned[:, joint] @ offset
    return at


def _applied(turns: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    return np.einsum("nij,nj->ni", turns, vectors)
