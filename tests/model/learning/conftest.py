"""What the tests of lessons need: clips of one style, prepared."""

from dataclasses import replace

import pytest

from model.data.prepare import write_motion, write_music
from model.network.config import TrainConfig
from tests.helpers.training import nodding, songs

SETTINGS = TrainConfig(
    window=24, batch=4, dancers=2, free_dancers=1, context=12, forced_frames=4, free_max=16,
    critic_skip=4, learning_rate=2e-3, prior_draws=1,
)  # fmt: skip


@pytest.fixture(scope="session")
def lesson_data(tmp_path_factory):
    """As `model.learning.material.write_data` makes it, of a style in bars of four."""
    folder = tmp_path_factory.mktemp("lesson")
    write_motion([replace(nodding(n), style="mine") for n in "ab"], folder / "motion.npz")
    write_music(songs(), folder / "music.npz")
    (folder / "prepared.json").write_text('{"tiers": ["open"], "styles": ["mine"], "key": "k"}')
    return folder


@pytest.fixture
def donor(tiny_network):
    return {
        "network_config": tiny_network.config.to_dict(),
        "weights": tiny_network.state_dict(),
        "manifest": {"tiers": ["open"], "energy_offset": {"street": 0.5, "salsa": 0.0}},
    }
