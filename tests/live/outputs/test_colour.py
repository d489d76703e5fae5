"""Light in colour: whose colours, how bright in which section, how quickly, and never too often."""

from dataclasses import replace

import numpy as np
import pytest

from live.osc.schema import PALETTES, SECTION_KINDS
from live.outputs.board import Board
from live.outputs.colour import GROUPS, mixed
from live.outputs.fixture import Channel
from live.outputs.levels import LEVELS, LevelMaker, LightDesk
from live.outputs.signals import Signal
from live.palettes import palette
from tests.helpers.patches import universe_of
from tests.live.outputs.test_feeds import standing
from tests.live.outputs.test_flash_limit import flashes_in_any_second

RATE = 60


def played(kinds, seconds, bpm=120.0, desk=None, state="dancing", level=0.8):
    """Levels of music that goes through sections, each so many seconds."""
    maker, found = LevelMaker(), []
    for n in range(int(seconds * len(kinds) * RATE)):
        t = n / RATE
        beats = t * bpm / 60
        kind = SECTION_KINDS.index(kinds[int(t / seconds)])
        frame = standing(
            n, beat=(beats % 1, beats / 4 % 1, bpm, 1.0), level=level,
            phrase=(beats / 16 % 1, 16), section=(0, -1, kind, beats, 0.0),
        )  # fmt: skip
        found.append(maker.step(frame, state, desk or LightDesk()))
    return found


def test_the_groups_have_the_colours_of_the_picture():
    for name in PALETTES:
        levels = played(["drop"], 3, desk=LightDesk(palette=name))[-1]
        bodies = np.array([body for body, _ in palette(name).dancers], float)
        wanted = bodies / bodies.max(axis=1, keepdims=True)
        for group in range(1, GROUPS + 1):
            _, _, intensity, *rgb = levels.colour_of(group)
            off = np.abs(np.array(rgb) / intensity - wanted).max(axis=1)
            assert off.min() < 0.02, (name, group)


def test_another_palette_fades_in_slowly_and_another_colour_comes_with_the_phrase():
    levels = played(["verse"], 20, bpm=120)  # a phrase of 16 beats lasts 8 s
    colours = np.array([one.colours[0, :2] for one in levels])
    hues = {round(float(h), 2) for h in colours[[RATE * 7, RATE * 15]][:, 0]}
    assert len(hues) == 2
    full = np.array([mixed(hue, saturation) for hue, saturation in colours])
    assert np.abs(np.diff(full, axis=0)).max() < 0.03


@pytest.mark.parametrize(("darker", "brighter"), [("break", "verse"), ("verse", "drop")])
def test_a_drop_is_brighter_than_a_verse_and_a_break_darker(darker, brighter):
    dim, bright = (
        np.mean([one.colours[0, 2] for one in played([kind], 6)[RATE * 3 :]])
        for kind in (darker, brighter)
    )
    assert bright > dim + 0.08


def test_a_drop_hits_on_every_beat_and_a_break_is_still():
    drop = np.array([one.colours[0, 2] for one in played(["drop"], 6)])[RATE * 3 :]
    rest = np.array([one.colours[0, 2] for one in played(["break"], 6)])[RATE * 3 :]
    peaks = np.flatnonzero(np.diff(drop) > 0.2)
    np.testing.assert_array_equal(np.diff(peaks), RATE // 2)
    assert np.ptp(rest) < 0.1
    idle = np.array([one.colours[0, 2] for one in played(["drop"], 6, state="idle")])[RATE * 3 :]
    assert np.ptp(idle) < 0.1
    assert idle.max() < 0.2


def test_the_energy_of_the_music_moves_the_brightness():
    loud, quiet = (
        np.mean([one.colours[0, 2] for one in played(["verse"], 6, level=x)[RATE * 5 :]])
        for x in (0.8, 0.1)
    )
    assert loud > 1.3 * quiet


@pytest.mark.parametrize("bpm", [128.0, 174.0, 240.0])
def test_no_colour_of_a_lamp_flashes_more_than_three_times_a_second(bpm):
    names = ("red", "green", "blue", "white", "intensity", "beat", "amber", "cyan")
    channels = [Channel((i,), Signal(name), 0, 255) for i, name in enumerate(names)]
    board = Board(universe_of(*channels), 3)
    levels = played(["build", "drop"], 4, bpm=bpm)
    lit = np.array([list(board.step(one, k / RATE)[:8]) for k, one in enumerate(levels)]) / 255
    lit[:, names.index("cyan")] = 1 - lit[:, names.index("cyan")]  # it takes light away
    for i, name in enumerate(names):
        assert flashes_in_any_second(lit[:, i]) <= 3, name
    assert flashes_in_any_second(lit[:, :3].mean(axis=1)) <= 3
    assert flashes_in_any_second(lit[-RATE * 3 :, 4]) >= 2  # and still they hit


def test_the_grand_master_turns_light_down_and_nothing_else():
    full, half = (played(["verse"], 1, desk=LightDesk(master=m))[-1] for m in (1.0, 0.5))
    wanted = [v * 0.5 for v in full.colour_of(2)[2:]]
    np.testing.assert_allclose(half.colour_of(2)[2:], wanted)
    assert half.colour_of(2)[:2] == full.colour_of(2)[:2]
    a, b = (dict(zip(LEVELS, one.of(), strict=True)) for one in (full, half))
    assert b["level"] == pytest.approx(a["level"] / 2)
    assert [b[n] for n in ("height", "lean", "state", "section", "phrase")] == [
        a[n] for n in ("height", "lean", "state", "section", "phrase")
    ]


def test_lights_out_is_a_blackout_of_the_lights_alone():
    out = played(["drop"], 1, desk=LightDesk(is_out=True))[-1]
    assert set(out.of()) == {None}
    assert set(out.colour_of(1)) == {None}
    assert out.flash(4) is None
    assert out.place_of(()) is None
    assert out.state == pytest.approx(0.2)  # the dance goes on


@pytest.mark.parametrize(
    ("every", "at", "count", "first"),
    [(1, 0, 16, 0), (2, 1, 8, 1), (4, 0, 4, 0), (4, 3, 4, 3), (0.5, 0, 32, 0), (1, 0.5, 16, 0.5)],
)
def test_the_beat_divided(every, at, count, first):
    levels = played(["verse"], 8, bpm=120)[: 8 * RATE]
    flash = np.array([one.flash(every, at) for one in levels])
    rises = np.flatnonzero(np.diff(flash, prepend=0) > 0.3)
    assert len(rises) == count
    assert rises[0] / RATE == pytest.approx(first / 2, abs=1.5 / RATE)


def test_a_chase_goes_round():
    lamps = [Channel((k,), Signal("beat", every=4, at=k), 0, 255) for k in range(4)]
    board = Board(universe_of(*lamps), 3)
    levels = played(["verse"], 8, bpm=120)
    seen = np.array([list(board.step(one, k / RATE)[:4]) for k, one in enumerate(levels)])
    on_beats = seen[:: RATE // 2]
    np.testing.assert_array_equal(on_beats.argmax(axis=1), np.arange(16) % 4)
    assert (on_beats.max(axis=1) > 240).all()


def test_absurd_music_makes_no_absurd_light():
    bad = replace(
        standing(), beat=(np.nan, np.inf, np.nan, np.nan), level=np.nan, phrase=(np.nan, 16),
        section=(0, -1, 6, np.nan, 0.0), onset=np.full(3, np.nan, np.float32),
    )  # fmt: skip
    maker = LevelMaker()
    for frame in (bad, standing(1), replace(bad, sample=10**9), standing(2)):
        levels = maker.step(frame, "dancing")
        values = [*levels.of(), *levels.colour_of(3), levels.flash(2.0)]
        assert np.isfinite(values).all()
        assert 0 <= min(values) <= max(values) <= 1
