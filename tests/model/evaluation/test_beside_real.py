"""What a reader of the table is told: made, its ratio to real, and what misses."""

import pytest

from model.evaluation import beside_real


def figure(key):
    return next(f for _, figures in beside_real.GROUPS for f in figures if f.key == key)


@pytest.mark.parametrize(
    ("key", "made", "real", "shown"),
    [
        ("ankle_p99", 0.50, 0.50, "0.50 (1.00)"),
        ("ankle_p99", 0.30, 0.50, "0.30 (0.60)!"),
        ("ankle_p99", 0.70, 0.50, "0.70 (1.40)!"),
        ("straight_arms", 0.009, 0.0, "0.009"),  # hardly ever happens: no miss
        ("straight_arms", 0.1, 0.0, "0.100!"),
        ("beat_hands_short", 0.13, 0.10, "0.130 (1.30)"),
        ("beat_hands_short", 0.15, 0.10, "0.150 (1.50)!"),
        ("beat_hands_of_null", 1.9, 3.0, "1.9 (0.63)!"),
    ],
)
def test_a_figure_stands_beside_real_and_is_marked_where_it_misses(key, made, real, shown):
    assert figure(key).cell(made, real) == shown
