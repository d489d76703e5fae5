"""What is before and after a dance is not learned: clips begin and end with people who wait."""

import json

import numpy as np
import pytest

from live.body.pose import FRAME_RATE
from live.body.skeleton import REST_POSE
from model.data.prepare import read_clips
from model.data.waiting import danced
from tests.helpers.training import stepping

TEMPO_BPM = 120.0


def standing(seconds):
    return np.repeat(REST_POSE[None], round(seconds * FRAME_RATE), axis=0)


@pytest.mark.parametrize(("before_s", "after_s"), [(0.0, 0.0), (2.0, 0.0), (0.0, 3.0), (1.0, 2.0)])
def test_the_waiting_at_both_ends_is_left_out_but_a_moment(before_s, after_s):
    dance = stepping(TEMPO_BPM, 0.0, seconds=8.0)
    joints = np.concatenate([standing(before_s), dance, standing(after_s)])
    frames = danced(joints)
    begin, end = frames.start / FRAME_RATE, (len(joints) - frames.stop) / FRAME_RATE
    assert begin == pytest.approx(max(before_s - 0.3, 0.0), abs=0.15)
    assert end == pytest.approx(max(after_s - 0.3, 0.0), abs=0.15)


def test_who_steps_into_place_and_waits_there_waits():
    dance = stepping(TEMPO_BPM, 0.0, seconds=8.0)
    frames = danced(np.concatenate([dance[:8], standing(2.0), dance]))
    assert frames.start / FRAME_RATE > 1.5


def test_a_pose_held_in_the_middle_stays():
    dance = stepping(TEMPO_BPM, 0.0, seconds=8.0)
    joints = np.concatenate([dance, standing(2.0), dance])
    assert danced(joints) == slice(0, len(joints))


def test_so_much_is_left_that_a_window_of_training_fits():
    joints = np.concatenate([standing(3.0), stepping(TEMPO_BPM, 0.0, seconds=2.0)])
    assert danced(joints) == slice(0, len(joints))


def test_the_beats_and_the_song_stay_where_they_are(tmp_path):
    waited_s = 2.0
    joints = np.concatenate([standing(waited_s), stepping(TEMPO_BPM, 0.0, seconds=8.0)])
    (tmp_path / "motion").mkdir()
    (tmp_path / "songs").mkdir()
    (tmp_path / "songs" / "one.wav").touch()
    np.savez(tmp_path / "motion" / "one.npz", joints=joints.astype(np.float32))
    entry = {
        "tier": "open", "style": "mine", "tempo_bpm": TEMPO_BPM, "beat_phase_at_frame0": 0.5,
        "song": "songs/one.wav", "song_start_s": 10.0,
    }  # fmt: skip
    (tmp_path / "index.json").write_text(json.dumps({"one": entry}), encoding="utf-8")
    (clip,) = read_clips(tmp_path, ("open",))
    left_out_s = (len(joints) - len(clip.pose)) / FRAME_RATE
    assert left_out_s > 1.0
    assert clip.phase == pytest.approx(0.5 + left_out_s * TEMPO_BPM / 60)
    assert clip.song_start_s == pytest.approx(10.0 + left_out_s)
