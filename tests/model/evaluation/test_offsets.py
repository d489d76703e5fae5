"""What the stage makes up for: energy and accents, measured against real dances."""

import numpy as np
import pytest

from export.to_onnx import export
from live.audio.features import SAMPLE_RATE
from live.body.pose import FRAME_RATE
from live.body.skeleton import REST_POSE
from live.dance.performer import Performer
from live.errors import ArtifactError
from model.evaluation import offsets
from model.evaluation.offsets import accent_delays, energy_offsets, stage_energy_offsets
from model.evaluation.take import Take, mean_speed, real_takes


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


@pytest.mark.parametrize(("network_m_s", "offset"), [(0.5, 1.0), (1.0, 0.0), (1.25, -0.5)])
def test_who_dances_slower_or_faster_than_the_clips_gets_as_much_energy_more_or_less(
    prepared, tiny_network, monkeypatch, network_m_s, offset
):
    """Of a dancer whom each unit of energy makes half a metre a second faster."""

    def walk(_network, styles, tempi, seconds, _seed, control, lag):
        speed = real * (network_m_s + 0.5 * control[0])
        joints = np.repeat(REST_POSE[None], round(seconds * FRAME_RATE), axis=0)
        joints[..., 2] += speed * np.arange(len(joints))[:, None] / FRAME_RATE
        return [Take(s, s, 120.0, joints, np.arange(len(joints)) / 15.0) for s in styles]

    real = mean_speed([t for t in real_takes(prepared) if t.style == "street"])
    monkeypatch.setattr(offsets, "rollout", walk)
    found = energy_offsets(tiny_network, prepared, styles=("street",))
    assert found["street"] == pytest.approx(offset, abs=0.02)


@pytest.mark.parametrize(
    ("danced_m_s", "offset"), [(0.5, 0.5), (1.0, 0.0), (1.25, -0.25), (2.5, -1.0)]
)
def test_on_stage_half_of_what_makes_it_as_fast_as_its_clips_is_given(
    prepared, tiny_model, monkeypatch, danced_m_s, offset
):
    """Of a dancer whom each unit of energy makes half of the real speed faster."""

    def walk(_performer, audio, _song, style, name, energy):
        speed = real * (danced_m_s + 0.5 * energy)
        joints = np.repeat(REST_POSE[None], len(audio) * FRAME_RATE // SAMPLE_RATE, axis=0)
        joints[..., 2] += speed * np.arange(len(joints))[:, None] / FRAME_RATE
        return [Take(name, style, 120.0, joints, np.arange(len(joints)) / 15.0)]

    real = mean_speed([t for t in real_takes(prepared) if t.style == "street"])
    monkeypatch.setattr(offsets, "dances", walk)
    monkeypatch.setattr(offsets, "_TEMPI_BPM", (120.0,))
    monkeypatch.setattr(offsets, "_STAGE_S", 6.0)
    found = stage_energy_offsets(tiny_model, prepared, ["street"])
    assert found == {"street": pytest.approx(offset, abs=0.02)}


def test_who_leaves_all_bounds_gets_no_offsets(prepared, tiny_network, monkeypatch):
    def burst(_network, styles, *_, **__):
        return [Take(s, s, 120.0, np.full((300, 19, 3), np.nan), np.arange(300) / 15.0)
                for s in styles]  # fmt: skip

    monkeypatch.setattr(offsets, "rollout", burst)
    with pytest.raises(ArtifactError, match="street leaves all bounds"):
        energy_offsets(tiny_network, prepared, styles=("street",))
    with pytest.raises(ArtifactError, match="street leaves all bounds"):
        accent_delays(tiny_network, prepared, {}, styles=("street",))


def test_on_stage_who_is_no_faster_for_more_energy_gets_none(prepared, tiny_model, monkeypatch):
    def stand(_performer, audio, _song, style, name, energy):
        joints = np.repeat(REST_POSE[None], 300, axis=0)
        return [Take(name, style, 120.0, joints, np.arange(300) / 15.0)]

    monkeypatch.setattr(offsets, "dances", stand)
    monkeypatch.setattr(offsets, "_TEMPI_BPM", (120.0,))
    monkeypatch.setattr(offsets, "_STAGE_S", 6.0)
    assert stage_energy_offsets(tiny_model, prepared, ["street"]) == {"street": 0.0}


def test_a_file_exported_beside_its_data_says_what_the_stage_has_to_make_up_for(
    prepared, tmp_path, tiny_network, tiny_model, tiny_checkpoint, monkeypatch
):
    monkeypatch.setattr(offsets, "_TEMPI_BPM", (120.0,))
    monkeypatch.setattr(offsets, "_STAGE_S", 12.0)
    export([tiny_checkpoint], tmp_path / "tuned.onnx", prepared)
    manifest = Performer(str(tmp_path / "tuned.onnx")).manifest
    energy = manifest.raw["energy_offset"]
    delay = accent_delays(tiny_network, prepared, energy)
    np.testing.assert_array_equal(manifest.accent_delay_ms, [delay[s] for s in manifest.styles])
    assert energy == stage_energy_offsets(tiny_model, prepared, list(manifest.styles))
