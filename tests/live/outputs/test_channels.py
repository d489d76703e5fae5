"""How a channel follows: bent, from a threshold on, slowly, in 8 to 24 bits, later; its colours."""

import numpy as np
import pytest

from live.errors import ConfigError
from live.outputs.board import Board
from live.outputs.dmx import Newest
from live.outputs.levels import Levels
from live.outputs.patch import load_patch
from tests.helpers.patches import levels

FIXTURE = "[[universe]]\n[[universe.fixture]]\n{extra}\nchannels = [{channels}]"


def board_of(patch_file, channels, extra="", flashes=30):
    patch = load_patch(patch_file(FIXTURE.format(channels=channels, extra=extra)))
    return Board(patch.universes[0], flashes)


def shown(board, now, now_s=0.0):
    return list(board.step(now, now_s))


@pytest.mark.parametrize(
    ("curve", "quarter"),
    [("linear", 64), ("square", 16), ("cube", 4), ("root", 128), ("soft", 40), ("switch", 0)],
)
def test_curves_bend_between_the_same_ends(patch_file, curve, quarter):
    board = board_of(patch_file, f'{{ level = "level", curve = "{curve}" }}')
    ends = [shown(board, levels(level=x))[0] for x in (0.0, 0.25, 1.0)]
    assert ends == [0, pytest.approx(quarter, abs=1), 255]


def test_below_the_threshold_is_nothing(patch_file):
    board = board_of(patch_file, '{ level = "level", threshold = 0.5 }')
    assert [shown(board, levels(level=x))[0] for x in (0.4, 0.5, 0.75, 1.0)] == [0, 0, 128, 255]


def test_a_fade_takes_its_time_and_dark_is_dark_at_once(patch_file):
    board = board_of(patch_file, '{ level = "level", fade = [2.0, 0.5] }')
    up = [shown(board, levels(level=1.0), 100 + t / 40)[0] for t in range(100)]
    assert up[40] == pytest.approx(255 / 2, abs=7)
    assert up[-1] == 255
    down = [shown(board, levels(level=0.0), 102.5 + t / 40)[0] for t in range(30)]
    assert down[0] < 255 > down[10] > 0 == down[-1]
    shown(board, levels(level=1.0), 103.5)
    assert shown(board, Levels(dark=True), 103.51)[0] == 0


def test_coarse_and_fine_may_lie_apart(patch_file):
    board = board_of(
        patch_file, '{ level = "height", offsets = [1, 3, 4] }, { level = "low", offsets = [2] }',
        extra="address = 10\ndancers = [2]",
    )  # fmt: skip
    slots = shown(board, levels(height=0.3, low=1.0))
    value = slots[9] << 16 | slots[11] << 8 | slots[12]
    assert value == pytest.approx(0.3 * 0xFFFFFF, abs=1)
    assert slots[10] == 255


def coloured(hue, saturation, intensity, master=1.0):
    return Levels(colours=np.tile([hue, saturation, intensity], (8, 1)), master=master)


def test_a_lamp_without_a_dimmer_carries_the_brightness_in_its_colours(patch_file):
    board = board_of(patch_file, '"red", "green", "blue"')
    assert shown(board, coloured(0.0, 1.0, 0.5))[:3] == [128, 0, 0]
    assert shown(board, coloured(1 / 3, 0.5, 1.0))[:3] == [128, 255, 128]
    assert shown(board, coloured(1 / 3, 0.5, 1.0, master=0.5))[:3] == [64, 128, 64]


def test_a_lamp_that_dims_itself_has_full_colours(patch_file):
    board = board_of(patch_file, '"intensity", "red", "green", "blue"')
    assert shown(board, coloured(0.0, 1.0, 0.5))[:4] == [128, 255, 0, 0]


def test_white_takes_what_the_colours_have_in_common(patch_file):
    board = board_of(patch_file, '"red", "green", "blue", "white"')
    assert shown(board, coloured(2 / 3, 0.5, 1.0))[:4] == [0, 0, 128, 128]


def test_filters_let_nothing_through_in_the_dark(patch_file):
    board = board_of(patch_file, '"cyan", "magenta", "yellow"')
    assert shown(board, coloured(0.0, 1.0, 1.0))[:3] == [0, 255, 255]
    assert shown(board, Levels(dark=True))[:3] == [255, 255, 255]


@pytest.mark.parametrize(
    ("channel", "said"),
    [
        ('{ level = "low", curve = "bent" }', "curve is 'bent'; it must be one of linear, square"),
        ('{ level = "low", fade = -1 }', "fade is -1"),
        ('{ level = "low", fade = [1, 2, 3] }', "seconds, or [up, down]"),
        ('{ level = "low", threshold = 1 }', "threshold is 1"),
        ('{ level = "low", every = 2 }', "every and at divide the beat, not low"),
        ('{ level = "beat", every = 5 }', "every is 5; there are 0.25, 0.5"),
        ('{ level = "beat", every = 4, at = 4 }', "at is 4; it must be less than every, 4"),
        ('{ level = "red", group = 9 }', "group is 9"),
        ('{ level = "low", offsets = [] }', "offsets is []"),
        ('{ level = "low", offsets = [513] }', "offset is 513"),
        ('"pan"', "pan and tilt need a head"),
    ],
)
def test_mistakes_are_named(patch_file, channel, said):
    with pytest.raises(ConfigError) as caught:
        board_of(patch_file, channel)
    assert said in str(caught.value)


def test_a_universe_may_be_later_than_the_others():
    newest = Newest(0.1)
    for n in range(100):
        newest.add(n / 60, Levels(level_number(n)))
    assert newest.at(99 / 60).music[0] == 99
    assert newest.at(99 / 60 - 0.099).music[0] == 93
    assert newest.at(0.0).music[0] >= 92  # what is older than anybody needs is forgotten


def level_number(n):
    return np.full(6, float(n))


def test_the_delay_of_a_universe_is_read(patch_file):
    patch = load_patch(patch_file("[[universe]]\ndelay = 40\n"))
    assert patch.universes[0].delay_ms == 40.0
    with pytest.raises(ConfigError, match="delay is -1"):
        load_patch(patch_file("[[universe]]\ndelay = -1\n"))
