"""A lesson: only the new style learns, and a kill changes nothing."""

import numpy as np
import pytest
import torch

from live.errors import ArtifactError, ConfigError
from model.learning import learner as module
from model.learning.growth import grown
from model.learning.learner import Course, Learner
from model.learning.lesson import course_of
from tests.helpers.training import assert_same
from tests.model.learning.conftest import SETTINGS

COURSE = Course(2, 2, 3)
ABOUT = {"prepared": {"tiers": ["open"]}, "kept": {}}


def learner(donor, data, folder, course=COURSE):
    folder.mkdir(exist_ok=True)
    return Learner(grown(donor, "mine"), data, folder, course, SETTINGS, ABOUT)


def state_of(run):
    return {
        "network": run.network.state_dict(),
        "optimiser": run._optimiser.state_dict()["state"],
        "torch": torch.get_rng_state(),
    }


def test_a_killed_lesson_goes_on_as_if_nothing_had_happened(
    donor, lesson_data, tmp_path, monkeypatch
):
    monkeypatch.setattr(module, "_UNITS_FOR_A_CODE", 1)
    whole = learner(donor, lesson_data, tmp_path / "whole")
    losses = list(whole.run())
    assert [row.keys() >= {"unit"} for row in losses] == [True, True, False, False, *[True] * 3]
    assert "moments" in losses[-1]
    end = state_of(whole)
    killed = learner(donor, lesson_data, tmp_path / "killed")
    for _ in range(5):
        killed.learn()
    killed.save()
    killed.learn()  # lost with the kill
    resumed = learner(donor, lesson_data, tmp_path / "killed", Course(9, 9, 9))
    resumed.load()
    assert resumed.course == COURSE
    list(resumed.run())
    assert_same(state_of(resumed), end)


def test_measuring_the_pace_teaches_nothing(donor, lesson_data, tmp_path):
    calm = learner(donor, lesson_data, tmp_path / "a")
    calm.learn()
    found = state_of(calm)
    paced = learner(donor, lesson_data, tmp_path / "b")
    pace = paced.pace()
    assert all(seconds > 0 for seconds in pace.values())
    paced.learn()
    assert_same(state_of(paced), found)


def test_a_lesson_of_other_clips_is_refused(donor, lesson_data, tmp_path):
    learner(donor, lesson_data, tmp_path).save()
    other = Learner(grown(donor, "yours"), lesson_data, tmp_path, COURSE, SETTINGS, ABOUT)
    with pytest.raises(ConfigError, match="holds the lesson of other clips"):
        other.load()


def test_a_lesson_that_breaks_down_says_so_and_keeps_what_was_good(donor, lesson_data, tmp_path):
    run = learner(donor, lesson_data, tmp_path)
    run.save()
    good = (tmp_path / "checkpoint.pt").read_bytes()
    with torch.no_grad():
        run.network.posterior.read[0].weight.fill_(float("nan"))
    with pytest.raises(ArtifactError, match="broke down at step 0"):
        run.learn()
    with pytest.raises(ArtifactError, match="not finite"):
        run.save()
    assert (tmp_path / "checkpoint.pt").read_bytes() == good


def test_a_course_fits_the_time_there_is():
    pace = {"units": 0.1, "prior": 0.1, "dance": 1.6}
    ten, thirty = course_of(10, pace), course_of(30, pace)

    def seconds(course):
        return sum(getattr(course, name) * pace[name] for name in pace)

    assert 400 < seconds(ten) < 540
    assert 1500 < seconds(thirty) < 1740
    slow = course_of(1, {name: 100 * s for name, s in pace.items()})
    assert min(slow.units, slow.prior, slow.dance) >= 20
    assert np.sum([ten.stage(s)[0] == "dance" for s in range(ten.steps)]) == ten.dance


def test_a_checkpoint_of_something_else_is_named(donor, lesson_data, tmp_path):
    run = learner(donor, lesson_data, tmp_path)
    run.save()
    state = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    del state["course"]
    torch.save(state, tmp_path / "checkpoint.pt")
    with pytest.raises(ArtifactError, match=r"is damaged, or of another version; take .* away"):
        run.load()
