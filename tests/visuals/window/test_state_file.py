"""What was played, for the next window."""

import json
import time

import pytest

from tests.visuals.window.play import OscSender, press
from visuals.draw.looks.chalk import Chalk
from visuals.draw.settings import PictureSettings
from visuals.draw.surfaces import pygame
from visuals.feed.feed import Feed
from visuals.window.app import App, WindowSettings
from visuals.window.state_file import WindowStateFile


def left_by(path, *keys: str, played: tuple = ()) -> App:
    """A window that has kept in this file what was played on it, and is gone."""
    with Feed(port=0) as feed:
        window = App(feed, state_file=WindowStateFile(path))
        for key in keys:
            press(window, pygame.K_UP if key == "up" else pygame.K_F1, key)
        sender = OscSender(window, feed.port)
        for name, value in played:
            sender.play(name, value)
        time.sleep(0.3)  # it is written now and then
        window.step()
        window.close()
    return window


def test_a_window_goes_on_with_what_was_played_on_the_one_before(tmp_path):
    path = tmp_path / "picture.json"
    # By keys and by OSC, in this order; whatever came last counts.
    played = (("look", "chalk"), ("picture_canon", 0.75), ("cast", 5.0), ("dark", 1.0),
              ("glow", 1.5), ("zoom_by", "beat"), ("picture_fade", 2.0))  # fmt: skip
    left = left_by(path, "l", "l", "p", "c", "n", "x", "h", "f", "up", "up", played=played)
    with Feed(port=0) as feed:
        app = App(
            feed,
            WindowSettings(PictureSettings(look="neon", brightness=0.3)),
            state_file=WindowStateFile(path),
        )
        for mine, theirs in (
            (app.picture.renderer, left.picture.renderer),
            (app.picture.ensemble, left.picture.ensemble),
        ):
            for name in ("look", "palette", "dark", "lineup", "mirror", "canon", "cast"):
                assert getattr(mine, name, None) == getattr(theirs, name, None), name
        assert app.picture.renderer.look == "chalk"
        assert isinstance(app.picture.renderer.look_shown, Chalk)  # at once, not on the next bar
        assert app.picture.renderer.camera.mode == "cuts"
        assert (app.hud, app.window.fullscreen) == (False, True)
        assert app.keys.act("more energy") == ("energy", (0.75,))
        mine, theirs = app.picture.renderer.modulation, left.picture.renderer.modulation
        assert (mine.values, mine.drives, mine.fade_s) == (theirs.values, theirs.drives, 2.0)
        assert (mine.values["glow"], mine.drives["zoom"]) == (1.5, "beat")
        assert app.picture.renderer.guard.brightness == 0.3  # an option, never played
        app.close()


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"look": "chalk"}', "\ud800", '{"look": 3}', "[" * 99_999, "look", "ok"],
)
def test_a_file_of_nonsense_begins_as_without_one(tmp_path, text):
    path = tmp_path / "picture.json"
    left_by(path, "p")
    good = json.loads(path.read_text())
    bad = json.dumps(good | {"look": "oil"}) if text == "look" else text
    path.write_bytes((json.dumps(good) if text == "ok" else bad).encode("utf-8", "surrogatepass"))
    with Feed(port=0) as feed:
        app = App(feed, state_file=WindowStateFile(path))
        assert app.picture.renderer.palette == ("safe" if text == "ok" else "night")
        app.step()
        app.close()


def test_a_file_that_cannot_be_written_stops_no_picture(tmp_path):
    left_by(tmp_path / "no folder" / "picture.json", "l")
    assert list(tmp_path.iterdir()) == []
