"""`posejockey capture FILM`: from a file to clips."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("PIL")
pytest.importorskip("onnxruntime")

from live.body.skeleton import JOINT
from model.data.capture.captured import Filmed
from model.data.capture.video.reader import read
from tests.model.data.capture.video.films import person, turned_flag, write_film

TIMES = [i / 8 for i in range(18)]  # a film of few pictures, to be quick


def test_a_film_becomes_a_clip_with_its_sound(tmp_path: Path, captured):
    film = write_film(tmp_path / "dance.mp4", [person()] * len(TIMES), TIMES, tone=True)
    code, clips, _, said = captured(film, "--style", "mine")
    assert code == 0, said
    (joints,) = clips.values()
    assert len(joints) == pytest.approx(64, abs=2)
    assert joints[:, JOINT["head"], 1].mean() == pytest.approx(1.55, abs=0.12)
    assert np.abs(joints[:, [JOINT["l_toe"], JOINT["r_toe"]], 1]).max() < 0.08
    assert (joints[:, JOINT["l_shoulder"], 0] > joints[:, JOINT["r_shoulder"], 0] + 0.2).all()
    assert (joints[:, JOINT["l_toe"], 2] > joints[:, JOINT["l_ankle"], 2] + 0.05).all()
    assert "one person in the film" in said
    assert "guessed" not in said


def test_one_of_two_is_chosen_in_a_film_that_was_held_upright(tmp_path: Path):
    two = np.concatenate([person()[:, 90:310], person()[:, 90:310] // 2], axis=1)
    lying = np.rot90(two).copy()  # as the sensor saw it
    times = TIMES
    film = turned_flag(write_film(tmp_path / "two.mp4", [lying] * len(times), times), 90)
    body = read(film, Filmed(person=2), lambda done, what: None)
    assert body.notes[0] == "2 people in the film, from left to right; this is person 2"
    assert body.points[30, JOINT["head"], 1] > 1.3


def test_a_film_without_anybody_is_refused_in_a_sentence(tmp_path: Path, captured):
    film = write_film(tmp_path / "empty.mp4", [np.full((90, 160, 3), 90, np.uint8)] * 5, TIMES[:5])
    code, clips, _, said = captured(film)
    assert (code, clips) == (2, {})
    assert "empty.mp4: refused: nobody is seen in this film" in said


def test_a_person_who_is_not_there_is_refused_in_a_sentence(tmp_path: Path, captured):
    film = write_film(tmp_path / "one.mp4", [person()] * 8, TIMES[:8])
    code, _, _, said = captured(film, "--person", 4)
    assert code == 2
    assert "--person is 4; one.mp4 shows 1" in said
