"""Keys and mouse: what they send to the engine, what they change in the window."""

import pytest

from live.errors import ConfigError
from live.osc import encoding
from live.osc import schema as osc
from tests.visuals.window.play import press
from visuals.draw.surfaces import pygame
from visuals.window.keys import KEYS, ControlSender, KeyMap, shipped_styles


def test_keys_play_the_engine(app, engine):
    presses = [
        (pygame.K_t, "t", "tap", []),
        (pygame.K_8, "[", "half", []),  # where a layout has the bracket on another key
        (pygame.K_9, "]", "double", []),
        (pygame.K_UP, "", "energy", [0.25]),
        (pygame.K_DOWN, "", "energy", [0.0]),
        (pygame.K_RIGHT, "", "temperature", [1.1]),
        (pygame.K_LEFT, "", "temperature", [1.0]),
        (pygame.K_m, "M", "mirror", [1.0]),
        (pygame.K_SPACE, " ", "freeze", [1.0]),
        (pygame.K_SPACE, " ", "freeze", [0.0]),
        (pygame.K_b, "b", "blackout", [1.0]),
    ]
    cues = [(pygame.K_1, "1", "1"), (pygame.K_9, "9", "9"), (pygame.K_PAGEDOWN, "", "next")]
    presses += [(key, text, "cue", [cue]) for key, text, cue in cues]
    presses += [(pygame.K_PAGEUP, "", "cue", ["previous"])]
    for key, text, name, arguments in presses:
        press(app, key, text)
        ((address, values),) = encoding.decode(engine.recv(2048))
        assert address == f"/pj/control/{name}"
        assert values == (arguments if name == "cue" else pytest.approx(arguments))


def test_panic_sets_the_engine_and_the_stage_back(app, engine):
    for key in ("l", "n", "x", "k", "+"):
        press(app, pygame.K_F1, key)
    press(app, pygame.K_BACKSPACE, "\x08")
    assert list(encoding.decode(engine.recv(2048))) == [("/pj/control/panic", [])]
    assert app.renderer.look == "neon"
    assert (app.ensemble.lineup, app.ensemble.mirror, app.ensemble.canon) == ("stage", False, 0.0)


def test_a_panic_from_elsewhere_sets_the_picture_back(app, monkeypatch):
    for key in ("l", "n", "b"):
        press(app, pygame.K_F1, key)
    monkeypatch.setattr(app._feed, "take_controls", lambda: [("panic", None)])
    app.step()
    assert (app.renderer.look, app.ensemble.lineup) == ("neon", "stage")
    assert app.keys.switches["blackout"] is False


def test_the_stage_is_played_by_keys(app):
    for key in ("l", "p", "c", "n", "x", "k"):
        press(app, pygame.K_F1, key)
    assert (app.renderer.look, app.renderer.palette) != ("neon", "night")
    assert app.renderer.camera.mode == "cuts"
    assert (app.ensemble.lineup, app.ensemble.mirror, app.ensemble.canon) == ("line", True, 0.25)
    press(app, pygame.K_F1, "+")
    assert app.ensemble.cast == 1


def test_the_style_key_goes_through_the_styles_and_back_to_auto():
    controls = KeyMap(("salsa", "street"))
    named = [controls.act("next style") for _ in range(4)]
    assert named == [("style", (name,)) for name in ("salsa", "street", "auto", "salsa")]
    assert "street" in shipped_styles()


def test_the_style_key_follows_what_the_engine_has_and_was_asked_for():
    controls = KeyMap(("salsa", "street"))
    controls.follow_style("", ())  # nobody has said anything yet
    assert controls.act("next style") == ("style", ("salsa",))
    controls.follow_style("b", ("a", "b", "c"))
    assert controls.act("next style") == ("style", ("c",))
    controls.follow_style("b", ("a", "b", "c"))  # said before the key was heard
    assert controls.act("next style") == ("style", ("auto",))
    controls.follow_style("a=2,b=1", ("a", "b", "c"))  # a mix is no place in the row
    assert controls.act("next style") == ("style", ("a",))
    fixed = KeyMap(("b",), fixed=True)
    fixed.follow_style("a", ("a", "b", "c"))
    assert [fixed.act("next style") for _ in range(2)] == [("style", ("b",)), ("style", ("auto",))]


def test_the_mouse_taps_and_turns(app, engine):
    pygame.event.post(pygame.Event(pygame.MOUSEBUTTONDOWN, button=1, pos=(5, 5)))
    pygame.event.post(pygame.Event(pygame.MOUSEWHEEL, x=0, y=1))
    pygame.event.post(pygame.Event(pygame.MOUSEWHEEL, x=-1, y=0))
    pygame.event.post(pygame.Event(pygame.MOUSEBUTTONDOWN, button=3, pos=(5, 5)))
    app.step()
    said = [next(encoding.decode(engine.recv(2048))) for _ in range(3)]
    assert [address.rsplit("/", 1)[1] for address, _ in said] == ["tap", "energy", "temperature"]
    assert [values for _, values in said[1:]] == [[0.25], [pytest.approx(0.9)]]
    assert app.renderer.look == "chalk"


def test_window_keys(app):
    press(app, pygame.K_h, "h")
    assert not app.hud
    press(app, pygame.K_SLASH, "?")
    assert app.keys_shown
    press(app, pygame.K_f, "f")
    press(app, pygame.K_F12)
    assert app.running
    press(app, pygame.K_ESCAPE, "\x1b")
    assert not app.running


def test_every_engine_key_is_a_known_control():
    for _, action, _ in KEYS:
        message = KeyMap().act(action)
        if message:
            name, arguments = message
            assert len(arguments) == len(osc.CONTROLS[name].types)


def test_faders_stop_at_their_ends_and_switches_follow_the_engine():
    controls = KeyMap()
    for _ in range(100):
        controls.act("more energy")
    assert controls.act("more energy") == ("energy", (2.0,))
    controls.follow("frozen")  # by somebody else
    assert controls.act("freeze") == ("freeze", (0.0,))
    controls.follow("dancing")
    assert controls.act("freeze") == ("freeze", (1.0,))


def test_an_absent_engine_does_not_stop_the_keys():
    sender = ControlSender(("127.0.0.1", 9))
    for _ in range(5):
        sender.send("tap", ())
    sender.close()
    with pytest.raises(ConfigError, match="no address"):
        ControlSender(("no such host.invalid", 9))
