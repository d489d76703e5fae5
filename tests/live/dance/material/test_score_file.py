"""Score files: what they may say, and what is said of mistakes; and their parts in time."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from live.control.scenes import value_of
from live.dance.material.bank import PhraseBank
from live.dance.material.moment import SongMoment, parse_moment
from live.dance.material.phrase import StoredPhrase, write_phrase
from live.dance.material.score_file import PhraseUse, ScorePart, load_score, parse_score
from live.dance.material.timeline import Timeline
from live.errors import ConfigError

READ = partial(value_of, styles=("salsa", "street"))


def phrase(name, beats=8):
    return StoredPhrase(name, np.zeros((beats, 1, 4), np.float32))


BANK = PhraseBank([phrase("hook"), phrase("turn", 4)])


def parts_of(text):
    return parse_score(text, Path("song.toml"), BANK, READ).parts


def part(text):
    return parts_of(f"[[part]]\nat = 1\n{text}")[0]


def test_a_part_that_is_composed():
    assert part('bars = 16\nform = "AAB"\nunison = 1\nstyle = "salsa"\nphrase = 16') == ScorePart(
        SongMoment(bar=1),
        bars=16.0,
        controls=(("form", "AAB"), ("unison", 1.0), ("style", "salsa"), ("phrase", 16.0)),
    )


def test_phrases_in_a_form():
    found = part('phrase = ["hook", "turn"]\nform = "AA~B-A\'"\ntimes = 2\nenergy = 0.5')
    hook = PhraseUse("hook")
    assert found.uses == (
        hook,
        PhraseUse("hook", mirrored=True),
        PhraseUse("turn", energy=-1.0),
        PhraseUse("hook", vary=0.5),
    )
    assert (found.times, found.controls) == (2, (("energy", 0.5),))
    assert part('phrase = "Hook"').uses == (hook,)
    assert part('phrase = "hook"\nmirror = true\nvariation = 0.3').uses == (
        PhraseUse("hook", mirrored=True, vary=0.3),
    )


def test_a_phrase_for_some_and_another_for_the_rest():
    found = part('phrase = "hook"\ndancers = [1, 3]\nothers = "turn"')
    assert (found.dancers, found.others, found.names) == ((0, 2), "turn", {"hook", "turn"})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "1 to 999 parts"),
        ("part = 1", "part is 1"),
        ("volume = 1", "unknown 'volume'"),
        ('[[part]]\nphrase = "hook"', "part 1: the first part needs at"),
        ("[[part]]\nat = 0", "part 1: at is 0"),
        ('[[part]]\nat = "1:75"', "at is '1:75'"),
        ('[[part]]\nat = 1\nphrase = "nope"', "no phrase 'nope'; there are hook, turn"),
        ('[[part]]\nat = 1\nphrase = "../hook"', "cannot be a phrase's name"),
        ('[[part]]\nat = 1\nphrase = ["hook"]\nform = "AB"', "form has a B"),
        ('[[part]]\nat = 1\nform = "A?"', "form 'A\\?'"),
        ("[[part]]\nat = 1\nunison = 2", "unison is 2"),
        ("[[part]]\nat = 1\ncolour = 2", "unknown setting 'colour'"),
        ("[[part]]\nat = 1\ntimes = 2", "for a part with a phrase"),
        ('[[part]]\nat = 1\nphrase = "hook"\nbars = 2', "without a phrase"),
        ('[[part]]\nat = 1\nphrase = "hook"\nothers = "turn"', "others needs dancers"),
        ('[[part]]\nat = 1\nphrase = "hook"\ndancers = [17]', "dancers is 17"),
        ("[[part]]\nat = 5\n[[part]]\nat = 5", "part 2: at is bar 5, not after"),
        ('[[part]]\nat = 5\n[[part]]\nphrase = "hook"', "part 2: it needs at"),
        ('phrases = "/etc"\n[[part]]\nat = 1', "a folder beside the score"),
        ('phrases = "../x"\n[[part]]\nat = 1', "a folder beside the score"),
        ('phrases = "//host/x"\n[[part]]\nat = 1', "a folder beside the score"),
        ("[[part]]\nat = ", "not valid TOML"),
    ],
)
def test_mistakes_are_named(text, said):
    with pytest.raises(ConfigError, match=said):
        parts_of(text)


def test_phrases_are_sought_beside_the_score_first(tmp_path):
    folder = tmp_path / "my phrases"
    folder.mkdir()
    write_phrase(phrase("hook", 16), folder)
    path = tmp_path / "song.toml"
    path.write_text('phrases = "my phrases"\n[[part]]\nat = 1\nphrase = ["hook", "turn"]', "utf-8")
    score = load_score(path, BANK, READ)
    assert (score.phrases["hook"].beats, score.phrases["turn"].beats) == (16, 4)
    (folder / "hook.npz").write_bytes(b"")
    with pytest.raises(ConfigError, match=r"hook\.npz"):
        load_score(path, BANK, READ)


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        (33, SongMoment(bar=33)),
        ("1:32.5", SongMoment(time_s=92.5)),
        ("0:05", SongMoment(time_s=5.0)),
        ("1:02:03", SongMoment(time_s=3723.0)),
    ],
)
def test_moments(value, moment):
    assert parse_moment(value) == moment


@pytest.mark.parametrize("value", [0, -1, True, 1.5, "", "12", "1:60", "x:00", None, "99:99:99"])
def test_no_moments(value):
    with pytest.raises(ConfigError, match="must be a bar"):
        parse_moment(value)


def begun(text, bars, ratio=1.0, bpm=120.0):
    """(bar position at which it began, part's index) for a song of so many bars."""
    score = parse_score(text, Path("song.toml"), BANK, READ)
    timeline, found = Timeline(score), []
    for n in range(round(bars * 64)):
        at = n / 64
        for new in timeline.step(at, at * 240 / bpm, 4, 4 * ratio):
            found.append((at, score.parts.index(new)))
    return found


def test_parts_follow_bars_and_each_other():
    text = (
        '[[part]]\nat = 1\nphrase = "hook"\ntimes = 2\n'  # 16 beats, 4 bars
        '[[part]]\nphrase = "turn"\n'  # 1 bar
        "[[part]]\nbars = 2\n"
        '[[part]]\nphrase = "hook"\nmirror = true\n'
        '[[part]]\nat = 17\nform = "AB"'
    )
    early = 1 / 16
    assert begun(text, 20) == [(0, 0), (4 - early, 1), (5 - early, 2), (7 - early, 3),
                               (16 - early, 4)]  # fmt: skip
    halved = begun(text, 20, ratio=0.5)  # every other beat is danced, so phrases take twice as long
    assert [at for at, _ in halved[:3]] == [0, 8 - early, 10 - early]


def test_parts_at_times():
    text = '[[part]]\nat = "0:10"\nphrase = "turn"\n[[part]]\nphrase = "hook"\n'
    (first, _), (second, _) = begun(text, 10)
    assert first == 5.0
    assert second == pytest.approx(6.0, abs=0.07)


def test_a_song_that_begins_anew_is_planned_anew():
    score = parse_score("[[part]]\nat = 1\n[[part]]\nat = 3", Path("song.toml"), BANK, READ)
    timeline = Timeline(score)
    seen = [len(timeline.step(bars, 0.0, 4, 4)) for bars in (0.0, 1.0, 2.0, 9.0, 0.0, 2.5)]
    assert seen == [1, 0, 1, 0, 1, 1]
