"""A take in words, and put together anew: beats, counts, letters, sections, slots."""

import re

import numpy as np
import pytest

from live.dance.choreography.phrase import Phrase
from live.dance.material.take_score import arrays_of, score_of_take
from live.errors import ConfigError
from visuals.page.arrange import Slot, arranged, kept_phrase, slot_of_take
from visuals.page.files import STATIC
from visuals.page.summary import summary_of

BPM, RATE, Z = 120.0, 60, 6


@pytest.fixture
def take():
    """16 s of 4/4 in phrases A, A mirrored, B and a variation of A, eight beats each."""
    rng = np.random.default_rng(0)
    a, b = (rng.standard_normal((8, 2, Z)).astype(np.float32) for _ in range(2))
    near = a + 0.3 * rng.standard_normal(a.shape).astype(np.float32)
    phrases = [Phrase(a), Phrase(a, mirrored=True), Phrase(b, energy=0.5), Phrase(near)]
    time_s = np.arange(16 * RATE) / RATE
    beats = time_s * BPM / 60
    section = np.zeros((len(time_s), 5), np.float32)
    section[:, 1] = -1
    section[time_s >= 9, :3] = 1, 0, 4  # noticed a second after it began
    section[:, 3] = np.where(time_s >= 9, (time_s - 8) * BPM / 60, beats)
    joints = np.tile(np.linspace(0, 1, 57).reshape(19, 3), (len(time_s), 2, 1, 1))
    return {
        "time_s": time_s,
        "joints": joints.astype(np.float32),
        "beat_phase": beats % 1.0,
        "bar_phase": beats / 4 % 1.0,
        "tempo_bpm": np.full(len(time_s), BPM),
        "style": np.tile(np.float32([0.25, 0.75]), (len(time_s), 1)),
        "style_names": np.array(["a", "b"]),
        "section": section,
        "phrase": np.stack([beats / 16 % 1.0, np.full(len(time_s), 16.0)], axis=1),
        "score_beat": np.floor(beats + 0.05).astype(np.int32),
    } | arrays_of(phrases, 2)


def test_beats_bars_and_counts_are_the_musics(take):
    found = summary_of(take)
    np.testing.assert_allclose(found["beats"], np.arange(1, 32) / 2, atol=0.02)
    assert found["counts"][:9] == [2, 3, 4, 5, 6, 7, 8, 1, 2]
    assert [found["beats"][k] for k in found["downbeats"]] == pytest.approx(np.arange(2, 16, 2))
    assert found["styles"] == {"a": 0.25, "b": 0.75}


def test_phrases_that_are_alike_have_one_letter(take):
    phrases = summary_of(take)["phrases"]
    assert [(p["letter"], p["varied"], p["mirrored"]) for p in phrases] == [
        ("A", False, False), ("A", False, True), ("B", False, False), ("A", True, False),
    ]  # fmt: skip
    assert [p["at"] for p in phrases][1:] == pytest.approx([4, 8, 12], abs=0.02)  # on the beat


def test_a_section_begins_where_it_began_not_where_it_was_noticed(take):
    first, second = summary_of(take)["sections"]
    assert (first["kind"], second["kind"], second["returns_to"]) == ("unknown", "drop", 0)
    assert second["at"] == pytest.approx(8.0, abs=0.05)


def test_a_take_without_a_score_has_no_phrases(take):
    plain = {name: array for name, array in take.items() if not name.startswith("score_")}
    assert summary_of(plain)["phrases"] == []
    with pytest.raises(ConfigError, match="anew"):
        slot_of_take(plain, 0)


@pytest.mark.parametrize("name", ["score_noise", "score_first", "score_beat", "score_energy"])
def test_a_damaged_score_is_none(take, name):
    for array in (np.zeros(0), np.full((3, 3), -5), np.array(["x"])):
        assert summary_of(take | {name: array})["phrases"] == []
        if name != "score_beat":
            with pytest.raises(ConfigError, match="anew"):
                kept_phrase(take | {name: array}, 1, {})
    assert kept_phrase(take | {"score_beat": np.zeros(3, int)}, 1, {}).poses.shape == (0, 19, 3)


def test_an_arrangement_is_a_score_that_can_be_danced(take, tmp_path):
    a, b = slot_of_take(take, 0), slot_of_take(take, 2)
    short = Slot(b.noise[:3, :1], mirrored=True)
    varied = Slot(a.noise, vary=0.4)
    made = arranged(take, [b, short, a, varied], seed=1)
    noise = made["score_noise"]
    np.testing.assert_array_equal(noise[:8], b.noise)
    np.testing.assert_array_equal(noise[8:16, 0], b.noise[np.arange(8) % 3, 0])
    np.testing.assert_array_equal(noise[16:24], a.noise)
    near = np.corrcoef(noise[24:].ravel(), a.noise.ravel())[0, 1]
    assert 0.5 < near < 0.98
    assert list(made["score_mirrored"]) == [False, True, False, False]
    score = score_of_take(made, tmp_path / "x.npz")
    assert len(score.phrases) == 4
    same = arranged(take, [b, short, a, varied], seed=1)["score_noise"]
    np.testing.assert_array_equal(noise, same)


def test_what_does_not_fit_is_said(take):
    a = slot_of_take(take, 0)
    with pytest.raises(ConfigError, match="4"):
        arranged(take, [a], seed=0)
    with pytest.raises(ConfigError, match="network"):
        arranged(take, [a, a, a, Slot(np.zeros((8, 1, Z + 1), np.float32))], seed=0)
    with pytest.raises(ConfigError, match="phrase 10"):
        slot_of_take(take, 9)


def test_a_kept_phrase_has_the_faders_and_poses_of_its_take(take):
    kept = kept_phrase(take, 2, {"energy": 0.25, "temperature": 0.8})
    assert (kept.beats, kept.dancers, round(kept.bpm)) == (8, 2, 120)
    assert kept.controls["energy"] == pytest.approx(0.75)
    assert kept.controls["temperature"] == 0.8
    assert kept.poses.shape == (8, 19, 3)
    np.testing.assert_allclose(kept.poses[:, 0, [0, 2]], 0)
    assert kept.style == pytest.approx({"a": 0.25, "b": 0.75})


def test_the_pages_fetch_nothing_from_elsewhere():
    own = [path for path in STATIC.rglob("*") if path.suffix in (".html", ".js", ".css")]
    own = [path for path in own if "vendor" not in path.parts]
    assert len(own) > 10
    for path in own:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"(src|href|from|import|url)\W{1,3}(https?:)?//", text), path
        assert len(text.splitlines()) <= 450, path
