"""Do the weights that ship still dance as widely as their teachers? On the true clock."""

import numpy as np
import pytest

pytest.importorskip("torch")

from live.dance.performer import shipped_models
from model.evaluation.range_of_motion import range_of_motion
from model.evaluation.rollout import rollout
from model.network.config import NetworkConfig
from model.network.dance_network import DanceNetwork
from model.network.weights import load_weights

# Of the clips that `open` learned from, as `posejockey evaluate` prints them (docs/model-card.md).
REAL = {
    "speed": (1.00, 0.98, 0.86, 1.31, 0.49),
    "wrist_up": (0.234, 0.244, 0.059, 0.112, 0.167),
    "ankle_p99": (1.31, 0.75, 0.54, 0.24, 0.62),
    "foot_speed_p95": (4.67, 4.26, 3.02, 5.16, 1.81),
    "hand_speed_p95": (4.48, 3.22, 4.20, 3.25, 2.80),
    "stance_p95": (0.90, 0.71, 0.71, 0.60, 0.71),
    "turn_rate": (1.33, 0.99, 0.81, 2.41, 0.43),
    "travel": (1.01, 1.01, 0.21, 0.65, 0.18),
    "straight_arms": (0.555, 0.006, 0.224, 0.001, 0.277),
}
STYLES = ("ballet", "indian", "jpop", "salsa", "street")


@pytest.fixture(scope="module")
def shares():
    """By figure, its share of the real one's for each style, [styles]; where real dances have
    something to share."""
    shipped = load_weights(shipped_models()["open"])
    network = DanceNetwork(NetworkConfig.from_dict(shipped["network_config"]))
    network.load_state_dict(shipped["weights"])
    energy = shipped["manifest"]["energy_offset"]
    takes = rollout(network.eval(), STYLES, (100.0, 130.0), 40.0, seed=5, energy=energy)
    found = {}
    for i, style in enumerate(STYLES):
        own = [take.after(4.0) for take in takes if take.style == style]
        for name, figure in range_of_motion(own, REAL["speed"][i]).items():
            if name in REAL and REAL[name][i] > 0.01:
                found.setdefault(name, []).append(figure / REAL[name][i])
    return {name: np.array(values) for name, values in found.items()}


@pytest.mark.parametrize("name", [name for name in REAL if name != "speed"])
def test_what_ships_dances_nearly_as_far_as_its_clips(shares, name):
    """A dance that shrinks to the middle of what could come has half or less of everything."""
    assert 0.75 < np.median(shares[name]) < 1.35
    assert shares[name].min() > 0.4
