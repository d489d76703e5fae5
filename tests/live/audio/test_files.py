"""Sound files: every format and rate, and every way in which one can be broken."""

import numpy as np
import pytest

from live.audio.files import read_audio
from live.audio.playback import FileSource
from live.errors import ArtifactError
from tests.helpers.sound_files import RATE, hear_all, noise, write


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.mp3", "a.aiff", "a.au"])
def test_every_format_is_read(tmp_path, name):
    t = np.arange(RATE) / RATE
    tone = (0.5 * np.sin(2 * np.pi * 440 * t)).astype(np.float32)
    audio, rate = read_audio(write(tmp_path / name, tone))
    assert rate == RATE
    assert audio.dtype == np.float32
    assert abs(len(audio) - RATE) < 3000  # mp3 pads
    middle = audio[len(audio) // 4 : len(audio) // 2]
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(0.5 / np.sqrt(2), rel=0.02)


@pytest.mark.parametrize("rate", [8_000, 11_025, 44_100, 96_000, 192_000])
def test_every_rate_is_kept(tmp_path, rate):
    audio = noise(0.1, rate=rate)
    read, read_rate = read_audio(write(tmp_path / "a.wav", audio, rate, subtype="FLOAT"))
    assert read_rate == rate
    np.testing.assert_array_equal(read, audio[:, 0])


def test_stereo_is_averaged_and_more_channels_are_not_buried(tmp_path):
    stereo = noise(0.1, 2)
    read, _ = read_audio(write(tmp_path / "2.wav", stereo, subtype="FLOAT"))
    np.testing.assert_allclose(read, stereo.mean(axis=1), atol=1e-7)
    surround = np.zeros((RATE // 10, 6), np.float32)
    surround[:, 4] = noise(0.1)[:, 0]
    read, _ = read_audio(write(tmp_path / "6.wav", surround, subtype="FLOAT"))
    np.testing.assert_allclose(read, surround[:, 4] / 2, atol=1e-7)


def test_numbers_that_are_none_count_as_silence(tmp_path):
    audio = noise(0.1, 2)
    audio[100:200] = np.nan
    audio[200:300] = np.inf
    path = write(tmp_path / "a.wav", audio, subtype="FLOAT")
    assert not read_audio(path)[0][100:300].any()
    heard = hear_all(FileSource(path, play=False))
    np.testing.assert_array_equal(heard, read_audio(path)[0])


def test_a_file_that_was_cut_off_is_read_as_far_as_it_goes(tmp_path):
    path = write(tmp_path / "a.wav", noise(1.0), subtype="PCM_16")
    path.write_bytes(path.read_bytes()[: 44 + 2 * 10_000])
    assert len(read_audio(path)[0]) == 10_000
    assert len(hear_all(FileSource(path, play=False))) == 10_000


def not_there(folder):
    return folder / "song.wav"


def a_folder(folder):
    return folder


def empty(folder):
    (folder / "song.wav").touch()
    return folder / "song.wav"


def no_samples(folder):
    return write(folder / "song.wav", np.zeros((0, 1)))


def not_audio(folder):
    (folder / "song.mp3").write_text("This is not music. " * 100)
    return folder / "song.mp3"


def headerless(folder):
    (folder / "song.raw").write_bytes(b"\0" * 1000)
    return folder / "song.raw"


def too_slow(folder):
    return write(folder / "song.wav", noise(1.0), 4_000)


def too_fast(folder):
    return write(folder / "song.wav", noise(0.1), 384_000)


@pytest.mark.parametrize("take", [read_audio, FileSource])
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (not_there, "no file"),
        (a_folder, "not a file"),
        (empty, "ffmpeg|holds no sound"),
        (no_samples, "holds no sound"),
        (not_audio, "ffmpeg"),
        (headerless, "ffmpeg"),
        (too_slow, "4000 Hz; convert"),
        (too_fast, "384000 Hz; convert"),
    ],
)
def test_a_bad_file_says_the_way_out(tmp_path, make, message, take):
    with pytest.raises(ArtifactError, match=message):
        take(make(tmp_path))
