"""Eight-bit weights: the same dance to a fraction of a millimetre, of any graph."""

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper
from onnx.numpy_helper import from_array

from export import to_onnx
from export.parity import frames_of, random_sequence
from export.quantise import SMALLEST, quantised, round_to_blocks, rounding
from export.to_onnx import export
from live.dance.performer import Performer
from live.errors import ArtifactError
from model.network.config import DecoderConfig, NetworkConfig
from model.network.dance_network import DanceNetwork
from model.network.weights import load_weights

ROWS, COLUMNS = 512, 200  # not a multiple of the blocks


def matrix(seed=1):
    return np.random.default_rng(seed).standard_normal((ROWS, COLUMNS)).astype(np.float32)


def graph_of(nodes, weights):
    return helper.make_model(
        helper.make_graph(
            nodes,
            "products",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", COLUMNS])],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", ROWS])],
            [from_array(value, name) for name, value in weights.items()],
        ),
        opset_imports=[helper.make_opsetid("", 18)],
        ir_version=10,
    )


def run(model, x):
    return onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    ).run(None, {"x": x})[0]


BIAS = np.linspace(-1, 1, ROWS).astype(np.float32)
PRODUCTS = {
    "Gemm, a row an output": (
        helper.make_node("Gemm", ["x", "w", "b"], ["y"], transB=1),
        {"w": matrix(), "b": BIAS},
    ),
    "Gemm, a column an output": (
        helper.make_node("Gemm", ["x", "w", "b"], ["y"]),
        {"w": matrix().T.copy(), "b": BIAS},
    ),
    "Gemm without a bias": (helper.make_node("Gemm", ["x", "w"], ["y"], transB=1), {"w": matrix()}),
    "MatMul": (helper.make_node("MatMul", ["x", "w"], ["y"]), {"w": matrix().T.copy()}),
}


@pytest.mark.parametrize("kind", PRODUCTS)
def test_a_product_is_the_same_to_half_a_percent(kind):
    node, weights = PRODUCTS[kind]
    whole = graph_of([node], weights)
    small = quantised(whole)
    assert [n.op_type for n in small.graph.node] == ["MatMulNBits"]
    assert "w" not in {t.name for t in small.graph.initializer}
    assert small.ByteSize() < 0.36 * whole.ByteSize()
    x = np.random.default_rng(2).standard_normal((5, COLUMNS)).astype(np.float32)
    exact = run(whole, x)
    assert np.sqrt(np.mean((run(small, x) - exact) ** 2)) < 0.01 * np.sqrt(np.mean(exact**2))


def test_no_dancer_depends_on_how_many_there_are():
    node, weights = PRODUCTS["Gemm, a row an output"]
    small = quantised(graph_of([node], weights))
    x = np.random.default_rng(2).standard_normal((16, COLUMNS)).astype(np.float32)
    x[1:] *= 100.0  # one scale for all would be the loud ones'
    for dancers in (1, 2, 5, 16):
        np.testing.assert_array_equal(run(small, x[:dancers])[0], run(small, x)[0])


@pytest.mark.parametrize("changed", [{"alpha": 0.5}, {"beta": 2.0}])
def test_what_is_small_narrow_or_scaled_stays_as_it_is(changed):
    assert 8 * COLUMNS < SMALLEST < ROWS * COLUMNS
    scaled = helper.make_node("Gemm", ["x", "w", "b"], ["y"], transB=1, **changed)
    plain = PRODUCTS["Gemm, a row an output"][0]
    narrow = matrix().reshape(-1, 50)
    for node, weight in ((scaled, matrix()), (plain, matrix()[:8]), (plain, narrow)):
        whole = graph_of([node], {"w": weight, "b": BIAS[: len(weight)]})
        assert quantised(whole) == whole


def test_a_branch_is_rounded_too_and_what_both_read_is_kept_once():
    def branch(name, weights=()):
        return helper.make_graph(
            [helper.make_node("Gemm", ["x", name], [name + "_y"], transB=1)],
            name,
            [],
            [helper.make_tensor_value_info(name + "_y", TensorProto.FLOAT, ["n", ROWS])],
            list(weights),
        )

    own = branch("v", [from_array(matrix(2), "v")])
    nodes = [
        helper.make_node("If", ["yes"], ["branched"], then_branch=branch("w"), else_branch=own),
        helper.make_node("Gemm", ["x", "w"], ["plain"], transB=1),
        helper.make_node("Add", ["branched", "plain"], ["y"]),
    ]
    x = np.random.default_rng(2).standard_normal((3, COLUMNS)).astype(np.float32)
    for yes in (True, False):
        whole = graph_of(nodes, {"w": matrix(), "yes": np.array(yes)})
        out = quantised(whole)
        names = [t.name for t in out.graph.initializer]
        assert sorted(names) == ["v.int8", "v.scales", "w.int8", "w.scales", "yes"]
        assert out.ByteSize() < 0.4 * whole.ByteSize()
        exact = run(whole, x)
        assert np.abs(run(out, x) - exact).max() < 0.01 * np.abs(exact).max()


def test_what_was_rounded_once_stays_as_it_is():
    values, scales = round_to_blocks(matrix())
    once = ((values.astype(np.float32) - 128) * scales[..., None]).reshape(ROWS, -1)
    again, _ = round_to_blocks(once[:, :COLUMNS])
    np.testing.assert_array_equal(again, values)


@pytest.fixture(scope="module")
def wide_checkpoint(tiny_checkpoint, tmp_path_factory):
    """The tiny run, with a decoder wide enough to have matrices worth rounding."""
    import torch
    from torch.optim.swa_utils import AveragedModel

    state = torch.load(tiny_checkpoint, weights_only=True)
    config = NetworkConfig.from_dict(state["network_config"])
    torch.manual_seed(3)
    decoder = DecoderConfig(hidden=192, latent_dim=4, unit_width=128, codes=1024)
    network = DanceNetwork(NetworkConfig(config.styles, config.encoder, decoder))
    torch.nn.init.normal_(network.decoder.pose_out[2].weight, std=0.05)  # nothing, before training
    state |= {"average": AveragedModel(network).state_dict(), "network": network.state_dict()}
    state["network_config"] = network.config.to_dict()
    path = tmp_path_factory.mktemp("wide") / "wide.pt"
    torch.save(state, path)
    return path


@pytest.fixture(scope="module")
def whole(wide_checkpoint):
    """Exported with all its weights."""
    path = wide_checkpoint.with_name("whole.onnx")
    assert export([wide_checkpoint], path, eight_bits=False).rounding == 0.0
    return path


def test_an_exported_file_is_small_dances_and_can_be_gone_on_from(wide_checkpoint, whole, tmp_path):
    small = tmp_path / "small.onnx"
    parity = export([wide_checkpoint], small)
    assert 0.0 < parity.rounding < 1e-3
    assert small.stat().st_size < 0.6 * whole.stat().st_size
    assert Performer(str(small), "cpu", dancers=2).styles == Performer(str(whole), "cpu").styles
    exact, begun = (load_weights(path)["weights"] for path in (whole, small))
    assert exact.keys() == begun.keys()
    for name, value in exact.items():
        assert (value - begun[name]).abs().max() <= value.abs().max() / 250


def test_where_eight_bits_are_seen_in_the_dance_nothing_is_written(
    wide_checkpoint, whole, tmp_path, monkeypatch
):
    monkeypatch.setattr(to_onnx, "to_onnx", lambda network, manifest: onnx.load(whole))
    monkeypatch.setattr(to_onnx, "ROUNDING_TOLERANCE", 1e-9)
    with pytest.raises(ArtifactError, match=r"eight bits move a pose by .* --float32"):
        export([wide_checkpoint], tmp_path / "out.onnx")
    assert not (tmp_path / "out.onnx").exists()


def test_the_rounding_of_the_same_graph_is_nothing(tiny_network, tiny_model):
    model = onnx.load(tiny_model)
    sequence = random_sequence(tiny_network, 5, 0, 2)
    frames = [{k: v.numpy() for k, v in frame.items()} for frame in frames_of(sequence)]
    assert rounding(model, quantised(model), frames) == 0.0
    assert quantised(model) == model
