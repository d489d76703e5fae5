"""Export: the file on stage computes what was trained, says what it is, or is not written."""

import hashlib
import json
from dataclasses import replace

import numpy as np
import onnx
import pytest
import torch
from torch.optim.swa_utils import AveragedModel

from export import parity as parity_module
from export import to_onnx
from export.parity import apart, difference, measure
from export.to_onnx import TOLERANCE, export, licence
from live.dance.contract import MANIFEST_KEY, REQUIRED
from live.dance.performer import Performer
from live.errors import ArtifactError, ConfigError
from live.osc.encoding import most_styles
from model.network.checkpoint import mean_of
from model.network.dance_network import DanceNetwork
from model.network.weights import load_weights

FIELDS = {
    *REQUIRED,
    "styles",
    "controls",
    "latent_dim",
    "receptive_field",
    "music_lag",
    "states",
    "tiers",
    "licence",
    "recipe",
    "energy_offset",
    "accent_delay_ms",
    "metrics",
}


@pytest.fixture(scope="module")
def exported(tiny_model):
    return onnx.load(tiny_model)


def manifest_in(model):
    return json.loads({p.key: p.value for p in model.metadata_props}[MANIFEST_KEY])


def with_other_weights(model, factor):
    """The same graph, whose largest matrix is scaled."""
    other = onnx.ModelProto()
    other.CopyFrom(model)
    largest = max(other.graph.initializer, key=lambda t: np.prod(t.dims))
    values = onnx.numpy_helper.to_array(largest) * np.float32(factor)
    largest.CopyFrom(onnx.numpy_helper.from_array(values, largest.name))
    return other


def test_whole_stepped_and_onnx_agree(tiny_network, tiny_model):
    parity = measure(tiny_network, tiny_model.read_bytes())
    # Measured: 2e-7 stepped, 4e-7 ONNX.
    assert 0.0 <= parity.stepped < 1e-5
    assert 0.0 <= parity.onnx < 1e-5
    assert parity.worst == max(parity.stepped, parity.onnx)


@pytest.mark.parametrize("seed", [1, 2])
def test_they_agree_on_other_music(tiny_network, tiny_model, seed):
    assert measure(tiny_network, tiny_model.read_bytes(), seed).worst < 1e-5


def test_parity_sees_weights_that_are_off_by_a_hundredth(tiny_network, exported):
    other = with_other_weights(exported, 1.01)
    parity = measure(tiny_network, other.SerializeToString())
    assert parity.onnx > TOLERANCE
    assert parity.stepped < 1e-5


def test_parity_sees_what_the_poses_do_not_show(tiny_network, exported):
    """What the network hears moves no pose of this frame, and counts for who dances what."""
    other = onnx.ModelProto()
    other.CopyFrom(exported)
    (head,) = (t for t in other.graph.initializer if t.name.endswith("style_head.bias"))
    values = onnx.numpy_helper.to_array(head) + np.float32(0.01)
    head.CopyFrom(onnx.numpy_helper.from_array(values, head.name))
    assert measure(tiny_network, other.SerializeToString()).onnx == pytest.approx(0.01, rel=0.01)


def test_parity_is_measured_for_one_two_and_five_dancers(tiny_network, tiny_model, monkeypatch):
    counts, made = [], parity_module.random_sequence

    def counted(network, length, seed, dancers):
        counts.append(dancers)
        assert length > network.config.encoder.window + 3
        return made(network, length, seed, dancers)

    monkeypatch.setattr(parity_module, "random_sequence", counted)
    measure(tiny_network, tiny_model.read_bytes())
    assert counts == [1, 2, 5]


@pytest.mark.parametrize("broken", [float("nan"), float("inf")])
def test_no_comparison_passes_by_what_is_not_finite(tiny_network, exported, broken):
    whole, lost = np.zeros(3, np.float32), np.array([0.0, broken, 0.0], np.float32)
    for pair in ((whole, lost), (lost, whole), (lost, lost)):
        assert difference(*pair) == np.inf
    assert difference(whole, whole[:2]) == np.inf
    assert apart([{"pose": whole, "state_x_out": lost}], [{"pose": whole, "state_x_out": lost}]) > 1
    assert apart([{"pose": whole}], [{"pose": whole, "state_x_out": whole}]) == np.inf
    parity = measure(tiny_network, with_other_weights(exported, broken).SerializeToString())
    assert not parity.worst <= TOLERANCE


@pytest.mark.parametrize("broken", [float("nan"), float("inf")])
def test_a_network_whose_weights_are_not_finite_is_not_exported(tiny_checkpoint, tmp_path, broken):
    state = torch.load(tiny_checkpoint, weights_only=True)
    state["average"]["module.encoder.style_head.weight"][0, 0] = broken
    torch.save(state, tmp_path / "broken.pt")
    with pytest.raises(ArtifactError, match=r"encoder\.style_head\.weight holds numbers that are"):
        export([tmp_path / "broken.pt"], tmp_path / "out.onnx")
    assert [p.name for p in tmp_path.iterdir()] == ["broken.pt"]


@pytest.mark.parametrize(
    ("styles", "said"),
    [
        (
            [f"style {n}" for n in range(most_styles() + 1)],
            r"\d+ styles; a bundle of poses has room",
        ),
        (["salsa", "auto", "waltz", "street"], "styles"),
    ],
)
def test_what_the_stage_would_refuse_is_not_exported(
    tiny_network, tiny_checkpoint, tmp_path, styles, said
):
    network = DanceNetwork(replace(tiny_network.config, styles=tuple(styles)))
    state = torch.load(tiny_checkpoint, weights_only=True)
    state["average"] = AveragedModel(network).state_dict()
    state["network_config"] = network.config.to_dict()
    path, out = tmp_path / "many.pt", tmp_path / "many.onnx"
    torch.save(state, path)
    with pytest.raises(ArtifactError, match=said):
        export([path], out)
    assert not out.exists()


def test_a_network_of_an_older_kind_can_still_be_exported(tiny_network, tiny_checkpoint, tmp_path):
    """A style of one's own that was learned on one is, whenever it learns more."""
    config = tiny_network.config
    decoder = replace(config.decoder, leading=False, liveliness=False)
    network = DanceNetwork(replace(config, decoder=decoder))
    state = torch.load(tiny_checkpoint, weights_only=True)
    state["average"] = AveragedModel(network).state_dict()
    state["network_config"] = network.config.to_dict()
    path, out = tmp_path / "older.pt", tmp_path / "older.onnx"
    torch.save(state, path)
    assert export([path], out).worst < 1e-5
    assert load_weights(out)["network_config"] == network.config.to_dict()


def test_a_file_of_the_stage_whose_weights_are_not_finite_begins_no_training(exported, tmp_path):
    onnx.save(with_other_weights(exported, float("nan")), tmp_path / "broken.onnx")
    with pytest.raises(ArtifactError, match="not finite"):
        load_weights(tmp_path / "broken.onnx")


def test_an_export_is_never_written_over_its_checkpoint(tiny_checkpoint, tmp_path):
    own = tmp_path / "run.onnx"
    own.write_bytes(tiny_checkpoint.read_bytes())
    with pytest.raises(ArtifactError, match="it would overwrite"):
        export([own], own)
    assert own.read_bytes() == tiny_checkpoint.read_bytes()
    with pytest.raises(ConfigError, match=r"end its name in \.onnx"):
        export([tiny_checkpoint], tmp_path / "dance.json")


def test_an_export_may_keep_a_share_of_the_recurrence(tiny_checkpoint, tiny_network, tmp_path):
    export([tiny_checkpoint], tmp_path / "half.onnx", recurrence=0.5)
    assert manifest_in(onnx.load(tmp_path / "half.onnx"))["recipe"]["recurrence"] == 0.5
    made = load_weights(tmp_path / "half.onnx")["weights"]["decoder.pose_out.2.bias"]
    torch.testing.assert_close(made, tiny_network.decoder.pose_out[2].bias / 2)


@pytest.mark.parametrize("share", [-0.1, 1.5, float("nan")])
def test_what_is_no_share_of_the_recurrence_is_refused(tiny_checkpoint, tmp_path, share):
    with pytest.raises(ConfigError, match="a share from 0 to 1"):
        export([tiny_checkpoint], tmp_path / "some.onnx", recurrence=share)
    assert not list(tmp_path.iterdir())


def test_the_file_holds_its_manifest(tiny_network, exported):
    manifest = manifest_in(exported)
    assert set(manifest) == FIELDS
    assert {name: manifest[name] for name in REQUIRED} == REQUIRED
    assert manifest["styles"] == ["street", "salsa"]
    assert manifest["controls"] == ["energy", "openness", "travel", "anew"]
    assert manifest["latent_dim"] == 4
    assert manifest["receptive_field"] == tiny_network.encoder.receptive_field == 15
    assert manifest["music_lag"] == 2.0  # the middle of one to three
    assert manifest["tiers"] == ["open"]
    assert set(manifest["recipe"]) == {
        "network", "training", "data", "iterations", "wall_minutes", "machine",
        "mean_of_iterations",
        "recurrence",
    }  # fmt: skip
    for name in ("energy_offset", "accent_delay_ms"):
        assert manifest[name] == {"street": 0.0, "salsa": 0.0}
    assert 0.0 <= manifest["metrics"]["parity_max_abs_error"] < 1e-5


def test_the_manifest_beside_the_file_names_it_by_its_hash(tiny_model, exported):
    beside = json.loads(tiny_model.with_suffix(".json").read_text(encoding="utf-8"))
    digest = hashlib.sha256(tiny_model.read_bytes()).hexdigest()
    assert beside == {**manifest_in(exported), "sha256": digest}
    assert Performer(str(tiny_model)).sha256 == digest


def test_the_graph_has_the_tensors_of_the_contract(tiny_network, exported):
    inputs = {i.name: shape_of(i) for i in exported.graph.input}
    outputs = {o.name: shape_of(o) for o in exported.graph.output}
    n = "dancers"
    assert {k: v for k, v in inputs.items() if not k.startswith("state_")} == {
        "features": [1, 83],
        "clock": [n, 8],
        "style": [n, 2],
        "control": [n, 4],
        "noise": [n, 4],
    }
    assert {k: v for k, v in outputs.items() if not k.startswith("state_")} == {
        "pose": [n, 60],
        "style_logits": [1, 2],
    }
    states = {f"state_{name}" for name in tiny_network.initial_state()}
    assert states == {s["name"] for s in manifest_in(exported)["states"]}
    assert inputs.keys() >= states
    assert {k: v for k, v in outputs.items() if k.startswith("state_")} == {
        f"{k}_out": v for k, v in inputs.items() if k in states
    }


def shape_of(value):
    return [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim]


def test_the_file_is_whole_and_safe_to_open(exported):
    onnx.checker.check_model(exported)
    assert all(not tensor.external_data for tensor in exported.graph.initializer)
    assert {o.domain for o in exported.opset_import} <= {"", "ai.onnx"}


def test_nothing_is_written_where_onnx_and_torch_differ(
    tiny_checkpoint, exported, tmp_path, monkeypatch
):
    out = tmp_path / "dance.onnx"
    out.write_bytes(b"the file that danced yesterday")
    # A converter with a fault; the check, and what follows from it, is real.
    faulty = with_other_weights(exported, 1.01)
    monkeypatch.setattr(to_onnx, "to_onnx", lambda network, manifest: faulty)
    with pytest.raises(ArtifactError, match=r"not exported: .* differ by \d\.\de[-+]\d\d"):
        export([tiny_checkpoint], out)
    assert out.read_bytes() == b"the file that danced yesterday"
    assert list(tmp_path.iterdir()) == [out]


def test_what_is_no_checkpoint_is_not_exported(tmp_path):
    (tmp_path / "notes.pt").write_text("not a checkpoint")
    with pytest.raises(ArtifactError, match=r"notes\.pt is not a checkpoint"):
        export([tmp_path / "notes.pt"], tmp_path / "out.onnx")
    assert not (tmp_path / "out.onnx").exists()


def test_of_several_runs_the_mean_is_exported(tiny_checkpoint, tmp_path):
    one = torch.load(tiny_checkpoint, weights_only=True)
    other = dict(one)
    name = "module.decoder.style.weight"
    other["average"] = one["average"] | {name: one["average"][name] + 1.0}
    mean = mean_of([one, other])
    assert torch.allclose(mean["average"][name], one["average"][name] + 0.5)
    assert mean["progress"] == other["progress"]
    foreign = one | {"prepared": one["prepared"] | {"tiers": ["research"]}}
    with pytest.raises(ConfigError, match="on the same data"):
        mean_of([foreign, one])


def test_weights_are_as_free_as_the_data_they_saw():
    assert licence(["open"]).startswith("GPL-3.0-or-later")
    for tiers in (["open", "research"], ["share"], ["research"]):
        assert licence(tiers).startswith("non-commercial")


def test_converting_leaves_the_network_as_it_was(tiny_network, tiny_checkpoint, tiny_model):
    before = torch.load(tiny_checkpoint, weights_only=True)["network"]
    assert tiny_model.is_file()
    assert all(torch.equal(v, before[k]) for k, v in tiny_network.state_dict().items())
