"""Films: what was written is opened and decoded again: pictures, times, sound, transparency."""

import numpy as np
import pytest

from live.errors import ArtifactError, ConfigError
from tests.visuals.film.films import decoded, heard, onset_s, png, run
from tests.visuals.recordings import record
from visuals.draw import looks
from visuals.draw.matte import cover_light, memory, straight, transparent
from visuals.draw.safety import luminance
from visuals.draw.surfaces import black, pygame
from visuals.feed.recorded import RecordedTake

av = pytest.importorskip("av")

from visuals.film import render  # noqa: E402
from visuals.film.writers import Pictures, open_writer  # noqa: E402

SIZE = (320, 180)


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


def test_a_film_shows_what_was_played_but_for_what_was_asked_for(tmp_path):
    """The picture's own darkness and colours, played in the middle of the show."""
    path = tmp_path / "show.mcap"
    played = [
        (0.4, "picture_fade", 0.0),
        (0.5, "palette", "ember"),
        (1.0, "dark", 1.0),
        (1.5, "palette", "nonsense"),
    ]
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
        (["-o", tmp_path / "a.mp4", "--start", "nan"], "--start nan"),
        (["-o", tmp_path / "a.mp4", "--seconds", "inf"], "--seconds inf"),
        (["-o", tmp_path / "a.mp4", "--dancers", "0"], "--dancers 0"),
        (["-o", tmp_path / "a.mp4", "--dancers", "-1"], "--dancers -1"),
        (["-o", tmp_path / "a.mp4", "--travel", "1"], "--travel is for sound files"),
        (["-o", tmp_path / "no" / "a.mp4"], "no folder"),
        (["-o", tmp_path / "old"], "empty folder"),
        (["-o", tmp_path / "a.png"], "%05d"),
        (["-o", tmp_path / "a.mp4", "--music", take], "cannot be read as audio"),
    ):
        with pytest.raises((ArtifactError, ConfigError), match=said):
            run(take, *arguments)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["old", "take.npz", "tone.wav"]


def test_an_interrupted_film_leaves_nothing_and_keeps_the_older_one(tmp_path, take):
    out = tmp_path / "film.mp4"
    out.write_bytes(b"older")
    dance = RecordedTake.read(take)
    for made, name in ((None, out), (Pictures, tmp_path / "pictures")):
        writer = open_writer(name, SIZE, 30, False, None)
        assert made is None or isinstance(writer, made)

        def interrupt(done: int) -> None:
            if done == 5:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            render.film(dance, render.FilmSettings(SIZE, seconds=1.0), writer, interrupt)
    assert out.read_bytes() == b"older"
    assert not (tmp_path / "pictures").exists()
    assert list(tmp_path.glob("*.partial")) == []


def test_the_progress_is_plain_text_for_old_consoles(capsys, monkeypatch):
    moments = iter([0.0, 2.0, 4.0, 6.0])
    monkeypatch.setattr(render, "monotonic_s", lambda: next(moments))
    report = render._Line(100)
    for done in (25, 50, 100):
        report(done)
    said = capsys.readouterr().err
    assert " 25 %, 6 s to go" in said
    assert said.isprintable() or set(said) - {"\r"} == {c for c in said if c.isprintable()}
    assert said.endswith("\r")


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


def test_a_shows_settings_shape_the_dance_of_its_film(tmp_path, tiny_model, tone):
    """All of them: openness and travel as well as energy."""

    def joints(settings):
        (tmp_path / "show.toml").write_text(settings)
        argv = [str(tone), "-o", "film.mp4", "--model", str(tiny_model)]
        args = render._parser().parse_args([*argv, "--config", str(tmp_path / "show.toml")])
        dance, _ = render.open_dance(args)
        return dance.view(dance.end_s).joints

    usual = joints("")
    for settings in ("energy = 2.0", "openness = 2.0", "travel = 2.0", "temperature = 0.0"):
        assert (joints(settings) != usual).any(), settings
