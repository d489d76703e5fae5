"""Where the bar begins, by how the beats sound."""

import numpy as np
import pytest

from live.beat.bar_evidence import BarEvidence, BarInputs
from live.beat.bars import BarCounter, HeardBars
from live.beat.beat_sound import CHROMA, LEVEL, RHYTHM, SOUND_DIM, TIMBRE, BeatSound
from live.beat.filter import FIRSTS, METRES, N_BEATS
from live.errors import ArtifactError

BEATS = 48


def music(first, beats=BEATS, gain=0.0):
    """Sounds by beat, [n, SOUND_DIM]: a chord a bar, a kick on the first and third, a snare
    between, a cymbal on the first."""
    rng = np.random.default_rng(3)
    sounds = np.zeros((beats, SOUND_DIM))
    for beat, sound in enumerate(sounds):
        place, bar = (beat - first) % 4, (beat - first) // 4
        sound[TIMBRE] = gain - 5 + rng.normal(0, 0.1, 16)
        strokes = np.zeros((4, 3))
        if place % 2 == 0:
            sound[:3] += 2.0
            strokes[0, 0] = 0.8
        else:
            sound[5:12] += 1.5
            strokes[0, 1:] = 0.6
        if place == 0:
            sound[10:16] += 1.5
            strokes[0, 2] = 0.8
        strokes[2, 2] = 0.3
        sound[RHYTHM] = strokes.ravel()
        chord = np.zeros(12)
        chord[(np.array([0, 4, 7]) + (0, 9, 5, 7)[bar % 4]) % 12] = 1
        chord = chord + rng.normal(0, 0.1, 12) - chord.mean()
        sound[CHROMA] = chord / np.linalg.norm(chord)
        sound[LEVEL] = gain + 0.3 * (place == 0)
    return sounds


def heard(sounds):
    bars = HeardBars()
    for beat, sound in enumerate(sounds):
        bars.push(beat, sound)
    return bars


@pytest.mark.parametrize("first", range(4))
def test_a_bar_begins_where_the_harmony_changes(first):
    likelihood = heard(music(first)).likelihood[: METRES[0]]
    assert likelihood.argmax() == first
    assert likelihood[first] > 3 * np.delete(likelihood, first).max()


def test_a_fader_changes_nothing():
    np.testing.assert_allclose(
        heard(music(1)).likelihood, heard(music(1, gain=4.0)).likelihood, rtol=1e-6
    )


def test_the_counter_believes_it_where_the_filter_cannot_tell():
    counter, nothing = BarCounter(), np.repeat(1 / np.array(METRES) ** 2, METRES)
    for beat, sound in enumerate(music(2)):
        counter.hear_beat(BeatSound(beat, 0, sound))
    counter.hear(BEATS + 0.3, 0.3, nothing / nothing.sum())
    assert (counter.metre, counter.offset) == (4, 2)


def test_what_was_counted_otherwise_is_forgotten():
    counter = BarCounter()
    for beat, sound in enumerate(music(2)):
        counter.hear_beat(BeatSound(beat, 0, sound))
    counter.forget()
    bars = np.zeros(N_BEATS)
    bars[FIRSTS[METRES.index(3)] + 1] = 1.0  # the second beat of three
    counter.hear(BEATS + 0.0, 0.0, bars)
    assert (counter.metre, counter.offset) == (3, (BEATS - 1) % 3)


def test_the_first_beats_have_nothing_to_be_like():
    told = BarInputs().push(music(0)[0])
    assert np.isfinite(told).all()
    assert not told[:28].any()  # as far from the mean as the mean itself


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no zip", None])
def test_a_file_that_is_no_network_is_named(tmp_path, content):
    path = tmp_path / "bars.weights"
    if content is None:
        with path.open("wb") as file:
            np.savez(file, embed=np.zeros((3, 2)))
    else:
        path.write_bytes(content)
    with pytest.raises(ArtifactError, match=r"bars\.weights"):
        BarEvidence(path)
