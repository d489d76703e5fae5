"""Films: what was written is opened and decoded again: pictures, times, sound, transparency."""

import math
from pathlib import Path

import numpy as np
import pytest
import soundfile

from live.body.skeleton import REST_POSE
from live.errors import ArtifactError, ConfigError
from live.osc import encoding
from live.session.writer import SessionWriter
from tools import make_looks
from visuals.draw import looks
from visuals.draw.matte import cover_light, memory, straight, transparent
from visuals.draw.safety import luminance
from visuals.draw.surfaces import black, pygame
from visuals.feed.recorded import FileSound, Session, SessionSound, Take
from visuals.scene import palettes

av = pytest.importorskip("av")

from visuals.film import render  # noqa: E402
from visuals.film.writers import Pictures, open_writer  # noqa: E402

RATE = 16_000
SIZE = (320, 180)


@pytest.fixture
def tone(tmp_path):
    """A file of 2 s, silent but for a tone from 0.5 s to 1 s; left louder than right."""
    time_s = np.arange(2 * RATE) / RATE
    loud = (time_s >= 0.5) & (time_s < 1.0)
    wave = 0.5 * np.sin(2 * math.pi * 440 * time_s) * loud
    path = tmp_path / "tone.wav"
    soundfile.write(path, np.stack([wave, 0.25 * wave], axis=1), RATE)
    return path


def walk(time_s: float, dancers: int = 1) -> np.ndarray:
    """Joints [N, 19, 3]: everybody moves along x at 0.5 m/s, two metres apart."""
    shift = [[2.0 * d + 0.5 * time_s, 0, 0] for d in range(dancers)]
    return (REST_POSE[None] + np.array(shift)[:, None]).astype(np.float32)


@pytest.fixture
def take(tmp_path):
    """A take of 2 s with two dancers at 120 BPM."""
    time_s = np.arange(120) / 60
    beats = 2 * time_s
    path = tmp_path / "take.npz"
    np.savez(
        path,
        time_s=time_s,
        joints=np.stack([walk(t, 2) for t in time_s]),
        beat_phase=(beats % 1).astype(np.float32),
        bar_phase=(beats / 4 % 1).astype(np.float32),
        tempo_bpm=np.full(120, 120, np.float32),
        beat_confidence=np.ones(120, np.float32),
        level=np.full(120, 0.5, np.float32),
        onset=np.zeros((120, 3), np.float32),
        style=np.ones((120, 1), np.float32),
    )
    return path


def record(path, seconds=2.0, latency_ms=0.0, silent_s=(9.0, 9.0), from_s=0.0, played=()):
    """A session with one walking dancer, nothing sent between silent_s; a tone as in `tone`."""
    settings = {"sample_rate": RATE, "show": {"latency_ms": latency_ms}}
    writer = SessionWriter(path, settings)
    time_s = np.arange(round(seconds * RATE)) / RATE
    wave = 0.5 * np.sin(2 * math.pi * 440 * time_s) * ((time_s >= 0.5) & (time_s < 1.0))
    writer.audio(0, wave[: RATE // 4].astype(np.float32))
    writer.audio(RATE // 2, wave[RATE // 2 :].astype(np.float32))  # a block is missing between
    encoder = encoding.FrameEncoder(1, 1)
    health = encoding.HealthReport(60.0, 1.0, 2.0, 0, 0, 60.0, "dancing")
    for k in range(round(from_s * 60), round(seconds * 60)):
        t = k / 60
        if silent_s[0] <= t < silent_s[1]:
            continue
        frame = encoding.StageFrame(
            frame=k, sample=400 * k, joints=walk(t), heading=np.zeros(1, np.float32),
            beat=(2 * t % 1, t / 2 % 1, 120.0, 1.0), onset=np.zeros(3, np.float32), level=0.5,
            style=np.ones(1, np.float32),
        )  # fmt: skip
        for packet in encoder.encode(frame, health if k % 60 == 0 else None):
            writer.osc(frame.sample, packet)
    for time_s, name, value in played:
        writer.control(round(24_000 * time_s), name, value)
    writer.close()
    return path


def run(*arguments) -> int:
    return render.main([str(a) for a in arguments])


def decoded(path, decoder=None):
    """(pictures, their times in s) of a film; decoder: another than the file's own choice."""
    with av.open(str(path)) as file:
        stream = file.streams.video[0]
        codec = stream.codec_context
        if decoder:
            codec = av.CodecContext.create(decoder, "r")
            codec.extradata = stream.codec_context.extradata
        frames = [f for packet in file.demux(stream) for f in codec.decode(packet)]
        return frames, [float(f.pts * stream.time_base) for f in frames]


def heard(path) -> tuple[np.ndarray, int]:
    """(float [n, channels], rate) of a film's sound."""
    with av.open(str(path)) as file:
        stream = file.streams.audio[0]
        blocks = []
        for frame in file.decode(stream):
            data = frame.to_ndarray().astype(np.float64)
            if not frame.format.is_planar:
                data = data.reshape(-1, len(frame.layout.channels)).T
            if frame.format.name.startswith("s16"):
                data /= 32768
            blocks.append(data.T)
        return np.concatenate(blocks), stream.rate


def onset_s(sound: np.ndarray, rate: int) -> tuple[float, float]:
    """When the tone is first and last heard."""
    loud = np.flatnonzero(np.abs(sound[:, 0]) > 0.1)
    return loud[0] / rate, loud[-1] / rate


@pytest.mark.parametrize(
    ("suffix", "fps"), [(".mp4", 30), (".mp4", 60), (".mov", 30), (".webm", 60)]
)
def test_a_film_has_its_pictures_its_times_and_its_music(tmp_path, take, tone, suffix, fps):
    out = tmp_path / f"film{suffix}"
    assert run(take, "--music", tone, "-o", out, "--size", "160x90", "--fps", fps) == 0
    frames, times_s = decoded(out)
    assert len(frames) == round(119 / 60 * fps)
    assert (frames[0].width, frames[0].height) == (160, 90)
    np.testing.assert_allclose(times_s, np.arange(len(frames)) / fps, atol=0.001)
    sound, rate = heard(out)
    assert sound.shape[1] == 2
    np.testing.assert_allclose(onset_s(sound, rate), (0.5, 1.0), atol=0.03)
    assert np.abs(sound[:, 0]).max() == pytest.approx(4 * np.abs(sound[:, 1]).max(), rel=0.2)
    assert len(sound) / rate == pytest.approx(119 / 60, abs=0.07)  # whole AAC frames of 64 ms
    assert list(tmp_path.glob("*.partial")) == []


def test_dancers_are_where_they_are_at_that_moment(tmp_path, take):
    out = tmp_path / "film.mp4"
    run(take, "-o", out, "--size", "640x360", "--dancers", 1, "--start", 1.0, "--seconds", 0.5)
    frames, _ = decoded(out)
    assert len(frames) == 15
    shown = frames[0].to_ndarray(format="rgb24")
    # The camera follows the only dancer into the middle; the second one would stand beside.
    columns = np.flatnonzero(shown[60:300].max(axis=(0, 2)) > 150)
    assert columns.min() > 200
    assert columns.max() < 440
    with av.open(str(out)) as file:
        assert len(file.streams.audio) == 0


def test_colours_come_back_as_they_were_drawn(tmp_path):
    """A film says which colours its numbers mean; of old television's they would be off by 20."""
    out = tmp_path / "colours.mp4"
    drawn = [(200, 40, 120), (30, 180, 60), (20, 60, 220)]
    writer = open_writer(out, (64, 32), 30, False, None)
    for color in drawn:
        canvas = black((64, 32))
        canvas.fill(color)
        writer.picture(memory(canvas))
    writer.finish()
    frames, _ = decoded(out)
    for frame, color in zip(frames, drawn, strict=True):
        assert frame.colorspace == 1
        back = frame.reformat(format="rgb24", src_colorspace="itu709").to_ndarray()
        np.testing.assert_allclose(back[16, 32], color, atol=4)


@pytest.mark.parametrize(
    ("suffix", "decoder"), [(".mov", None), (".webm", "libvpx-vp9"), ("", None)]
)
def test_a_transparent_film_over_black_is_the_stage_without_its_floor(
    tmp_path, take, suffix, decoder
):
    out = tmp_path / f"film{suffix}"
    run(take, "-o", out, "--size", "320x180", "--transparent", "--seconds", 0.2)
    if suffix:
        frames, _ = decoded(out, decoder)
        pictures = [f.to_ndarray(format="rgba") for f in frames]
    else:
        pictures = [png(out / f"{k:05d}.png") for k in range(1, 7)]
        assert len(list(out.iterdir())) == 6
    assert len(pictures) == 6
    alpha = pictures[-1][..., 3]
    assert alpha[:20, :20].max() < 12  # the end of the glow
    assert alpha.max() == 255
    assert 0.02 < (alpha > 250).mean() < 0.3  # two bodies
    glow = (alpha > 5) & (alpha < 200)
    assert glow.mean() > 0.02
    # Straight, not premultiplied: faint light keeps its full colour.
    assert pictures[-1][glow][:, :3].max(axis=1).mean() > 200


def png(path) -> np.ndarray:
    """uint8 [height, width, 4], or 3 where the file has no transparency."""
    picture = pygame.image.load(path)
    channels = [*pygame.surfarray.array3d(picture).T]
    if picture.get_masks()[3]:
        channels.append(pygame.surfarray.array_alpha(picture).T)
    return np.stack(channels, axis=-1)


def test_light_covers_as_much_as_it_shines_and_ink_covers_all():
    canvas = transparent((3, 1))
    canvas.fill((90, 30, 0, 255), (0, 0, 1, 1))  # light added to black, on an opaque scratch
    cover_light(canvas, light_only=True)
    canvas.fill((10, 20, 30, 255), (1, 0, 1, 1))  # a dark body
    cover_light(canvas, light_only=False)
    blue, green, red, alpha = straight(canvas)[0].T
    assert alpha.tolist() == [90, 255, 0]
    assert (red[0], green[0], blue[0]) == (255, 85, 0)
    assert (red[1], green[1], blue[1]) == (10, 20, 30)
    assert (red[2], green[2], blue[2]) == (0, 0, 0)


# Sessions


def test_a_session_is_shown_at_its_presentation_times_later_by_the_projectors_latency(tmp_path):
    session = Session(record(tmp_path / "show.mcap", latency_ms=100.0))
    assert session.start_s == pytest.approx(0.1)
    assert session.end_s == pytest.approx(0.1 + 119 / 60)
    for time_s in np.arange(0.15, 1.9, 1 / 47):
        view = session.view(time_s)
        assert view.joints[0, 0, 0] == pytest.approx(0.5 * (time_s - 0.1), abs=1e-4)
        assert view.beat_phase == pytest.approx(2 * (time_s - 0.1) % 1, abs=1e-3)
        assert (view.age_s, view.state) == (0.0, "dancing")


def test_the_latency_the_show_ended_with_counts(tmp_path):
    path = tmp_path / "show.mcap"
    writer = SessionWriter(path, {"sample_rate": RATE, "show": {"latency_ms": 60.0}})
    frame = encoding.StageFrame(
        0, 0, walk(0.0), np.zeros(1, np.float32), (0, 0, 120, 1), np.zeros(3, np.float32), 0.5,
        np.ones(1, np.float32),
    )  # fmt: skip
    writer.osc(0, encoding.FrameEncoder(1, 1).encode(frame)[0])
    writer.control(100, "latency", 120.0)
    writer.close()
    assert Session(path).start_s == pytest.approx(0.12)


def test_a_film_shows_what_was_played_but_for_what_was_asked_for(tmp_path):
    """The picture's own darkness and colours, played in the middle of the show."""
    path = tmp_path / "show.mcap"
    played = [(0.5, "palette", "ember"), (1.0, "dark", 1.0), (1.5, "palette", "nonsense")]
    record(path, played=played)
    light = {}
    for option in ("", "--palette=night"):
        out = tmp_path / f"film{option}"
        run(path, "-o", out, "--size", "160x90", "--fps", 30, *option.split())
        pictures = [pygame.surfarray.array3d(pygame.image.load(p)) for p in sorted(out.iterdir())]
        light[option] = np.array([picture.mean() for picture in pictures])
    as_played, asked = light[""], light["--palette=night"]
    np.testing.assert_array_equal(as_played[:14], asked[:14])
    assert as_played[50:].max() == asked[50:].max() == 0  # dark, whatever was asked for
    assert (as_played[16:30] != asked[16:30]).any()


def test_a_feed_that_was_lost_is_dim_in_the_film_too(tmp_path):
    session = Session(record(tmp_path / "show.mcap", silent_s=(0.5, 1.5)))
    ages = [session.view(t).age_s for t in np.arange(0.1, 1.9, 0.01)]
    assert max(ages[:35]) == 0
    assert max(ages) == pytest.approx(1.5 - 0.05 - 29 / 60, abs=0.02)
    assert ages[-1] == 0


def test_a_session_brings_its_own_sound_in_its_place(tmp_path):
    path = record(tmp_path / "show.mcap", from_s=0.25)
    out = tmp_path / "film.mp4"
    run(path, "-o", out, "--size", "160x90")
    _, times_s = decoded(out)
    sound, rate = heard(out)
    assert len(times_s) == pytest.approx((2 - 0.25) * 30, abs=1)
    np.testing.assert_allclose(onset_s(sound, rate), (0.25, 0.75), atol=0.03)


def test_sound_in_any_part_is_the_sound_of_the_whole(tmp_path, tone):
    record(tmp_path / "show.mcap")
    for sound in (SessionSound(tmp_path / "show.mcap"), FileSound(tone)):
        whole = np.concatenate(list(sound.blocks(0.0, 2.0)))
        assert whole.shape == (2 * RATE, sound.channels)
        for start_s, seconds in ((0.1, 0.3), (0.45, 1.0), (1.9, 5.0), (3.0, 1.0)):
            part = list(sound.blocks(start_s, seconds))
            first = round(start_s * RATE)
            wanted = whole[first : first + round(seconds * RATE)]
            got = np.concatenate(part) if part else np.zeros((0, sound.channels))
            np.testing.assert_array_equal(got, wanted)


# Takes


def test_a_take_is_interpolated_and_its_bars_are_counted_if_they_were_not_kept(take):
    with_bars = Take.read(take)
    arrays = dict(np.load(take))
    del arrays["bar_phase"]
    np.savez(take, **arrays)
    without = Take.read(take)
    for time_s in np.arange(0.0, 1.97, 0.013):
        view = with_bars.view(time_s)
        assert view.joints[0, 0, 0] == pytest.approx(0.5 * time_s, abs=1e-4)
        for seen in (view, without.view(time_s)):
            assert seen.bar_phase == pytest.approx(time_s / 2 % 1, abs=1e-3)
            assert seen.beat_phase == pytest.approx(2 * time_s % 1, abs=1e-3)


@pytest.mark.parametrize("name", ["joints", "style", "onset"])
def test_a_damaged_take_is_refused_by_the_name_of_its_array(take, name):
    arrays = dict(np.load(take))
    np.savez(take, **{**arrays, name: arrays[name][:-1]})
    with pytest.raises(ArtifactError, match=name):
        Take.read(take)
    np.savez(take, **{**arrays, name: np.full_like(arrays[name], np.nan)})
    with pytest.raises(ArtifactError, match=name):
        Take.read(take)
    np.savez(take, **{k: v for k, v in arrays.items() if k != name})
    with pytest.raises(ArtifactError, match=name):
        Take.read(take)


def test_what_is_no_take_is_refused(tmp_path, take):
    data = take.read_bytes()
    take.write_bytes(data[: len(data) // 2])
    with pytest.raises(ArtifactError):
        Take.read(take)
    take.write_bytes(b"nonsense")
    with pytest.raises(ArtifactError):
        Take.read(take)
    with pytest.raises(ArtifactError, match="no file"):
        Take.read(tmp_path / "none.npz")


# The command line


def test_mistakes_are_named_before_anything_is_written(tmp_path, take, tone):
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "00001.png").touch()
    for arguments, said in (
        (["-o", tmp_path / "a.avi"], r"\.mp4, \.mov, \.webm"),
        (["-o", tmp_path / "a.mp4", "--transparent"], "no transparency"),
        (["-o", tmp_path / "a.mp4", "--size", "321x180"], "even"),
        (["-o", tmp_path / "a.mp4", "--size", "big"], "1280x720"),
        (["-o", tmp_path / "a.mp4", "--start", "9"], "ends after 2.0 s"),
        (["-o", tmp_path / "a.mp4", "--seconds", "0"], "above 0"),
        (["-o", tmp_path / "a.mp4", "--style", "salsa"], "--style is for sound files"),
        (["-o", tmp_path / "a.mp4", "--look", "oil"], "no look 'oil'.*neon"),
        (["-o", tmp_path / "a.mp4", "--palette", "red"], "no palette 'red'.*night"),
        (["-o", tmp_path / "a.mp4", "--camera", "crane"], "crane"),
        (["-o", tmp_path / "a.mp4", "--lineup", "heap"], "no line-up 'heap'"),
        (["-o", tmp_path / "a.mp4", "--canon", "3"], "not between 0 and 2"),
        (["-o", tmp_path / "a.mp4", "--flashes", "31"], "not between 0 and 30"),
        (["-o", tmp_path / "a.mp4", "--brightness", "0"], "not between 0.05 and 1"),
        (["-o", tmp_path / "no" / "a.mp4"], "no folder"),
        (["-o", tmp_path / "old"], "empty folder"),
        (["-o", tmp_path / "a.png"], "%05d"),
        (["-o", tmp_path / "a.mp4", "--music", take], "cannot read the sound"),
    ):
        with pytest.raises((ArtifactError, ConfigError), match=said):
            run(take, *arguments)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["old", "take.npz", "tone.wav"]


def test_an_interrupted_film_leaves_nothing_and_keeps_the_older_one(tmp_path, take):
    out = tmp_path / "film.mp4"
    out.write_bytes(b"older")
    dance = Take.read(take)
    for made, name in ((None, out), (Pictures, tmp_path / "pictures")):
        writer = open_writer(name, SIZE, 30, False, None)
        assert made is None or isinstance(writer, made)

        def interrupt(done: int) -> None:
            if done == 5:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            render.film(dance, render.Shot(SIZE, seconds=1.0), writer, interrupt)
    assert out.read_bytes() == b"older"
    assert list((tmp_path / "pictures").iterdir()) == []
    assert list(tmp_path.glob("*.partial")) == []


def test_a_line_up_is_filmed(tmp_path, take):
    for name, options in (("plain", []), ("circle", ["--lineup", "circle", "--mirror"])):
        out = tmp_path / f"{name}_%d.png"
        run(take, "-o", out, "--size", "160x90", "--start", 1, "--seconds", 0.05, *options)
    plain, circle = png(tmp_path / "plain_1.png"), png(tmp_path / "circle_1.png")
    assert np.abs(plain.astype(int) - circle).max() > 100


class Strobe:
    """A look of white and black in turn, a fifteenth of a second each."""

    floor = False

    def __init__(self):
        self._age_s = 0.0

    def glow(self, canvas, scene) -> None:
        self._age_s += scene.dt_s

    def ink(self, canvas, scene) -> None:
        canvas.fill((255, 255, 255) if round(self._age_s * 30) % 4 < 2 else (0, 0, 0))


def test_a_film_keeps_the_limits_of_light_that_it_is_given(tmp_path, take, monkeypatch):
    monkeypatch.setitem(looks.LOOKS, "strobe", Strobe)

    def light(name: str, *options) -> np.ndarray:
        """Mean luminance of every picture of a second that no other precedes."""
        where = ("--look", "strobe", "--size", "64x36", "--seconds", 1)
        run(take, "-o", tmp_path / f"{name}_%02d.png", *where, *options)
        shown = [pygame.image.load(str(p)) for p in sorted(tmp_path.glob(f"{name}_*.png"))]
        canvas = black((64, 36))
        return np.array([(canvas.blit(p, (0, 0)), luminance(canvas).mean())[1] for p in shown])

    def rises(seen: np.ndarray) -> int:
        return int((np.diff(seen, prepend=0.0) >= 0.1).sum())

    safe, open_ = light("safe"), light("open", "--flashes", 30, "--brightness", 1)
    dark = light("dark", "--flashes", 1, "--brightness", 0.05)
    assert (safe.max() <= 0.4, open_.max() > 0.99, dark.max() <= 0.05) == (True, True, True)
    assert (rises(safe), rises(open_), rises(dark)) == (3, 8, 0)


def test_numbered_pictures_take_the_name_they_are_given(tmp_path, take):
    run(take, "-o", tmp_path / "dance_%03d.png", "--size", "64x36", "--seconds", 0.1)
    names = sorted(p.name for p in tmp_path.glob("*.png"))
    assert names == ["dance_001.png", "dance_002.png", "dance_003.png"]
    assert png(tmp_path / names[0]).shape == (36, 64, 3)


def test_a_sound_file_is_danced_to(tmp_path, tone):
    pytest.importorskip("onnxruntime")
    out = tmp_path / "film.mp4"
    run(tone, "-o", out, "--size", "160x90", "--dancers", 2, "--seed", 3)
    frames, _ = decoded(out)
    assert len(frames) == pytest.approx(60, abs=2)
    shown = frames[30].to_ndarray(format="rgb24").max(axis=2)
    assert (shown > 120).mean() > 0.01
    sound, rate = heard(out)
    np.testing.assert_allclose(onset_s(sound, rate)[0], 0.5, atol=0.06)


# The pictures in the documents


def test_every_look_has_its_picture_and_its_line_in_the_documents():
    root = Path(__file__).resolve().parents[3]
    page = (root / "docs" / "looks.md").read_text(encoding="utf-8")
    for look in looks.LOOKS:
        assert f"| `{look}` |" in page
        assert f"(images/looks/{look}.jpg)" in page
    pictures = [*(root / "docs" / "images" / "looks").iterdir()]
    assert {p.stem for p in pictures} == {*looks.LOOKS, "beat"}
    assert "(images/looks/beat.jpg)" in page
    assert sum(p.stat().st_size for p in pictures) < 1_500_000
    for palette in palettes.PALETTES:
        assert f"`{palette}`" in page


def test_sheets_of_looks_are_brighter_on_the_beat(tmp_path, take, monkeypatch):
    small = ["--size", "320", "180", "--shown", "160", "90", "--start", "1.4"]
    arguments = ["make_looks", str(take), str(tmp_path / "sheets"), "--looks", "neon", *small]
    monkeypatch.setattr("sys.argv", arguments)
    make_looks.main()
    sheet = pygame.surfarray.array3d(pygame.image.load(tmp_path / "sheets" / "neon.jpg"))
    assert sheet.shape == (480, 180, 3)
    assert sheet[:, :90].sum() > 1.3 * sheet[:, 90:].sum()


def test_the_strip_is_brightest_on_the_beat_in_every_row(tmp_path, take, monkeypatch):
    small = ["--size", "320", "180", "--shown", "160", "90", "--start", "1.4"]
    chosen = ["--looks", "neon", "chalk", "--strip"]
    monkeypatch.setattr("sys.argv", ["make_looks", str(take), str(tmp_path), *chosen, *small])
    make_looks.main()
    sheet = pygame.surfarray.array3d(pygame.image.load(tmp_path / "beat.jpg")).astype(int)
    assert sheet.shape == (8 * 160, 2 * 90, 3)
    light = sheet.reshape(8, 160, 2, 90, 3).sum(axis=(1, 3, 4))
    assert (light[0] > 1.3 * light[3:].max(axis=0)).all()
