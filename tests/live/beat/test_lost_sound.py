"""The beat after a loss of sound: samples that never came, or silence in their place."""

import numpy as np
import pytest

from live.audio.features import SAMPLE_RATE, FeatureStream
from live.beat.clock import TempoConfig
from tests.live.beat.test_clock import beat_times, groove

BPM, FIRST_BEAT_S = 112.0, 0.5


def clock_after(lost_s, at_s, place, tracker="native", rest_s=3.0, bpm=BPM):
    """A clock that heard a groove with `lost_s` of it missing, and its errors (s) at each frame
    from 0.2 s after the loss on."""
    audio = groove(beat_times(bpm, at_s + lost_s + rest_s, FIRST_BEAT_S), at_s + lost_s + rest_s)
    stream, clock = FeatureStream(SAMPLE_RATE), TempoConfig(tracker=tracker).make()
    begin, lost = int(at_s * SAMPLE_RATE), int(lost_s * SAMPLE_RATE)
    frames = stream.push(audio[:begin])
    if place == "silence":
        frames += stream.push(np.zeros(lost, np.float32))
    else:
        stream.skip(lost)
    frames += stream.push(audio[begin + lost :])
    errors_s = []
    for frame in frames:
        clock.push(frame)
        if frame.end >= begin + lost + 0.2 * SAMPLE_RATE:
            true = (frame.end / SAMPLE_RATE - FIRST_BEAT_S) * bpm / 60
            errors_s.append(((clock.at(frame.end).phase - true + 0.5) % 1 - 0.5) * 60 / bpm)
    return clock, np.array(errors_s)


@pytest.mark.parametrize("place", ["skipped", "silence"])
@pytest.mark.parametrize(("lost_s", "at_s"), [(0.064, 9.31), (0.24, 9.0), (0.24, 9.13), (1.5, 9.4)])
def test_the_beat_is_true_right_after_a_loss(lost_s, at_s, place):
    clock, errors_s = clock_after(lost_s, at_s, place)
    assert len(errors_s) > 60
    # Measured: 14 ms at most; without telling the tracker of the loss, up to 310 ms.
    assert np.abs(errors_s).max() < 0.04
    assert clock.at(0).confidence > 0.7


@pytest.mark.parametrize("at_s", [9.0, 9.13, 9.31, 9.4])
@pytest.mark.parametrize("lost_s", [0.064, 0.128])
def test_aubio_counts_what_was_lost(lost_s, at_s):
    _, errors_s = clock_after(lost_s, at_s, "skipped", tracker="aubio", rest_s=6.0, bpm=120.0)
    assert np.abs(errors_s).max() < 0.04


def test_after_a_minute_without_sound_nothing_is_claimed_and_the_beat_is_found_again():
    clock, _ = clock_after(60.0, 9.0, "skipped", rest_s=0.3)
    assert clock.at(0).confidence < 0.3
    _, errors_s = clock_after(60.0, 9.0, "skipped", rest_s=5.0)
    assert np.abs(errors_s[-30:]).max() < 0.04
