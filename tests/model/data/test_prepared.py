"""Prepared data read back: damage is told, and so is a run that could never begin."""

from dataclasses import replace

import numpy as np
import pytest

from live.errors import ArtifactError
from model.data.prepared import check_windows, read_motion, read_music, read_summary
from model.data.windows import PairedWindows
from model.network.config import TrainConfig

CONFIG = TrainConfig()


@pytest.fixture
def folder(tmp_path):
    """A function (clip lengths in frames, song tempi) that lays out prepared data."""

    def make(lengths=(600, 600), tempi=(118.0, 124.0), song_frames=900, tempo_bpm=120.0):
        rng = np.random.default_rng(0)
        start = np.concatenate([[0], np.cumsum(lengths)])
        np.savez(
            tmp_path / "motion.npz",
            pose=rng.normal(size=(start[-1], 60)).astype(np.float32),
            control=np.zeros((start[-1], 4), np.float32),
            start=start,
            split=start[:-1] + (np.array(lengths) * 0.88).astype(int),
            style=np.arange(len(lengths)) % 2,
            tempo_bpm=np.full(len(lengths), tempo_bpm),
            phase=np.zeros(len(lengths)),
            styles=np.array(["salsa", "street"]),
            names=np.array([f"clip{i}" for i in range(len(lengths))]),
        )
        frames = np.arange(song_frames)
        np.savez(
            tmp_path / "music.npz",
            features=np.zeros((song_frames * len(tempi), 83), np.float16),
            beat=np.concatenate([frames / 30 * tempo / 60 for tempo in tempi]),
            tempo_bpm=np.repeat(np.array(tempi), song_frames),
            start=np.arange(len(tempi) + 1) * song_frames,
            genre=np.array([("salsa", "house")[i % 2] for i in range(len(tempi))]),
        )
        (tmp_path / "prepared.json").write_text('{"styles": ["salsa", "street"]}', encoding="utf-8")
        return tmp_path

    return make


def check(folder, config=CONFIG):
    check_windows(folder, read_motion(folder), read_music(folder), config)


def test_what_can_be_drawn_is_drawn(folder):
    config = replace(CONFIG, batch=4, dancers=2)
    batch = PairedWindows(folder(), config).batch(np.random.default_rng(0))
    assert batch.pose.shape == (4, config.window + 1, 60)


def test_clips_too_short_for_a_window_are_told_before_any_is_drawn(folder):
    """This went on for ever, without a word."""
    with pytest.raises(
        ArtifactError, match=r"no clip of salsa.* 'clip0', has 3.0 s, of which 2.6 s"
    ):
        PairedWindows(folder((90, 90)), CONFIG)


def test_a_style_without_a_long_enough_clip_is_named(folder):
    with pytest.raises(ArtifactError, match="no clip of street is long enough"):
        check(folder((600, 90, 600)))
    check(folder((600, 90, 600, 600)))
    check(folder((90, 90)), replace(CONFIG, window=30))


def test_the_length_that_is_asked_for_is_enough(folder):
    with pytest.raises(ArtifactError) as refused:
        check(folder((100, 100)))
    needed_s = int(str(refused.value).split("need clips of ")[1].split(" s")[0])
    check(folder((needed_s * 30 + 15,) * 2))


def test_music_that_no_clip_can_follow_is_told(folder):
    with pytest.raises(ArtifactError, match="bent to music of"):
        check(folder(tempi=(118.0, 30.0)), replace(CONFIG, speed_low=0.99, speed_high=1.1))


def test_songs_too_short_or_missing_for_a_style_are_told(folder):
    with pytest.raises(ArtifactError, match=r"a song has 5.0 s"):
        check(folder(song_frames=150))
    with pytest.raises(ArtifactError, match="no song to dance street to"):
        check(folder(tempi=(118.0,)))


@pytest.mark.parametrize("name", ["motion.npz", "music.npz"])
def test_damage_is_told_by_the_name_of_the_array(folder, name):
    read = read_motion if name == "motion.npz" else read_music
    path = folder() / name
    arrays = dict(np.load(path))
    for key, array in arrays.items():
        for bad in (array[:-1], np.zeros((3, 3), bool), np.array(3)):
            np.savez(path, **arrays | {key: bad})
            with pytest.raises(ArtifactError):
                read(path.parent)
        np.savez(path, **{k: a for k, a in arrays.items() if k != key})
        with pytest.raises(ArtifactError, match=f"'{key}'"):
            read(path.parent)
        if array.dtype.kind == "f":
            np.savez(path, **arrays | {key: np.full_like(array, np.nan)})
            with pytest.raises(ArtifactError, match=f"'{key}' makes no sense"):
                read(path.parent)
    path.unlink()
    with pytest.raises(ArtifactError, match="run `posejockey prepare` first"):
        read(path.parent)


def test_more_styles_than_a_stage_can_name_are_told_before_they_are_learned(folder):
    path = folder() / "motion.npz"
    arrays = dict(np.load(path))
    np.savez(path, **arrays | {"styles": np.array([f"style {n}" for n in range(91)])})
    with pytest.raises(ArtifactError, match=r"91 styles; a bundle of poses has room for \d+"):
        check(path.parent)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"styles": ["salsa"]}'])
def test_a_summary_that_is_none_or_of_other_clips_is_told(folder, text):
    path = folder()
    assert read_summary(path, ("salsa", "street"))["styles"] == ["salsa", "street"]
    (path / "prepared.json").write_text(text, encoding="utf-8")
    with pytest.raises(ArtifactError, match=r"prepared\.json"):
        read_summary(path, ("salsa", "street"))
