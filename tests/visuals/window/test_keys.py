"""Keys and mouse: what they send to the engine, what they change in the window."""

import math
import socket
import time

import pytest

from live.errors import ConfigError
from live.osc import encoding
from live.osc import schema as osc
from live.osc.values import RELEASE, parse_arguments
from tests.visuals.stage import pixels, still, wait_until
from tests.visuals.window.play import OscSender, heard, press
from visuals.draw.looks.neon import Neon
from visuals.draw.renderer import Renderer
from visuals.draw.settings import PictureSettings
from visuals.draw.surfaces import black, pygame
from visuals.feed.feed import Feed
from visuals.window.app import App, WindowSettings
from visuals.window.control_client import ControlClient
from visuals.window.keys import KEYS, KeyMap, shipped_styles


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
        ((address, values),) = heard(engine, 1)
        assert address == f"/pj/control/{name}"
        assert values == (arguments if name == "cue" else pytest.approx(arguments))


def test_panic_is_one_address_and_sets_the_window_back(app, engine):
    for key in ("l", "p", "c", "n", "x", "k", "+"):
        press(app, pygame.K_F1, key)
    press(app, pygame.K_UP)
    app.picture.play("dark", 1.0)
    app.picture.play("picture_canon", 0.5)
    heard(engine, 8)
    press(app, pygame.K_BACKSPACE, "\x08")
    assert heard(engine, 1) == [("/pj/control/panic", [])]
    renderer, ensemble = app.picture.renderer, app.picture.ensemble
    assert (renderer.look, renderer.palette, renderer.camera.mode) == ("neon", "night", "orbit")
    assert isinstance(renderer.look_shown, Neon)  # at once, not on the next bar
    assert (ensemble.lineup, ensemble.mirror, ensemble.canon) == ("stage", False, 0.0)
    assert (ensemble.cast, renderer.dark) == (0, False)
    assert app.keys.act("more energy") == ("energy", (0.25,))
    assert app.keys.act("next canon") == ("canon", (0.5,))


def test_panic_from_elsewhere_goes_back_to_what_the_window_was_started_with(engine):
    start = PictureSettings("chalk", "ice", "front", "wedge", canon=0.5, cast=3)
    with Feed(port=0) as feed:
        app = App(feed, WindowSettings(start, control=engine.getsockname()))
        operator = OscSender(app, feed.port)
        for name, value in (("look", "neon"), ("lineup", "line"), ("cast", 9.0), ("dark", 1.0)):
            operator.play(name, value)
        press(app, pygame.K_UP)
        operator.send(encoding.encode_message("/pj/control/panic", "", ()))
        renderer, ensemble = app.picture.renderer, app.picture.ensemble
        assert (renderer.look, renderer.palette, renderer.dark) == ("chalk", "ice", False)
        assert (ensemble.lineup, ensemble.canon, ensemble.cast) == ("wedge", 0.5, 3)
        assert app.keys.values["energy"] == 0.0
        app.close()


def test_keys_of_the_picture_play_here_at_once_and_tell_the_engine_how_it_is_now(app, engine):
    for key in (
        "l",
        "p",
        "c",
        "n",
        "x",
        "+",
    ):  # the picture's own canon has no key, the dance's has
        press(app, pygame.K_F1, key)
    said = heard(engine, 6)
    assert said == [
        ("/pj/visuals/look", ["chalk"]),
        ("/pj/visuals/palette", ["safe"]),
        ("/pj/visuals/camera", ["cuts"]),
        ("/pj/visuals/lineup", ["line"]),
        ("/pj/visuals/pairs", [1.0]),
        ("/pj/visuals/cast", [1.0]),
    ]
    for name, value in ((address.rsplit("/", 1)[1], values[0]) for address, values in said):
        assert app.picture.value_of(name) == value


def test_what_the_engine_passes_back_changes_nothing_again(app, engine, sender):
    for key in ("l", "c", "x"):
        press(app, pygame.K_F1, key)
    before = app.picture.renderer._coming, app.picture.renderer.camera.cuts
    for address, values in heard(engine, 3):
        sender.play(address.rsplit("/", 1)[1], values[0])
    assert (app.picture.renderer._coming, app.picture.renderer.camera.cuts) == before
    assert app.picture.ensemble.mirror


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("cue", "7", "there is no scene 7"),
        ("cue", "next", "no scene after this one"),
        ("cue", 3.0, "there is no scene 3"),
        ("style", "polka", "style polka: refused"),
    ],
)
def test_what_is_asked_for_in_vain_is_told_for_some_seconds(app, engine, name, value, told):
    app.step()
    _, window = engine.recvfrom(2048)  # it asks for answers by itself
    now_s = time.perf_counter()
    engine.sendto(encoding.encode_ack("mirror", True, 1.0), window)
    engine.sendto(encoding.encode_ack(name, False, value), window)
    wait_until(lambda: app._hear_answers(now_s) or app.notice)
    assert app.notice == told
    with_it, canvas = black((640, 360)), black((640, 360))
    Renderer().draw(with_it, still(), 1 / 60, notice=app.notice)
    Renderer().draw(canvas, still(), 1 / 60)
    assert (pixels(with_it) != pixels(canvas)).any()
    app._hear_answers(now_s + 3.9)
    assert app.notice
    app._hear_answers(now_s + 4.1)
    assert app.notice == ""


def test_faders_go_on_from_where_somebody_else_has_left_them(app, engine):
    app.step()
    _, window = engine.recvfrom(2048)
    engine.sendto(encoding.encode_ack("energy", True, 1.5), window)
    wait_until(lambda: app._hear_answers(0.0) or app.keys.values["energy"] == 1.5)
    assert app.keys.act("more energy") == ("energy", (1.75,))


def test_answers_of_strangers_and_nonsense_are_passed_over(app, engine):
    app.step()
    _, window = engine.recvfrom(2048)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.sendto(encoding.encode_ack("cue", False, "9"), ("127.0.0.1", window[1]))
    for packet in (
        b"", b"#bundle\0" * 40, encoding.encode_message("/pj/ack", "s", ("cue",)),
        encoding.encode_message("/pj/ack", "sifs", ("cue", 0, math.nan, "")),
        encoding.encode_message("/pj/ack", "sifs", ("cue", 0, 0.0, "a\nb")),
        encoding.encode_message("/pj/ack", "ffff", (1.0, 1.0, 1.0, 1.0)),
    ):  # fmt: skip
        engine.sendto(packet, window)
    engine.sendto(encoding.encode_ack("energy", True, 0.5), window)
    wait_until(lambda: app._hear_answers(0.0) or app.keys.values["energy"] == 0.5)
    assert app.notice == ""


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
    said = heard(engine, 3)
    assert [address.rsplit("/", 1)[1] for address, _ in said] == ["tap", "energy", "temperature"]
    assert [values for _, values in said[1:]] == [[0.25], [pytest.approx(0.9)]]
    assert app.picture.renderer.look == "chalk"


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
            control = osc.CONTROLS[name]
            assert parse_arguments(control, list(arguments)) not in (None, RELEASE)


def test_keys_of_the_choreography():
    controls = KeyMap()
    said = [controls.act("next unison") for _ in range(3)]
    assert said == [("unison", (1.0,)), ("unison", (0.0,)), ("unison", (0.5,))]
    assert controls.act("next canon") == ("canon", (0.5,))
    controls.follow_fader("canon", 3.0)  # somebody else has moved it
    assert controls.act("next canon") == ("canon", (4.0,))
    assert controls.act("next canon") == ("canon", (0.0,))
    assert controls.act("next form") == ("form", ("AAAB",))
    controls.follow_fader("form", "free")
    assert controls.act("next form") == ("form", ("AABB",))
    controls.follow_fader("form", "A~BA")  # one of somebody's own: the next is still known
    assert controls.act("next form") == ("form", ("AABA",))
    assert controls.act("keep") == ("keep", ())
    assert controls.act("kept phrase") == ("phrase", ("last",))
    assert controls.act("loop") == ("loop", ())


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
    sender = ControlClient(("127.0.0.1", 9))
    for _ in range(5):
        sender.send("tap", ())
    sender.close()
    with pytest.raises(ConfigError, match="no address"):
        ControlClient(("no such host.invalid", 9))
