"""What a page asks for, as command lines that the commands themselves accept."""

from pathlib import Path

import pytest

from live.cli import perform
from live.cli.options import config_of
from live.errors import ConfigError
from visuals.film import render
from visuals.page import commands

SONG, TAKE, OUT = Path("songs/-odd name.wav"), Path("takes/a.npz"), Path("films/a.mp4")
OPTIONS = {
    "style": "street=0.5,salsa=1", "energy": -0.5, "dancers": 3, "unison": 1, "form": "AA~B-A'",
    "phrase": 16, "recall": False, "formation": "wedge", "ensemble": "pairs", "seed": 7,
    "canon": 0.5, "variation": 0.2, "openness": 1.0, "travel": 0.1, "temperature": 0.8,
}  # fmt: skip


def test_every_fader_reaches_the_dance():
    assert set(OPTIONS) == set(commands.DANCE_OPTIONS)
    options = commands.checked_options(OPTIONS)
    argv = commands.dance(
        SONG, TAKE, options, rows=Path("x.rows"), phrases=Path("bank"), model="open"
    )
    args = perform._parser(perform.NpzWriter()).parse_args(argv[1:])
    config = config_of(args)
    assert {name: getattr(config, name) for name in OPTIONS} == OPTIONS
    assert (args.file, args.out, args.progress) == (SONG, TAKE, "json")
    assert config.phrases == "bank"


def test_a_film_has_its_music_and_size():
    wishes = {"size": "1080x1920", "fps": 50, "look": "chalk", "palette": "ice", "camera": "front"}
    args = render._parser().parse_args(commands.film(TAKE, SONG, OUT, wishes)[1:])
    assert (args.dance, args.out, args.music) == (TAKE, OUT, SONG)
    assert (args.size, args.fps, args.look) == ("1080x1920", 50, "chalk")
    assert (args.palette, args.camera, args.progress) == ("ice", "front", "json")


@pytest.mark.parametrize(
    "wishes",
    [{"size": "1x1"}, {"fps": 1e9}, {"look": "../x"}, {"out": "x"}, [], {"fps": "30"}],
)
def test_a_film_of_another_kind_is_refused(wishes):
    with pytest.raises(ConfigError):
        commands.film(TAKE, None, OUT, wishes)


def test_what_is_no_fader_is_refused():
    for options in ({"osc": "x"}, {"energy": "high"}, {"seed": 1.5}, None, {"style": "x" * 500}):
        with pytest.raises(ConfigError):
            commands.checked_options(options)
