"""Sessions and takes: what is shown and heard at any moment of them."""

import numpy as np
import pytest

from live.errors import ArtifactError
from live.osc import encoding
from live.session.writer import SessionWriter
from tests.visuals.film.films import decoded, heard, onset_s, run
from tests.visuals.recordings import RATE, record, walk
from visuals.draw.remote import PlayedPicture
from visuals.draw.settings import PictureSettings
from visuals.feed.recorded import FileSound, RecordedSession, RecordedTake, SessionSound


def test_a_session_is_shown_at_its_presentation_times_later_by_the_projectors_latency(tmp_path):
    session = RecordedSession(record(tmp_path / "show.mcap", latency_ms=100.0))
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
    assert RecordedSession(path).start_s == pytest.approx(0.12)


def test_a_feed_that_was_lost_is_dim_in_the_film_too(tmp_path):
    session = RecordedSession(record(tmp_path / "show.mcap", silent_s=(0.5, 1.5)))
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


def test_a_take_is_interpolated_and_its_bars_are_counted_if_they_were_not_kept(take):
    with_bars = RecordedTake.read(take)
    arrays = dict(np.load(take))
    del arrays["bar_phase"]
    np.savez(take, **arrays)
    without = RecordedTake.read(take)
    for time_s in np.arange(0.0, 1.97, 0.013):
        view = with_bars.view(time_s)
        assert view.joints[0, 0, 0] == pytest.approx(0.5 * time_s, abs=1e-4)
        for seen in (view, without.view(time_s)):
            assert seen.bar_phase == pytest.approx(time_s / 2 % 1, abs=1e-3)
            assert seen.beat_phase == pytest.approx(2 * time_s % 1, abs=1e-3)


def test_who_is_not_on_stage_is_not_drawn(take):
    """Dancers come and go in a show that is danced again; their joints are then no numbers."""
    arrays = dict(np.load(take))
    joints = np.repeat(arrays["joints"][:, :1], 2, axis=1)
    joints[:30, 0] = joints[60:, 1] = np.nan
    recorded = RecordedTake({**arrays, "joints": joints})
    times_s = arrays["time_s"][[10, 29, 40, 59, 70]] + 1e-3
    views = [recorded.view(float(time_s)) for time_s in times_s]
    assert [view.dancers for view in views] == [(2,), (2,), (1, 2), (1, 2), (1,)]
    assert all(len(view.joints) == len(view.dancers) for view in views)
    assert all(np.isfinite(view.joints).all() for view in views)


@pytest.mark.parametrize("name", ["joints", "style", "onset"])
def test_a_damaged_take_is_refused_by_the_name_of_its_array(take, name):
    arrays = dict(np.load(take))
    np.savez(take, **{**arrays, name: arrays[name][:-1]})
    with pytest.raises(ArtifactError, match=name):
        RecordedTake.read(take)
    np.savez(take, **{**arrays, name: np.full_like(arrays[name], np.nan)})
    with pytest.raises(ArtifactError, match=name):
        RecordedTake.read(take)
    np.savez(take, **{k: v for k, v in arrays.items() if k != name})
    with pytest.raises(ArtifactError, match=name):
        RecordedTake.read(take)


def test_what_is_no_take_is_refused(tmp_path, take):
    data = take.read_bytes()
    take.write_bytes(data[: len(data) // 2])
    with pytest.raises(ArtifactError):
        RecordedTake.read(take)
    take.write_bytes(b"nonsense")
    with pytest.raises(ArtifactError):
        RecordedTake.read(take)
    with pytest.raises(ArtifactError, match="No such file"):
        RecordedTake.read(tmp_path / "none.npz")


def test_panic_that_was_recorded_is_in_the_film(tmp_path):
    path = record(tmp_path / "show.mcap", played=((0.5, "look", "chalk"), (1.0, "panic", None)))
    session = RecordedSession(path)
    picture = PlayedPicture(PictureSettings(look="ribbons"))
    looks = []
    for time_s in (0.4, 0.9, 1.1):
        for control in session.take_controls(time_s):
            picture.play(*control)
        looks.append(picture.value_of("look"))
    assert looks == ["ribbons", "chalk", "ribbons"]


def test_the_sound_of_a_film_is_read_as_it_is_danced_to(tmp_path):
    """From a file that only FFmpeg reads, from the moment asked for on."""
    av = pytest.importorskip("av")
    path, rate = tmp_path / "song.m4a", 48_000
    with av.open(str(path), "w") as file:
        stream = file.add_stream("aac", rate=rate, layout="mono")
        for k in range(30):
            sound = np.sin(np.arange(rate // 10) * 0.1, dtype=np.float32)[None] * (k >= 20)
            frame = av.AudioFrame.from_ndarray(sound.astype(np.float32), "fltp", "mono")
            frame.sample_rate, frame.pts = rate, k * rate // 10
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    sound = FileSound(path)
    heard = np.concatenate(list(sound.blocks(1.5, 1.0)))
    assert (sound.rate, heard.shape) == (rate, (rate, 1))
    assert np.flatnonzero(np.abs(heard[:, 0]) > 0.1)[0] / rate == pytest.approx(0.5, abs=0.1)
