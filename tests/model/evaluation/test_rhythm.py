"""Five signals of the beat, on bodies of which one part alone keeps it."""

import numpy as np
import pytest

from live.body.pose import FRAME_RATE
from live.body.skeleton import FEET, JOINT, REST_POSE
from model.evaluation.rhythm import SIGNALS, lateness_ms, rhythm, signals, window_s
from model.evaluation.take import Take

PARTS = {
    "hands": [JOINT["l_wrist"], JOINT["r_wrist"]],
    "feet": list(FEET),
    "bounce": [JOINT["pelvis"]],
}


def dancing(part, seconds=60.0, tempo_bpm=120.0, seed=1):
    """One part goes up and down on the beat; all else drifts about at random."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * FRAME_RATE)) / FRAME_RATE
    joints = np.repeat(REST_POSE[None], len(t), axis=0).astype(np.float64)
    drift = np.cumsum(rng.normal(size=joints.shape), axis=0)
    joints += 0.002 * (drift - np.linspace(0, 1, len(t))[:, None, None] * drift[-1])
    sway = 0.1 * np.cos(2 * np.pi * t * tempo_bpm / 60)
    joints[:, PARTS[part], 1] = REST_POSE[PARTS[part], 1] + sway[:, None]
    return Take(part, "street", tempo_bpm, joints.astype(np.float32), t * tempo_bpm / 60)


@pytest.mark.parametrize("part", PARTS)
def test_the_part_that_keeps_the_beat_is_far_above_its_null(part):
    found = rhythm([dancing(part)], 15.0)
    assert found[f"beat_{part}"] > 0.6
    assert found[f"beat_{part}_of_null"] > 8
    others = set(PARTS) - {part}
    assert all(found[f"beat_{other}_of_null"] < 2 for other in others)


def test_a_random_dance_is_at_its_null_in_every_signal():
    take = dancing("feet")
    unheard = Take("wrong clock", "street", 97.0, take.joints, take.beats * 97 / 120)
    found = rhythm([unheard], 15.0)
    assert all(found[f"beat_{name}_of_null"] < 2 for name in SIGNALS)


def test_short_windows_score_higher_by_luck_and_so_does_their_null():
    take = dancing("hands")
    wrong = Take("wrong clock", "street", 97.0, take.joints, take.beats * 97 / 120)
    found = rhythm([wrong], 6.0)
    assert found["beat_speed_short"] > found["beat_speed"]
    assert found["beat_speed_short_null"] > found["beat_speed_null"]


def test_a_take_shorter_than_the_window_is_one_window():
    take = dancing("feet", seconds=4.0)
    found = rhythm([take], 15.0)
    assert found["beat_feet_short"] == pytest.approx(found["beat_feet"])


def test_the_window_is_as_long_as_the_clips_most_frames_are_in():
    short, long = dancing("feet", 5.0), dancing("feet", 40.0)
    assert window_s([short] * 9 + [long]) == pytest.approx(5.0)
    assert window_s([short, long]) == 15.0


def test_a_body_that_stands_still_has_signals_that_are_numbers():
    joints = np.repeat(REST_POSE[None], 90, axis=0).astype(np.float32)
    assert all(np.isfinite(s).all() and len(s) == 90 for s in signals(joints, 30.0).values())


def moved(take, frames):
    """The same dance, so many frames later against the same beat."""
    return Take("late", take.style, take.tempo_bpm, np.roll(take.joints, frames, 0), take.beats)


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_comes_late_is_late_by_as_much(part):
    real = rhythm([dancing(part)], 15.0)
    late = moved(dancing(part), 3)
    assert lateness_ms([late], [late], real)[f"beat_{part}_late_ms"] == pytest.approx(100, abs=10)


def test_a_tremor_on_the_beat_is_no_accent_that_an_eye_sees():
    slow = dancing("bounce", tempo_bpm=40.0)  # waves of 1.5 s: no accent of 97 BPM
    joints, beats = slow.joints.copy(), slow.beats * 97 / 40
    on_beat = np.flatnonzero(np.diff(np.floor(beats)) > 0) + 1
    joints[on_beat[:, None], PARTS["hands"], 0] += 0.02  # for one frame,
    joints[on_beat[:-1, None] + 1, PARTS["hands"], 0] -= 0.02  # and the other way for the next
    plain, shaken = (
        rhythm([Take("tremor", "street", 97.0, j, beats)], 15.0) for j in (slow.joints, joints)
    )
    fine, seen = (shaken[f"beat_{n}"] - plain[f"beat_{n}"] for n in ("braking", "seen"))
    assert fine > 0.15
    assert seen < fine / 4
