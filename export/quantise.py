"""Weights of a graph to eight bits: a fourth to read for every frame, and to keep on disk.

Enters: the float graph that `export.to_onnx` has proved. Leaves: the same graph, whose large
matrices are int8 in blocks, and how far a step of both is apart. The tensors outside stay float32.

A step on stage multiplies by 10 MB of weights once, and then the processor does something else for
30 ms: what a product costs is reading its matrix. ONNX Runtime's MatMulNBits reads a fourth, and
has kernels for AVX2, AVX-512 and ARM. It also rounds what is multiplied, row by row in the same
blocks, so that no dancer depends on the others, as one scale for all rows would have it
(DynamicQuantizeLinear).

Small matrices and biases stay float: they cost next to nothing, and the first and last layers are
where rounding is seen. So does what spells units, which is danced as it is spelled.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import onnx
import onnxruntime
from onnx import GraphProto, NodeProto, TensorProto, helper
from onnx.numpy_helper import from_array, to_array

from export.parity import Outputs, difference
from live.dance.contract import STATE_SUFFIX
from model.network.weights import BITS, BLOCK, ROUNDED, SCALES, ZERO

SMALLEST = 1 << 16  # elements: matrices with fewer stay float
_WHOLE = "decoder.unit."  # in the names of matrices that stay float
_DOMAIN = "com.microsoft"
_INT8_PRODUCTS = 4  # accuracy_level: of int8 by int8, summed exactly within a block


def quantised(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy whose large constant matrices are int8; the same graph where it has none."""
    out = onnx.ModelProto()
    out.CopyFrom(model)
    rounded = _Rounded()
    _round_in(out.graph, {}, rounded)
    if rounded.tensors:
        out.graph.initializer.extend(rounded.tensors)
        _forget_unused(out.graph, set(_names_read(out.graph)))
        out.opset_import.append(helper.make_opsetid(_DOMAIN, 1))
    return out


@dataclass
class _Rounded:
    """Matrices met so far: by name, and as tensors of the whole graph."""

    names: set[str] = field(default_factory=set)
    tensors: list[TensorProto] = field(default_factory=list)

    def add(self, name: str, matrix: np.ndarray) -> None:
        if name not in self.names:
            values, scales = round_to_blocks(matrix)
            self.names.add(name)
            self.tensors += [from_array(values, name + ROUNDED), from_array(scales, name + SCALES)]


def _round_in(graph: GraphProto, outer: dict[str, TensorProto], rounded: _Rounded) -> None:
    """Replace what multiplies by a large matrix, in a graph and its branches. outer: the constants
    that a branch sees from outside."""
    weights = outer | {tensor.name: tensor for tensor in graph.initializer}
    nodes = [_rounded(node, weights, rounded) for node in graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    for branch in _branches(graph):
        _round_in(branch, weights, rounded)


def _branches(graph: GraphProto) -> Iterator[GraphProto]:
    for node in graph.node:
        yield from (a.g for a in node.attribute if a.HasField("g"))


def _rounded(node: NodeProto, weights: dict[str, TensorProto], rounded: _Rounded) -> NodeProto:
    """The product by a large matrix as one by its int8 form; any other node as it is."""
    tensor = weights.get(node.input[1]) if _is_product(node) else None
    if tensor is None or len(tensor.dims) != 2 or np.prod(tensor.dims) < SMALLEST:
        return node
    if _WHOLE in tensor.name:
        return node
    # MatMulNBits wants a row per output, as PyTorch has it.
    matrix = to_array(tensor) if _attribute(node, "transB", 0) else to_array(tensor).T
    if matrix.shape[1] < BLOCK:
        return node
    rounded.add(tensor.name, matrix)
    bias = ["", "", node.input[2]] if len(node.input) > 2 else []
    return helper.make_node(
        "MatMulNBits",
        [node.input[0], tensor.name + ROUNDED, tensor.name + SCALES, *bias],
        list(node.output),
        name=node.name,
        domain=_DOMAIN,
        K=matrix.shape[1],
        N=matrix.shape[0],
        bits=BITS,
        block_size=BLOCK,
        accuracy_level=_INT8_PRODUCTS,
    )


def _is_product(node: NodeProto) -> bool:
    if node.op_type == "MatMul":
        return True
    plain = [_attribute(node, name, 1.0) == 1.0 for name in ("alpha", "beta")]
    return node.op_type == "Gemm" and all(plain) and not _attribute(node, "transA", 0)


def _attribute(node: NodeProto, name: str, otherwise: float) -> float:
    values = [helper.get_attribute_value(a) for a in node.attribute if a.name == name]
    return values[0] if values else otherwise


def round_to_blocks(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """float32 [N, K] to uint8 [N, blocks, BLOCK], which mean the value minus ZERO times the scales,
    float32 [N, blocks]. What was rounded once comes out of it as it was."""
    rows, columns = matrix.shape
    blocks = -(-columns // BLOCK)
    padded = np.zeros((rows, blocks * BLOCK), np.float32)
    padded[:, :columns] = matrix
    padded = padded.reshape(rows, blocks, BLOCK)
    scales = np.abs(padded).max(axis=2) / (ZERO - 1)
    scales[scales == 0.0] = 1.0
    values = np.rint(padded / scales[..., None]) + ZERO
    return values.astype(np.uint8), scales.astype(np.float32)


def _forget_unused(graph: GraphProto, used: set[str]) -> None:
    """Drop the float form of what is rounded, unless something else still reads it."""
    kept = [tensor for tensor in graph.initializer if tensor.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)
    for branch in _branches(graph):
        _forget_unused(branch, used)


def _names_read(graph: GraphProto) -> list[str]:
    names = [output.name for output in graph.output]
    for node in graph.node:
        names += node.input
    for branch in _branches(graph):
        names += _names_read(branch)
    return names


def rounding(exact: onnx.ModelProto, rounded: onnx.ModelProto, frames: list[Outputs]) -> float:
    """How far the next pose of `rounded` is from that of `exact`, both given the inputs of a frame
    and what `exact` has danced so far: RMS over a pose, in nine poses of ten at most so much. The
    tenth may be the first of a beat, for which another unit was chosen. Infinite for no number.

    frames: by name, what is fed besides the states, which begin as zeros.
    """
    one, other = (_session(model) for model in (exact, rounded))
    names = [o.name for o in one.get_outputs()]
    dancers = len(frames[0]["clock"])
    state = {
        i.name: np.zeros([n if isinstance(n, int) else dancers for n in i.shape], np.float32)
        for i in one.get_inputs()
        if i.name not in frames[0]
    }
    squares = []
    for inputs in frames:
        feed = inputs | state
        found = dict(zip(names, map(np.asarray, one.run(None, feed)), strict=True))
        (pose,) = map(np.asarray, other.run(["pose"], feed))
        if difference(found["pose"], pose) == np.inf:
            return float("inf")
        squares.append(np.mean((found["pose"] - pose) ** 2, axis=1))
        state = {name: found[name + STATE_SUFFIX] for name in state}
    return float(np.sqrt(np.quantile(squares, 0.9)))


def _session(model: onnx.ModelProto) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
