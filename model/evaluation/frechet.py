"""How varied dances are, and how near to real ones, in whatever features they are described by:
those of `model.evaluation.style_classifier`, or `metrics.kinetic_features`.

Enters: feature rows float64 [n, d] by style. Leaves: Frechet distances of generated dances with
what real dances reach against each other by the same count, diversity and multimodality.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from model.evaluation import metrics

ByStyle = Mapping[str, np.ndarray]

_ROWS_PER_STYLE = 400
_DRAWS = 4  # of the generated dances, as many rows as a half of the real ones has


class Frechet(NamedTuple):
    """generated: Frechet distance of generated dances to real ones; floor: of two halves of the
    real ones to each other. 1 in `ratio` is as near as real dances are."""

    generated: float
    floor: float

    @property
    def ratio(self) -> float:
        return self.generated / max(self.floor, 1e-9)


def frechet_to_halves(generated: ByStyle, first: ByStyle, second: ByStyle) -> Frechet:
    """Generated dances to either half of the real ones (mean), and the halves to each other.

    A Frechet distance falls with the number of rows, and rows drawn twice would make it rise: so of
    every style as many generated rows are drawn, without replacement, as the smaller half has.
    Every style counts alike; only those that all three have are compared.
    """
    sides = (generated, first, second)
    styles = sorted(s for s in generated if min(len(side.get(s, ())) for side in sides) > 1)
    rng = np.random.default_rng(0)
    count = {s: min(len(side[s]) for side in sides) for s in styles}
    halves = [
        _equal_shares({s: _drawn(half[s], count[s], rng) for s in styles})
        for half in (first, second)
    ]
    found = []
    for _ in range(_DRAWS):
        drawn = _equal_shares({s: _drawn(generated[s], count[s], rng) for s in styles})
        found += [metrics.frechet_distance(drawn, half) for half in halves]
    return Frechet(float(np.mean(found)), metrics.frechet_distance(*halves))


def _drawn(rows: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    return rows[rng.choice(len(rows), count, replace=False)]


def _equal_shares(rows: ByStyle) -> np.ndarray:
    """As many rows of each style, each of its own as often as any other: [styles * 400, d]."""
    return np.concatenate([own[np.arange(_ROWS_PER_STYLE) % len(own)] for own in rows.values()])


def diversity(rows: ByStyle) -> float:
    """`metrics.diversity` over all styles, each with as many rows."""
    return metrics.diversity(_equal_shares(rows))


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
