"""True pairs: a clip and the very song that it was danced to."""

import json

import numpy as np
import pytest
import soundfile

from live.audio.features import SAMPLE_RATE
from live.errors import ArtifactError
from model.data.music.render import render_song
from model.data.music.song import random_song
from model.data.own_songs import beats_file, beats_text, own_songs
from model.data.prepare import read_clips, write_motion, write_music
from model.data.windows import PairedWindows
from model.network.config import TrainConfig
from tests.model.data.test_motion_beats import stepping

START_S = 3.0


@pytest.fixture(scope="module")
def song():
    return render_song(
        random_song(np.random.default_rng(5), genre="house", duration_s=30), SAMPLE_RATE
    )


@pytest.fixture
def source(tmp_path, song):
    """A clip that was danced from 3 s of a song on."""
    (tmp_path / "motion").mkdir()
    (tmp_path / "songs").mkdir()
    soundfile.write(tmp_path / "songs" / "house.flac", song.audio, SAMPLE_RATE)
    np.savez(tmp_path / "motion" / "a.npz", joints=stepping(song.tempo_bpm[0], 0.2, frames=700))
    entry = {"style": "mine", "tier": "open", "song": "songs/house.flac", "song_start_s": START_S}
    (tmp_path / "index.json").write_text(json.dumps({"a": entry}))
    return tmp_path


def write_beats(source, song):
    places = np.isin(song.beats_s, song.downbeats_s).astype(int)
    numbers = np.arange(len(places)) - int(places.argmax())
    path = beats_file(source / "songs" / "house.flac")
    path.write_text(beats_text(song.beats_s, numbers % song.metre))
    return path


def test_beats_of_a_song_are_heard_or_read_from_the_file_beside_it(source, song):
    clips = read_clips(source, ("open",))
    ((heard, audio),) = own_songs(clips)
    assert len(audio) == len(song.audio)
    inside = song.beats_s[(song.beats_s > 1) & (song.beats_s < 29)]
    apart = np.abs(heard.beats_s[:, None] - inside).min(axis=0)
    assert np.median(apart) < 0.03
    assert (apart < 0.07).mean() > 0.9
    downbeats = song.downbeats_s[(song.downbeats_s > 1) & (song.downbeats_s < 29)]
    assert (np.abs(heard.downbeats_s[:, None] - downbeats).min(axis=0) < 0.07).mean() > 0.9
    write_beats(source, song)
    ((read, _),) = own_songs(clips)
    np.testing.assert_allclose(read.beats_s, song.beats_s, atol=1e-4)


@pytest.mark.parametrize("text", ["", "1 0\n2 1\n", "a b\n" * 9, "1.0 0\n" * 9, "1 1\n2 1\n" * 9])
def test_beats_that_are_none_are_told(source, text):
    beats_file(source / "songs" / "house.flac").write_text(text)
    with pytest.raises(ArtifactError, match="is no list of beats"):
        own_songs(read_clips(source, ("open",)))


def test_windows_hold_what_was_danced_to_the_song_where_it_was_danced(source, song, tmp_path):
    write_beats(source, song)
    clips = read_clips(source, ("open",))
    own = own_songs(clips)
    out = tmp_path / "out"
    out.mkdir()
    write_motion(clips, out / "motion.npz", [s.path for s, _ in own])
    assert write_music([*own, (song, song.audio)], out / "music.npz") == 2
    windows = PairedWindows(out, TrainConfig(batch=24, dancers=1, window=60, context=20))
    batch = windows.batch(np.random.default_rng(0))
    beats = windows.music["beat"][: windows.music["start"][1]]
    pose = windows.motion["pose"]
    exact = 0
    for features, danced in zip(batch.features, batch.pose, strict=True):
        end = features[-1].astype(np.float16)
        at = np.flatnonzero((windows.music["features"][: len(beats)] == end).all(axis=1))
        # The frame of the song that ends k / 30 s after its beginning is frame k - 90 of the clip.
        for lag in (1, 2, 3):
            frame = at + lag + 1 - round(30 * START_S)
            if len(frame) == 1 and 0 <= frame[0] < len(pose):
                exact += bool(np.allclose(danced[-1, :57], pose[frame[0], :57], atol=1e-4))
    assert exact >= 1  # of 16: others are mirrored, or to the other song
