"""Motion files of all other kinds, as the libraries of others write them."""

import io
import json
import pickle

import numpy as np
import pytest

from live.body.skeleton import JOINT, JOINT_NAMES
from model.data.capture import smpl
from tests.helpers.gltf_files import write_glb
from tests.helpers.motion_files import apart_mm, moving_body

COCO = ("nose", "l_eye", "r_eye", "l_ear", "r_ear", "l_shoulder", "r_shoulder", "l_elbow",
        "r_elbow", "l_wrist", "r_wrist", "l_hip", "r_hip", "l_knee", "r_knee", "l_ankle",
        "r_ankle")  # fmt: skip
BODY_25 = ("nose", "neck", "r_shoulder", "r_elbow", "r_wrist", "l_shoulder", "l_elbow", "l_wrist",
           "pelvis", "r_hip", "r_knee", "r_ankle", "l_hip", "l_knee", "l_ankle", "r_eye", "l_eye",
           "r_ear", "l_ear", "l_toe", "l_toe", "l_ankle", "r_toe", "r_toe", "r_ankle")  # fmt: skip


def point(joints, name):
    """Joints, and a face in front of the head."""
    if name in JOINT:
        return joints[:, JOINT[name]]
    across = joints[:, JOINT["l_shoulder"]] - joints[:, JOINT["r_shoulder"]]
    across = across / np.linalg.norm(across, axis=1, keepdims=True)
    ahead = np.cross(across, [0, 1, 0])
    side = {"l": 0.07, "r": -0.07}.get(name[0], 0.0) * (1.0 if name.endswith("ear") else 0.4)
    return joints[:, JOINT["head"]] + side * across + (0 if name.endswith("ear") else 0.1) * ahead


def points(joints, names):
    return np.stack([point(joints, name) for name in names], axis=1)


LIMBS = [JOINT[n] for n in JOINT_NAMES if n[:2] in ("l_", "r_") and not n.endswith("toe")]


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("dance.glb", {}),
        ("dance.glb", {"scheme": "VRM", "way": "STEP", "scale": 1.0, "skin": False}),
        ("dance.glb", {"scheme": "Rokoko", "way": "CUBICSPLINE"}),
        ("dance.vrma", {"scheme": "3ds Max Biped", "vrma": True}),
    ],
)
def test_glb_and_vrma_that_pygltflib_wrote(captured, tmp_path, name, how):
    body = moving_body(seed=4, heading=100.0)
    write_glb(tmp_path / name, body, **how)
    code, clips, _, said = captured(tmp_path / name)
    assert code == 0, said
    assert apart_mm(clips["dance"], body.joints[: len(clips["dance"])]) < 3  # measured: .1 to 1
    assert len(clips["dance"]) == 180


def pickled(content, protocol=2):
    out = io.BytesIO()
    pickle.dump(content, out, protocol=protocol)
    return out.getvalue()


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_aist_keypoints_with_a_bad_frame(captured, tmp_path, protocol):
    body = moving_body(frames=360, fps=60.0)
    keypoints = 100 * points(body.joints, COCO)
    keypoints[50] = np.nan
    path = tmp_path / "gBR_sBM_cAll_d04_mBR0_ch01.pkl"
    path.write_bytes(pickled({"keypoints3d": keypoints, "keypoints3d_optim": keypoints}, protocol))
    code, clips, entries, said = captured(path)
    assert code == 0, said
    (clip,) = clips.values()
    assert len(clip) == 180
    assert apart_mm(clip[:, [0, *LIMBS]], body.joints[::2][:, [0, *LIMBS]]) < 60  # hips for pelvis
    assert entries[path.stem]["tier"] == "research"
    assert "60 frames a second" in said


class Bomb:
    def __reduce__(self):
        return (print, ("run",))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (pickled({"keypoints3d": Bomb()}), "asks for builtins.print|asks for __builtin__.print"),
        (pickled([1, 2]), "holds no arrays by name"),
        (pickled({"a": np.array([{}], object)}), "no numbers|not of numbers|objects"),
        (pickled({"smpl_poses": np.zeros((100, 3))}), "but smpl_poses"),
        (pickled({"keypoints3d": np.zeros((90, 17, 3))})[:-2000], "cannot read"),
        (b"", "cannot read"),
        (b"\x80\x04\x8f\xff\xff\xff\xffr\xff\xff\xff\x7f.", "cannot read"),
        (b"\x80\x05\x96\xff\xff\xff\xff\xff\x00\x00\x00.", "cannot read"),
        (pickled({"x": np.ma.zeros(3)}), "cannot read"),
    ],
)
def test_a_pickle_that_is_more_than_numbers_runs_nothing(captured, tmp_path, content, told):
    import re

    path = tmp_path / "bad.pkl"
    path.write_bytes(content)
    code, clips, _, said = captured(path)
    assert code == 2
    assert not clips
    assert re.search(told, said), said
    assert "run\n" not in said


def smpl_arrays(body):
    """The swings of a body as SMPL's rotations; and the joints that they mean."""
    from scipy.spatial.transform import Rotation

    from live.body.humanoid import BONE

    same = {"Hips": 0, "LeftUpperLeg": 1, "RightUpperLeg": 2, "Spine": 3, "LeftLowerLeg": 4,
            "RightLowerLeg": 5, "Chest": 6, "LeftFoot": 7, "RightFoot": 8, "Neck": 12,
            "Head": 15, "LeftUpperArm": 16, "RightUpperArm": 17, "LeftLowerArm": 18,
            "RightLowerArm": 19}  # fmt: skip
    poses = np.zeros((len(body.hips), 52, 3))
    for bone, joint in same.items():
        poses[:, joint] = Rotation.from_matrix(body.turns[:, BONE[bone]]).as_rotvec()
    return poses.reshape(len(poses), -1), body.hips


def test_smpl_poses_as_amass_has_them_with_z_up_and_objects_beside(captured, tmp_path):
    from scipy.spatial.transform import Rotation

    body = moving_body(seed=3, frames=480, fps=120.0)
    poses, trans = smpl_arrays(body)
    up = Rotation.from_euler("x", 90, degrees=True)
    poses[:, :3] = (up * Rotation.from_rotvec(poses[:, :3])).as_rotvec()
    np.savez(
        tmp_path / "amass.npz", poses=poses, trans=up.apply(trans), mocap_framerate=120.0,
        gender=np.array("female"), betas=np.zeros(16), note=np.array([{}], object),
    )  # fmt: skip
    code, clips, entries, said = captured(tmp_path / "amass.npz")
    assert code == 0, said
    assert "z up" in said
    arms = [JOINT[n] for n in ("l_elbow", "l_wrist", "r_elbow", "r_wrist")]
    knees = [JOINT[n] for n in ("l_hip", "l_knee", "l_ankle", "r_hip", "r_knee", "r_ankle")]
    truth = body.joints[::4]
    for own in (arms, knees):  # of another body's proportions, so limb by limb
        bones = np.diff(clips["amass"][:, own], axis=1), np.diff(truth[:, own], axis=1)
        limb = [bone[:, [0, -1]] for bone in bones]
        units = [b / np.linalg.norm(b, axis=-1, keepdims=True) for b in limb]
        turn = (units[0] * units[1]).sum(axis=-1)
        assert np.median(turn) > 0.9  # it faces the front, so turned by a little
    assert entries["amass"]["tier"] == "research"
    assert len(clips["amass"]) == 120


def test_aist_motions_with_scale(captured, tmp_path):
    poses, trans = smpl_arrays(moving_body(frames=300, fps=60.0))
    arrays = {"smpl_poses": poses[:, :72], "smpl_trans": 93.8 * trans,
              "smpl_scaling": np.array([93.8])}  # fmt: skip
    assert smpl.captured(arrays, "").points.max() < 3
    path = tmp_path / "gBR.pkl"
    path.write_bytes(pickled(arrays))
    code, clips, _, said = captured(path)
    assert code == 0, said
    assert len(clips["gBR"]) == 150


def write_c3d(path, labels, values, rate):
    """By ezc3d; values [T, K, 3] in millimetres."""
    import ezc3d

    file = ezc3d.c3d()
    file["parameters"]["POINT"]["RATE"]["value"] = [rate]
    file["parameters"]["POINT"]["LABELS"]["value"] = tuple(labels)
    data = np.ones((4, len(labels), len(values)))
    data[:3] = values.transpose(2, 1, 0)
    file["data"]["points"] = data
    file.write(str(path))


def test_c3d_of_joints_that_ezc3d_wrote(captured, tmp_path):
    body = moving_body(frames=400, fps=100.0, seed=2)
    names = ("LeftShoulder", "LeftElbow", "LeftWrist", "RightShoulder", "RightElbow", "RightWrist",
             "LeftHip", "LeftKnee", "LeftAnkle", "LeftToe", "RightHip", "RightKnee", "RightAnkle",
             "RightToe", "Hips", "Neck", "Head")  # fmt: skip
    own = (*JOINT_NAMES[5:], "pelvis", "neck", "head")
    turned = 1000 * points(body.joints, own)[..., [2, 0, 1]]  # z up
    turned[40:45, 3] = np.nan
    write_c3d(tmp_path / "walk.c3d", names, turned, 100.0)
    code, clips, _, said = captured(tmp_path / "walk.c3d")
    assert code == 0, said
    known = [0, 3, 4, *range(5, 19)]
    truth = moving_body(frames=120, fps=30.0, seed=2).joints
    clip = clips["walk"]
    assert abs(len(clip) - 120) <= 1
    assert apart_mm(clip[:110][:, known], truth[:110][:, known]) < 12
    assert "frames filled in" in said
    assert "millimetres" in said


def test_c3d_of_markers_on_the_skin(captured, tmp_path):
    joints = moving_body(frames=200).joints
    across = point(joints, "l_hip") - point(joints, "r_hip")
    across = across / np.linalg.norm(across, axis=1, keepdims=True)
    ahead = np.cross(across, [0, 1, 0])
    pelvis, markers = point(joints, "pelvis"), {}
    for side, sign in (("L", 1.0), ("R", -1.0)):
        low = f"{side.lower()}_"
        out = 0.05 * sign * across
        markers |= {
            f"{side}ASI": pelvis + 2.4 * out + 0.09 * ahead,
            f"{side}PSI": pelvis + out - 0.09 * ahead,
            f"{side}KNE": point(joints, low + "knee") + out,
            f"{side}ANK": point(joints, low + "ankle") + 0.7 * out,
            f"{side}TOE": point(joints, low + "toe"),
            f"{side}SHO": point(joints, low + "shoulder") + np.array([0, 0.04, 0]),
            f"{side}ELB": point(joints, low + "elbow"),
            f"{side}WRA": point(joints, low + "wrist") + np.array([0, 0, 0.02]),
            f"{side}WRB": point(joints, low + "wrist") - [0, 0, 0.02],
            f"{side}FHD": point(joints, "head") + 1.4 * out + 0.07 * ahead,
            f"{side}BHD": point(joints, "head") + 1.4 * out - 0.07 * ahead,
        }
    markers["C7"] = point(joints, "neck") - 0.05 * ahead
    markers["CLAV"] = point(joints, "neck") + 0.05 * ahead
    values = 1000 * np.stack(list(markers.values()), axis=1)[..., [2, 0, 1]]
    write_c3d(tmp_path / "suit.c3d", [f"Anna:{name}" for name in markers], values, 30.0)
    code, clips, _, said = captured(tmp_path / "suit.c3d")
    assert code == 0, said
    assert "24 markers on the skin" in said
    own = [0, 3, 4, *LIMBS]
    assert apart_mm(clips["suit"][:, own], joints[:, own]) < 80  # hips by Bell's shares: 67


def write_openpose(folder, flat, people=1):
    folder.mkdir()
    for t, frame in enumerate(flat):
        sure = np.where(np.isnan(frame[:, :1]), 0.0, 0.9)
        bodies = [np.nan_to_num(np.concatenate([frame + 500 * k, sure], axis=1)).ravel().tolist()
                  for k in range(people)]  # fmt: skip
        text = json.dumps({"people": [{"pose_keypoints_2d": body} for body in bodies[::-1]]})
        (folder / f"video_{t}_keypoints.json").write_text(text)


def test_openpose_in_a_folder_of_frames(captured, tmp_path):
    body = moving_body(frames=100)
    flat = points(body.joints, BODY_25)[..., :2] * [200, -200] + [640, 600]
    flat[20] = np.nan
    write_openpose(tmp_path / "dance", flat, people=2)
    code, clips, _, said = captured(tmp_path / "dance", "--fps", "30", "--person", "1")
    assert code == 0, said
    assert "depth is guessed" in said
    clip = clips["dance"]
    apart = clip - clip[:, :1] - body.joints + body.joints[:, :1]
    assert np.linalg.norm(apart, axis=-1).mean() < 0.13  # of .11 m of depth, guessed


def test_csv_of_several_kinds(captured, tmp_path):
    joints = moving_body(frames=240, fps=60.0).joints
    names = ("Hips", "Spine1", "Spine2", "Neck", "Head", "LeftArm", "LeftForeArm", "LeftHand",
             "RightArm", "RightForeArm", "RightHand", "LeftThigh", "LeftShin", "LeftFoot",
             "LeftToe", "RightThigh", "RightShin", "RightFoot", "RightToe")  # fmt: skip
    for number, (delimiter, header, decimal) in enumerate(
        [(",", "{}_position_{}", "."), (";", "{}.{}", ","), ("\t", "{} {} (m)", ".")]
    ):
        heads = [
            "Timestamp",
            *(header.format(n, a) for n in names for a in "xyz"),
            "Hips_rotation_x",
        ]
        rows = [delimiter.join(heads)]
        for t, frame in enumerate(joints):
            cells = [f"{t / 60:.5f}", *(f"{v:.6f}" for v in frame.ravel()), "90"]
            rows.append(delimiter.join(cells).replace(".", decimal))
        rows[30] = rows[30].replace(rows[30].split(delimiter)[7], "lost")
        path = tmp_path / f"table{number}.csv"
        path.write_text("\n".join(rows))
        code, clips, _, said = captured(path)
        assert code == 0, said
        assert apart_mm(clips[path.stem], joints[::2]) < 8
        assert "1 frames filled in" in said or "60 frames a second" in said


def test_takes_give_a_clip_for_each_dancer_with_the_beats_they_had(captured, tmp_path):
    frames = 300
    time_s = np.arange(frames) / 60 + 2.0
    joints = np.stack([moving_body(frames, seed, 60.0).joints for seed in (1, 2)], axis=1)
    joints[:40, 1] = np.nan  # comes later
    beats = time_s * 126 / 60 + 0.25
    np.savez(
        tmp_path / "take.npz", time_s=time_s, joints=joints.astype(np.float32),
        beat_phase=beats % 1, bar_phase=beats / 4 % 1, tempo_bpm=np.full(frames, 126.0),
        beat_confidence=np.full(frames, 0.9), level=np.ones(frames), onset=np.ones((frames, 3)),
        style=np.ones((frames, 2)), joint_names=np.array(JOINT_NAMES),
    )  # fmt: skip
    code, clips, entries, said = captured(tmp_path / "take.npz")
    assert code == 0, said
    assert sorted(clips) == ["take_dancer1", "take_dancer2"]
    np.testing.assert_allclose(clips["take_dancer1"], joints[::2, 0], atol=1e-5)
    assert len(clips["take_dancer2"]) == 130
    for name, entry in entries.items():
        assert entry["tempo_bpm"] == pytest.approx(126, abs=0.1)
        assert entry["beats_from"] == "file"
        start = 2.0 if name.endswith("1") else 2.0 + 40 / 60
        assert entry["beat_phase_at_frame0"] == pytest.approx((start * 2.1 + 0.25) % 4, abs=0.05)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("song.wav", b"RIFF", "files ending in .wav are not read; these are: .*.bvh"),
        ("dance.fbx", b"Kaydara FBX Binary", "let Blender make BVH of it with `blender"),
        ("a.glb", b"glTF", "no binary glTF"),
        ("a.vrma", b"{}", "no binary glTF"),
        ("a.npz", b"PK\x03\x04", "cannot read"),
        ("a.c3d", b"\x02\x50" + b"\xff" * 600, "damaged C3D file|claims"),
        ("a.c3d", b"", "no C3D file"),
        ("a.csv", b"a,b,c\n1,2,3\n", "no columns of x, y and z, but a, b, c"),
        ("a.csv", b"", "no columns"),
        ("a.csv", b"\xff\xfe\x00" * 50, "no columns"),
        ("a.json", b"[1]", "no list 'people'"),
        ("a.json", b'{"people": []}', "shows nobody"),
        ("a.json", b"[" * 100000, "not valid JSON"),
        ("a.mcap", b"\x89MCAP0\r\n", "mcap|session|damaged|cannot"),
        ("absent.bvh", None, "no such file"),
        ("readme", b"hello", "files ending in nothing are not read"),
    ],
)
def test_each_wrong_kind_of_file_is_refused_in_a_sentence(captured, tmp_path, name, content, told):
    import re

    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    code, clips, _, said = captured(path)
    assert code == 2
    assert not clips
    (line,) = (line for line in said.splitlines() if "refused" in line)
    assert re.search(told, line), line


def test_an_npz_of_other_things_is_told(captured, tmp_path):
    np.savez(tmp_path / "a.npz", weights=np.zeros(5))
    np.savez(tmp_path / "zeros.npz", joints=np.zeros((300, 19, 3)), fps=30)
    code, _, _, said = captured(tmp_path / "a.npz", tmp_path / "zeros.npz")
    assert code == 2
    assert "nor joints, but weights" in said
    assert said.count("refused") == 2


def test_an_archive_that_unpacks_to_gigabytes_is_refused_unread(captured, tmp_path):
    import zipfile

    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f4", "fortran_order": False, "shape": (10_000_000, 19, 3)}
    )
    with (
        zipfile.ZipFile(tmp_path / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("joints.npy", "w", force_zip64=True) as member,
    ):
        member.write(header.getvalue())
        for _ in range(300):
            member.write(bytes(1 << 20))
    code, _, _, said = captured(tmp_path / "bomb.npz")
    assert code == 2
    assert "claims" in said
