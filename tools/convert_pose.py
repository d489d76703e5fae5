"""BlazePose's two networks, from the TensorFlow Lite files of npm to ONNX files that ship here.

    npm pack @mediapipe/pose@0.5.1675469404 && tar xzf mediapipe-pose-*.tgz
    pip install tflite ai-edge-litert             # read the files; run them, to compare
    python tools/convert_pose.py package -o model/weights

ONNX Runtime, which the show needs anyway, then runs them on every system and Python. Layers that
only make the segmentation mask are left out, weights stay in half precision as they come, and the
files are packed by Zstandard: most of the detector's weights are zero. Refuses to write where ONNX
and TensorFlow Lite differ by more than `_TOLERANCE` on noise.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import tflite
import zstandard
from onnx import TensorProto, helper, numpy_helper

_OPSET = 17
_TOLERANCE = 2e-3  # of values up to some hundred pixels, relative to the largest
_KEPT = {
    "detector": ("Identity", "Identity_1"),
    "landmarks": ("Identity", "Identity_1", "Identity_4"),
}
_NAMES = {
    "detector": {"Identity": "boxes", "Identity_1": "scores"},
    "landmarks": {"Identity": "picture", "Identity_1": "presence", "Identity_4": "world"},
}
_SOURCES = {
    "detector": "pose_solution_packed_assets.data",
    "landmarks": "pose_landmark_full.tflite",
}
_TYPES = {tflite.TensorType.FLOAT32: np.float32, tflite.TensorType.FLOAT16: np.float16,
          tflite.TensorType.INT32: np.int32}  # fmt: skip
_OPERATORS = {v: k for k, v in vars(tflite.BuiltinOperator).items() if isinstance(v, int)}
_TO_NCHW = (0, 3, 1, 2)
_TO_NHWC = (0, 2, 3, 1)


class Converter:
    """One TensorFlow Lite graph [1, H, W, C] rebuilt as ONNX, [1, C, H, W] between its ends."""

    def __init__(self, path: Path, kept: tuple[str, ...], names: dict[str, str]) -> None:
        self._model = tflite.Model.GetRootAs(path.read_bytes(), 0)
        self._graph = self._model.Subgraphs(0)
        self._kept, self._names = kept, names
        self._constants: dict[int, np.ndarray] = {}
        self._nodes: list[onnx.NodeProto] = []
        self._initializers: list[onnx.TensorProto] = []

    def build(self) -> onnx.ModelProto:
        entry = self._graph.Inputs(0)
        self._add("Transpose", ["image"], _name(entry), perm=_TO_NCHW)
        for i in range(self._graph.OperatorsLength()):
            self._operator(self._graph.Operators(i))
        outputs = []
        for i in map(self._graph.Outputs, range(self._graph.OutputsLength())):
            if (title := self._title(i)) in self._kept:
                self._add("Identity", [_name(i)], self._names[title])
                shape = self._shape(i)
                outputs.append(
                    helper.make_tensor_value_info(self._names[title], TensorProto.FLOAT, shape)
                )
        image = helper.make_tensor_value_info("image", TensorProto.FLOAT, self._shape(entry))
        graph = helper.make_graph(self._nodes, "pose", [image], outputs, self._initializers)
        opset = [helper.make_opsetid("", _OPSET)]
        model = helper.make_model(pruned(graph), opset_imports=opset, ir_version=8)
        onnx.checker.check_model(model, full_check=True)
        return model

    def _operator(self, op: tflite.Operator) -> None:
        kind = _OPERATORS[self._model.OperatorCodes(op.OpcodeIndex()).BuiltinCode()]
        inputs = [op.Inputs(i) for i in range(op.InputsLength())]
        if kind in ("DEQUANTIZE", "DENSIFY"):
            self._constants[op.Outputs(0)] = self._constant(inputs[0])
            return
        getattr(self, f"_on_{kind.lower()}")(op, inputs, op.Outputs(0))

    def _on_conv_2d(self, op: tflite.Operator, inputs: list[int], out: int) -> None:
        options = _options(op, tflite.Conv2DOptions())
        kernel = self._constant(inputs[1]).transpose(0, 3, 1, 2)  # [O, H, W, I] to [O, I, H, W]
        self._convolve(options, kernel, 1, inputs, out)

    def _on_depthwise_conv_2d(self, op: tflite.Operator, inputs: list[int], out: int) -> None:
        options = _options(op, tflite.DepthwiseConv2DOptions())
        kernel = self._constant(inputs[1]).transpose(3, 0, 1, 2)  # [1, H, W, C] to [C, 1, H, W]
        self._convolve(options, kernel, len(kernel), inputs, out)

    def _convolve(self, options, kernel: np.ndarray, group: int, inputs: list[int], out: int):
        strides = [options.StrideH(), options.StrideW()]
        same = options.Padding() == tflite.Padding.SAME
        size, result = self._shape(inputs[0])[1:3], self._shape(out)[1:3]
        whole = [
            max(0, (result[i] - 1) * strides[i] + kernel.shape[2 + i] - size[i]) if same else 0
            for i in (0, 1)
        ]
        before = [w // 2 for w in whole]
        pads = before + [w - b for w, b in zip(whole, before, strict=True)]
        names = [_name(inputs[0]), self._weight(kernel, f"w{out}")]
        names.append(self._weight(self._constant(inputs[2]), f"b{out}"))
        inner = self._activated(options.FusedActivationFunction(), out)
        self._add("Conv", names, inner, strides=strides, pads=pads, group=group)

    def _on_add(self, op: tflite.Operator, inputs: list[int], out: int) -> None:
        inner = self._activated(_options(op, tflite.AddOptions()).FusedActivationFunction(), out)
        self._add("Add", [_name(i) for i in inputs], inner)

    def _on_max_pool_2d(self, op: tflite.Operator, inputs: list[int], out: int) -> None:
        options = _options(op, tflite.Pool2DOptions())
        kernel = [options.FilterHeight(), options.FilterWidth()]
        strides = [options.StrideH(), options.StrideW()]
        inner = self._activated(options.FusedActivationFunction(), out)
        self._add("MaxPool", [_name(inputs[0])], inner, kernel_shape=kernel, strides=strides)

    def _on_pad(self, op: tflite.Operator, inputs: list[int], out: int) -> None:
        pads = self._constant(inputs[1])[list(_TO_NCHW)].T.reshape(-1)
        self._add("Pad", [_name(inputs[0]), self._shape_constant(pads, f"p{out}")], _name(out))

    def _on_resize_bilinear(self, op: tflite.Operator, inputs: list[int], out: int) -> None:
        options = _options(op, tflite.ResizeBilinearOptions())
        mode = "asymmetric"
        if options.AlignCorners():
            mode = "align_corners"
        elif options.HalfPixelCenters():
            mode = "half_pixel"
        size = np.array(self._shape(out))[list(_TO_NCHW)]
        names = [_name(inputs[0]), "", "", self._shape_constant(size, f"s{out}")]
        self._add("Resize", names, _name(out), mode="linear", coordinate_transformation_mode=mode)

    def _on_depth_to_space(self, op: tflite.Operator, inputs: list[int], out: int) -> None:
        size = _options(op, tflite.DepthToSpaceOptions()).BlockSize()
        self._add("DepthToSpace", [_name(inputs[0])], _name(out), blocksize=size, mode="DCR")

    def _on_reshape(self, op: tflite.Operator, inputs: list[int], out: int) -> None:
        self._add("Transpose", [_name(inputs[0])], f"n{out}", perm=_TO_NHWC)
        shape = self._shape_constant(np.array(self._shape(out)), f"s{out}")
        self._add("Reshape", [f"n{out}", shape], _name(out))

    def _on_concatenation(self, op: tflite.Operator, inputs: list[int], out: int) -> None:
        self._add("Concat", [_name(i) for i in inputs], _name(out), axis=1)  # [1, anchors, values]

    def _on_logistic(self, op: tflite.Operator, inputs: list[int], out: int) -> None:
        self._add("Sigmoid", [_name(inputs[0])], _name(out))

    def _activated(self, function: int, out: int) -> str:
        """The name that an operator writes to, so that its activation writes tensor `out`."""
        inner = f"a{out}"
        kinds = tflite.ActivationFunctionType
        if function == kinds.NONE:
            return _name(out)
        if function == kinds.RELU:
            self._later = ("Relu", [inner], _name(out))
        elif function == kinds.RELU6:
            limits = [self._weight(np.float32(v), f"{c}{out}") for v, c in ((0, "lo"), (6, "hi"))]
            self._later = ("Clip", [inner, *limits], _name(out))
        else:
            raise NotImplementedError(f"activation {function}")
        return inner

    _later: tuple | None = None

    def _add(self, kind: str, inputs: list[str], output: str, **attributes) -> None:
        self._nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        if self._later is not None:
            later, self._later = self._later, None
            self._add(*later)

    def _weight(self, values: np.ndarray | np.floating, name: str) -> str:
        """Half precision in the file; the cast is folded when the network is loaded."""
        half = np.asarray(values).astype(np.float16)
        self._initializers.append(numpy_helper.from_array(half, name + "h"))
        self._nodes.append(helper.make_node("Cast", [name + "h"], [name], to=TensorProto.FLOAT))
        return name

    def _shape_constant(self, values: np.ndarray, name: str) -> str:
        self._initializers.append(numpy_helper.from_array(values.astype(np.int64), name))
        return name

    def _constant(self, index: int) -> np.ndarray:
        if index not in self._constants:
            tensor = self._graph.Tensors(index)
            raw = self._model.Buffers(tensor.Buffer()).DataAsNumpy()
            values = np.frombuffer(raw.tobytes(), _TYPES[tensor.Type()])
            sparse = tensor.Sparsity()
            shape = self._shape(index)
            self._constants[index] = (
                values.reshape(shape) if sparse is None else dense(values, sparse, shape)
            )
        return self._constants[index]

    def _shape(self, index: int) -> list[int]:
        return [int(n) for n in self._graph.Tensors(index).ShapeAsNumpy()]

    def _title(self, index: int) -> str:
        return self._graph.Tensors(index).Name().decode()


def dense(values: np.ndarray, sparse: tflite.SparsityParameters, shape: list[int]) -> np.ndarray:
    """A sparse tensor in TensorFlow Lite's nested form (TACO), written out."""
    order = sparse.TraversalOrderAsNumpy()
    blocks = sparse.BlockMapAsNumpy() if sparse.BlockMapLength() else np.zeros(0, int)
    levels = [sparse.DimMetadata(i) for i in range(len(order))]
    outer, sizes = len(shape), [0] * len(order)
    for level, metadata in enumerate(levels):
        is_dense = metadata.Format() == tflite.DimensionType.DENSE
        sizes[level] = metadata.DenseSize() if is_dense else 0
    block_of = {int(axis): sizes[outer + i] for i, axis in enumerate(blocks)}
    positions = np.zeros((1, len(order)), int)  # of every entry so far, level by level
    slots = np.zeros(1, int)
    for level, metadata in enumerate(levels):
        if metadata.Format() == tflite.DimensionType.DENSE:
            n = metadata.DenseSize()
            positions = np.repeat(positions, n, axis=0)
            positions[:, level] = np.tile(np.arange(n), len(slots))
            slots = (slots[:, None] * n + np.arange(n)).reshape(-1)
        else:
            segments, indices = _vector(metadata, "segments"), _vector(metadata, "indices")
            counts = segments[slots + 1] - segments[slots]
            positions = np.repeat(positions, counts, axis=0)
            slots = np.concatenate(
                [np.arange(int(segments[s]), int(segments[s + 1])) for s in slots]
            )
            positions[:, level] = indices[slots]
    where = np.zeros((len(positions), outer), int)
    for level, axis in enumerate(order):
        if axis < outer:
            where[:, axis] += positions[:, level] * block_of.get(int(axis), 1)
        else:
            where[:, blocks[axis - outer]] += positions[:, level]
    out = np.zeros(shape, values.dtype)
    out[tuple(where.T)] = values[slots]
    return out


def _vector(metadata: tflite.DimensionMetadata, which: str) -> np.ndarray:
    kind, table = (
        (metadata.ArraySegmentsType(), metadata.ArraySegments())
        if which == "segments"
        else (metadata.ArrayIndicesType(), metadata.ArrayIndices())
    )
    vector = {1: tflite.Int32Vector, 2: tflite.Uint16Vector, 3: tflite.Uint8Vector}[kind]()
    vector.Init(table.Bytes, table.Pos)
    return vector.ValuesAsNumpy().astype(int)


def pruned(graph: onnx.GraphProto) -> onnx.GraphProto:
    """The graph without nodes and weights that lead to none of its outputs."""
    needed = {o.name for o in graph.output}
    nodes = []
    for node in reversed(graph.node):
        if needed & set(node.output):
            nodes.append(node)
            needed.update(node.input)
    weights = [w for w in graph.initializer if w.name in needed]
    return helper.make_graph(nodes[::-1], graph.name, graph.input, graph.output, weights)


def largest_difference(tflite_path: Path, model: onnx.ModelProto, names: dict[str, str]) -> float:
    """Between both runtimes on noise, relative to the largest value of each output."""
    from ai_edge_litert.interpreter import Interpreter

    lite = Interpreter(str(tflite_path), num_threads=1)
    lite.allocate_tensors()
    entry = lite.get_input_details()[0]
    image = np.random.default_rng(0).random(entry["shape"], np.float32)
    lite.set_tensor(entry["index"], image)
    lite.invoke()
    session = onnxruntime.InferenceSession(model.SerializeToString())
    worst = 0.0
    for detail in lite.get_output_details():
        if (title := names.get(detail["name"])) is not None:
            theirs = lite.get_tensor(detail["index"])
            ours = session.run([title], {"image": image})[0]
            worst = max(worst, float(np.abs(ours - theirs).max() / np.abs(theirs).max()))
    return worst


def _options(op: tflite.Operator, options):
    table = op.BuiltinOptions()
    options.Init(table.Bytes, table.Pos)
    return options


def _name(index: int) -> str:
    return f"t{index}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("package", type=Path, help="the unpacked folder of @mediapipe/pose")
    parser.add_argument("-o", type=Path, required=True, help="the folder to write to")
    args = parser.parse_args()
    version = json.loads((args.package / "package.json").read_text())["version"]
    for which, source in _SOURCES.items():
        model = Converter(args.package / source, _KEPT[which], _NAMES[which]).build()
        worst = largest_difference(args.package / source, model, _NAMES[which])
        if worst > _TOLERANCE:
            raise SystemExit(f"{which}: differs by {worst:.2g} of the largest value")
        for key, value in (("source", f"@mediapipe/pose {version}"), ("licence", "Apache-2.0")):
            model.metadata_props.add(key=key, value=value)
        path = args.o / f"pose_{which}.onnx.zst"
        packed = zstandard.ZstdCompressor(level=19).compress(model.SerializeToString())
        path.write_bytes(packed)
        print(f"{path}: {path.stat().st_size / 1e6:.2f} MB, differs by {worst:.2g}")


if __name__ == "__main__":
    main()
