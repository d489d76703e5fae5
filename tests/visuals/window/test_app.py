"""The window on a feed: the picture over OSC, a display that goes away."""

import math
import time

import numpy as np

from live.osc import encoding
from live.osc import schema as osc
from tests.visuals.stage import packets, pixels, wait_until
from tests.visuals.window.play import OscSender, press
from visuals.draw.looks.wireframe import Wireframe
from visuals.draw.surfaces import pygame
from visuals.window.app import App


def drawn(app: App, sender: OscSender) -> np.ndarray:
    """What the window shows of the same half second of a dance, without the small print."""
    app.hud = False
    for k in range(30):
        sender.send(*packets(k))
    return pixels(app.window.picture())


def test_every_control_of_the_picture_is_obeyed(app, sender):
    stage, shown = app.picture.ensemble, app.picture.renderer.modulation
    for name, value, now in (
        ("look", "ribbons", lambda: app.picture.renderer.look == "ribbons"),
        ("look", 2.0, lambda: app.picture.renderer.look == osc.LOOKS[1]),
        ("look", "previous", lambda: app.picture.renderer.look == osc.LOOKS[0]),
        ("look", "previous", lambda: app.picture.renderer.look == osc.LOOKS[-1]),
        ("look", "next", lambda: app.picture.renderer.look == osc.LOOKS[0]),
        ("palette", "safe", lambda: app.picture.renderer.palette == "safe"),
        ("palette", "next", lambda: app.picture.renderer.palette == "ember"),
        ("camera", "cuts", lambda: app.picture.renderer.camera.mode == "cuts"),
        ("camera", 1.0, lambda: app.picture.renderer.camera.mode == "front"),
        ("lineup", "wedge", lambda: stage.lineup == "wedge"),
        ("cast", 5.0, lambda: stage.cast == 5),
        ("pairs", 1.0, lambda: stage.mirror),
        ("pairs", None, lambda: not stage.mirror),
        ("picture_canon", 0.5, lambda: stage.canon == 0.5),
        ("glow", 1.5, lambda: shown.values["glow"] == 1.5),
        ("glow_by", "section", lambda: shown.drives["glow"] == "section"),
        ("zoom", 9.0, lambda: shown.values["zoom"] == 2.0),
        ("zoom_by", "next", lambda: shown.drives["zoom"] == "beat"),
        ("trail", 0.0, lambda: shown.values["trail"] == 0.0),
        ("trail_by", 3.0, lambda: shown.drives["trail"] == "level"),
        ("picture_fade", 0.0, lambda: shown.fade_s == 0),
        ("dark", 1.0, lambda: app.picture.renderer.dark),
        ("dark", 0.0, lambda: not app.picture.renderer.dark),
    ):
        sender.play(name, value)
        assert now(), (name, value)
        assert app._feed.malformed == 0
    sender.play("dark", 1.0)
    press(app, pygame.K_BACKSPACE, "\x08")
    assert (app.picture.renderer.dark, stage.lineup, stage.cast) == (False, "stage", 0)
    shown = app.picture.renderer.modulation
    assert (shown.values["zoom"], shown.drives["glow"], shown.fade_s) == (1.0, "off", 0.5)


def test_a_look_that_is_asked_for_changes_the_pixels(app, sender):
    neon = drawn(app, sender)
    sender.play("look", "wireframe")

    def is_shown():
        app.step()
        return isinstance(app.picture.renderer.look_shown, Wireframe)

    wait_until(is_shown)
    other = drawn(app, sender)
    assert (np.abs(other - neon).max(axis=2) > 40).mean() > 0.005
    sender.play("picture_fade", 0.0)
    sender.play("dark", 1.0)
    assert drawn(app, sender).max() == 0
    sender.play("dark", 0.0)
    assert drawn(app, sender).max() > 40


def test_what_does_not_fit_changes_nothing_and_is_counted(app, sender):
    bad = [
        encoding.encode_message("/pj/visuals/look", "s", ("oil",)),
        encoding.encode_message("/pj/visuals/look", "f", (math.nan,)),
        encoding.encode_message("/pj/visuals/cast", "s", ("five",)),
        encoding.encode_message("/pj/visuals/oil", "f", (1.0,)),
        encoding.encode_message("/pj/visuals/dark", "ff", (1.0, 1.0)),
    ]
    sender.send(*bad)
    assert app._feed.malformed == len(bad)
    assert (app.picture.renderer.look, app.picture.ensemble.cast, app.picture.renderer.dark) == (
        "neon",
        0,
        False,
    )
    sender.play("cast", 99.0)
    assert app.picture.ensemble.cast == osc.MAX_DANCERS
    sender.play("look", 0.0)  # a button let go
    assert (app.picture.renderer.look, app._feed.malformed) == ("neon", len(bad))


def test_the_style_is_written_where_it_is_named(app, sender):
    sender.send(*packets(0))
    assert app._feed.view(time.perf_counter()).style_name == ""
    unnamed = pixels(app.window.picture())[:300, 600:].max(axis=2) > 30
    sender.send(encoding.encode_styles("auto", ("salsa", "street")), *packets(1))
    view = app._feed.view(time.perf_counter())
    assert (view.style_name, view.style_request, view.styles) == (
        "salsa",
        "auto",
        ("salsa", "street"),
    )
    named = pixels(app.window.picture())[:300, 600:].max(axis=2) > 30
    assert named.sum() > unnamed.sum() + 50


def test_a_lost_display_is_opened_again(app):
    app.step()
    pygame.display.quit()  # what a pulled cable amounts to
    app.step()
    assert app.window.lost == 1
    app.step()
    assert app.window.picture().get_size() == (1280, 720)
    assert app.running


def test_closing_the_window_quits(app):
    pygame.event.post(pygame.Event(pygame.QUIT))
    app.step()
    assert not app.running
