"""The clips of a lesson: which are meant, and what is said of those that will not do."""

import json
from dataclasses import replace

import numpy as np
import pytest

from live.body.skeleton import JOINT, N_JOINTS
from live.errors import ArtifactError, ConfigError
from model.learning.material import (
    check_name,
    is_prepared,
    on_the_floor,
    read_material,
    summary_of,
    write_data,
)
from tests.helpers.training import stepping


@pytest.fixture
def clips(tmp_path):
    """A function (style of each clip, seconds) -> the folder of clips."""

    def make(*styles, seconds=14.0, **fields):
        (tmp_path / "motion").mkdir()
        index = {}
        for i, style in enumerate(styles):
            np.savez(
                tmp_path / "motion" / f"c{i}.npz",
                joints=stepping(100 + 10 * i, 0.2, seconds).astype(np.float32),
            )
            index[f"c{i}"] = {"style": style, "tier": "share"} | fields
        (tmp_path / "index.json").write_text(json.dumps(index))
        return tmp_path

    return make


def test_the_clips_of_the_name_are_taken_or_all_of_the_only_style(clips):
    folder = clips("mine", "mine", "other")
    found = read_material(folder, "mine")
    assert [c.name for c in found.clips] == ["c0", "c1"]
    assert found.tiers == ("share",)
    assert {c.style for c in found.clips} == {"mine"}
    with pytest.raises(ArtifactError, match="clips of mine, other, but none of 'yours'"):
        read_material(folder, "yours")


def test_clips_of_one_other_name_are_meant(clips):
    found = read_material(clips("capture", "capture", metre=3), "yours")
    assert {c.style for c in found.clips} == {"yours"}
    assert found.metre == 3
    assert summary_of(found, "yours")["motion_minutes"] == pytest.approx(0.5, abs=0.1)


def test_what_will_not_do_is_one_sentence(clips, tmp_path):
    with pytest.raises(ArtifactError, match="is not a folder"):
        read_material(tmp_path / "none", "mine")
    with pytest.raises(ArtifactError, match=r"holds no index.json.*posejockey capture"):
        read_material(tmp_path, "mine")
    with pytest.raises(ArtifactError, match=r"last 8 s; a style needs 20 s at least"):
        read_material(clips("mine", seconds=8.0), "mine")
    (tmp_path / "index.json").write_text("{}")
    with pytest.raises(ArtifactError, match="lists no clip"):
        read_material(tmp_path, "mine")
    for name in ("auto", "Mine", "a,b", "", "x" * 40):
        with pytest.raises(ConfigError, match="cannot be a style's name"):
            check_name(name)


def test_a_hold_that_is_not_symmetric_is_not_mirrored(clips):
    found = read_material(clips("mine", "mine"), "mine")
    assert not found.is_handed
    held = []
    for clip in found.clips:
        pose = clip.pose.copy()
        pose[:, 3 * JOINT["l_wrist"] + 1] += 0.5
        held.append(replace(clip, pose=pose))
    assert replace(found, clips=held).is_handed


def test_a_floor_that_drifts_is_levelled_and_a_jump_stays(clips):
    (clip,) = read_material(clips("mine", seconds=24.0), "mine").clips
    heights = slice(1, N_JOINTS * 3, 3)
    slope = np.linspace(0.0, 0.4, len(clip.pose))
    slope[300:312] += 0.3  # a jump of .4 s
    drifting = clip.pose.copy()
    drifting[:, heights] += slope[:, None]
    level = on_the_floor(replace(clip, pose=drifting)).pose - clip.pose
    calm = np.r_[60:290, 322 : len(slope) - 60]
    assert np.abs(level[calm][:, heights]).max() < 0.03
    assert level[306, 1] > 0.25
    assert on_the_floor(clip) is clip


@pytest.mark.usefixtures("short_songs")
def test_prepared_data_is_known_again_by_its_clips(clips, tmp_path):
    folder = clips("mine", "mine", metre=3)
    found, out = read_material(folder, "mine"), tmp_path / "data"
    assert not is_prepared(out, found)
    write_data(found, "mine", ("salsa",), out)
    assert is_prepared(out, found)
    assert not is_prepared(out, replace(found, key="other"))
    genres = set(np.load(out / "music.npz")["genre"])
    assert genres == {"waltz", "salsa"}  # what it is danced to, in three; and what it is not
    np.testing.assert_array_equal(np.load(out / "motion.npz")["metre"], 3)


@pytest.mark.usefixtures("short_songs")
def test_the_song_of_a_clip_is_learned_with_on_the_clips_beats(clips, write_recording):
    folder = clips("mine", "mine", tempo_bpm=120.0, beat_phase_at_frame0=0.5, song="songs/a.ogg",
                   song_start_s=-1.0)  # fmt: skip
    (folder / "songs").mkdir()
    write_recording(folder / "songs" / "a.ogg", np.full(24_000 * 20, 0.1, np.float32))
    write_data(read_material(folder, "mine"), "mine", (), folder / "data")
    music = np.load(folder / "data" / "music.npz")
    start = music["start"]
    first = int(np.flatnonzero(np.diff(start) > 6.5 * 30)[0])  # rendered ones have 6 s
    beat, tempo = (music[n][start[first] : start[first + 1]] for n in ("beat", "tempo_bpm"))
    assert len(beat) == pytest.approx(20 * 30, abs=3)
    motion = np.load(folder / "data" / "motion.npz")
    # The song begins a second after the clip.
    assert (motion["song"][0], motion["song_at"][0]) == (first, 31)
    assert tempo.mean() == pytest.approx(120.0, abs=0.1)
    assert (beat[29] - (0.5 + 2 * (1.0 + 1.0))) % 1 == pytest.approx(0.0, abs=0.05)


@pytest.fixture
def short_songs(monkeypatch):
    monkeypatch.setattr("model.learning.material._MUSIC_MINUTES", 0.1)
    monkeypatch.setattr("model.learning.material._OTHER_MINUTES", 0.1)
    monkeypatch.setattr("model.learning.material._SONG_S", 6.0)
