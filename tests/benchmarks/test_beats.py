"""The ruler of the beat clock: what it says of beats that are right, late, doubled, miscounted."""

import json

import numpy as np
import pytest
import soundfile

from benchmarks.beat_scores import Score, Trace, score
from benchmarks.beats import confidence_lines, genre_table, table
from live.errors import ArtifactError
from model.beat.annotated_music import read_folder

TRUE = np.arange(0.5, 40.0, 0.5)  # 120 BPM
DOWNBEATS = TRUE[::4]


def said(bpm=120.0, late_s=0.0, bar_late=0, metre=4, confidence=0.9) -> Trace:
    """A clock at a steady tempo, asked every frame; its bars begin `bar_late` beats late."""
    time_s = np.arange(0, 40, 1 / 30)
    beats = (time_s - 0.5 - late_s) * bpm / 60
    size = len(time_s)
    return Trace(
        time_s,
        beats % 1,
        (beats - bar_late) / metre % 1,
        np.full(size, bpm),
        np.full(size, confidence),
        np.full(size, "locked"),
    )


def test_a_perfect_clock_scores_one():
    found = score(said(), TRUE, DOWNBEATS)
    assert (found.f, found.downbeat_f, found.octave, found.cml) == (1.0, 1.0, 1.0, 1.0)
    assert found.confident == found.confident_right == found.moments > 0
    assert np.abs(found.locked_error_ms).max() < 1
    assert found.lock_s < 0.5


def test_lateness_is_told_in_milliseconds():
    found = score(said(late_s=0.02), TRUE, DOWNBEATS)
    assert np.median(found.error_ms) == pytest.approx(20, abs=1)


def test_double_tempo_is_an_octave_error_that_only_aml_forgives():
    found = score(said(bpm=240.0), TRUE, DOWNBEATS)
    assert found.octave == 0.0
    assert found.f == pytest.approx(2 / 3, abs=0.02)
    assert (found.cml, found.aml) == (0.0, 1.0)
    assert found.confident_right < 0.6 * found.confident


def test_bars_counted_from_the_wrong_beat_score_nothing():
    assert score(said(bar_late=2), TRUE, DOWNBEATS).downbeat_f == 0.0
    assert np.isnan(score(said(), TRUE, np.zeros(0)).downbeat_f)


def test_reads_beats_downbeats_and_genres(tmp_path):
    for name in ("one", "two"):
        soundfile.write(tmp_path / f"{name}.wav", np.zeros(2400, np.float32), 24_000)
    (tmp_path / "one.beats").write_text("# made by hand\n0.5 0\n1.0 1\n1.5 2\n2.0 0\n")
    (tmp_path / "two.txt").write_text("0.5\n1.0\n")
    (tmp_path / "index.json").write_text(json.dumps([{"name": "one", "genre": "polka"}]))
    one, two = read_folder(tmp_path)
    assert np.array_equal(one.downbeats_s, [0.5, 2.0])
    assert (one.genre, two.genre, len(two.downbeats_s)) == ("polka", "", 0)


@pytest.mark.parametrize("text", ["0.5\n", "soon\nlater\n"])
def test_says_which_beats_it_cannot_read(tmp_path, text):
    soundfile.write(tmp_path / "one.wav", np.zeros(2400, np.float32), 24_000)
    (tmp_path / "one.beats").write_text(text)
    with pytest.raises(ArtifactError, match=r"one\.beats"):
        list(read_folder(tmp_path))


def test_tables_hold_every_piece_and_genre():
    good, bad = score(said(), TRUE, DOWNBEATS), score(said(late_s=0.25), TRUE, np.zeros(0))
    never = Score(0.0, 0.0, 0.0, np.zeros(0), float("inf"))
    scores = {"a": {"native": good, "aubio": bad}, "b": {"native": bad, "aubio": never}}
    lines = table(scores).splitlines()
    assert [line.split()[0] for line in lines[2:]] == ["a", "b", "all"]
    assert "0.50" in lines[-1]
    assert "house (1)" in genre_table(scores, {"a": "house", "b": "polka"})
    assert "right in 50.0%" in confidence_lines(scores)
