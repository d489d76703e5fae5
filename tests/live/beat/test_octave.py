"""After a jump to half the tempo the beat between is given up; half-time grooves keep theirs."""

import numpy as np
import pytest

from live.beat.filter import FRAME_S
from live.beat.octave import OctaveCheck

TICK_S = FRAME_S / 4
JUMP_S = 14.0


def halved(follow, believe, seconds=JUMP_S + 5.0, min_bpm=58.0):
    """Times and tempi at which the check halves. follow(s): BPM of the beat followed; believe(n):
    whether the network believes its n-th beat."""
    check, beats, found = OctaveCheck(min_bpm), 0.0, []
    for frame in range(round(seconds / FRAME_S)):
        time_s = (frame + 1) * FRAME_S
        bpm = follow(time_s)
        beats += bpm / 60 * FRAME_S
        chance = np.zeros(4)
        for tick in range(4):
            place = beats - (3 - tick) * TICK_S * bpm / 60
            apart_s = (place - round(place)) * 60 / bpm
            if believe(round(place), time_s):
                chance[tick] = np.exp(-0.5 * (apart_s / 0.01) ** 2)
        half = check.step(chance, beats % 1.0, bpm)
        if half is not None:
            found.append((time_s, beats, half))
    return found


def drifting(time_s):
    """The filter's tempo after a jump from 174 to 90 BPM: it goes to 180 within two seconds."""
    return 174.0 + 3.0 * min(max(time_s - JUMP_S, 0.0), 2.0)


def every_other_after_the_jump(first):
    return lambda n, time_s: time_s < JUMP_S or n % 2 == first


@pytest.mark.parametrize("first", [0, 1])
def test_a_jump_to_half_the_tempo_is_noticed_in_time(first):
    found = halved(drifting, every_other_after_the_jump(first))
    assert len(found) == 1
    time_s, beats, (phase, bpm) = found[0]
    assert time_s < JUMP_S + 3.0
    assert bpm == pytest.approx(90.0, abs=2.5)
    nearest_believed = round((beats - first) / 2) * 2 + first
    apart = phase - (beats - nearest_believed) / 2
    assert abs(apart - round(apart)) < 0.02


def test_a_half_time_groove_at_the_same_tempo_keeps_its_beat():
    assert halved(lambda _: 174.0, every_other_after_the_jump(0)) == []


def test_a_jump_at_which_every_beat_is_believed_keeps_it():
    assert halved(drifting, lambda n, time_s: True) == []


def test_where_every_other_beat_never_was_believed_nothing_is_learned_from_a_jump():
    assert halved(drifting, lambda n, time_s: n % 2 == 0) == []


def test_half_of_a_slow_tempo_is_none_to_follow():
    assert halved(drifting, every_other_after_the_jump(0), min_bpm=100.0) == []
