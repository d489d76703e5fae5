"""The network in torch: stepped as heard at once, a latent a beat, dancers that are alone."""

import copy
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from live.audio.features import FEATURE_DIM
from live.body.pose import FRAME_RATE, POSE_DIM, encode
from live.body.skeleton import BONE_LENGTHS, N_JOINTS, PARENTS, REST_POSE, with_bone_lengths
from live.dance.contract import CLOCK_DIM, CONTROL_DIM, clock_vector, dance_ratio
from live.errors import ConfigError
from model.network.config import NetworkConfig
from model.network.dance_network import whole_bones
from model.network.decoder import (
    TWICE_DIM,
    PoseDecoder,
    beat_wrapped,
    gates,
    stored_phase,
    twice_a_beat,
)
from tests.helpers.contract import Stepped, assert_streams_like_offline
from tests.helpers.network import (
    BPM,
    changed,
    dance_inputs,
    difference,
    step_through,
)

# ---- streaming -------------------------------------------------------------------------------


def test_the_cache_counts_up_to_its_window_and_stays(tiny_network):
    window = tiny_network.config.encoder.window
    inputs = dance_inputs(tiny_network, frames=3 * window)
    _, _, states = step_through(tiny_network, inputs)
    written = [float(s["written"]) for s in states]
    assert written == [*map(float, range(1, window + 1)), *[float(window)] * (2 * window)]


def decoder_stream(network, dancers):
    """The decoder alone, its inputs side by side: condition, clock, noise."""
    decoder = network.decoder
    sizes = (condition_width(network), CLOCK_DIM, decoder.config.latent_dim)

    def step(x, state):
        return decoder.step(*torch.as_tensor(x).split(sizes, dim=-1), state)

    return Stepped(lambda: decoder.initial_state(dancers), step)


def condition_width(network):
    c = network.config
    of_style = c.decoder.style_width + len(c.styles)
    return c.encoder.width + CLOCK_DIM + TWICE_DIM + of_style + CONTROL_DIM


def decoder_inputs(network, frames, dancers):
    inputs = dance_inputs(network, frames, dancers)
    condition = np.random.default_rng(8).normal(size=(frames, dancers, condition_width(network)))
    parts = [condition, inputs["clock"].numpy(), inputs["noise"].numpy()]
    return np.concatenate(parts, axis=-1).astype(np.float32)


def test_the_decoder_streams_like_offline(tiny_network):
    inputs = decoder_inputs(tiny_network, frames=50, dancers=2)
    assert_streams_like_offline(decoder_stream(tiny_network, 2), inputs)


def test_the_decoder_on_stage_is_the_decoder_in_training(tiny_network):
    decoder = tiny_network.decoder
    frames, dancers = 40, 2
    inputs = torch.as_tensor(decoder_inputs(tiny_network, frames, dancers))
    sizes = (condition_width(tiny_network), CLOCK_DIM, decoder.config.latent_dim)
    condition, clock, noise = inputs.split(sizes, dim=-1)
    state, staged, latents = decoder.initial_state(dancers), [], []
    for t in range(frames):
        pose, state = decoder.step(condition[t], clock[t], noise[t], state)
        staged.append(pose)
        latents.append(state["units"][:, 0])
    # Training drives all frames at once, from latents known beforehand.
    latent = torch.stack(latents)
    unit, lead = decoder.spell(latent, clock, condition)
    drive = decoder.drive(condition, latent, unit)
    pose = torch.zeros(dancers, POSE_DIM)
    hidden = [torch.zeros(dancers, decoder.config.hidden) for _ in decoder.cells]
    for t in range(frames):
        pose, hidden = decoder.advance(pose, drive[t], lead[t], hidden)
        assert difference(pose, staged[t]) < 1e-5


@pytest.mark.parametrize("leading", [True, False])
def test_a_pose_goes_where_its_unit_goes(tiny_network, leading):
    """Its distance from the unit shrinks by a share a frame, however the unit moves; where units
    only pull, it trails behind. Nothing is added by the recurrence here."""
    config = replace(tiny_network.config.decoder, leading=leading)
    torch.manual_seed(2)
    decoder = PoseDecoder(config, tiny_network.config.encoder.width, 2).eval()
    torch.nn.init.zeros_(decoder.pose_out[2].weight)
    torch.nn.init.zeros_(decoder.pose_out[2].bias)
    clock = torch.as_tensor(clock_vector(0.1 + np.arange(12) * 60.0 / 60 / FRAME_RATE, 60.0))
    latent = torch.randn(1, config.unit_dim).expand(12, -1)
    condition = torch.zeros(12, condition_width(tiny_network))
    with torch.no_grad():
        unit, lead = decoder.spell(latent, clock, condition)
        unit, lead = 30 * unit, 30 * lead  # moves as a beat of dance does
        assert (unit[-1] - unit[0]).abs().max() > 1.0
        pose, away = unit[:1] + 2.0, []
        hidden = [torch.zeros(1, config.hidden) for _ in decoder.cells]
        drive = decoder.drive(condition, latent, unit)
        for t in range(1, 12):
            pose, hidden = decoder.advance(pose, drive[t : t + 1], lead[t : t + 1], hidden)
            away.append(pose - unit[t])
        kept = 1 - torch.sigmoid(decoder.pull)
    expected = torch.stack([2.0 * kept**t for t in range(1, 12)])[:, None]
    assert (difference(torch.stack(away), expected) < 1e-3) == leading


@pytest.mark.parametrize("grafts", [0, 1])
def test_a_lessened_recurrence_adds_that_share_to_its_units(tiny_network, grafts):
    config = replace(tiny_network.config.decoder, grafts=grafts)
    torch.manual_seed(3)
    decoder = PoseDecoder(config, tiny_network.config.encoder.width, 2).eval()
    for parameter in decoder.pose_out.parameters():  # as if it had learned
        torch.nn.init.normal_(parameter, std=0.3)
    drive, lead = torch.randn(1, config.hidden), torch.randn(1, POSE_DIM)
    before = torch.randn(1, POSE_DIM)
    hidden = [torch.zeros(1, config.hidden) for _ in decoder.cells]
    gate = torch.ones(1, config.graft_rank) if grafts else None
    poses = []
    for share in (1.0, 0.5, 0.0):
        lessened = copy.deepcopy(decoder)
        lessened.lessen(share)
        with torch.no_grad():
            poses.append(lessened.advance(before, drive, lead, hidden, gate)[0])
    whole, half, none = poses
    assert difference(whole, none) > 0.01
    assert difference(half - none, 0.5 * (whole - none)) < 1e-6


def test_liveliness_is_how_much_a_unit_moves(tiny_network):
    """However it is spelled; an unknown one is neither lively nor still."""
    decoder = copy.deepcopy(tiny_network).decoder
    generator, wide, known = torch.Generator().manual_seed(2), decoder.config.unit_dim, 32
    latent = torch.stack([*torch.randn(known, wide, generator=generator), torch.zeros(wide)])
    condition = torch.zeros(len(latent), condition_width(tiny_network))
    before = decoder.liveliness(latent, condition)
    clock = torch.as_tensor(clock_vector(np.linspace(0.1, 0.9, 50), 120.0))
    for layer in (0, 2, 4):
        decoder.unit.spell[layer].weight.data.mul_(2.0)
    after = decoder.liveliness(latent, condition)
    assert (after[:known] > before[:known] + 0.3).all()
    assert before[known] == after[known] == 0.0
    path = torch.stack([decoder.unit(latent[:known], c.expand(known, -1)) for c in clock])
    moved = path.diff(dim=0).abs().mean(dim=(0, 2)).log()
    assert np.corrcoef(moved.detach(), after[:known, 0].detach())[0, 1] > 0.8


@pytest.mark.slow  # a compiler at work
@pytest.mark.filterwarnings("ignore")  # the compiler has many about itself
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler")
def test_compiled_gates_are_the_same_gates(tiny_network):
    decoder = copy.deepcopy(tiny_network).decoder.requires_grad_()
    generator = torch.Generator().manual_seed(4)
    pose, lead, drive, *hidden = (
        torch.randn(3, n, generator=generator)
        for n in (POSE_DIM, POSE_DIM, *[decoder.config.hidden] * (1 + decoder.config.layers))
    )

    def stepped():
        decoder.zero_grad()
        made, after = decoder.advance(pose, drive, lead, hidden)
        (made.square().sum() + after[-1].sum()).backward()
        return [made.detach(), *(p.grad.clone() for p in decoder.cells.parameters())]

    plain = stepped()
    decoder.compile_gates()
    assert all(cell.gates is not gates for cell in decoder.cells)
    torch.testing.assert_close(stepped(), plain)


def test_a_machine_that_cannot_compile_says_so(tiny_network, monkeypatch):
    def no_compiler(_function):
        def fails(*_inputs):
            raise RuntimeError("no C++ compiler\nand much more")

        return fails

    monkeypatch.setattr(torch, "compile", no_compiler)
    with pytest.raises(ConfigError, match=r"compiled here \(no C\+\+ compiler\); leave out"):
        copy.deepcopy(tiny_network).decoder.compile_gates()


@pytest.mark.parametrize("dancers", [1, 3])
def test_dancing_at_once_is_stepping(tiny_network, dancers):
    inputs = dance_inputs(tiny_network, frames=50, dancers=dancers)
    poses, _, _ = step_through(tiny_network, inputs)
    # Measured: 5e-7; 50 frames are six windows of the cache.
    assert difference(tiny_network.dance(**inputs), poses) < 1e-5


def test_the_state_keeps_its_shapes_and_starts_at_zero(tiny_network):
    first = tiny_network.initial_state(2)
    assert all(not value.any() for value in first.values())
    _, _, states = step_through(tiny_network, dance_inputs(tiny_network, 20, 2))
    assert {k: v.shape for k, v in states[-1].items()} == {k: v.shape for k, v in first.items()}
    assert all(torch.isfinite(v).all() for v in states[-1].values())


# ---- the beat --------------------------------------------------------------------------------


def wrapped(before, now):
    clocks = torch.as_tensor(clock_vector(np.array([before, now]), BPM))
    return bool(beat_wrapped(clocks[1:], stored_phase(clocks[:1])))


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (0.95, 1.01, True),
        (3.99, 4.0, True),
        (0.8, 1.2, True),  # as far apart as ten dropped frames at 72 BPM
        (0.93, 0.99, False),
        (0.01, 0.07, False),
        (0.45, 0.52, False),  # the sine falls through zero
        (0.2, 0.3, False),
        (0.7, 0.8, False),
        (0.4, 0.4, False),
        (0.53, 0.47, False),  # a clock that is set back a little about the half beat
    ],
)
def test_a_beat_is_where_the_phase_wraps(before, now, expected):
    assert wrapped(before, now) == expected


@pytest.mark.parametrize("phase", [0.0, 0.3, 0.5, 0.9])
def test_the_first_frame_opens_a_beat_whatever_its_phase(phase):
    clock = torch.as_tensor(clock_vector(np.array([phase]), BPM))
    assert bool(beat_wrapped(clock, torch.zeros(1, 1)))


@pytest.mark.parametrize("bpm", [75.0, 97.3, 120.0, 155.0])
def test_every_beat_is_counted_once(bpm):
    beats = 0.05 + np.arange(900) * bpm / 60 / FRAME_RATE
    clock = torch.as_tensor(clock_vector(beats, bpm))
    count = int(beat_wrapped(clock[1:], stored_phase(clock[:-1])).sum())
    assert count == int(np.floor(beats[-1]))


def latents(network, inputs):
    _, _, states = step_through(network, inputs)
    return torch.stack([s["units"][:, 0] for s in states])


def on_beat(inputs):
    """bool [T, N]: frames in which a beat fell, the first one included; from the phases alone."""
    clock = inputs["clock"].numpy()
    phase = np.arctan2(clock[..., 1], clock[..., 0]) % (2 * np.pi)
    first = np.ones((1, phase.shape[1]), bool)
    return np.concatenate([first, np.diff(phase, axis=0) < -np.pi])


def test_the_latent_is_held_from_beat_to_beat(tiny_network):
    inputs = dance_inputs(tiny_network, frames=70, dancers=2)
    latent = latents(tiny_network, inputs)
    moved = (latent.diff(dim=0).abs().amax(dim=-1) > 0).numpy()
    beats = on_beat(inputs)[1:]
    assert not (moved & ~beats).any()
    assert moved.sum() >= 0.4 * beats.sum()  # now and then a unit follows itself
    assert beats.sum() >= 8


def test_noise_counts_on_the_beat_only(tiny_network):
    inputs = dance_inputs(tiny_network, frames=40, dancers=2)
    beat = torch.as_tensor(on_beat(inputs))[..., None]
    other = torch.randn(inputs["noise"].shape, generator=torch.Generator().manual_seed(9))
    between = changed(inputs, noise=torch.where(beat, inputs["noise"], other))
    at_beats = changed(inputs, noise=torch.where(beat, other, inputs["noise"]))
    pose = tiny_network.dance(**inputs)
    assert torch.equal(tiny_network.dance(**between), pose)
    assert difference(tiny_network.dance(**at_beats), pose) > 1e-3
    assert difference(latents(tiny_network, at_beats), latents(tiny_network, inputs)) > 0.1


# ---- what reaches the pose -------------------------------------------------------------------


@pytest.mark.parametrize("name", ["features", "clock", "style", "control", "noise"])
def test_every_input_reaches_the_pose(tiny_network, name):
    inputs = dance_inputs(tiny_network)
    other = dance_inputs(tiny_network, seed=1, bpm=97.0)[name]
    assert (
        difference(
            tiny_network.dance(**changed(inputs, **{name: other})), tiny_network.dance(**inputs)
        )
        > 2e-3
    )


def test_the_network_knows_two_a_beat_from_its_clock():
    beats = np.linspace(0.0, 3.0, 40)
    found = twice_a_beat(torch.as_tensor(clock_vector(beats, 120.0))).numpy()
    angle = 4 * np.pi * beats
    np.testing.assert_allclose(found, np.stack([np.cos(angle), np.sin(angle)], -1), atol=1e-6)


@pytest.mark.parametrize("column", range(CLOCK_DIM))
def test_every_part_of_the_clock_reaches_the_pose(tiny_network, column):
    inputs = dance_inputs(tiny_network, frames=4)  # too short for a beat: it is no other latent
    clock = inputs["clock"].clone()
    clock[..., column] *= 0.9
    assert (
        difference(tiny_network.dance(**changed(inputs, clock=clock)), tiny_network.dance(**inputs))
        > 1e-5
    )


def test_the_music_reaches_the_recurrence(tiny_network):
    inputs = dance_inputs(tiny_network, frames=20)
    other = inputs["features"].clone()
    other[0] += 1.0
    _, _, states = step_through(tiny_network, inputs)
    _, _, heard = step_through(tiny_network, changed(inputs, features=other))
    assert difference(states[-1]["hidden0"], heard[-1]["hidden0"]) > 1e-6


def test_what_the_music_sounds_like_is_not_what_is_danced(tiny_network):
    inputs = dance_inputs(tiny_network)
    other = changed(dance_inputs(tiny_network, seed=1), features=inputs["features"])
    _, logits, _ = step_through(tiny_network, inputs)
    _, same, _ = step_through(tiny_network, other)
    assert torch.equal(logits, same)
    assert logits.std(dim=0).min() > 1e-3


@pytest.mark.parametrize("name", ["clock", "style", "control", "noise"])
def test_dancers_do_not_feel_each_other(tiny_network, name):
    inputs = dance_inputs(tiny_network, dancers=3)
    other = inputs[name].clone()
    dancer = other[..., 1, :]
    dancer.copy_(torch.flip(dancer, dims=(0,)) if name == "style" else dancer * -0.5 + 0.1)
    if name == "style":
        dancer.copy_(1.0 - inputs["style"][1])
    before = tiny_network.dance(**inputs)
    after = tiny_network.dance(**changed(inputs, **{name: other}))
    assert torch.equal(after[:, [0, 2]], before[:, [0, 2]])
    assert difference(after[:, 1], before[:, 1]) > 1e-4


def test_one_dances_alone_as_among_many(tiny_network):
    inputs = dance_inputs(tiny_network, dancers=3)
    alone = {k: v if k == "features" else v[..., 1:2, :] for k, v in inputs.items()}
    together = tiny_network.dance(**inputs)[:, 1:2]
    assert difference(tiny_network.dance(**alone), together) < 1e-5


# ---- bodies, sizes, contract -----------------------------------------------------------------


def test_bones_stay_whole_however_long_it_dances(tiny_network):
    pose = tiny_network.dance(**dance_inputs(tiny_network, frames=300))
    joints = pose[..., : N_JOINTS * 3].unflatten(-1, (N_JOINTS, 3)).numpy()
    lengths = np.linalg.norm(joints[..., 1:, :] - joints[..., PARENTS[1:], :], axis=-1)
    assert np.abs(lengths - BONE_LENGTHS[1:]).max() < 1e-5


def test_the_pose_seen_is_the_pose_it_goes_on_from(tiny_network):
    poses, _, states = step_through(tiny_network, dance_inputs(tiny_network, frames=30))
    for pose, state in zip(poses, states, strict=True):
        assert difference(tiny_network.denormalise(state["pose"]), pose) < 1e-6


def test_the_graph_and_the_stage_make_bones_whole_alike():
    rng = np.random.default_rng(6)
    joints = REST_POSE + rng.normal(0, 0.2, (20, N_JOINTS, 3))
    vectors = encode(joints)
    made = whole_bones(torch.as_tensor(vectors)).numpy()
    local = vectors[:, : N_JOINTS * 3].reshape(-1, N_JOINTS, 3)
    expected = with_bone_lengths(local).reshape(len(local), -1)
    np.testing.assert_allclose(made[:, : N_JOINTS * 3], expected, atol=1e-6)
    np.testing.assert_array_equal(made[:, N_JOINTS * 3 :], vectors[:, N_JOINTS * 3 :])


def test_normalising_poses_and_back(tiny_network):
    pose = torch.randn(5, POSE_DIM, generator=torch.Generator().manual_seed(1))
    assert difference(tiny_network.denormalise(tiny_network.normalise(pose)), pose) < 1e-5


def test_features_are_normalised_inside(tiny_network):
    raw, plain = copy.deepcopy(tiny_network), dance_inputs(tiny_network)
    raw.set_normalisation(
        feature_mean=torch.zeros(FEATURE_DIM), feature_std=torch.ones(FEATURE_DIM)
    )
    scaled = (plain["features"] - tiny_network.feature_mean) / tiny_network.feature_std
    expected = tiny_network.dance(**plain)
    assert difference(raw.dance(**changed(plain, features=scaled)), expected) < 1e-6
    assert difference(raw.dance(**plain), expected) > 1e-3


def test_a_configuration_survives_being_written_down(tiny_network):
    config = tiny_network.config
    assert NetworkConfig.from_dict(config.to_dict()) == config
    older = (
        config.to_dict()
    )  # from before a unit's latent had a size of its own, led and was asked how lively
    for name in ("unit_dim", "leading", "liveliness"):
        del older["decoder"][name]
    decoder = NetworkConfig.from_dict(older).decoder
    latent_dim = config.decoder.latent_dim
    assert decoder == replace(config.decoder, unit_dim=latent_dim, leading=False, liveliness=False)


def test_the_clock_vector_holds_three_phases_tempo_and_confidence():
    vector = clock_vector(np.array([0.25, 3.0]), 55.0, 0.4)
    assert vector.dtype == np.float32
    quarter = np.pi / 8
    first = [0.0, 1.0, np.cos(2 * quarter), np.sin(2 * quarter), np.cos(quarter), np.sin(quarter)]
    np.testing.assert_allclose(vector[0], [*first, -1.0, 0.4], atol=1e-6)
    np.testing.assert_allclose(vector[1], [1, 0, -1, 0, 0, -1, -1.0, 0.4], atol=1e-6)


@pytest.mark.parametrize(
    ("bpm", "ratio"), [(40, 2), (74, 2), (75, 1), (120, 1), (155, 1), (156, 0.5), (180, 0.5)]
)
def test_too_fast_and_too_slow_music_is_danced_at_half_and_double_time(bpm, ratio):
    assert dance_ratio(bpm) == ratio
