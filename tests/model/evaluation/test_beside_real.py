"""What a reader of the table is told: made, its ratio to real, and what misses."""

from types import SimpleNamespace

import pytest

pytest.importorskip("torch")

from model.evaluation import beside_real
from model.evaluation.stage_report import StageReport


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


def test_the_table_of_a_document_holds_real_ones_in_brackets_and_misses_in_bold():
    ref = SimpleNamespace(styles={"street": SimpleNamespace(figures={"ankle_p99": 0.5})})
    report = StageReport("mine", {"street": {"ankle_p99": 0.2, "copy_beats": 4.0}})
    lines = beside_real.format_markdown(ref, report).splitlines()  # type: ignore[arg-type]
    assert lines[0] == "| mine (real) | street | target |"
    assert "| ankle height p99, m | **0.20** (0.50) | within 25 % of real |" in lines
    assert "| longest run of one clip, beats | 4 | at most 8 |" in lines
