"""How varied dances are, and how near to real ones, in the features of
`model.evaluation.style_classifier`.

Enters: feature rows float64 [n, d] by style. Leaves: Frechet distances of made dances with what
real dances reach against each other by the same count, diversity and multimodality.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from model.evaluation import metrics

ByStyle = Mapping[str, np.ndarray]

_ROWS_PER_STYLE = 400
_DRAWS = 4  # of the made dances, to as many rows as a half of the real ones has


class Distance(NamedTuple):
    """made: Frechet distance of the made dances to real ones; floor: of two halves of the real
    ones to each other. 1 in `ratio` is as near as real dances are."""

    made: float
    floor: float

    @property
    def ratio(self) -> float:
        return self.made / max(self.floor, 1e-9)


def distance(made: ByStyle, first: ByStyle, second: ByStyle) -> Distance:
    """Made dances to either half of the real ones (mean), and the halves to each other.

    A Frechet distance falls with the number of rows, so of every style as many made rows are drawn
    as the smaller half has; every style counts alike. Only styles that all three have are compared.
    """
    styles = sorted(s for s in made if min(len(x.get(s, ())) for x in (made, first, second)) > 1)
    rng = np.random.default_rng(0)
    count = {s: min(len(x[s]) for x in (made, first, second)) for s in styles}
    halves = [
        _shares({s: _some(half[s], count[s], rng) for s in styles}) for half in (first, second)
    ]
    found = []
    for _ in range(_DRAWS):
        drawn = _shares({s: _some(made[s], count[s], rng) for s in styles})
        found += [metrics.frechet_distance(drawn, half) for half in halves]
    return Distance(float(np.mean(found)), metrics.frechet_distance(*halves))


def _some(rows: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    return rows[rng.choice(len(rows), count, replace=False)]


def _shares(rows: ByStyle) -> np.ndarray:
    """As many rows of each style, each of its own as often as any other: [styles * 400, d]."""
    return np.concatenate([own[np.arange(_ROWS_PER_STYLE) % len(own)] for own in rows.values()])


def diversity(rows: ByStyle) -> float:
    """`metrics.diversity` over all styles, each with as many rows."""
    return metrics.diversity(_shares(rows))


def multimodality(dances_to_a_song: Sequence[Sequence[np.ndarray]]) -> float:
    """How far dances to the same music are apart at the same moment, mean over songs and moments.

    For each song the rows [n, d] of each dance to it, in time; like the multimodality of Lee et
    al. (2019), window by window.
    """
    found = []
    for dances in dances_to_a_song:
        shortest = min(len(d) for d in dances)
        if len(dances) > 1 and shortest:
            found.append(metrics.multimodality(np.stack([d[:shortest] for d in dances], axis=1)))
    return float(np.mean(found)) if found else 0.0
