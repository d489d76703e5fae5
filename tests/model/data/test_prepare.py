"""Clips and music become training data: one body, controls, the beat of every frame."""

import json

import numpy as np
import pytest

from live.audio.features import ONSET, SAMPLE_RATE, extract
from live.body.pose import FRAME_RATE, POSE_DIM, encode
from live.body.skeleton import BONE_LENGTHS, JOINT, PARENTS, REST_POSE
from live.errors import ArtifactError
from model.data.music.song import Song
from model.data.prepare import (
    Clip,
    beat_position,
    canonical,
    control_curves,
    motion_grid,
    prepare,
    read_clips,
    standardised,
    write_music,
)
from model.data.windows import PairedWindows
from tests.helpers.training import TINY, shaky_child, stepping


def test_music_frames_know_their_beat(click_track, tmp_path):
    beats_s = np.arange(0.0, 6.0, 0.5)
    song = Song(
        audio=click_track(120.0, 6.0, SAMPLE_RATE),
        sample_rate=SAMPLE_RATE,
        beats_s=beats_s,
        downbeats_s=beats_s[2::4],
        tempo_bpm=np.full(12, 120.0),
        metre=4,
        genre="house",
        sections=(),
    )
    write_music(iter([(song, song.audio)] * 2), tmp_path / "music.npz")
    data = np.load(tmp_path / "music.npz")
    frames = len(extract(song.audio, SAMPLE_RATE))
    np.testing.assert_array_equal(data["start"], [0, frames, 2 * frames])
    beat = data["beat"][frames:]
    np.testing.assert_allclose(beat, (np.arange(1, frames + 1) / FRAME_RATE - 1.0) * 2, atol=1e-9)
    np.testing.assert_allclose(data["tempo_bpm"][frames + 1 : -1], 120.0, atol=1e-6)
    # A click sounds in the first frame that ends after its beat.
    onset = data["features"][frames:, ONSET].max(axis=1)
    first = np.flatnonzero(np.diff(np.ceil(beat - 1e-9))) + 1
    assert onset[first].min() > 0.5
    assert onset[(first[:-1] + first[1:]) // 2].max() < 0.1


def test_beats_go_on_before_the_first_and_after_the_last():
    beats_s = np.array([1.0, 1.5, 2.0, 3.0])
    position = beat_position(np.array([0.5, 1.0, 1.25, 2.5, 4.0]), beats_s, np.array([1.5]))
    np.testing.assert_allclose(position, [-2.0, -1.0, -0.5, 1.5, 3.0])


def test_any_body_becomes_the_one_body_with_its_feet_on_the_floor():
    body = canonical(shaky_child())
    lengths = np.linalg.norm(body[:, 1:] - body[:, PARENTS[1:]], axis=-1)
    np.testing.assert_allclose(lengths, np.tile(BONE_LENGTHS[1:], (60, 1)), atol=1e-5)
    toes = body[:, [JOINT["l_toe"], JOINT["r_toe"]], 1]
    assert abs(np.median(toes.min(axis=1))) < 0.03


def test_a_bigger_dance_has_bigger_controls():
    t = np.arange(120) / FRAME_RATE
    curves = []
    for size in (1.0, 2.0):
        joints = np.repeat(REST_POSE[None], 120, axis=0)
        for wrist, side in ((JOINT["l_wrist"], 1), (JOINT["r_wrist"], -1)):
            joints[:, wrist, 0] += side * size * (0.2 + 0.1 * np.sin(2 * np.pi * 2 * t))
        joints[..., 2] += 0.2 * size * t[:, None]
        curves.append(control_curves(encode(joints)))
    middle = slice(40, 80)
    assert (curves[1][middle, :3] > curves[0][middle, :3] + 0.03).all()
    assert (curves[0][:, 3] == 0).all()


def test_a_style_of_ones_own_can_be_prepared_and_paired(tmp_path):
    (tmp_path / "motion").mkdir()
    np.savez(tmp_path / "motion" / "one.npz", joints=stepping(120.0, 0.0, seconds=12.0))
    entry = {"tier": "open", "style": "my-style", "tempo_bpm": 120.0, "beat_phase_at_frame0": 0.0}
    (tmp_path / "index.json").write_text(json.dumps({"one": entry}), encoding="utf-8")
    summary = prepare(tmp_path, tmp_path / "out", ("open",), 1.0, seed=1)
    assert summary["styles"] == ["my-style"]
    batch = PairedWindows(tmp_path / "out", TINY).batch(np.random.default_rng(0))
    assert (batch.style == 1).all()


def test_controls_are_relative_to_their_style():
    def clip(name, style, level):
        curve = np.full((10, 4), level, np.float32)
        return Clip(name, style, np.zeros((10, POSE_DIM), np.float32), curve, 100.0, 0.0)

    clips = standardised(
        [clip("a", "street", 1.0), clip("b", "street", 2.0), clip("c", "salsa", 9)]
    )
    np.testing.assert_allclose(clips[0].control[0], [-1.0, -10.0, -1.0, -0.5], rtol=1e-5)
    np.testing.assert_allclose(clips[1].control, -clips[0].control, rtol=1e-5)
    assert not clips[2].control.any()


def test_clips_are_read_by_tier_with_the_grid_of_the_index(tmp_path):
    (tmp_path / "motion").mkdir()
    index = {}
    for name, tier, tempo in (("one", "open", 180.0), ("two", "research", 120.0)):
        np.savez(tmp_path / "motion" / f"{name}.npz", joints=shaky_child(seed=int(tempo)))
        index[name] = {
            "tier": tier, "style": "street", "tempo_bpm": tempo, "beat_phase_at_frame0": 3.0,
        }  # fmt: skip
    (tmp_path / "index.json").write_text(json.dumps(index), encoding="utf-8")
    (clip,) = read_clips(tmp_path, ("open",))
    assert (clip.name, clip.tempo_bpm, clip.phase) == ("one", 180.0, 3.0)
    assert [c.name for c in read_clips(tmp_path, ("open", "research"))] == ["one", "two"]
    with pytest.raises(ArtifactError, match="no clip of tier share"):
        read_clips(tmp_path, ("share",))
    with pytest.raises(ArtifactError, match=r"no index\.json"):
        read_clips(tmp_path / "motion", ("open",))


def test_salsa_is_read_at_the_tempo_it_is_stepped(tmp_path):
    (tmp_path / "motion").mkdir()
    joints = stepping(171.0, 0.3)
    np.savez(tmp_path / "motion" / "one.npz", joints=joints)
    entry = {"tier": "open", "style": "salsa", "tempo_bpm": 114.0, "beat_phase_at_frame0": 0.0}
    (tmp_path / "index.json").write_text(json.dumps({"one": entry}), encoding="utf-8")
    (clip,) = read_clips(tmp_path, ("open",))
    assert abs(clip.tempo_bpm - 171.0) < 1.0
    assert motion_grid(encode(joints), 155.0, 195.0).consistency > 0.95
