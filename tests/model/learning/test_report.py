"""What a lesson's report says: true advice, and nothing that is no JSON."""

import json

import numpy as np

from live.body.skeleton import REST_POSE
from model.evaluation.take import Take
from model.learning.judge import Verdict
from model.learning.report import _finite, advice_on

MANIFEST = {"recipe": {"wall_minutes": 9.0}}
GOOD = {
    "wrist_up": 0.2, "ankle_p99": 0.5, "foot_speed_p95": 2.0, "hand_speed_p95": 3.0,
    "stance_p95": 0.8, "pelvis_p1": 0.7, "turn_rate": 0.6, "travel": 0.5, "straight_arms": 0.2,
    "beat_seen": 0.2, "beat_seen_null": 0.05, "coherence": 0.2, "null": 0.05, "skate": 0.2,
}  # fmt: skip


def advice(seconds=240.0, called=1.0, clips=(), **dances):
    take = Take("a", "mine", 120.0, np.repeat(REST_POSE[None], round(30 * seconds), 0), np.zeros(1))
    real, made = GOOD | dict(clips), GOOD | dances
    return advice_on([take], Verdict(called, 1.0, made, real, (), (), "street"), MANIFEST)


def test_a_good_lesson_is_left_alone():
    assert advice() == ["Nothing stands out. Play with it."]
    assert advice(hand_speed_p95=2.4) == advice()  # within 25 %


def test_what_would_help_is_said():
    assert "More material: 0.7 minutes" in advice(seconds=40)[0]
    assert "--minutes 30" in advice(called=0.5)[0]
    assert "Longer takes" in advice(seconds=10)[1]
    assert "A clearer beat" in advice(clips={"beat_seen": 0.05})[0]
    assert "keeps the beat loosely" in advice(coherence=0.06)[0]
    assert "Feet slide more" in advice(skate=0.5)[0]
    assert "Feet slide in the clips" in advice(skate=0.8, clips={"skate": 0.8})[0]
    smaller = advice(hand_speed_p95=2.0, turn_rate=0.3)
    assert smaller == [smaller[0]]
    assert "fast hands, m/s; turning, rad/s" in smaller[0]


def test_what_is_no_number_is_null():
    told = _finite({"judge": float("nan"), "called": 1.0, "dances": {"skate": float("inf")}})
    assert json.dumps(told) == '{"judge": null, "called": 1.0, "dances": {"skate": null}}'
