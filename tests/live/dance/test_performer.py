"""The ONNX session on stage: it streams, refuses other contracts, and keeps dancers apart."""

import copy
import json

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from live.audio.features import FEATURE_DIM
from live.body.pose import FRAME_RATE
from live.dance.contract import ANEW, CLOCK_DIM, CONTROL_DIM, MANIFEST_KEY, REQUIRED, clock_vector
from live.dance.performer import Performer, find_model
from live.errors import ArtifactError, ConfigError
from tests.helpers.contract import assert_streams_like_offline, joined

BPM = 120.0
LATENT = 4  # of the tiny model
ROUNDING = 2e-6  # measured: 2.4e-7 after 40 frames


def stage(model, **options):
    """On the CPU, whose sums depend on the number of dancers by rounding alone."""
    return Performer(str(model), device="cpu", **options)


def frames_of(count, dancers=1, seed=0):
    """Inputs of so many steps: a list of (features, clock, style, control, noise)."""
    rng = np.random.default_rng(seed)
    style = np.tile(np.array([0.7, 0.3], np.float32), (dancers, 1))
    frames = []
    for t in range(count):
        beats = (t + 0.5) * BPM / 60 / FRAME_RATE + 0.3 * np.arange(dancers)
        # A dancer's row does not depend on how many there are.
        control = [
            np.random.default_rng([seed, t, d]).normal(size=CONTROL_DIM) for d in range(dancers)
        ]
        noise = [np.random.default_rng([seed, t, d, 1]).normal(size=LATENT) for d in range(dancers)]
        features = rng.uniform(-0.5, 0.5, FEATURE_DIM).astype(np.float32)
        clock = clock_vector(beats, BPM)
        frames.append((features, clock, style, np.float32(control), np.float32(noise)))
    return frames


def dance(performer, frames, **options):
    """Poses [T, N, 60]."""
    return np.stack([performer.step(*frame, **options)[0] for frame in frames])


class PerformerStream:
    """One dancer's Performer at one style, its inputs side by side."""

    SIZES = (FEATURE_DIM, CLOCK_DIM, CONTROL_DIM, LATENT)

    def __init__(self, performer, style):
        self.performer, self.style = performer, style

    def push(self, inputs):
        outputs = []
        for x in inputs:
            features, *own = np.split(x, np.cumsum(self.SIZES)[:-1])
            clock, control, noise = (row[None] for row in own)
            pose, logits = self.performer.step(features, clock, self.style, control, noise)
            outputs.append(np.concatenate([pose[0], logits]))
        return joined(outputs)

    def reset(self):
        self.performer.reset(self.performer.dancers, self.performer.seed)

    def save(self):
        return copy.deepcopy(self.performer._state)

    def restore(self, saved):
        self.performer._state = copy.deepcopy(saved)


def test_the_session_streams_as_torch_dances_at_once(tiny_model, tiny_network):
    style = torch.tensor([[0.7, 0.3]])
    inputs = np.stack(
        [
            np.concatenate([f, clock[0], control[0], noise[0]])
            for f, clock, _, control, noise in frames_of(50)
        ]
    )

    def whole(inputs):
        features, *own = torch.as_tensor(inputs).split(PerformerStream.SIZES, dim=-1)
        clock, control, noise = (rows[:, None] for rows in own)
        pose = tiny_network.dance(features, clock, style, control, noise)[:, 0]
        logits = tiny_network.hear(features[None])[1][0]
        return torch.cat([pose, logits], dim=1).numpy()

    # Measured: 1e-6, over six windows of the ring.
    stream = PerformerStream(stage(tiny_model), style.numpy())
    assert_streams_like_offline(stream, inputs, whole, tolerance=1e-5)


# ---- refusals --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def exported(tiny_model):
    return onnx.load(tiny_model)


def written(model, path, **changes):
    """A copy of the model at `path`, some of its manifest's entries changed (None: taken out)."""
    other = onnx.ModelProto()
    other.CopyFrom(model)
    manifest = json.loads(other.metadata_props[0].value) | changes
    manifest = {k: v for k, v in manifest.items() if v is not None}
    onnx.helper.set_model_props(other, {MANIFEST_KEY: json.dumps(manifest)})
    path.write_bytes(other.SerializeToString())
    return str(path)


@pytest.mark.parametrize("field", REQUIRED)
@pytest.mark.parametrize("value", [7, None])
def test_another_contract_is_refused_by_the_field_that_differs(exported, tmp_path, field, value):
    model = written(exported, tmp_path / "other.onnx", **{field: value})
    with pytest.raises(ArtifactError, match=rf"{field} is {value}, this program needs") as refusal:
        Performer(model)
    assert "other.onnx" in str(refusal.value)
    assert "export the model again" in str(refusal.value)


def test_weights_outside_the_file_are_never_read(exported, tmp_path, monkeypatch):
    """A model may name another file as the place of its numbers: any file of this machine."""
    other = onnx.ModelProto()
    other.CopyFrom(exported)
    tensor = max(other.graph.initializer, key=lambda t: len(t.raw_data))
    (tmp_path / "secret").write_bytes(tensor.raw_data)
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=str(tmp_path / "secret"))
    (tmp_path / "other.onnx").write_bytes(other.SerializeToString())
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ArtifactError):
        Performer(str(tmp_path / "other.onnx"))


def test_an_onnx_file_of_something_else_is_refused(exported, tmp_path):
    other = onnx.ModelProto()
    other.CopyFrom(exported)
    del other.metadata_props[:]
    (tmp_path / "resnet.onnx").write_bytes(other.SerializeToString())
    with pytest.raises(ArtifactError, match=r"not one of PoseJockey \(no manifest\)"):
        Performer(str(tmp_path / "resnet.onnx"))


@pytest.mark.parametrize("damage", ["truncated", "nearly whole", "text", "empty", "zeros"])
def test_a_file_that_is_no_model_is_refused(tiny_model, tmp_path, damage):
    whole, path = tiny_model.read_bytes(), tmp_path / "broken.onnx"
    path.write_bytes(
        {
            "truncated": whole[: len(whole) // 2],
            "nearly whole": whole[:-1000],
            "text": b"not a model\n",
            "empty": b"",
            "zeros": bytes(4096),
        }[damage]
    )
    with pytest.raises(ArtifactError, match=r"broken\.onnx") as refusal:
        Performer(str(path))
    assert len(str(refusal.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"latent_dim": 5}, r"expected noise float \[any, 5\], found noise float \[any, 4\]"),
        (
            {"styles": ["street", "salsa", "tango"],
             "energy_offset": {"street": 0, "salsa": 0, "tango": 0},
             "accent_delay_ms": {"street": 0, "salsa": 0, "tango": 0}},
            r"expected style float \[any, 3\], found style float \[any, 2\]",
        ),
        ({"states": []}, r"expected nothing, found state_"),
    ],
)  # fmt: skip
def test_a_graph_that_breaks_its_own_promise_is_refused(exported, tmp_path, change, message):
    with pytest.raises(ArtifactError, match=message):
        Performer(written(exported, tmp_path / "other.onnx", **change))


def test_a_graph_of_another_pose_is_refused(exported, tmp_path):
    other = onnx.ModelProto()
    other.CopyFrom(exported)
    pose = other.graph.output[0]
    short = onnx.helper.make_tensor_value_info("short", onnx.TensorProto.FLOAT, ["dancers", 57])
    other.graph.initializer.extend(
        onnx.numpy_helper.from_array(np.array([v]), name)
        for name, v in (("a", 0), ("b", 57), ("c", 1))
    )
    other.graph.node.append(onnx.helper.make_node("Slice", ["pose", "a", "b", "c"], ["short"]))
    pose.CopyFrom(short)
    model = written(other, tmp_path / "other.onnx")
    with pytest.raises(
        ArtifactError, match=r"outputs are not those.*expected pose float \[any, 60\]"
    ):
        Performer(model)


FLOAT = onnx.TensorProto.FLOAT
# What a graph may do to its tensors, and what is said of it.
BROKEN_TENSORS = {
    "a scalar": ("control", FLOAT, [], r"control float \[any, 4\], found control float \[\]"),
    "no shape": ("control", FLOAT, None, r"found control float \[\]"),
    "another rank": ("features", FLOAT, [83], r"found features float \[83\]"),
    "one axis too many": ("clock", FLOAT, ["n", 8, 1], r"found clock float \[any, 8, 1\]"),
    "another type": ("noise", onnx.TensorProto.DOUBLE, ["n", 4], r"found noise double"),
    "texts": ("style", onnx.TensorProto.STRING, ["n", 2], r"found style string"),
    "a fixed number of dancers": ("clock", FLOAT, [1, 8], r"found clock float \[1, 8\]"),
    "features of any number": ("features", FLOAT, [1, "f"], r"found features float \[1, any\]"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "kind", "shape", "said"), BROKEN_TENSORS.values(), ids=BROKEN_TENSORS
)
def test_an_input_of_another_shape_or_type_is_refused(tmp_path, name, kind, shape, said, exported):
    """The graph does nothing with its inputs, so that ONNX Runtime has no objection to it."""
    given = {i.name: i for i in exported.graph.input}
    given[name] = onnx.helper.make_tensor_value_info(name, kind, shape)
    with pytest.raises(ArtifactError, match=rf"inputs are not those of this program; .*{said}"):
        Performer(written(idle_graph(exported, given.values()), tmp_path / "other.onnx"))


@pytest.mark.parametrize("change", ["missing", "extra"])
@pytest.mark.parametrize("kind", ["inputs", "outputs"])
def test_a_tensor_too_few_or_too_many_is_named(tmp_path, exported, kind, change):
    extra = onnx.helper.make_tensor_value_info("state_more", FLOAT, [1, 3])
    given, made = list(exported.graph.input), list(exported.graph.output)
    changed = given if kind == "inputs" else made
    name = changed[1].name if change == "missing" else "state_more"
    changed.append(extra) if change == "extra" else changed.pop(1)
    with pytest.raises(ArtifactError, match=rf"{kind} are not those of this program; .*\b{name}\b"):
        Performer(written(idle_graph(exported, given, made), tmp_path / "other.onnx"))


def idle_graph(model, inputs, outputs=None):
    """A graph of such tensors whose outputs are constants: its states do not move, it stands."""
    outputs = list(model.graph.output) if outputs is None else outputs
    nodes = []
    for tensor in outputs:
        dims = [d.dim_value or 1 for d in tensor.type.tensor_type.shape.dim]
        value = onnx.numpy_helper.from_array(np.zeros(dims, np.float32))
        nodes.append(onnx.helper.make_node("Constant", [], [tensor.name], value=value))
    graph = onnx.helper.make_graph(nodes, "idle", list(inputs), outputs)
    idle = onnx.helper.make_model(
        graph, ir_version=model.ir_version, opset_imports=model.opset_import
    )
    idle.metadata_props.extend(model.metadata_props)
    return idle


def test_a_graph_that_dances_alone_only_is_refused(tmp_path, exported):
    """Its tensors are as they should be, but two dancers get the pose of one."""
    other = onnx.ModelProto()
    other.CopyFrom(exported)
    for node in other.graph.node:
        for names in (node.input, node.output):
            names[:] = ["all_poses" if name == "pose" else name for name in names]
    other.graph.initializer.extend(
        onnx.numpy_helper.from_array(np.array([v]), name) for name, v in (("zero", 0), ("one", 1))
    )
    first = onnx.helper.make_node("Slice", ["all_poses", "zero", "one", "zero"], ["pose"])
    other.graph.node.append(first)
    with pytest.raises(
        ArtifactError, match=r"other\.onnx cannot dance: 2 dancers get other shapes"
    ):
        Performer(written(other, tmp_path / "other.onnx"))


def test_a_network_of_no_numbers_is_refused(tmp_path, exported):
    other = onnx.ModelProto()
    other.CopyFrom(exported)
    for tensor in other.graph.initializer:
        if tensor.data_type == FLOAT and tensor.dims:
            whole = np.full(tensor.dims, np.nan, np.float32)
            tensor.CopyFrom(onnx.numpy_helper.from_array(whole, tensor.name))
    with pytest.raises(ArtifactError, match="its poses are no numbers"):
        Performer(written(other, tmp_path / "other.onnx"))


def test_a_manifest_that_is_no_text_is_refused(exported, tmp_path):
    content = exported.SerializeToString()
    (tmp_path / "other.onnx").write_bytes(
        content.replace(b'"latent_dim"', b'"latent_\xff\xfe\xfd"')
    )
    with pytest.raises(ArtifactError, match=r"other\.onnx.*(damaged|can load)"):
        Performer(str(tmp_path / "other.onnx"))


@pytest.mark.parametrize("name", ["x" * 5000, "a\0b", "", "."])
def test_a_name_that_no_file_can_have_is_no_model(name):
    with pytest.raises(ArtifactError, match="no model"):
        Performer(name)


def test_an_unknown_name_lists_what_ships():
    with pytest.raises(ArtifactError, match=r"no model 'opne': neither a file nor .*\bopen\b"):
        Performer("opne")


def test_a_name_that_ships_and_a_path_are_found(tiny_model, tmp_path, monkeypatch):
    assert find_model("open").name == "open.onnx"
    assert find_model(str(tiny_model)) == tiny_model
    with pytest.raises(ArtifactError, match="no model"):
        find_model(str(tmp_path))
    (tmp_path / "open").write_bytes(b"a file of the same name does not hide what ships")
    monkeypatch.chdir(tmp_path)
    assert find_model("open").name == "open.onnx"


def test_an_unknown_device_is_refused(tiny_model):
    with pytest.raises(ConfigError, match="device 'tpu': one of auto, cpu, cuda"):
        Performer(str(tiny_model), device="tpu")


def test_the_device_in_use_is_reported(tiny_model):
    assert Performer(str(tiny_model), device="cpu").provider == "CPUExecutionProvider"
    assert Performer(str(tiny_model)).provider in onnxruntime.get_available_providers()


@pytest.mark.skipif(
    "CUDAExecutionProvider" in onnxruntime.get_available_providers(), reason="CUDA is available"
)
def test_without_cuda_asking_for_it_says_what_to_install(tiny_model):
    with pytest.raises(ConfigError, match="install the gpu extra"):
        Performer(str(tiny_model), device="cuda")


# ---- seeds and dancers -----------------------------------------------------------------------


def test_a_reset_is_a_new_performer(tiny_model):
    frames = frames_of(30, dancers=2)
    used = stage(tiny_model, dancers=5, seed=1)
    dance(used, frames_of(20, dancers=5))
    used.reset(2, 9)
    fresh = stage(tiny_model, dancers=2, seed=9)
    np.testing.assert_array_equal(dance(used, frames), dance(fresh, frames))


def test_temperature_scales_the_noise(tiny_model):
    frames, others = frames_of(30), frames_of(30, seed=1)
    others = [(*frame[:4], other[4]) for frame, other in zip(frames, others, strict=True)]
    cold = [dance(stage(tiny_model), these, temperature=0.0) for these in (frames, others)]
    np.testing.assert_array_equal(*cold)
    warm = [dance(stage(tiny_model), these) for these in (frames, others)]
    assert np.abs(warm[0] - warm[1]).max() > 1e-3
    half = [(*frame[:4], 0.5 * frame[4]) for frame in frames]
    np.testing.assert_array_equal(
        dance(stage(tiny_model), frames, temperature=0.5), dance(stage(tiny_model), half)
    )


def test_every_dancer_dances_the_noise_it_is_given(tiny_model):
    frames = [
        (f, np.repeat(c[:1], 3, 0), s, np.repeat(k[:1], 3, 0), n[[0, 1, 0]])
        for f, c, s, k, n in frames_of(30, 3)
    ]
    poses = dance(stage(tiny_model, dancers=3), frames)
    assert np.abs(poses[:, 0] - poses[:, 1]).max() > 1e-3
    np.testing.assert_allclose(poses[:, 0], poses[:, 2], rtol=0, atol=ROUNDING)


@pytest.mark.parametrize(("before", "after"), [(1, 2), (2, 3), (3, 8), (8, 3), (2, 1)])
def test_those_who_stay_do_not_notice_who_comes_or_goes(tiny_model, before, after):
    stay, count = min(before, after), 40
    undisturbed = dance(stage(tiny_model, dancers=before), frames_of(count, before))
    performer = stage(tiny_model, dancers=before)
    first = dance(performer, frames_of(count, before)[: count // 2])
    performer.set_dancers(after)
    then = dance(performer, frames_of(count, after)[count // 2 :])
    assert then.shape[1] == after
    np.testing.assert_array_equal(first, undisturbed[: count // 2])
    undisturbed = undisturbed[count // 2 :, :stay]
    np.testing.assert_allclose(then[:, :stay], undisturbed, rtol=0, atol=ROUNDING)


def test_who_goes_and_comes_back_starts_anew(tiny_model):
    performer = stage(tiny_model, dancers=2)
    dance(performer, frames_of(20, 2))
    performer.set_dancers(1)
    performer.set_dancers(2)
    again = performer.step(*frames_of(1, 2)[0])[0]
    first = stage(tiny_model, dancers=2).step(*frames_of(1, 2)[0])[0]
    assert np.isfinite(again).all()
    # The music is heard already, so the newcomer's first pose is not quite that of a first frame.
    assert np.abs(again[1] - first[1]).max() < 0.1
    assert np.abs(again[0] - first[0]).max() > np.abs(again[1] - first[1]).max()


def test_a_dancer_with_a_broken_state_is_revived_alone(tiny_model):
    frames = frames_of(60, dancers=3)
    healthy = dance(stage(tiny_model, dancers=3), frames)
    performer = stage(tiny_model, dancers=3)
    dance(performer, frames[:20])
    features, clock, style, control, noise = frames[20]
    broken = control.copy()
    broken[1] = np.nan
    assert np.isnan(performer.step(features, clock, style, broken, noise)[0][1]).any()
    lost = dance(performer, frames[21:30])
    assert np.isnan(lost[:, 1]).any(axis=1).all()  # it does not heal by itself
    performer.revive(np.array([False, True, False]))
    back = dance(performer, frames[30:])
    assert np.isfinite(back).all()
    np.testing.assert_array_equal(back[:, [0, 2]], healthy[30:, [0, 2]])
    assert np.abs(np.diff(back[:, 1], axis=0)).max() > 1e-4


def test_music_that_is_no_number_is_forgotten_by_reviving(tiny_model):
    frames = frames_of(40, dancers=2)
    performer = stage(tiny_model, dancers=2)
    _, *others = frames[0]
    performer.step(np.full(FEATURE_DIM, np.nan, np.float32), *others)
    assert np.isnan(dance(performer, frames[:5])).any()
    performer.revive(np.array([True, True]))
    assert np.isfinite(dance(performer, frames[5:])).all()


def test_reviving_leaves_healthy_music_alone(tiny_model):
    frames = frames_of(40, dancers=1)
    logits = []
    for revived in (False, True):
        performer = stage(tiny_model, dancers=1)
        dance(performer, frames[:20])
        if revived:
            performer.revive(np.array([True]))
        logits.append([performer.step(*frame)[1] for frame in frames[20:]])
    np.testing.assert_array_equal(*logits)


def asking(frames, anew):
    """The same frames with another last control."""
    frames = copy.deepcopy(frames)
    for _, _, _, control, _ in frames:
        control[:, ANEW] = anew
    return frames


def test_who_begins_anew_dances_otherwise_from_the_next_beat_on(tiny_model):
    frames = frames_of(200, dancers=8)
    within = asking(frames[:4], 0.0) + asking(frames[4:7], 1.0) + asking(frames[7:], 0.0)
    poses = [dance(stage(tiny_model, dancers=8), f) for f in (asking(frames, 0.0), within)]
    assert np.array_equal(poses[0][:, 0], poses[1][:, 0])  # no beat of the first fell there
    anew = dance(stage(tiny_model, dancers=8), asking(frames, 1.0))
    assert not np.array_equal(poses[0], anew)


def test_files_of_before_hear_nothing_of_the_last_control(exported, tmp_path):
    controls = ["energy", "openness", "travel", "reserved"]
    older = written(exported, tmp_path / "older.onnx", controls=controls)
    frames = frames_of(200, dancers=8)
    poses = [
        dance(stage(older, dancers=8), asking(frames, number)) for number in (0.0, 1.0, -3.0, 7.0)
    ]
    assert all(np.array_equal(poses[0], pose) for pose in poses)
