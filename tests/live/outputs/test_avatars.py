"""Avatars: bones' rotations by forward kinematics, and the packets of vmc and vrchat."""

import struct
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from live.body import humanoid, unity
from live.body.humanoid import BONE, BONES
from live.body.pose import rotate_y
from live.body.skeleton import BONE_LENGTHS, JOINT, PARENTS, REST_POSE, mirrored
from live.dance.performer import Performer
from live.errors import ConfigError
from live.osc import encoding
from live.outputs.emission import Emission
from live.outputs.feeds import parse_feed
from live.outputs.levels import Levels
from live.outputs.vmc import Vmc
from live.outputs.vrchat import TRACKERS, VrChat
from live.show.controls import Controls
from live.show.engine import Engine, EngineConfig
from live.show.offline import stage_frames
from live.show.timing import lead_samples
from tests.live.outputs.test_feeds import sent, standing

# An avatar's pelvis is stiff, ours bends where hips and spine meet. 12 dances of 20 s with the
# choreography's noise: 99 % within 2.7 cm, 3.6 at most; on these clicks one hip is 4.2 off once.
MOST_OFF_M, NEARLY_ALL_OFF_M = 0.045, 0.035
MOST_OFF_DEG = 0.1


@pytest.fixture(scope="module")
def dance():
    """Joints [T, 2, 19, 3] of two styles, as the network that ships dances them."""
    clicks = np.zeros(24_000 * 4, np.float32)
    clicks[::12_000] = 1.0
    takes = []
    for style in ("jpop", "salsa"):
        performer = Performer("open", "cpu", 2, 3)
        config = EngineConfig(24_000, lead_samples(60, 1 / 60), style)
        engine = Engine(config, performer, Controls(energy=1.0))
        takes += [f.joints for f in stage_frames(engine, clicks)]
    return np.stack(takes)


def t_pose():
    joints = np.zeros((19, 3))
    joints[0, 1] = 0.95
    by_joint = {b.joint: b for b in BONES if any(b.offset)}
    for i in range(1, 19):
        name = next(n for n, k in JOINT.items() if k == i)
        offset = np.array(by_joint[name].offset) if name in by_joint else None
        joints[i] = joints[PARENTS[i]] + offset
    return joints


def forward(local, hips):
    """An avatar like ours from local rotation matrices [B, 3, 3]: bones' beginnings [B, 3].

    Plain recursion, written apart from what it tests.
    """
    rotations, places = [], []
    for bone, turn in zip(BONES, local, strict=True):
        if bone.parent < 0:
            rotations.append(turn)
            places.append(np.asarray(hips))
        else:
            above = rotations[bone.parent]
            rotations.append(above @ turn)
            places.append(places[bone.parent] + above @ np.array(bone.offset))
    return np.array(places)


def matrix(xyzw):
    x, y, z, w = xyzw
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def vmc_packets(joints, number=3, dancer=1):
    return Vmc((dancer,)).encode(emission_of(joints, number), None)


def emission_of(joints, number=3):
    joints = np.asarray(joints, np.float32)
    return Emission(standing(number, len(joints), joints=joints), Levels())


def avatar_from(packets):
    """What a receiver in Unity builds, back in our space: {bone: beginning}."""
    turns, hips = {}, None
    for packet in packets:
        for address, values in encoding.decode(packet):
            if address == "/VMC/Ext/Bone/Pos":
                name, px, py, pz, x, y, z, w = values
                turns[name] = matrix((x, -y, -z, w))
                if name == "Hips":
                    hips = (-px, py, pz)
    places = forward([turns[b.name] for b in BONES], hips)
    return dict(zip((b.name for b in BONES), places, strict=True))


def degrees_between(a, b):
    cosine = np.sum(a * b, -1) / np.linalg.norm(a, axis=-1) / np.linalg.norm(b, axis=-1)
    return np.degrees(np.arccos(np.clip(cosine, -1, 1)))


def test_an_avatar_dances_as_the_dancer_does(dance):
    off_m, worst_deg = [], 0.0
    for joints in dance[::7]:
        for dancer in (0, 1):
            places = avatar_from(vmc_packets(joints, dancer=dancer + 1))
            off_m.append(0.0)
            for bone in BONES:
                ours = joints[dancer, JOINT[bone.joint]]
                off_m[-1] = max(off_m[-1], np.linalg.norm(places[bone.name] - ours))
                parent = BONES[bone.parent]
                # Where hips and shoulders lie in the trunk is the avatar's own proportion.
                if bone.parent < 0 or bone.joint.endswith("_hip") or parent.joint == bone.joint:
                    continue
                bone_now = places[bone.name] - places[parent.name]
                theirs = ours - joints[dancer, PARENTS[JOINT[bone.joint]]]
                worst_deg = max(worst_deg, degrees_between(bone_now, theirs))
    assert np.percentile(off_m, 99) <= NEARLY_ALL_OFF_M
    assert max(off_m) <= MOST_OFF_M
    assert worst_deg <= MOST_OFF_DEG


def test_the_t_pose_turns_nothing():
    local = humanoid.local_rotations(humanoid.global_rotations(t_pose()[None]))
    np.testing.assert_allclose(local[0], np.broadcast_to(np.eye(3), (21, 3, 3)), atol=1e-6)


def test_rotations_are_rotations(dance):
    turns = humanoid.global_rotations(dance.reshape(-1, 19, 3)[::5])
    eye = np.broadcast_to(np.eye(3), turns.shape)
    np.testing.assert_allclose(turns @ np.swapaxes(turns, -1, -2), eye, atol=1e-6)
    np.testing.assert_allclose(np.linalg.det(turns), 1, atol=1e-6)
    quaternions = humanoid.quaternions(turns)
    np.testing.assert_allclose([matrix(q) for q in quaternions[0]], turns[0], atol=1e-6)


def bent(joint, towards, length):
    """The T-pose with one bone pointing elsewhere; what hangs on it moves along."""
    joints = t_pose()
    end = JOINT[joint]
    moved = joints[PARENTS[end]] + np.array(towards) * length - joints[end]
    for i in range(end, 19):
        chain = i
        while chain > end:
            chain = PARENTS[chain]
        if chain == end:
            joints[i] += moved
    return joints


@pytest.mark.parametrize(
    ("joint", "towards", "bone", "axis"),
    [
        ("l_wrist", (0, 0, 1), "LeftLowerArm", (0, -1, 0)),  # elbows bend to the front
        ("r_wrist", (0, 0, 1), "RightLowerArm", (0, 1, 0)),
        ("l_ankle", (0, 0, -1), "LeftLowerLeg", (1, 0, 0)),  # knees to the back
        ("r_ankle", (0, 0, -1), "RightLowerLeg", (1, 0, 0)),
    ],
)
def test_elbows_and_knees_are_hinges(joint, towards, bone, axis):
    joints = bent(joint, towards, BONE_LENGTHS[JOINT[joint]])
    local = humanoid.local_rotations(humanoid.global_rotations(joints[None]))[0]
    quarter = humanoid.quaternions(local[BONE[bone]])
    np.testing.assert_allclose(quarter, [*(np.array(axis) * np.sqrt(0.5)), np.sqrt(0.5)], atol=1e-6)
    upper = BONES[BONE[bone]].parent
    np.testing.assert_allclose(local[upper], np.eye(3), atol=1e-6)  # without any twist


def test_a_bent_arm_hanging_turns_its_hinge_along():
    joints = t_pose()
    shoulder = joints[JOINT["l_shoulder"]]
    joints[JOINT["l_elbow"]] = shoulder + np.array([0, -0.28, 0])
    joints[JOINT["l_wrist"]] = joints[JOINT["l_elbow"]] + np.array([0, 0, 0.25])
    turns = humanoid.global_rotations(joints[None])[0]
    # The palm, down in the T-pose, now faces inward (-x): no twist of the forearm.
    np.testing.assert_allclose(turns[BONE["LeftUpperArm"]] @ [0, -1, 0], [-1, 0, 0], atol=1e-6)
    np.testing.assert_allclose(turns[BONE["LeftHand"]] @ [0, -1, 0], [-1, 0, 0], atol=1e-6)


def test_a_straightening_arm_does_not_flip():
    """From bent through straight to slightly over-stretched, no bone jumps."""
    turns = []
    for angle in np.radians(np.arange(60, -6, -0.5)):
        towards = (np.cos(angle), 0, np.sin(angle))
        joints = bent("l_wrist", towards, 0.25)
        turns.append(humanoid.global_rotations(joints[None])[0, BONE["LeftUpperArm"]])
    for before, after in pairwise(turns):
        cosine = (np.trace(before.T @ after) - 1) / 2
        assert np.degrees(np.arccos(np.clip(cosine, -1, 1))) < 15


def test_twist_stays_calm_in_a_real_dance(dance):
    """A bone turns about itself no faster than people can, but for rare frames."""
    turns = humanoid.global_rotations(dance[:, 0])
    steps = np.swapaxes(turns[:-1], -1, -2) @ turns[1:]
    cosine = (np.einsum("...ii->...", steps) - 1) / 2
    angles = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    angles = np.delete(angles, len(turns) // 2 - 1, axis=0)  # from one take to the next
    assert np.percentile(angles, 99.5) < 25  # degrees in 1/60 s


def test_mirrored_dancers_give_mirrored_bones(dance):
    joints = dance[::40, 0]
    ours = humanoid.global_rotations(joints)
    theirs = humanoid.global_rotations(mirrored(joints))
    flip = np.diag([-1.0, 1, 1])
    for bone in BONES:
        left, right = bone.name.startswith("Left"), bone.name.startswith("Right")
        other = "Right" + bone.name[4:] if left else "Left" + bone.name[5:] if right else bone.name
        np.testing.assert_allclose(
            theirs[:, BONE[bone.name]], flip @ ours[:, BONE[other]] @ flip, atol=1e-5
        )


def test_turning_the_dancer_turns_the_hips_alone(dance):
    joints = dance[10, :1]
    local = humanoid.local_rotations(humanoid.global_rotations(joints))
    turned = humanoid.local_rotations(humanoid.global_rotations(rotate_y(joints, np.float64(1.1))))
    np.testing.assert_allclose(turned[:, 1:], local[:, 1:], atol=1e-5)


# VMC ------------------------------------------------------------------------------------------


def test_vmc_is_two_bundles_of_the_published_messages():
    packets = vmc_packets(t_pose()[None], number=90)
    assert len(packets) == 2
    assert max(map(len, packets)) <= 1472
    messages = [m for p in packets for m in encoding.decode(p)]
    assert messages[:3] == [
        ("/VMC/Ext/OK", [1]),
        ("/VMC/Ext/T", [1.5]),
        ("/VMC/Ext/Root/Pos", ["root", 0, 0, 0, 0, 0, 0, 1]),
    ]
    bones = messages[3:]
    assert {address for address, _ in bones} == {"/VMC/Ext/Bone/Pos"}
    assert [values[0] for _, values in bones] == [bone.name for bone in BONES]
    names = {values[0]: values[1:] for _, values in bones}
    np.testing.assert_allclose(names["Hips"], [0, 0.95, 0, 0, 0, 0, 1], atol=1e-6)
    # Unity's left-handed space: the left hand is on -x.
    np.testing.assert_allclose(names["LeftHand"][:3], [-0.25, 0, 0], atol=1e-6)


def test_vmc_s_first_bytes_are_those_of_the_protocol():
    first, second = vmc_packets(t_pose()[None], number=0)
    message = b"/VMC/Ext/OK\0" + b",i\0\0" + struct.pack(">i", 1)
    start = b"#bundle\0" + struct.pack(">Q", 1) + struct.pack(">i", len(message)) + message
    assert first.startswith(start)
    bone = b"/VMC/Ext/Bone/Pos\0\0\0" + b",sfffffff\0\0\0" + b"RightShoulder\0\0\0"
    assert second[20 : 20 + len(bone)] == bone


def test_a_turn_to_the_left_is_a_turn_to_the_left_in_unity():
    """Heading +90 degrees faces our +x, the dancer's former left: Unity's -x, Euler y of -90."""
    turned = rotate_y(t_pose()[None], np.float64(np.pi / 2))
    turn = humanoid.global_rotations(turned)[0, BONE["Hips"]]
    np.testing.assert_allclose(unity.euler_degrees(turn), [0, -90, 0], atol=1e-5)
    quaternion = unity.quaternions(humanoid.quaternions(turn))
    np.testing.assert_allclose(quaternion, [0, -np.sqrt(0.5), 0, np.sqrt(0.5)], atol=1e-6)


@pytest.mark.parametrize("profile", ["vmc", "vrchat"])
def test_one_dancer_a_target(profile):
    with pytest.raises(ConfigError, match="one dancer a target"):
        parse_feed(f"a:1/{profile}/dancers=1-2")
    joints = np.stack([REST_POSE, REST_POSE + np.float32([1, 0, 0])])
    second = parse_feed(f"a:1/{profile}/dancers=2").make()
    packets = second.encode(emission_of(joints), None)
    messages = dict((a, v) for p in packets for a, v in encoding.decode(p))
    if profile == "vrchat":
        x = messages["/tracking/trackers/1/position"][0]
        assert x == pytest.approx(-1)
    assert second.encode(emission_of(joints[:1]), None)  # not on stage any more: goodbye
    assert second.encode(emission_of(joints[:1]), None) == []
    assert parse_feed(f"a:1/{profile}/dancers=2").make().encode(emission_of(joints[:1]), None) == []


@pytest.mark.parametrize("profile", ["vmc", "vrchat"])
def test_at_the_end_the_avatar_stands_where_it_danced(profile):
    turn, place = 0.7, np.float32([0.4, 0.0, -1.2])
    stands = rotate_y(REST_POSE, np.float64(turn)).astype(np.float32) + place
    dancing = stands.copy()
    dancing[JOINT["l_knee"]] += np.float32([0.0, 0.4, 0.3])
    dancing[JOINT["r_wrist"]] += np.float32([0.2, 0.6, 0.0])

    def encoded(one, joints):
        emission = emission_of(joints[None])
        heading = np.float32([turn])
        return one.encode(replace(emission, frame=replace(emission.frame, heading=heading)), None)

    one, other = (parse_feed(f"a:1/{profile}").make() for _ in range(2))
    encoded(one, dancing)
    last, wanted = one.goodbye(), encoded(other, stands)
    got = [(a, v) for p in last for a, v in encoding.decode(p)]
    want = [(a, v) for p in wanted for a, v in encoding.decode(p)]
    if profile == "vmc":
        assert got.pop(0) == ("/VMC/Ext/OK", [0])
        assert want.pop(0) == ("/VMC/Ext/OK", [1])
    for (address, values), (expected_address, expected) in zip(got, want, strict=True):
        assert address == expected_address
        numbers = [v for v in values if not isinstance(v, str)]
        wanted_numbers = [v for v in expected if not isinstance(v, str)]
        np.testing.assert_allclose(numbers, wanted_numbers, atol=1e-3)
    assert one.goodbye() == []


@pytest.mark.parametrize("profile", ["vmc", "vrchat", "flat", "native/rate=30", "lights"])
def test_what_is_no_number_never_leaves(profile, receiver):
    bad = standing(1, joints=np.full((1, 19, 3), np.nan, np.float32), heading=np.float32([np.inf]))
    first, *rest = sent(receiver, [standing(0), bad, standing(2)], f"/{profile}")
    assert first
    values = [v for packets in rest for p in packets for _, vs in encoding.decode(p) for v in vs]
    assert np.isfinite([v for v in values if not isinstance(v, str)]).all()


@pytest.mark.parametrize("profile", ["vmc", "vrchat", "flat", "native", "lights"])
def test_no_encoder_takes_what_is_no_number(profile):
    good = emission_of(REST_POSE[None])
    frame = replace(good.frame, joints=np.full((1, 19, 3), np.nan, np.float32))
    levels = replace(good.levels, music=np.full(6, np.nan))
    with pytest.raises(ValueError, match="NaN or infinity"):
        parse_feed(f"a:1/{profile}").make().encode(Emission(frame, levels), None)


# VRChat ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("height", [1.7, 1.2])
def test_vrchat_gets_a_person_of_the_height_asked_for(height):
    profile = VrChat(height=height)
    packets = profile.encode(emission_of(REST_POSE[None]), None)
    messages = dict(m for p in packets for m in encoding.decode(p))
    assert len(messages) == len(packets) == 2 * len(TRACKERS) == 18
    assert not any(p.startswith(b"#bundle") for p in packets)
    assert all(len(values) == 3 for values in messages.values())
    scale = height / 1.7
    head = messages["/tracking/trackers/head/position"]
    np.testing.assert_allclose(head, scale * REST_POSE[JOINT["head"]], atol=1e-6)
    left_foot = messages["/tracking/trackers/3/position"]
    np.testing.assert_allclose(
        left_foot, scale * REST_POSE[JOINT["l_ankle"]] * [-1, 1, 1], atol=1e-6
    )
    # Upright and facing the audience: the hips are level, the head looks ahead.
    np.testing.assert_allclose(messages["/tracking/trackers/1/rotation"], [0, 0, 0], atol=1e-4)
    np.testing.assert_allclose(messages["/tracking/trackers/head/rotation"], [0, 0, 0], atol=1e-4)


def test_euler_angles_are_unity_s():
    """About z, then x, then y, each left-handed; built here from Unity's own definitions."""
    x, y, z = np.radians([20, -130, 65])

    def about(axis, angle):  # Unity: rotating by +90 about y takes z to x, about x z to -y
        c, s = np.cos(angle), np.sin(angle)
        return {
            "x": np.array([[1, 0, 0], [0, c, -s], [0, s, c]]),
            "y": np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]]),
            "z": np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]),
        }[axis]

    theirs = about("y", y) @ about("x", x) @ about("z", z)
    flip = np.diag([-1.0, 1, 1])
    np.testing.assert_allclose(unity.euler_degrees(flip @ theirs @ flip), [20, -130, 65])
