"""Losses: what each of them costs, and what it must not cost."""

import numpy as np
import torch

from live.body.pose import FRAME_RATE, POSE_DIM, decode, rotate_y
from live.body.skeleton import BONE_LENGTHS, FEET, JOINT, N_JOINTS, REST_POSE
from live.dance.contract import clock_vector
from model.evaluation import metrics
from model.training import kinematics as body
from model.training import losses
from model.training.objective import beat_starts
from tests.helpers.training import NOD, pose_of


def standing(frames=40):
    return np.repeat(REST_POSE[None], frames, axis=0)


def swaying(frames=40):
    """The body moves about over feet that stay where they are."""
    joints = standing(frames)
    upper = [i for i in range(N_JOINTS) if i not in FEET]
    joints[:, upper, 0] += 0.1 * np.sin(np.arange(frames) / 6)[:, None]
    return joints


NOTHING_M_S = 2e-3  # the square root's own floor, 1e-3 m/s


def test_planted_feet_cost_nothing_even_under_a_moving_body():
    truth = pose_of(standing())
    assert float(losses.contact_loss(truth, truth)) < NOTHING_M_S
    assert float(losses.contact_loss(pose_of(swaying()), truth)) < NOTHING_M_S


def test_planted_feet_cost_nothing_under_a_turning_body():
    joints = swaying()
    turn = 0.3 * np.sin(np.arange(len(joints)) / 12)
    upper = [i for i in range(N_JOINTS) if i not in FEET]
    joints[:, upper] = rotate_y(joints[:, upper], turn[:, None])
    pose = pose_of(joints)
    assert float(pose[..., -1].abs().max()) > 0.3
    # Measured: 0.004 m/s, as a turn within a frame is taken for a straight line.
    assert float(losses.contact_loss(pose, pose_of(standing()))) < 0.01


def test_skating_costs_its_speed():
    joints = standing()
    joints[..., 0] += 0.5 * np.arange(len(joints))[:, None] / FRAME_RATE
    truth = pose_of(standing())
    assert np.isclose(float(losses.contact_loss(pose_of(joints), truth)), 0.5, atol=0.01)
    one = standing()
    one[:, [JOINT["l_ankle"], JOINT["l_toe"]]] += [0, 0, 0.01] * np.arange(40)[:, None, None]
    assert np.isclose(float(losses.contact_loss(pose_of(one), truth)), 0.15, atol=0.01)


def test_skating_costs_nothing_where_the_true_foot_is_in_the_air_or_on_its_way():
    lifted, walked = standing(), standing()
    lifted[..., 1] += 0.5
    walked[..., 2] += np.arange(40)[:, None] / FRAME_RATE
    skating = pose_of(walked)
    assert float(losses.contact_loss(skating, pose_of(lifted))) == 0.0
    assert float(losses.contact_loss(skating, skating)) == 0.0


def sliding(speed_m_s, lifted_m=0.0):
    joints = standing()
    joints[..., 0] += speed_m_s * np.arange(len(joints))[:, None] / FRAME_RATE
    joints[..., 1] += lifted_m
    return pose_of(joints)


TWO_ROWS = torch.ones(2, 1)


def skate_cost(ours, real, style, reference=((0.5, 1.0),)):
    return float(losses.skate_loss(ours, real, style, torch.tensor(reference)))


def twice(pose):
    return pose.expand(2, -1, -1)


def test_sliding_more_or_less_than_real_dances_costs_the_square_of_its_share_of_what_they_do():
    still, slow, fast = (twice(sliding(speed)) for speed in (0.0, 0.3, 3.0))
    assert skate_cost(still, still, TWO_ROWS) == 0.0
    # .5 off, of .5 that real dances slide; the mean of two figures
    assert np.isclose(skate_cost(slow, still, TWO_ROWS), 0.5, atol=0.02)
    assert np.isclose(skate_cost(still, slow, TWO_ROWS), 0.5, atol=0.02)
    assert np.isclose(skate_cost(slow, still, TWO_ROWS, ((0.25, 1.0),)), 2.0, atol=0.1)
    assert skate_cost(fast, still, TWO_ROWS) > 1.8
    assert skate_cost(twice(sliding(3.0, lifted_m=0.5)), still, TWO_ROWS) < 0.01


def test_feet_slide_where_the_judge_of_feet_says_so():
    """One foot stands, of the other only the toe is low enough to count."""
    joints = standing()
    ankle, toe = FEET[2:]
    joints[:, (ankle, toe), 1] += 0.03
    joints[:, (ankle, toe), 0] += 0.6 * np.arange(len(joints))[:, None] / FRAME_RATE
    pose = pose_of(joints)
    judged = metrics.foot_skate(decode(pose[0].numpy()), FRAME_RATE)
    cost = skate_cost(twice(pose), twice(sliding(0.0)), TWO_ROWS, ((1.0, 1e9),))
    assert np.isclose(judged, 1 / 3, atol=0.01)
    assert np.isclose((2 * cost) ** 0.5, judged, atol=0.05)


def test_creeping_all_the_time_is_no_way_to_stand_and_step():
    joints = standing()
    step = np.cumsum(np.arange(len(joints)) >= 0.75 * len(joints)) * 1.2 / FRAME_RATE
    joints[..., 0] += step[:, None]
    steps, creeps = twice(pose_of(joints)), twice(sliding(0.19))
    assert skate_cost(creeps, steps, TWO_ROWS) > 0.015  # squares of speeds: .005


def test_sliding_counts_over_the_dances_of_a_style_and_no_other():
    ours = torch.cat([sliding(0.3), sliding(0.0)] * 2)
    real = torch.cat([sliding(0.0), sliding(0.3)] * 2)
    same, apart = torch.ones(4, 1), torch.eye(2).repeat(2, 1)
    # Of dances that are off as much in either way by chance, less than nothing on average.
    assert skate_cost(ours, real, same) <= 0.0
    assert np.isclose(skate_cost(ours, real, apart, ((0.5, 1.0),) * 2), 0.5, atol=0.02)


def swinging(planted):
    """A body that swings sideways with its feet, or over feet that stay where they are."""
    joints = standing()
    swing = 0.1 * np.sin(np.arange(len(joints)) / 2)
    joints[..., 0] += swing[:, None]
    if planted:
        joints[:, FEET, 0] -= swing[:, None]
    return pose_of(joints)


def test_a_body_that_swings_with_no_foot_at_rest_costs_and_one_on_its_feet_does_not():
    """As `metrics.physical_foot_contact` has it; the feet's sliding counts nothing here."""
    at_rest = standing()
    reference = ((1e9, 1.0),)
    rest = twice(pose_of(at_rest))
    carried = skate_cost(twice(swinging(True)), rest, TWO_ROWS, reference)
    adrift = skate_cost(twice(swinging(False)), rest, TWO_ROWS, reference)
    assert carried < 0.01 < 1.0 < adrift
    judged = [metrics.physical_foot_contact(decode(swinging(p)[0].numpy()), 30) for p in (1, 0)]
    assert judged[0] < 0.01 < 1.0 < judged[1]


def test_hovering_is_no_way_out_of_sliding():
    pose = sliding(0.5).requires_grad_()
    losses.skate_loss(twice(pose), twice(sliding(0.0)), TWO_ROWS, torch.ones(1, 2)).backward()
    gradient = pose.grad[0, :, : N_JOINTS * 3].unflatten(-1, (N_JOINTS, 3))
    assert float(gradient[:, FEET, 1].abs().max()) == 0.0
    assert float(gradient[:, FEET, 0].abs().max()) > 0.0


def moments_cost(ours, real, style, spread=1.0, reference=None):
    spreads = torch.full((style.shape[1], POSE_DIM), spread)
    dances = real if reference is None else reference
    known = losses.reference_stats(dances, torch.zeros_like(dances), style, spreads)
    return losses.moments_loss(ours, real, style, known)


def test_a_posture_of_another_body_costs_its_square_style_by_style():
    real = torch.zeros(4, 30, POSE_DIM)
    ours = real.clone()
    ours[:2] += 0.5
    style = torch.eye(2)[[0, 0, 1, 1]]
    # Of 8 figures two are off, in 2 of 4 rows: the mean pose, and how unusual it is.
    assert np.isclose(float(moments_cost(ours, real, style)), 2 * 0.25 / 8 / 2)
    assert float(moments_cost(ours, real, style * torch.tensor([[0.0], [1], [1], [1]]))) == 0


def test_a_posture_is_measured_by_how_its_style_moves():
    real = torch.zeros(2, 10, POSE_DIM)
    style = torch.ones(2, 1)
    far, near = moments_cost(real + 0.5, real, style, 0.5), moments_cost(real + 0.5, real, style)
    assert np.isclose(float(far), 4 * float(near))


def test_the_spread_of_a_style_is_its_own(windows):
    spread = windows.style_spread()
    assert spread.shape == (2, POSE_DIM)
    nods = {s: spread[i, NOD] for i, s in enumerate(windows.styles)}
    own = windows.motion["pose"][:, NOD].reshape(-1)
    of_frame = np.repeat(windows.motion["style"], np.diff(windows.motion["start"]))
    for i, style in enumerate(windows.styles):
        expected = own[of_frame == i].std() / own.std()
        assert np.isclose(nods[style], np.clip(expected, 0.2, 1.0), rtol=1e-3)


def test_spread_speed_and_smoothness_of_a_style_count_as_well():
    time = torch.arange(60) / 60 * 2 * torch.pi
    small, large, fast = (a * torch.sin(f * time) for a, f in ((0.5, 2), (1.0, 2), (0.5, 6)))
    small, large, fast = (x[None, :, None].expand(3, -1, POSE_DIM) for x in (small, large, fast))
    style = torch.ones(3, 1)
    assert float(moments_cost(small, small, style)) < 1e-9
    assert float(moments_cost(large, small, style)) > 0.02
    assert float(moments_cost(fast, small, style)) > 0.02
    shaky = small + 0.02 * (torch.arange(60) % 2)[None, :, None]
    assert float(moments_cost(shaky, small, style)) > 0.2
    quiet, shaky_too = 0.3 * small, 0.3 * shaky  # what counts is how many times it shakes
    assert float(moments_cost(shaky_too, quiet, style)) > 0.1


def test_the_dances_of_a_style_need_not_be_alike():
    """Over many draws, dances as different as the real ones cost nothing."""
    torch.manual_seed(0)
    found = []
    reference = torch.zeros(3, 10, POSE_DIM)
    for _ in range(400):
        ours, real = (torch.randn(3, 1, POSE_DIM).expand(-1, 10, -1) for _ in range(2))
        found.append(float(moments_cost(ours, real, torch.ones(3, 1), reference=reference)))
    error = np.std(found) / len(found) ** 0.5
    assert abs(np.mean(found)) < 4 * error
    assert error < 0.005  # the square of their mean would be 2 / 3 / 8


def test_the_dances_of_a_style_must_not_all_be_alike():
    torch.manual_seed(0)
    real = torch.randn(40, 1, POSE_DIM).expand(-1, 10, -1)
    alike = real.mean(dim=0, keepdim=True).expand_as(real)
    style = torch.ones(40, 1)
    assert abs(float(moments_cost(real.flip(dims=(0,)), real, style))) < 0.01
    assert float(moments_cost(alike, real, style)) > 0.05


def stopping(late_beats, tempo_bpm=120.0):
    """Pose [1, T, 60] of a wrist that stops `late_beats` after each beat, and clock [1, T, 8]."""
    position = np.arange(240) * tempo_bpm / 60 / FRAME_RATE
    since = (position - late_beats) % 1.0
    joints = standing(len(position))
    joints[:, JOINT["l_wrist"], 1] += 0.2 * np.abs(2 * np.clip(since / 0.7, 0, 1) - 1)
    clock = torch.as_tensor(clock_vector(position, np.asarray(tempo_bpm)))[None]
    return pose_of(joints), clock


def test_an_accent_costs_where_it_falls_not_only_that_it_does():
    style = torch.ones(4, 1)

    def cost(late_beats):
        ours, clock = stopping(late_beats)
        ours, real, clock = (x.expand(4, -1, -1) for x in (ours, stopping(0.1)[0], clock))
        return float(losses.accent_loss(ours, real, clock, style))

    there = cost(0.1)
    assert cost(0.0) > there < cost(0.2)
    assert cost(0.6) > 5 * there
    assert cost(0.35) > 2 * there


def test_trembling_on_the_beat_is_no_way_to_brake_there():
    """Jerks of a frame count as braking; smoothed as an eye does it, they are gone."""
    trembling, late = stopping(0.5)[0].clone(), stopping(0.5)[0]
    jerk = torch.zeros(trembling.shape[1])
    jerk[::15] = 0.02  # on the beats
    trembling[..., 3 * JOINT["l_wrist"]] += jerk
    more = [
        float((body.braking(trembling, s) - body.braking(late, s)).abs().sum()) for s in (0.0, 2.0)
    ]
    assert more[0] > 2.0
    assert more[1] < 0.2 * more[0]
    assert torch.allclose(body.braking(late, 1e-3), body.braking(late), atol=1e-5)


def test_the_dances_of_another_style_cost_no_accent():
    ours, clock = stopping(0.5)
    real, _ = stopping(0.0)
    ours, real, clock = (x.expand(4, -1, -1).clone() for x in (ours, real, clock))
    style = torch.eye(2)[[0, 0, 1, 1]]
    both = float(losses.accent_loss(ours, real, clock, style))
    ours[:2] = real[:2]
    one = float(losses.accent_loss(ours, real, clock, style))
    only = float(losses.accent_loss(ours, real, clock, style * torch.tensor([1.0, 0.0])))
    assert only < one < both


def test_what_is_read_costs_style_by_style():
    torch.manual_seed(0)
    real = torch.randn(64, 5)
    style = torch.eye(2)[torch.arange(64) % 2]
    again = torch.randn(64, 5)
    alike = float(losses.features_loss(again, real, style))
    swapped = again + 2 * (style[:, :1] - style[:, 1:])  # the same over both styles together
    assert abs(alike) < 0.2
    assert float(losses.features_loss(swapped, real, style)) > 3


def test_bones_cost_what_they_deviate():
    assert float(losses.bone_loss(pose_of(standing()))) < 1e-6
    longer = pose_of(REST_POSE * 1.1 + np.zeros((5, 1, 1)))
    assert np.isclose(float(losses.bone_loss(longer)), 0.1 * BONE_LENGTHS[1:].mean(), rtol=1e-4)


def bending(direction, bend):
    """A pose whose left forearm leaves the upper arm, which points along `direction`, by so many
    radians."""
    joints = standing(3)
    along = np.asarray(direction, float) / np.linalg.norm(direction)
    across = np.cross(along, [0.3, 0.5, 0.8])
    across /= np.linalg.norm(across)
    shoulder, elbow, wrist = (JOINT[f"l_{n}"] for n in ("shoulder", "elbow", "wrist"))
    joints[:, elbow] = joints[:, shoulder] + 0.28 * along
    lower = np.cos(bend) * along + np.sin(bend) * across
    joints[:, wrist] = joints[:, elbow] + 0.25 * lower
    return pose_of(joints)


def test_a_straight_arm_costs_nothing_wherever_it_points_and_a_bent_one_its_bend():
    down, out = bending([0, -1, 0], 0.0), bending([1, 0.2, 0], 0.0)
    assert float(losses.bend_loss(out, down)) < 1e-5
    little, much = (float(losses.bend_loss(bending([1, 0.2, 0], b), down)) for b in (0.2, 0.6))
    assert 0.001 < little < 0.5 * much


def test_pose_and_velocity_losses():
    truth = torch.zeros(1, 10, POSE_DIM)
    shifted = truth + 0.5
    assert float(losses.pose_loss(shifted, truth)) == 0.5
    assert float(losses.velocity_loss(shifted, truth)) == 0.0
    ramp = truth + 0.2 * torch.arange(10)[None, :, None]
    assert np.isclose(float(losses.velocity_loss(ramp, truth)), 0.2)


def test_velocity_on_the_stage_is_that_of_the_joints():
    joints = swaying()
    joints[..., 2] += 0.02 * np.arange(len(joints))[:, None]
    true = np.diff(joints, axis=0) * FRAME_RATE
    found = body.joint_velocity(pose_of(joints))[0].numpy()
    np.testing.assert_allclose(found, true, atol=2e-3)


def test_the_movement_of_the_target_costs_nothing():
    joints, counts = swaying(), torch.ones(1)
    calm = np.repeat(joints[:1], len(joints), axis=0) + 0.2 * (joints - joints[:1])
    target = pose_of(joints)
    assert float(losses.movement_loss(target, target, counts)) == 0.0
    less = float(losses.movement_loss(pose_of(calm), target, counts))
    assert less > 0.3
    both = torch.cat([target, pose_of(calm)]), torch.cat([target, target])
    only_first = losses.movement_loss(*both, torch.tensor([1.0, 0.0]))
    assert float(only_first) == 0.0
    assert float(losses.movement_loss(*both, torch.tensor([0.0, 0.0]))) == 0.0


def gaussian(mean, log_std, shape=(2, 3, 4)):
    return torch.full(shape, float(mean)), torch.full(shape, float(log_std))


def test_equal_gaussians_are_no_distance_apart():
    one, used = gaussian(0.7, -0.4), torch.ones(2, 3)
    assert abs(float(losses.kl_loss(*one, *one, used))) < 1e-5


def test_gaussians_apart_cost_their_nats():
    used = torch.tensor([[1.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    shifted = float(losses.kl_loss(*gaussian(1, 0), *gaussian(0, 0), used))
    assert np.isclose(shifted, 3 * 4 * 0.5)
    p, q = (
        torch.distributions.Normal(m, s.exp()) for m, s in (gaussian(1, -1), gaussian(0.5, 0.3))
    )
    expected = float((torch.distributions.kl_divergence(p, q).sum(-1) * used).sum())
    found = losses.kl_loss(*gaussian(1, -1), *gaussian(0.5, 0.3), used)
    assert np.isclose(float(found), expected, rtol=1e-5)


def test_the_style_heard_costs_how_unlikely_it_thinks_the_songs_own():
    logits = torch.tensor([[5.0, -5.0]])[:, None].expand(-1, 3, -1)
    right, wrong, either = (torch.tensor([d]) for d in ([1.0, 0.0], [0.0, 1.0], [0.5, 0.5]))
    assert float(losses.style_loss(logits, right)) < 1e-3
    assert np.isclose(float(losses.style_loss(logits, wrong)), 10.0, atol=1e-3)
    assert np.isclose(float(losses.style_loss(0 * logits, either)), np.log(2), atol=1e-3)


def test_beats_start_where_their_number_does():
    beat = torch.tensor([[0, 0, 1, 1, 1, 2], [0, 0, 0, 0, 1, 1]])
    starts, used = beat_starts(beat)
    assert used.tolist() == [[1, 1, 1], [1, 1, 0]]
    assert starts[0].tolist() == [0, 2, 5]
    assert starts[1, :2].tolist() == [0, 4]
