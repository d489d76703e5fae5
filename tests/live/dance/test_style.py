"""Styles: what an operator may type, and fades that never cut."""

import numpy as np
import pytest

from live.body.pose import FRAME_RATE
from live.dance.style import StyleMixer, parse_style
from live.errors import ConfigError

STYLES = ("street", "salsa", "ballet")


def parsed(text):
    return parse_style(text, STYLES)


def run(mixer, frames, logits=None):
    """The weights [frames, S] of so many frames, the same music all the while."""
    weights = []
    for _ in range(frames):
        weights.append(mixer.step().copy())
        if logits is not None:
            mixer.listen(np.asarray(logits, np.float32))
    return np.array(weights)


def sounds_like(style, strength=4.0):
    return strength * np.eye(len(STYLES))[STYLES.index(style)]


# Parsing --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "weights"),
    [
        ("salsa", [0, 1, 0]),
        (" Salsa ", [0, 1, 0]),
        ("street=2,salsa=1", [2 / 3, 1 / 3, 0]),
        ("street , ballet", [0.5, 0, 0.5]),
        ("street=1,street=1,salsa=2", [0.5, 0.5, 0]),
        ("street=0,salsa=1e-3", [0, 1, 0]),
        ("street=", [1, 0, 0]),
    ],
)
def test_a_style_or_a_mix_becomes_weights(text, weights):
    found = parsed(text)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, weights, atol=1e-6)
    assert found.sum() == pytest.approx(1.0)


@pytest.mark.parametrize("text", ["auto", "AUTO", " auto "])
def test_auto_requests_no_style(text):
    assert parsed(text) is None


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("polka", "'polka'"),
        ("street=1,polka=1", "'polka'"),
        ("", "''"),
        ("street,,salsa", "''"),
        ("street=much", "street=much"),
        ("salsa=-1", "salsa=-1"),
        ("salsa=nan", "salsa=nan"),
        ("salsa=inf", "salsa=inf"),
        ("street=0", "'street=0'"),
    ],
)
def test_mistakes_are_named(text, named):
    with pytest.raises(ConfigError) as caught:
        parsed(text)
    assert named in str(caught.value)


def test_an_unknown_style_is_answered_with_the_known_ones():
    with pytest.raises(ConfigError, match="street, salsa, ballet"):
        parsed("polka")


# Fading ---------------------------------------------------------------------------------------


def test_the_first_request_needs_no_fade():
    np.testing.assert_array_equal(run(StyleMixer(3, parsed("salsa")), 3), [[0, 1, 0]] * 3)


@pytest.mark.parametrize("text", ["ballet", "street=1,ballet=1", "street=3,salsa=2,ballet=1"])
def test_a_new_request_is_faded_to_within_a_second(text):
    mixer = StyleMixer(3, parsed("salsa"))
    mixer.request = parsed(text)
    weights = run(mixer, 60)
    steps = np.abs(np.diff(np.concatenate([[[0, 1, 0]], weights]), axis=0))
    assert steps.max() < 1.01 / FRAME_RATE
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-5)
    assert (weights > -1e-6).all()
    arrived = np.abs(weights - mixer.request).max(axis=1) < 1e-6
    assert arrived[FRAME_RATE + 1 :].all()
    assert not arrived[: FRAME_RATE // 3].any()


def test_requests_that_change_in_mid_fade_never_jump():
    mixer = StyleMixer(3, None)
    weights = []
    for text in ["salsa", "ballet", "street", "auto", "salsa=1,ballet=5"] * 10:
        mixer.request = parsed(text)
        weights.append(run(mixer, 7))
    weights = np.concatenate(weights)
    assert np.abs(np.diff(weights, axis=0)).max() < 1.01 / FRAME_RATE
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-4)


# Auto -----------------------------------------------------------------------------------------


def test_auto_follows_what_the_music_sounds_like():
    mixer = StyleMixer(3, None)
    salsa = run(mixer, 15 * FRAME_RATE, sounds_like("salsa"))
    ballet = run(mixer, 15 * FRAME_RATE, sounds_like("ballet"))
    np.testing.assert_allclose(salsa[-1], [0, 1, 0], atol=1e-6)
    np.testing.assert_allclose(ballet[-1], [0, 0, 1], atol=1e-6)
    assert np.abs(np.diff([*salsa, *ballet], axis=0)).max() < 1.01 / FRAME_RATE


def test_auto_dances_what_is_heard_from_the_first_decision_on():
    mixer = StyleMixer(3, None)
    weights = run(mixer, 3 * FRAME_RATE, sounds_like("ballet"))
    np.testing.assert_allclose(weights[0], [1 / 3] * 3, atol=1e-6)  # nothing is known yet
    assert weights[:, :2].max() < 0.34  # never the first of the alphabet
    np.testing.assert_allclose(weights[-10:], [[0, 0, 1]] * 10, atol=1e-6)


def test_the_strongest_is_danced_even_if_it_hardly_leads():
    weights = run(StyleMixer(3, None), 3 * FRAME_RATE, [1.0, 1.2, 1.0])
    np.testing.assert_allclose(weights[-1], [0, 1, 0], atol=1e-6)


def test_another_piece_is_heard_for_itself():
    mixer = StyleMixer(3, None)
    run(mixer, 60 * FRAME_RATE, sounds_like("salsa"))
    for _ in range(600):  # minutes of silence sound like something, too
        mixer.listen(np.array(sounds_like("street")), silent=True)
    np.testing.assert_allclose(mixer.step(), [0, 1, 0], atol=1e-6)
    weights = run(mixer, 3 * FRAME_RATE, sounds_like("ballet"))
    np.testing.assert_allclose(weights[-1], [0, 0, 1], atol=1e-6)


def test_auto_does_not_waver_between_two_that_are_almost_equal():
    mixer = StyleMixer(3, None)
    run(mixer, 15 * FRAME_RATE, sounds_like("salsa"))
    for second in range(20):
        lead = 0.1 if second % 2 else -0.1
        weights = run(mixer, FRAME_RATE, [0, 2.0 - lead, 2.0 + lead])
        np.testing.assert_allclose(weights, [[0, 1, 0]] * FRAME_RATE, atol=1e-6)


def test_a_short_passage_does_not_change_the_style():
    mixer = StyleMixer(3, None)
    run(mixer, 20 * FRAME_RATE, sounds_like("salsa"))
    weights = run(mixer, FRAME_RATE, sounds_like("ballet"))
    np.testing.assert_allclose(weights, [[0, 1, 0]] * FRAME_RATE, atol=1e-6)


def test_auto_keeps_its_style_through_a_section():
    mixer = StyleMixer(3, None)

    def hear(seconds, logits, section):
        for _ in range(round(seconds * FRAME_RATE)):
            mixer.listen(np.array(logits), section=section)
            mixer.step()
        return mixer.weights

    assert hear(20.0, sounds_like("salsa"), 0).argmax() == 1
    nearly_ballet = [0.0, 2.0, 2.7]
    assert hear(30.0, nearly_ballet, 0).argmax() == 1  # the music has not changed
    assert hear(3.0, nearly_ballet, 1).argmax() == 2  # now it has


def test_what_is_heard_counts_only_without_a_request():
    mixer = StyleMixer(3, parsed("street"))
    weights = run(mixer, 15 * FRAME_RATE, sounds_like("salsa"))
    np.testing.assert_array_equal(weights, [[1, 0, 0]] * len(weights))
    mixer.request = None  # it has listened all the same
    np.testing.assert_allclose(run(mixer, 2 * FRAME_RATE)[-1], [0, 1, 0], atol=1e-6)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 3e38])
def test_numbers_that_are_none_do_not_deafen_it(value):
    mixer = StyleMixer(3, None)
    run(mixer, 5 * FRAME_RATE, [value, 0, value])
    weights = run(mixer, 30 * FRAME_RATE, sounds_like("salsa"))
    np.testing.assert_allclose(weights[-1], [0, 1, 0], atol=1e-6)
    assert np.isfinite(weights).all()
