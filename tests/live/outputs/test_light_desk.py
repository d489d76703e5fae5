"""What the operator asks of the lights alone reaches them: master, out, the picture's palette."""

import numpy as np
import pytest

from live.osc.schema import CONTROLS
from live.outputs.feeds import Feeds, parse_feed
from live.outputs.lights import PRESETS, names_of
from live.palettes import palette
from live.show.visualizer import palette_of
from tests.helpers.frames import HEALTH
from tests.live.outputs.test_feeds import received, standing, target
from tests.live.outputs.test_lights import LOUD, faders


class Desk:
    def __init__(self, sock, **options):
        self._socket, self._number = sock, 0
        self.feeds = Feeds([parse_feed(target(sock, "/lights/groups=2"))], **options)

    def after(self, seconds):
        """The faders, so much later."""
        for _ in range(round(60 * seconds)):
            received(self._socket)
            self.feeds.send(standing(self._number, **LOUD), HEALTH)
            self._number += 1
        return faders(received(self._socket))


def rgb(values, group):
    return np.array([values[f"/pj/lights/{group}/{c}"] for c in ("red", "green", "blue")])


def full(name, dancer):
    body = np.array(palette(name).of(dancer)[0], float)
    return body / body.max()


def test_groups_have_the_picture_s_colours_and_follow_it(receiver):
    desk = Desk(receiver, palette="ice")
    values = desk.after(3)
    turn = next(
        n for n in range(4)
        if np.allclose(rgb(values, 1) / rgb(values, 1).max(), full("ice", 1 + n), atol=0.02)
    )  # fmt: skip
    second = rgb(values, 2) / rgb(values, 2).max()
    np.testing.assert_allclose(second, full("ice", 2 + turn), atol=0.02)
    desk.feeds.play("palette", "ember")
    values = desk.after(4)
    np.testing.assert_allclose(
        rgb(values, 1) / rgb(values, 1).max(), full("ember", 1 + turn), atol=0.02
    )
    desk.feeds.reset()  # panic
    values = desk.after(4)
    np.testing.assert_allclose(
        rgb(values, 1) / rgb(values, 1).max(), full("ice", 1 + turn), atol=0.02
    )
    desk.feeds.close()


def test_the_master_and_the_lights_own_blackout(receiver):
    desk = Desk(receiver)
    before = desk.after(3)
    desk.feeds.ask(0.5, False)
    half = desk.after(0.1)
    for name in ("level", "1/intensity", "2/red"):
        path = f"/pj/lights/{name}"
        assert half[path] == pytest.approx(before[path] / 2, abs=0.02)
    assert half["/pj/lights/1/hue"] == pytest.approx(before["/pj/lights/1/hue"], abs=0.01)
    desk.feeds.ask(1.0, True)
    out = desk.after(0.1)
    assert out["/pj/lights/level"] == out["/pj/lights/2/intensity"] == 0.0
    assert out["/pj/lights/height"] == half["/pj/lights/height"]
    assert out["/pj/lights/state"] == half["/pj/lights/state"]  # the show is not dark
    desk.feeds.ask(1.0, False)
    assert desk.after(1)["/pj/lights/level"] > 0.5
    desk.feeds.close()


def test_the_controls_are_on_the_wire():
    assert (CONTROLS["master"].low, CONTROLS["master"].high) == (0, 1)
    assert CONTROLS["lights_out"].is_switch


def test_numbered_presets_go_on_with_the_groups():
    paths = PRESETS["grandma3"].paths(1)
    assert list(paths) == names_of(1)
    assert paths["phrase"] == "/Page1/Fader216"
    assert paths["1/hue"] == "/Page1/Fader217"
    assert len(set(PRESETS["eos"].addresses.values())) == len(PRESETS["eos"].addresses)


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ([], "night"),
        (["--palette=ice"], "ice"),
        (["--look", "neon", "--palette", "ember", "--fullscreen"], "ember"),
        (["--palette", "ice", "--palette=acid"], "acid"),
        (["--palette"], "night"),
    ],
)
def test_the_palette_that_the_picture_begins_with(options, name):
    assert palette_of(options) == name
