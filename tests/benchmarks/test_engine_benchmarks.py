"""What the engine costs, by `posejockey bench`."""

from benchmarks.bench import crowd_ms
from live.osc.schema import MAX_DANCERS


def test_a_stage_full_of_dancers_is_measured(tiny_model):
    figures = crowd_ms(str(tiny_model), "cpu")
    assert {"1", str(MAX_DANCERS)} <= figures.keys()
    assert min(figures.values()) > 0
