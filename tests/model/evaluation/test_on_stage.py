"""Weights evaluated as the stage runs them: beside real dances, by what they hear, for long."""

import json
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")

from live.audio.features import SAMPLE_RATE
from live.body.pose import FRAME_RATE, encode
from live.body.skeleton import JOINT, N_JOINTS, REST_POSE
from live.dance.performer import Performer
from live.errors import ArtifactError
from model.cli import evaluate as command
from model.data.beat_grid import Grid
from model.data.recordings import Recording
from model.evaluation import frechet, marathon, metrics, on_stage, stage_report, style_hearing
from model.evaluation.figures import accent_off_ms
from model.evaluation.piece import held_out_song
from model.evaluation.reference import reference
from model.evaluation.segment_classifier import segment_classifier
from model.evaluation.sounding import sounding
from model.evaluation.style_classifier import style_classifier
from model.evaluation.take import Take, at_octave_of


def swaying(joint, seconds, tempo_bpm, late_s=0.0):
    """A body that shifts on the beat, one joint more than the others."""
    t = np.arange(round(seconds * FRAME_RATE)) / FRAME_RATE - late_s
    joints = np.repeat(REST_POSE[None], len(t), axis=0)
    way = np.cos(np.pi * t * tempo_bpm / 60)[:, None]
    joints[..., 0] += 0.05 * way
    joints[:, JOINT[joint], 0] += 0.2 * way[:, 0]
    return joints.astype(np.float32)


def take(late_s=0.0, tempo_bpm=120.0, beats_per=1.0, seconds=30.0):
    joints = swaying("l_wrist", seconds, tempo_bpm * beats_per, late_s)
    beats = np.arange(len(joints)) / FRAME_RATE * tempo_bpm / 60
    return Take("one", "street", tempo_bpm, joints, beats, "song")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Two clips a style, in the format of `posejockey prepare`, of the tiny network's styles."""
    folder = tmp_path_factory.mktemp("prepared")
    clips = [(s, swaying(j, 20.0, 120.0)) for s, j in (("salsa", "r_ankle"), ("street", "l_wrist"))]
    clips = [clip for clip in clips for _ in range(2)]
    poses = [encode(joints) for _, joints in clips]
    starts = np.concatenate([[0], np.cumsum([len(p) for p in poses])])
    np.savez(
        folder / "motion.npz",
        pose=np.concatenate(poses),
        control=np.zeros((starts[-1], 4), np.float32),
        start=starts,
        split=starts[1:] - 150,
        style=np.array([s == "street" for s, _ in clips]).astype(int),
        tempo_bpm=np.full(len(clips), 120.0),
        phase=np.zeros(len(clips)),
        styles=np.array(["salsa", "street"]),
        names=np.array([f"clip {i}" for i in range(len(clips))]),
    )
    return folder


@pytest.fixture(scope="module")
def ref(data):
    return reference(data, style_classifier(data, steps=25), segment_classifier(data, steps=25))


# ---- nearness and diversity --------------------------------------------------------------------


def test_real_dances_are_as_near_to_real_ones_as_the_floor():
    rng = np.random.default_rng(1)
    made, first, second = ({"a": rng.normal(size=(400, 4))} for _ in range(3))
    found = frechet.frechet_to_halves(made, first, second)
    assert found.ratio == pytest.approx(1.0, abs=0.6)
    assert frechet.frechet_to_halves({"a": made["a"] + 3.0}, first, second).ratio > 50


def test_few_rows_do_not_look_nearer_than_many():
    """A Frechet distance falls with the number of rows: as many are drawn as the halves have."""
    rng = np.random.default_rng(2)
    few = {"a": rng.normal(size=(20, 8))}, {"a": rng.normal(size=(20, 8))}
    many = {"a": rng.normal(size=(2000, 8))}
    assert frechet.frechet_to_halves(many, *few).ratio == pytest.approx(1.0, abs=0.5)


def test_styles_that_one_side_lacks_are_not_compared():
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=(2, 50, 3))
    alone = frechet.frechet_to_halves({"a": a}, {"a": b}, {"a": a})
    assert frechet.frechet_to_halves({"a": a, "x": a + 9}, {"a": b}, {"a": a, "y": b}) == alone


def test_equal_dances_to_a_song_have_no_multimodality():
    rng = np.random.default_rng(4)
    dance = rng.normal(size=(6, 3))
    assert frechet.multimodality([[dance, dance[:5]]]) == pytest.approx(0.0, abs=1e-6)
    assert frechet.multimodality([[dance, dance + np.array([2.0, 0, 0])]]) == pytest.approx(2.0)
    assert frechet.multimodality([[dance]]) == 0.0


# ---- the accent ------------------------------------------------------------------------------


def accent(made, real_accent_beats=0.0, tempo_bpm=120.0, harmonic=1.0):
    counted = [at_octave_of(t, tempo_bpm) for t in made]
    return accent_off_ms(made, counted, real_accent_beats, harmonic)


def test_a_later_accent_is_later_by_as_much():
    early, late = (accent([take(s, 117.0)]) for s in (0.0, 0.05))
    assert late - early == pytest.approx(50, abs=3)


def test_the_accent_is_measured_against_that_of_the_real_dances():
    beats = 0.1
    moved = accent([take(tempo_bpm=117.0)], beats, 117.0) - accent([take(tempo_bpm=117.0)])
    assert moved == pytest.approx(-beats * 60_000 / 117, abs=1)


def test_a_style_stepped_twice_a_beat_is_measured_by_the_step():
    counted = at_octave_of(take(tempo_bpm=90.0), 165.0)
    assert counted.tempo_bpm == 180.0
    assert counted.beats[30] == pytest.approx(2 * take(tempo_bpm=90.0).beats[30])


def test_either_of_two_beats_may_be_the_first():
    """Stepped at half the beat, from one beat or from the next: the same accent."""
    one = take(tempo_bpm=150.0, beats_per=0.5)
    other = Take("two", one.style, one.tempo_bpm, one.joints, one.beats + 1.0, "song")
    assert accent([one, other], tempo_bpm=75.0) == pytest.approx(
        accent([one], tempo_bpm=75.0), abs=1
    )


# ---- through the engine ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def staged(tiny_model, ref):
    return on_stage.evaluate_on_stage(
        str(tiny_model), ref, seconds=16.0, tempi_bpm=[120.0], dancers=2, listen=False
    )


def test_every_style_is_danced_and_scored(staged, ref):
    assert staged.name == "tiny"
    assert set(staged.rows) == {"street", "salsa", "all"}
    assert len(staged.takes) == 4
    for made in staged.takes:
        assert made.joints.shape[1:] == (N_JOINTS, 3)
        assert len(made.joints) == len(made.beats) == pytest.approx(10 * FRAME_RATE, abs=3)
        assert np.diff(made.beats) == pytest.approx(120 / 60 / FRAME_RATE, abs=2e-3)
    for row in staged.rows.values():
        assert all(np.isfinite(v) for v in row.values())
    row = staged.rows["street"]
    speed = np.mean(
        [metrics.mean_speed(t.joints, FRAME_RATE) for t in staged.takes if t.style == "street"]
    )
    assert row["speed_ratio"] == pytest.approx(
        speed / ref.styles["street"].figures["speed"], rel=0.01
    )
    assert 0 <= row["style_accuracy"] <= 1


def test_recordings_are_danced_and_scored_beside_the_rendered_songs(
    tiny_model, ref, click_track, write_recording, tmp_path
):
    write_recording(tmp_path / "ballroom_T_1.ogg", click_track(124.0, 20.0))
    found = on_stage.evaluate_on_stage(
        str(tiny_model), ref, ["street"], 12.0, [120.0], 2, listen=False, recordings=tmp_path
    )
    assert set(found.recorded) == {"street", "all"}
    row = found.recorded["street"]
    assert all(np.isfinite(v) for v in row.values())
    assert row["seconds"] == pytest.approx(2 * 6.0, abs=0.3)
    assert row["multimodality"] > 0
    lines = stage_report.format_stage_reports(ref, [found]).splitlines()
    assert any(line.startswith("street tiny, recorded ") for line in lines)


def test_recordings_of_a_styles_own_genre_come_first():
    def recording(genre, number):
        return Recording(
            f"{genre} {number}", genre, np.zeros(0), np.zeros(0), Grid(120, 0, 1, 1)
        ), number

    recordings = [recording(g, i) for g in ("chacha", "waltz") for i in range(9)]
    assert [t.name for t, _ in on_stage.suiting(recordings, "waltz")] == [
        "waltz 0",
        "waltz 3",
        "waltz 6",
    ]
    assert {t.genre for t, _ in on_stage.suiting(recordings, "street")} == {
        "chacha"
    }  # four to the bar
    assert on_stage.suiting([recording("waltz", 1)], "street") == []


def test_the_table_sets_real_chance_and_made_side_by_side(staged, ref):
    lines = stage_report.format_stage_reports(ref, [staged]).splitlines()
    labels = [" ".join(line.split()[:2]) for line in lines[1:8]]
    assert labels == [
        "salsa real", "salsa chance", "salsa tiny",
        "street real", "street chance", "street tiny", "all tiny",
    ]  # fmt: skip
    assert "!" in lines[3]  # springs of random weights are no salsa
    assert "!" not in lines[1]


def test_real_dances_given_as_made_ones_reach_every_target_of_likeness(ref):
    made = [
        Take(f"{s} {i}", s, 120.0, swaying(j, 40.0, 120.0), take(seconds=40.0).beats, s)
        for s, j in (("salsa", "r_ankle"), ("street", "l_wrist"))
        for i in range(2)
    ]
    for style in ("salsa", "street"):
        row = on_stage.score(made, ref)[style]
        missed = {
            k for k, reached in stage_report.TARGETS.items() if k in row and not reached(row[k])
        }
        assert missed <= {"fid_ratio", "coherence_of_null"}  # equal windows: the floor is nothing
        assert row["style_accuracy"] == 1.0
        assert row["accent_off_ms"] == pytest.approx(0, abs=2)
        assert row["speed_ratio"] == pytest.approx(1, abs=0.05)


def test_held_out_songs_differ_by_seed_and_repeat():
    one, again, other = (held_out_song("salsa", 120.0, 3.0, seed).audio for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert one.shape == other.shape
    assert np.abs(one - other).max() > 0.01


def test_what_is_heard_is_scored_raw_and_as_the_stage_smooths_it(tiny_model):
    performer = Performer(str(tiny_model), "cpu", 1, 1)
    rows = style_hearing.listening(performer, ["street", "salsa"], songs=1)
    assert set(rows) == {"street", "salsa"}
    for row in rows.values():
        assert all(0 <= row[k] <= 1 for k in ("raw", "staged", "fitting"))
        assert row["staged"] <= row["fitting"]


def test_a_style_that_is_not_known_is_refused(tiny_model, ref):
    with pytest.raises(ArtifactError, match="polka; both have"):
        on_stage.evaluate_on_stage(str(tiny_model), ref, ["polka"])


def test_silence_within_a_song_is_not_danced():
    heard = np.ones(60 * FRAME_RATE, bool)
    heard[20 * FRAME_RATE : 28 * FRAME_RATE] = False  # all instruments stop
    heard[40 * FRAME_RATE : 41 * FRAME_RATE] = False  # a stop of a bar is part of the music
    heard[-FRAME_RATE * 5 :] = False
    moments = np.arange(len(heard))
    first, second = (moments[part] for part in sounding(heard, len(heard)))
    assert np.array_equal(first, moments[6 * FRAME_RATE : 22 * FRAME_RATE - 1])
    assert np.array_equal(second, moments[28 * FRAME_RATE : 57 * FRAME_RATE - 1])


def test_a_dance_is_scored_where_its_song_sounds(tiny_model):
    song = held_out_song("salsa", 120.0, 30.0, 1)
    audio = song.audio.copy()
    audio[12 * SAMPLE_RATE : 20 * SAMPLE_RATE] = 0.0  # all instruments rest
    performer = Performer(str(tiny_model), "cpu", 2, 1)
    takes = on_stage.dances(performer, audio, song, "salsa", "a song")
    assert [t.label for t in takes] == ["salsa 120 #1"] * 2 + ["salsa 120 #2"] * 2
    for before, after in (takes[:2], takes[2:]):
        assert len(before.joints) == len(before.beats) == pytest.approx(8 * FRAME_RATE, abs=2)
        assert (after.beats[0] - before.beats[-1]) / 2 == pytest.approx(6.0, abs=0.1)  # s
        assert len(after.joints) == pytest.approx(10 * FRAME_RATE, abs=FRAME_RATE)


def test_a_dance_in_two_parts_is_one_dance_to_its_song(ref):
    whole, other = take(), replace(take(late_s=0.1), label="other")
    middle = len(whole.joints) // 2
    parts = [
        replace(whole, joints=whole.joints[part], beats=whole.beats[part])
        for part in (slice(0, middle), slice(middle, None))
    ]
    at_once, in_parts = (
        on_stage.score([*made, other], ref)["street"]["multimodality"] for made in ([whole], parts)
    )
    assert in_parts == pytest.approx(at_once, rel=0.05)


def test_a_marathon_ends_with_the_songs_it_began_with():
    songs = marathon.programme(("salsa", "street"), 12, seed=1)
    assert [s.style for s in songs] == ["salsa", "street"] * 12
    assert songs[-4:] == songs[:4]
    assert len(set(songs)) == 20


def test_a_marathon_goes_round_the_styles(tiny_model, ref, monkeypatch):
    monkeypatch.setattr(marathon, "_SONG_S", 12.0)
    run = marathon.marathon(str(tiny_model), ref, hours=48 / 3600, dancers=2)
    assert run.minutes == pytest.approx([0.4, 0.8])
    assert len(run.distance) == 2
    assert set(run.speed) == {"street", "salsa"}
    assert all(v > 0 for pair in run.speed.values() for v in pair)
    assert np.isfinite(run.trend)
    assert "last sixth" in marathon.format_marathon(run, ref)


# ---- the command -----------------------------------------------------------------------------


def test_the_command_prints_the_table_draws_the_curve_and_writes_the_figures(
    tiny_model, data, tmp_path, monkeypatch, capsys
):
    image = pytest.importorskip("PIL.Image")
    classifier = style_classifier(data, steps=25)
    segments = segment_classifier(data, steps=25)
    monkeypatch.setattr(command, "style_classifier", lambda folder, report: classifier)
    monkeypatch.setattr(command, "segment_classifier", lambda folder, report: segments)
    monkeypatch.setattr(marathon, "_SONG_S", 12.0)
    monkeypatch.setattr(style_hearing, "_SONGS_HEARD", 1)
    argv = ["--model", str(tiny_model), "--data", str(data), "--seconds", "12", "--tempi", "120"]
    argv += ["--styles", "street", "--dancers", "1", "--hours", "0.006"]
    argv += ["--curve", str(tmp_path / "curve.png"), "--json", str(tmp_path / "figures.json")]
    argv += ["--sheet", str(tmp_path / "sheet.png"), "--markdown", str(tmp_path / "table.md")]
    assert command.main(argv) == 0
    printed = capsys.readouterr().out
    assert "street tiny" in printed
    assert "motion graph" in printed
    assert "wrist above head" in printed
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert figures["made"]["tiny"]["rows"]["street"]["speed"] > 0
    for name in ("tiny", "motion graph"):
        assert figures["made"][name]["rows"]["street"]["hand_speed_p95"] > 0
    assert figures["real"]["street"]["beat_hands"] > 0
    assert "| ankle height p99, m |" in (tmp_path / "table.md").read_text()
    with image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.height == 4 * 148  # two real dances, the only ones of network and graph
    with image.open(tmp_path / "curve.png") as curve:
        assert len(curve.convert("RGB").getcolors(1 << 20)) > 5


def test_a_checkpoint_is_judged_beside_real_and_the_graph_too(
    tiny_checkpoint, data, ref, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(command, "style_classifier", lambda folder, report: ref.classifier)
    monkeypatch.setattr(command, "segment_classifier", lambda folder, report: ref.segments)
    argv = [str(tiny_checkpoint), "--data", str(data), "--quick", "--seconds", "10"]
    argv += ["--dancers", "1", "--json", str(tmp_path / "figures.json")]
    assert command.main(argv) == 0
    assert "wrist above head" in capsys.readouterr().out
    made = json.loads((tmp_path / "figures.json").read_text())["made"]
    assert set(made) == {tiny_checkpoint.parent.name, "motion graph"}


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ([], "either a checkpoint or --model"),
        (["run.pt", "--model", "open"], "either a checkpoint or --model"),
        (["--model", "open", "--seconds", "1"], "--seconds is 1"),
        (["--model", "open", "--dancers", "0"], "--dancers is 0"),
        (["--model", "open", "--tempi", "120", "0"], "--tempi holds 0"),
        (["--model", "open", "--json", "nowhere/figures.json"], "there is no folder nowhere"),
    ],
)
def test_mistakes_are_answered_in_one_line(argv, message, tmp_path, capsys):
    import posejockey

    assert posejockey.main(["evaluate", *argv, "--data", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
