"""Motion clips of one's own: what is refused, and that the refusal says what to do."""

import io
import json
import re

import numpy as np
import pytest

import posejockey
from live.body.skeleton import JOINT, REST_POSE
from live.errors import ArtifactError
from model.data import clips
from model.data.clip_index import check_entry, read_index, write_index
from model.data.clips import check_joints, read_raw_clips
from model.data.prepare import prepare, read_clips

ENTRY = {"style": "mine", "tier": "open", "tempo_bpm": 120.0, "beat_phase_at_frame0": 0.0}


def swaying(frames=300, seed=0):
    """A body at rest that sways from side to side: float32 [T, 19, 3]."""
    t = np.arange(frames) / 30 + seed
    joints = np.repeat(REST_POSE[None], frames, axis=0).astype(np.float32)
    joints[..., 0] += 0.2 * np.sin(2 * np.pi * t)[:, None]
    return joints


@pytest.fixture
def source(tmp_path):
    """A function (entries and joints by name) that lays out a folder of clips."""

    def make(**entries):
        (tmp_path / "motion").mkdir(exist_ok=True)
        index = {}
        for number, (name, (entry, joints)) in enumerate(entries.items()):
            index[name] = ENTRY | entry
            joints = swaying(seed=number) if joints is None else joints
            np.savez(tmp_path / "motion" / f"{name}.npz", joints=joints)
        (tmp_path / "index.json").write_text(json.dumps(index), encoding="utf-8")
        return tmp_path

    return make


def spoiled(value, frames=slice(50, 60), joints=slice(None)):
    joints_ = swaying()
    joints_[frames, joints] = value
    return joints_


def shifted(joint, by):
    joints = swaying()
    joints[100, JOINT[joint]] += by
    return joints


def jumping():
    joints = swaying()
    joints[100:] += [3, 0, 0]
    return joints


def arms_swapped():
    joints = swaying()
    left, right = ([JOINT[f"{s}_{j}"] for j in ("shoulder", "elbow", "wrist")] for s in "lr")
    joints[:, left + right] = joints[:, right + left]
    return joints


def turned(*axes):
    return swaying()[..., list(axes)]


@pytest.mark.parametrize(
    ("joints", "told"),
    [
        (swaying()[:, :17], r"shape \[300, 17, 3\]; expected \[frames, 19, 3\]"),
        (swaying()[0], r"shape \[19, 3\]"),
        (swaying()[:40], "40 frames; expected 60 or more"),
        (swaying()[:0], "0 frames"),
        ((1000 * swaying()).astype(int), "kind int"),
        (swaying().astype(str), "kind <U"),
        (spoiled(np.nan, joints=10), r"no number, first of r_wrist in frames 50 to 59 \(1.7 s\)"),
        (spoiled(np.inf, frames=[7, 9]), "in 2 frames, from 7 on"),
        (spoiled(0.0), "all in one place in frames 50 to 59"),
        (100 * swaying(), "centimetres: multiply by 0.01"),
        (1000 * swaying(), "millimetres: multiply by 0.001"),
        (swaying() / 0.3048, "feet: multiply by 0.3048"),
        (swaying() / 0.0254, "inches: multiply by 0.0254"),
        (swaying() / 10, "expected 0.45 to 1.4 metres"),
        (turned(0, 2, 1), "head along z from the feet; expected y up"),
        (turned(1, 0, 2), "head along x"),
        (swaying() * [1, -1, 1], "head along -y"),
        (swaying() * [-1, 1, 1], "left and right are swapped"),
        (swaying() - [0, 1.2, 0], "floor at y = -1.2"),
        (swaying() + np.array([300, 0, 0]), "300 m away"),
        (spoiled(3.0, frames=100), "joints jump: .* in 2 frames, from 99 on|one place"),
        (spoiled([3.0, 1.0, 0.0], frames=100, joints=4), "head 2.9 m from neck in frame 100"),
        (jumping(), "joints jump: .* by 3.0 m in frame 99"),
        (np.repeat(REST_POSE[None], 90, axis=0), "hardly move"),
        (shifted("r_toe", [1, 0, 0]), r"r_toe 0\.99 m from r_ankle in frame 100 .*else 0.15 m"),
        (shifted("head", [0, -1, 0]), r"head 0\.8. m from neck in frame 100"),
        (arms_swapped(), "left shoulder over the right hip"),
        (np.tile(swaying(), (361, 1, 1)), "expected 108000 at most"),
        (swaying()[:, ::-1], "expected"),
        (np.roll(swaying(), 7, axis=1), "expected"),
    ],
)
def test_motion_that_no_body_makes_is_refused_with_what_to_do(joints, told):
    with pytest.raises(clips.ClipError, match=told) as refused:
        check_joints("a", np.asarray(joints))
    assert str(refused.value).startswith("clip 'a': joints")


def test_turning_as_told_mends_it():
    joints = swaying()[..., [0, 2, 1]] * [1, -1, 1]
    with pytest.raises(clips.ClipError, match=re.escape("joints[..., [0, 2, 1]] * [1, 1, -1]")):
        check_joints("a", joints)
    check_joints("a", joints[..., [0, 2, 1]] * [1, 1, -1])


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("fps", 60, "expected 30; resample"),
        ("fps", "30", "expected 30"),
        ("frames", 299, "expected 300"),
        ("tempo_bpm", 0, "30 to 300"),
        ("tempo_bpm", -120.0, "30 to 300"),
        ("tempo_bpm", "120", "expected a number"),
        ("tempo_bpm", True, "expected a number"),
        ("tempo_bpm", float("nan"), "expected a number"),
        ("tempo_bpm", 10**400, "expected a number"),
        ("tempo_bpm", None, "expected a number"),
        ("beat_phase_at_frame0", "0", "number of beats"),
        ("beat_phase_at_frame0", float("inf"), "number of beats"),
        ("style", "auto", "another word"),
        ("style", "", "a word"),
        ("style", 7, "a word"),
        ("style", ["street"], "a word"),
        ("style", "x" * 33, "up to 32 letters"),
        ("style", "Street", "small letters"),
        ("style", "a,b", "comma"),
        ("style", "a=2", "equals"),
        ("style", "a\tb", "small letters"),
        ("tier", "free", "open, share, research"),
        ("tier", None, "open, share, research"),
        ("metre", 0, "beats a bar, 2 to 7"),
        ("metre", "3", "beats a bar"),
        ("metre", True, "beats a bar"),
        ("metre", [4], "beats a bar"),
        ("song", "../a.wav", "a file in the folder's songs/"),
        ("song", "songs/../../a.wav", "a file in the folder's songs/"),
        ("song", "/etc/passwd", "a file in the folder's songs/"),
        ("song", 7, "a file in the folder's songs/"),
        ("song", "songs/absent.flac", "to be there"),
    ],
)
def test_a_wrong_field_is_named_with_what_was_expected(source, field, value, told):
    with pytest.raises(ArtifactError, match=f"clip 'a': {field} is .*{told}"):
        read_clips(source(a=({field: value}, None)), ("open",))


@pytest.mark.parametrize("field", ENTRY)
def test_a_missing_field_is_named(source, field):
    folder = source(a=({}, None))
    index = {"a": {name: value for name, value in ENTRY.items() if name != field}}
    (folder / "index.json").write_text(json.dumps(index), encoding="utf-8")
    with pytest.raises(ArtifactError, match=f"clip 'a': its entry lacks '{field}'; it has"):
        read_clips(folder, ("open",))


def test_a_clip_needs_no_beats_that_nobody_knows(source):
    """It gets those of its motion."""
    folder = source(a=({}, None))
    index = {"a": {"style": "mine", "tier": "open"}}
    (folder / "index.json").write_text(json.dumps(index), encoding="utf-8")
    (clip,) = read_clips(folder, ("open",))
    assert 60 < clip.tempo_bpm < 170
    assert clip.metre == 4


def test_an_index_that_is_written_is_read_again(tmp_path):
    entry = ENTRY | {"metre": 3, "source": "walzer.bvh"}
    write_index(tmp_path, {"b": entry, "a": ENTRY})
    assert [(name, check_entry(name, e)) for name, e in read_index(tmp_path)] == [
        ("a", ENTRY), ("b", entry),
    ]  # fmt: skip
    with pytest.raises(clips.ClipError, match="style"):
        write_index(tmp_path, {"a": ENTRY | {"style": "Big"}})
    assert len(read_index(tmp_path)) == 2


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"a": ', "not valid JSON.*line 1"),
        ("\xff\xfe", "not valid JSON|expected an object"),
        ("[" * 100_000, "not valid JSON"),
        ("[1]", "a list; expected an object"),
        ("3", "is 3; expected an object"),
        ('{"a": 3}', "clip 'a': its entry is 3"),
        ('{"a": []}', "clip 'a': its entry is a list"),
        ('{"../a": {}}', "no name for a file"),
        ('{"": {}}', "no name for a file"),
        ('{"a": {}, "a": {}}', "lists clip 'a' twice"),
        ("{}", "no clip of tier open"),
    ],
)
def test_an_index_that_is_none_is_told(source, text, told):
    folder = source(a=({}, None))
    (folder / "index.json").write_text(text, encoding="latin-1")
    with pytest.raises(ArtifactError, match=told):
        read_clips(folder, ("open",))


def test_a_file_that_is_missing_or_no_npz_is_told(source):
    folder = source(a=({}, None))
    motion = folder / "motion" / "a.npz"
    content = motion.read_bytes()
    np.savez(motion, poses=swaying())
    with pytest.raises(ArtifactError, match="no array 'joints' but 'poses'"):
        read_clips(folder, ("open",))
    for bad in (content[:-100], b"nothing", b""):
        motion.write_bytes(bad)
        with pytest.raises(ArtifactError, match=r"clip 'a': cannot read .*a\.npz"):
            read_clips(folder, ("open",))
    objects = io.BytesIO()
    np.savez(objects, joints=np.array([{}], dtype=object))
    motion.write_bytes(objects.getvalue())
    with pytest.raises(ArtifactError, match="expected numbers or texts"):
        read_clips(folder, ("open",))
    motion.unlink()
    with pytest.raises(ArtifactError, match="put it there, or take the clip out"):
        read_clips(folder, ("open",))


def test_a_motion_that_stands_twice_is_told(source):
    folder = source(a=({}, swaying()), b=({}, swaying()))
    with pytest.raises(ArtifactError, match="clip 'b': it is the same motion as 'a'"):
        read_clips(folder, ("open",))


def test_a_field_that_stands_twice_is_told(source):
    folder = source(a=({}, None))
    index = folder / "index.json"
    index.write_text(index.read_text().replace('"tier"', '"style": "other", "tier"'))
    with pytest.raises(ArtifactError, match="clip 'a': its entry has 'style' twice"):
        read_clips(folder, ("open",))


def test_a_rate_that_the_file_itself_says_counts(source):
    folder = source(a=({"fps": 30}, None))
    np.savez(folder / "motion" / "a.npz", joints=swaying(), fps=60)
    with pytest.raises(ArtifactError, match=r"clip 'a': fps is 60; expected 30 in a\.npz"):
        read_clips(folder, ("open",))
    np.savez(folder / "motion" / "a.npz", joints=swaying(), fps=30)
    assert len(read_clips(folder, ("open",))) == 1


def test_files_too_large_for_a_clip_are_refused_unread(source):
    folder = source(a=({}, None))
    np.savez(folder / "motion" / "a.npz", joints=np.zeros((700_000, 19, 3), np.float32))
    with pytest.raises(ArtifactError, match=r"clip 'a': .*more than 128 are not read"):
        read_clips(folder, ("open",))


def test_clips_of_other_tiers_are_not_looked_at(source):
    folder = source(a=({}, None), b=({"tier": "research"}, swaying()[:, :3]))
    assert [clip.name for clip in read_clips(folder, ("open",))] == ["a"]


def test_good_clips_are_neither_lost_nor_taken_without_the_bad_ones(source, tmp_path, capsys):
    """All or nothing, and every refusal is told; with --skip-bad, those that are good."""
    folder = source(
        a=({}, None), b=({"tempo_bpm": 0}, None), c=({}, spoiled(np.nan)), d=({}, swaying(400))
    )
    good, refused = read_raw_clips(folder, ("open",))
    assert [clip.name for clip in good] == ["a", "d"]
    assert len(refused) == 2
    out = tmp_path / "out"
    argv = ["prepare", "--source", str(folder), "--out", str(out), "--music-minutes", "1"]
    assert posejockey.main(argv) == 2
    told = capsys.readouterr().err
    assert "2 of 4 clips are refused, and nothing was written" in told
    assert "'b': tempo_bpm" in told
    assert "'c': joints" in told
    assert not out.exists() or not list(out.iterdir())
    assert [clip.name for clip in read_clips(folder, ("open",), skip_bad=True)] == ["a", "d"]


def test_nothing_is_left_of_what_was_interrupted_or_failed(source, tmp_path, monkeypatch):
    folder, out = source(a=({}, None)), tmp_path / "out"
    out.mkdir()
    (out / "motion.npz").write_bytes(b"of before")

    def interrupted(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr("model.data.prepare.write_music", interrupted)
    with pytest.raises(KeyboardInterrupt):
        prepare(folder, out, ("open",), 1.0, seed=1)
    assert [path.name for path in out.iterdir()] == ["motion.npz"]
    assert (out / "motion.npz").read_bytes() == b"of before"


def test_the_source_is_never_written_over(source):
    folder = source(a=({}, None))
    for out in (folder, folder / "motion", folder / "motion" / ".."):
        with pytest.raises(ArtifactError, match="overwrite"):
            prepare(folder, out, ("open",), 1.0, seed=1)


def test_the_canonical_body_itself_is_plausible():
    assert JOINT["head"] == 4
    check_joints("a", swaying())
    check_joints("a", swaying().astype(np.float64))
