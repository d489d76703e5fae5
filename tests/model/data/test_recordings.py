"""Beat grids of what carries none: pulses, and recordings of dance music."""

import numpy as np
import pytest

from live.audio.features import SAMPLE_RATE
from live.errors import ArtifactError
from model.data.beat_grid import fit_grid
from model.data.music.render import render_song
from model.data.music.song import SongConfig
from model.data.recordings import (
    check_recordings,
    fit_recording,
    held_out_recordings,
    read_recordings,
    training_recordings,
)


@pytest.mark.parametrize(("tempo_bpm", "phase"), [(91.3, 0.25), (127.0, 0.9)])
def test_a_pulse_train_has_its_own_grid(tempo_bpm, phase):
    rng = np.random.default_rng(4)
    beats = phase + np.arange(30 * 120) / 120 * tempo_bpm / 60
    envelope = np.maximum(np.cos(2 * np.pi * beats), 0) ** 8 + 0.3 * rng.normal(size=len(beats))
    grid = fit_grid(envelope - envelope.mean(), 120.0, 80.0, 140.0)
    assert abs(grid.tempo_bpm - tempo_bpm) < 0.2
    assert abs((grid.phase - phase + 0.5) % 1 - 0.5) < 0.06
    assert grid.consistency > 0.95


def test_noise_has_no_grid_to_trust():
    rng = np.random.default_rng(5)
    grids = [fit_grid(rng.normal(size=3600), 120.0, 80.0, 140.0) for _ in range(5)]
    assert all(g.strength < 0.2 for g in grids)
    assert min(g.consistency for g in grids) < 0.95


def test_the_grid_of_a_long_recording_does_not_drift():
    beats = np.arange(240 * 120) / 120 * 117.012 / 60
    grid = fit_grid(np.cos(2 * np.pi * beats), 120.0, 80.0, 140.0)
    assert abs(grid.tempo_bpm - 117.012) * 240 / 60 < 0.02  # of a beat, after four minutes


def test_a_recordings_beats_are_where_those_of_the_music_are():
    song = render_song(SongConfig("tango", 126.0, 40.0, seed=4), SAMPLE_RATE)
    track = fit_recording("tango", song.audio, "tango", 114.0, 136.0)
    inside = track.beats_s[(track.beats_s > 1) & (track.beats_s < 39)]
    off = inside - song.beats_s[np.abs(song.beats_s[:, None] - inside).argmin(axis=0)]
    assert abs(np.median(off)) < 0.015


def test_a_recordings_beats_are_where_its_clicks_are(click_track):
    track = fit_recording("clicks", click_track(122.0, 20.0, SAMPLE_RATE), "chacha", 110.0, 134.0)
    clicks = np.arange(0.0, 20.0, 60 / 122)
    off = np.abs(track.beats_s[:, None] - clicks).min(axis=1)
    assert off.max() < 0.03
    assert abs(len(track.beats_s) - len(clicks)) <= 1
    assert track.is_trusted


def test_recordings_are_trained_on_or_held_out_and_never_both(
    click_track, write_recording, tmp_path
):
    for number in range(10):
        audio = click_track(112.0 + 2 * number, 12.0, SAMPLE_RATE)
        write_recording(tmp_path / f"ballroom_C_{number}.ogg", audio)
    write_recording(tmp_path / "voice_over.ogg", np.zeros(SAMPLE_RATE, np.float32))
    trained = {track.name for track, _ in training_recordings(tmp_path, seed=1)}
    held = {track.name for track, _ in held_out_recordings(tmp_path, trained_on=True)}
    unheard = held_out_recordings(tmp_path, trained_on=False)
    assert len(held) == 2
    assert trained.isdisjoint(held)
    assert trained | held == {track.name for track, _ in unheard}
    assert len(unheard) == 10
    tempi = [track.tempo_bpm for track, _ in unheard]
    np.testing.assert_allclose(tempi, 112.0 + 2 * np.arange(10), atol=0.2)


@pytest.mark.parametrize(
    ("content", "why"),
    [("text", "cannot read the sound of .*_1.ogg.*; take it out"), ("short", "9.0 s of sound")],
)
def test_a_recording_that_does_not_do_is_named(
    click_track, write_recording, tmp_path, content, why
):
    path = tmp_path / "ballroom_C_1.ogg"
    if content == "text":
        path.write_text("no sound")
        with pytest.raises(ArtifactError, match=why):
            check_recordings(tmp_path)
    else:
        write_recording(path, click_track(120.0, 9.0, SAMPLE_RATE))
        check_recordings(tmp_path)
    with pytest.raises(ArtifactError, match=why):
        next(read_recordings(tmp_path))


def test_a_folder_without_recordings_is_said_so(tmp_path):
    with pytest.raises(ArtifactError, match="holds no recording to judge by"):
        held_out_recordings(tmp_path, trained_on=False)
