"""The words of a form."""

import pytest

from live.dance.choreography.form import HALF_ENERGY, Part, parse_form
from live.errors import ConfigError
from live.osc.schema import FORMS


@pytest.mark.parametrize("name", FORMS)
def test_every_named_form_is_one(name):
    assert parse_form(name.upper()) == parse_form(f" {name} ")


def test_marks_say_how_a_phrase_returns():
    assert parse_form("a A~ B- C'.") == (
        Part(0),
        Part(0, mirrored=True),
        Part(1, energy=HALF_ENERGY),
        Part(2, varied=True, held=True),
    )
    assert parse_form("A+")[0].energy > 0


def test_a_call_is_answered_by_the_same_phrase():
    parts = parse_form("call-response")
    assert [p.letter for p in parts] == [0, 0, 1, 1]
    assert [p.answers for p in parts] == [False, True, False, True]


@pytest.mark.parametrize("text", ["", "  ", "~A", "A1", "A" * 65, "AÄ", "A;B"])
def test_what_is_no_form_is_refused_with_what_is(text):
    with pytest.raises(ConfigError, match="AABA"):
        parse_form(text)
