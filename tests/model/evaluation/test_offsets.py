"""What the stage makes up for: energy and accents, measured against real dances."""

import numpy as np

from export.to_onnx import export
from live.dance.performer import Performer
from model.evaluation import offsets
from model.evaluation.offsets import accent_delays


def test_a_style_whose_dancers_brake_later_gets_a_clock_as_much_later(
    prepared, tmp_path, tiny_network
):
    def delay_ms(dancers_later_ms):
        motion = dict(np.load(prepared / "motion.npz"))
        motion["phase"] = motion["phase"] + motion["tempo_bpm"] / 60_000 * dancers_later_ms
        np.savez(tmp_path / "motion.npz", **motion)
        return accent_delays(tiny_network, tmp_path, {}, seconds=10.0)["street"]

    found = np.array([delay_ms(later) for later in range(0, 600, 60)])
    near = (found[1:] != 0) & (found[:-1] != 0)  # the rest is too far off for any delay
    assert near.any()
    np.testing.assert_allclose(np.diff(found)[near], 60, atol=8)
    assert np.abs(found).max() <= 90


def test_a_file_exported_beside_its_data_says_what_the_stage_has_to_make_up_for(
    prepared, tmp_path, tiny_network, tiny_checkpoint, monkeypatch
):
    monkeypatch.setattr(offsets, "_TEMPI_BPM", (120.0,))
    export([tiny_checkpoint], tmp_path / "tuned.onnx", prepared)
    manifest = Performer(str(tmp_path / "tuned.onnx")).manifest
    delay = accent_delays(tiny_network, prepared, manifest.raw["energy_offset"])
    np.testing.assert_array_equal(manifest.accent_delay_ms, [delay[s] for s in manifest.styles])
    assert manifest.energy_offset.any()
