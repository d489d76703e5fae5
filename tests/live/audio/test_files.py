"""Sound files: every format and rate, and every way in which one can be broken."""

import os
import struct
import sys

import numpy as np
import pytest
import soundfile

from live.audio import containers
from live.audio.files import AudioFile, read_audio
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
        (not_there, "cannot read .*song.wav"),
        (a_folder, "a folder, not a file"),
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


# Headers that lie -----------------------------------------------------------------------------


def tone(seconds=2.0, hz=220.0):
    t = np.arange(round(seconds * RATE)) / RATE
    return (0.4 * np.sin(2 * np.pi * hz * t) * (1 - t % 0.5)).astype(np.float32)


def written(folder, suffix, sound=None, **options):
    """The bytes of two seconds in a format; in pieces, for libsndfile cannot take them all."""
    sound = tone() if sound is None else sound
    path = folder / f"whole.{suffix}"
    with soundfile.SoundFile(path, "w", RATE, 1, **options) as file:
        for start in range(0, 2 * RATE, 2048):
            file.write(sound[start : start + 2048])
    return path.read_bytes()


def length_of(marker, order, value, offset=4):
    def change(content):
        at = content.index(marker) + offset
        return content[:at] + struct.pack(order, value) + content[at + 4 :]

    return change


def samples_of_flac(value):
    def change(content):
        high = (content[21] & 0xF0) | value >> 32
        return content[:21] + bytes([high]) + struct.pack(">I", value & 0xFFFFFFFF) + content[26:]

    return change


LIES = {
    "a killed recorder's wav": ("wav", length_of(b"data", "<I", 0)),
    "a wav that went on growing": ("wav", length_of(b"data", "<I", RATE)),
    "a wav cut off": ("wav", length_of(b"data", "<I", 1 << 30)),
    "a wav of unknown length": ("wav", length_of(b"data", "<I", 0xFFFFFFFF)),
    "an aiff that went on growing": ("aiff", length_of(b"SSND", ">I", RATE)),
    "a killed recorder's au": ("au", length_of(b".snd", ">I", 0, 8)),
    "a flac of unknown length": ("flac", samples_of_flac(0)),
    "a flac that promises too much": ("flac", samples_of_flac((1 << 36) - 1)),
}


@pytest.mark.parametrize("lie", LIES)
def test_all_that_a_file_holds_is_heard_whatever_its_header_says(tmp_path, lie):
    suffix, change = LIES[lie]
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(change(written(tmp_path, suffix)))
    audio, rate = read_audio(path)
    assert rate == RATE
    np.testing.assert_allclose(audio, tone(), atol=1e-4)


def test_chunks_after_the_sound_are_not_heard(tmp_path, caplog):
    path = tmp_path / "a.wav"
    chunk = b"LIST" + struct.pack("<I", 9000) + b"x" * 9000
    path.write_bytes(written(tmp_path, "wav") + chunk)
    np.testing.assert_allclose(read_audio(path)[0], tone(), atol=1e-4)
    assert not caplog.records


def test_a_download_that_was_cut_is_heard_as_far_as_it_goes(tmp_path):
    content = written(tmp_path, "flac")
    path = tmp_path / "a.flac"
    path.write_bytes(content[: len(content) // 2])
    audio, _ = read_audio(path)
    assert len(audio) > 0.3 * 2 * RATE
    np.testing.assert_allclose(audio, tone()[: len(audio)], atol=1e-4)
    np.testing.assert_array_equal(hear_all(FileSource(path, play=False)), audio)


JOINED = {
    "joined.wav": {"subtype": "PCM_16"},
    "of_24_bits.wav": {"subtype": "PCM_24"},
    "joined.aiff": {"subtype": "PCM_16"},
    "chained.ogg": {"format": "OGG", "subtype": "VORBIS"},
    "chained.opus": {"format": "OGG", "subtype": "OPUS"},
    "joined.mp3": {"format": "MP3"},
    "joined.flac": {"format": "FLAC"},
}


NEED_PYAV = ["chained.opus", "joined.mp3", "joined.flac"]


@pytest.mark.parametrize("name", JOINED)
def test_files_that_were_joined_are_heard_whole(tmp_path, name):
    pytest.importorskip("av", reason="PyAV is missing: pip install -e .[video]")
    path = tmp_path / name
    path.write_bytes(2 * written(tmp_path, name.split(".")[1], noise(2.0)[:, 0], **JOINED[name]))
    audio, _ = read_audio(path)
    assert len(audio) / RATE == pytest.approx(4.0, abs=0.15)
    for start in (0.5, 2.6):  # both halves sound
        part = audio[round(start * RATE) :][: RATE // 2]
        assert np.sqrt(np.mean(part**2)) == pytest.approx(0.5 / np.sqrt(3), rel=0.2)


@pytest.mark.parametrize("name", ["joined.wav", "of_24_bits.wav", "joined.aiff"])
def test_files_without_compression_that_were_joined_need_no_pyav(tmp_path, name, monkeypatch):
    monkeypatch.setattr(containers, "is_installed", lambda: False)
    path = tmp_path / name
    path.write_bytes(3 * written(tmp_path, path.suffix[1:], **JOINED[name]))
    np.testing.assert_allclose(read_audio(path)[0], np.tile(tone(), 3), atol=1e-4)


def test_videos_that_were_joined_are_heard_whole(tmp_path):
    path = with_pyav(tmp_path / "a.m4a", "aac")
    path.write_bytes(2 * path.read_bytes())
    audio, rate = read_audio(path)
    assert len(audio) / rate == pytest.approx(4.0, abs=0.2)


def test_what_was_joined_at_another_rate_is_left_out_with_a_sentence(tmp_path, caplog):
    write(tmp_path / "other.wav", tone(), 2 * RATE)
    path = tmp_path / "a.wav"
    path.write_bytes(written(tmp_path, "wav") + (tmp_path / "other.wav").read_bytes())
    np.testing.assert_allclose(read_audio(path)[0], tone(), atol=1e-4)
    assert f"left out: it has {2 * RATE} Hz" in caplog.text


@pytest.mark.parametrize("name", NEED_PYAV)
def test_without_pyav_a_sentence_says_what_was_left_out(tmp_path, name, monkeypatch, caplog):
    monkeypatch.setattr(containers, "is_installed", lambda: False)
    path = tmp_path / name
    path.write_bytes(2 * written(tmp_path, name.split(".")[1], noise(2.0)[:, 0], **JOINED[name]))
    assert len(read_audio(path)[0]) / RATE == pytest.approx(2.0, abs=0.1)
    assert f"{name}: " in caplog.text
    assert "bytes are left out; pip install" in caplog.text


def test_an_mp3_is_heard_alike_in_whole_and_in_blocks(tmp_path):
    """Its frames lean on those before: a decoder that is moved after every block leaves holes."""
    path = write(tmp_path / "a.mp3", tone())
    whole, _ = soundfile.read(path, dtype="float32")
    audio, _ = read_audio(path)
    np.testing.assert_allclose(audio[: len(whole)], whole, atol=1e-4)


# What libsndfile does not read ----------------------------------------------------------------


def with_pyav(path, codec, picture=False):
    av = pytest.importorskip("av", reason="PyAV is missing: pip install -e .[video]")
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=48_000, layout="mono")
        if picture:
            video = container.add_stream("mpeg4", rate=10, width=64, height=64, pix_fmt="yuv420p")
            for grey in range(20):
                pixels = np.full((64, 64, 3), 10 * grey, np.uint8)
                container.mux(video.encode(av.VideoFrame.from_ndarray(pixels)))
            container.mux(video.encode(None))
        resampler = av.AudioResampler(stream.format.name, "mono", 48_000)
        sound = av.AudioFrame.from_ndarray(tone()[None], "fltp", "mono")
        sound.rate, sound.pts = 48_000, 0
        fifo = av.AudioFifo()
        for frame in resampler.resample(sound):
            fifo.write(frame)
        while frame := fifo.read(stream.frame_size or 1024):
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("name", "codec", "picture"),
    [
        ("a.m4a", "aac", False),
        ("a.aac", "aac", False),
        ("a.mp4", "aac", True),
        ("a.mkv", "libopus", True),
        ("a.webm", "libopus", False),
        ("a.ts", "aac", True),
    ],
)
def test_what_pyav_reads_is_heard(tmp_path, name, codec, picture):
    path = with_pyav(tmp_path / name, codec, picture)
    audio, rate = read_audio(path)
    assert len(audio) / rate == pytest.approx(2.0, abs=0.1)
    assert np.sqrt(np.mean(audio**2)) == pytest.approx(np.sqrt(np.mean(tone() ** 2)), rel=0.1)


def test_without_pyav_the_extra_that_reads_a_file_is_named(tmp_path, monkeypatch):
    path = with_pyav(tmp_path / "a.m4a", "aac")
    monkeypatch.setattr(containers, "is_installed", lambda: False)
    with pytest.raises(ArtifactError, match=r"cannot be read .*\[video\] reads it, or convert it"):
        read_audio(path)


@pytest.mark.parametrize("content", ["no container", "joined"])
def test_pyav_that_does_not_load_is_as_none(tmp_path, monkeypatch, caplog, content):
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "av.py").write_text("raise ImportError('libavcodec is missing')")
    monkeypatch.syspath_prepend(tmp_path / "broken")
    for name in [name for name in sys.modules if name.partition(".")[0] == "av"]:
        monkeypatch.delitem(sys.modules, name)
    path = tmp_path / "a.flac"
    if content == "joined":
        path.write_bytes(2 * written(tmp_path, "flac", noise(2.0)[:, 0]))
        assert len(read_audio(path)[0]) / RATE == pytest.approx(2.0, abs=0.1)
        assert "bytes are left out; pip install" in caplog.text
    else:
        path.write_bytes(b"no container")
        with pytest.raises(ArtifactError, match=r"\[video\] reads it, or convert it"):
            read_audio(path)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux allows any bytes in a name")
@pytest.mark.parametrize(
    "name",
    [b"caf\xe9.wav", b"-dash.wav", b" a b .wav", b"new\nline.wav", b"\x1b[2J.wav", b"a:b.wav"],
)
def test_any_name_the_system_allows_is_read_and_can_be_shown(tmp_path, name):
    path = tmp_path / os.fsdecode(name)
    path.write_bytes(written(tmp_path, "wav"))
    name = FileSource(path, play=False).name
    assert name.isprintable()
    assert name.encode("utf-8")
    np.testing.assert_allclose(read_audio(path)[0], tone(), atol=1e-4)


# Loops ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["wav", "flac"])
def test_a_loop_of_a_file_that_was_emptied_ends(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(written(tmp_path, suffix))
    blocks = AudioFile(path).blocks(loop=True)
    next(blocks)
    os.truncate(path, 0)
    # What was read ahead may still come; then it is over, and never an endless turn without sound.
    assert sum(len(block) for block in blocks) <= 2 * RATE


def test_a_loop_of_a_file_that_another_is_joined_to_goes_on(tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(written(tmp_path, "wav"))
    blocks = AudioFile(path).blocks(loop=True)
    next(blocks)
    with path.open("ab") as file:
        file.write(written(tmp_path, "wav"))
    heard = 0
    while heard < 10 * RATE:
        heard += len(next(blocks))


@pytest.mark.parametrize("name", ["none.flac", "none.ogg", "none.mp3", "none.wav"])
def test_a_file_of_no_samples_is_refused_and_no_library_complains(tmp_path, capfd, name):
    path = write(tmp_path / name, np.zeros(0), RATE)
    with pytest.raises(ArtifactError, match=r"cannot be read as audio|holds no sound"):
        read_audio(path)
    assert capfd.readouterr().err == ""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has files without a length")
def test_a_file_that_the_system_makes_up_is_refused(capfd):
    with pytest.raises(ArtifactError, match=r"cannot be read as audio|holds no sound"):
        read_audio("/proc/self/maps")
    assert "Traceback" not in capfd.readouterr().err


def test_a_file_that_goes_before_it_is_played_ends_the_show(tmp_path):
    source = FileSource(write(tmp_path / "a.wav", noise(0.1)), loop=True, play=False)
    (tmp_path / "a.wav").unlink()
    assert len(hear_all(source)) == 0
