"""The picture on the graphics card: real pixels of a real OpenGL context, mostly Mesa's own."""

import sys
from itertools import pairwise

import numpy as np
import pytest

from live.body.skeleton import BONES
from live.errors import ConfigError
from live.osc import encoding
from tests.visuals.stage import FPS, flashes, pixels, stage_view
from visuals.draw import gl
from visuals.draw.looks.ribbons import Strips
from visuals.draw.renderer import Renderer
from visuals.draw.safety import Guard, luminance
from visuals.draw.surfaces import black, pygame
from visuals.feed.feed import Feed
from visuals.scene.scene import RenderScene
from visuals.window.app import App, WindowSettings

SIZE = (240, 135)  # the processor may have to compute it
LARGE = (1280, 720)
ON_THE_CARD = pytest.mark.parametrize("look", ["neon", "ribbons"])
NOBODY = {"dancers": (), "joints": np.zeros((0, 19, 3), np.float32), "bpm": 0.0}


@pytest.fixture(autouse=True)
def _dummy_display(monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")


@pytest.fixture(scope="module")
def context():
    moderngl = pytest.importorskip("moderngl")
    backend = {"backend": "egl"} if sys.platform.startswith("linux") else {}
    try:
        made = moderngl.create_context(standalone=True, require=330, **backend)
    except Exception as error:  # glcontext raises nothing narrower
        pytest.skip(f"no OpenGL 3.3 here: {error}")
    yield made
    made.release()


def card_of(context, size):
    from visuals.draw.gl.card import Card

    made = Card(context, context.simple_framebuffer(size))
    made.resize(size)
    return made


@pytest.fixture
def card(context):
    return card_of(context, SIZE)


class Played:
    """A renderer on a card, its picture after every 60th of a second."""

    def __init__(self, look: str, card, canvas: tuple[int, int] | None = None):
        self.card = card
        self.canvas = black(canvas or card.size)
        self.renderer = Renderer(look)
        self.renderer.use(card)

    def play(
        self, frames: int, n: int = 1, start: int = 0, hud: bool = False, **changes
    ) -> RenderScene:
        scene = None
        for k in range(start, start + frames):
            view = stage_view(k / FPS, n, **changes)
            scene = self.renderer.draw(self.canvas, view, 1 / FPS, hud=hud)
        assert scene is not None
        return scene

    def shown(self) -> np.ndarray:
        return pixels(self.card.picture())


@ON_THE_CARD
@pytest.mark.parametrize("n", [1, 3])
def test_limbs_show_where_the_joints_project_and_the_rest_is_black(look, n, card):
    played = Played(look, card)
    scene = played.play(15, n)
    picture = played.shown()
    empty = Played(look, card)
    empty.play(15, n, **NOBODY)
    drawn = np.abs(picture - empty.shown()).max(axis=2) > 24
    for figure in range(n):
        for a, b in BONES:
            x, y = np.round((scene.xy[figure, a] + scene.xy[figure, b]) / 2).astype(int)
            reach = max(int(0.07 * scene.scale[figure, a]), 2)
            assert drawn[x - reach : x + reach + 1, y - reach : y + reach + 1].any(), (figure, a, b)
    for corner in (picture[:12, :12], picture[-12:, :12]):
        assert corner.max() == 0
    assert picture[:, 0].max() < 24  # no head or hand reaches out of the picture
    assert picture[0].max() < 60  # the floor alone


@ON_THE_CARD
def test_the_card_draws_what_software_draws(look, context):
    """Places, colours and light: the same picture but for smoother edges and halos."""
    played, canvas = Played(look, card_of(context, LARGE)), black(LARGE)
    software = Renderer(look)
    for k in range(5):
        view = stage_view(k / 20, 3)
        played.renderer.draw(played.canvas, view, 1 / 20, hud=False)
        software.draw(canvas, view, 1 / 20, hud=False)
    ours, theirs = played.shown(), pixels(canvas)
    coarse = [p.reshape(80, 16, 45, 16, 3).mean(axis=(1, 3)) for p in (ours, theirs)]
    assert np.abs(coarse[0] - coarse[1]).mean() < 5  # of 255; measured: 3.4 and less
    assert ours.mean() == pytest.approx(theirs.mean(), rel=0.15)


@ON_THE_CARD
def test_a_dancer_who_leaves_fades_steadily_and_leaves_nothing(look, card):
    played = Played(look, card)
    played.play(30)
    never = Played(look, card)
    never.renderer.camera = played.renderer.camera
    never.play(2, **NOBODY)
    rest, left = never.shown(), []
    for k in range(60):
        played.renderer.draw(played.canvas, stage_view(k / 20, **NOBODY), 1 / 20, hud=False)
        if k % 6 == 0 or k == 59:
            left.append(np.clip(played.shown() - rest, 0, None).sum())
    assert left[0] > 0
    assert left[-1] == 0  # not a ghost
    assert all(b <= a for a, b in pairwise(left))


def test_a_cut_leaves_nothing_of_the_place_before(card):
    before = Played("neon", card)
    before.renderer.camera.set_mode("cuts")
    before.play(30)
    for _ in range(2):
        before.renderer.camera.bar()
    view = stage_view(30 / FPS)
    before.renderer.draw(before.canvas, view, 1 / FPS, hud=False)
    picture = before.shown()
    fresh = Played("neon", card)
    fresh.renderer.camera = before.renderer.camera
    fresh.renderer.draw(fresh.canvas, view, 0.0, hud=False)
    apart = np.abs(picture - fresh.shown()).max(axis=2) > 40
    assert apart.mean() < 0.002  # the last stroke of the hands alone


def test_an_old_hem_is_not_seen_through_newer_silk(context):
    """An old ribbon along y = 300, under a newer one from y = 200 (its hem) to y = 450."""
    from visuals.draw.gl.ribbons import CardRibbons

    edges = np.zeros((2, 4, 5, 2))  # inner and outer; one hem alone moves
    edges[1, :, 0] = [(100, 300), (500, 300), (100, 200), (500, 200)]
    edges[0, :, 0] = [(100, 330), (500, 330), (100, 450), (500, 450)]
    moved = np.zeros((3, 5), bool)
    moved[[0, 2], 0] = True
    white = [((255, 255, 255), (255, 255, 255))] * 4
    card = card_of(context, LARGE)
    look, scene = CardRibbons(), Played("ribbons", card).play(1)
    look._fit(card)
    look._weave(card, scene, Strips(edges, np.array([0.5, 0.5, 1.0, 1.0]), moved, white))
    cloth = np.frombuffer(look._cloth.frame.read(components=3, dtype="f4"), np.float32)
    across = cloth.reshape(LARGE[1], LARGE[0], 3)[:, 300, 0]
    assert across[200] > 0.9  # the new hem, then falling all the way
    assert (np.diff(across[203:445]) <= 0.002).all()


def test_a_window_opened_anew_goes_on_with_the_silk(context):
    """As by a change to full screen, which is another context; particles stay where they are."""
    played = Played("ribbons", card_of(context, SIZE))
    played.play(40)
    silk = played.renderer.look_shown.silk
    played.renderer.use(card_of(context, (480, 270)))
    assert played.renderer.look_shown.silk is silk
    played.renderer.use(None)
    assert played.renderer.look_shown.silk is silk
    grains = Played("particles", card_of(context, SIZE)).renderer
    shown = grains.look_shown
    grains.use(card_of(context, SIZE))
    assert grains.look_shown is shown


def test_a_look_of_software_arrives_as_it_was_drawn(card):
    played, canvas, software = Played("wireframe", card), black(SIZE), Renderer("wireframe")
    for k in range(3):
        view = stage_view(k / FPS, 2)
        played.renderer.draw(played.canvas, view, 1 / FPS, hud=False)
        software.draw(canvas, view, 1 / FPS, hud=False)
    np.testing.assert_array_equal(played.shown(), pixels(canvas))


def test_a_smaller_picture_of_software_fills_a_larger_window(context):
    played = Played("wireframe", card_of(context, (480, 270)), SIZE)
    played.play(3)
    assert played.canvas.get_size() == SIZE
    enlarged = pygame.transform.smoothscale(played.canvas, (480, 270))
    apart = np.abs(played.shown() - pixels(enlarged))
    assert apart.mean() < 3  # measured: 2.3, as pygame lays corner on corner


@pytest.mark.parametrize(
    ("first", "second"), [("neon", "wireframe"), ("wireframe", "neon"), ("neon", "ribbons")]
)
def test_any_two_looks_fade_into_each_other(first, second, card):
    fading, alone, coming = Played(first, card), Played(first, card), Played(second, card)
    changes = {"bpm": 0.0, "beat_phase": 0.5}  # without a beat it begins at once
    for played in (fading, alone):
        played.play(5, **changes)
    fading.renderer.show(second)
    for k in range(5, 60):
        view = stage_view(k / FPS, **changes)
        pictures = []
        for played in (fading, alone, coming):
            played.renderer.camera = fading.renderer.camera
            played.renderer.draw(played.canvas, view, 1 / FPS if played is fading else 1e-9)
            pictures.append(played.shown())
        if k == 5:
            np.testing.assert_allclose(pictures[0], pictures[1], atol=12)
        if k == 29:  # half of it
            half = (pictures[1] + pictures[2]) / 2
            assert np.abs(pictures[0] - half).mean() < 3
    np.testing.assert_allclose(pictures[0].mean(), pictures[2].mean(), rtol=0.1)
    assert type(fading.renderer.look_shown) is type(coming.renderer.look_shown)


def test_the_card_measures_light_as_the_safety_does(context):
    card, canvas = card_of(context, LARGE), black(LARGE)
    rough = np.random.default_rng(3).integers(0, 256, (64, 36, 3)).astype(np.uint8)
    pygame.surfarray.blit_array(canvas, rough.repeat(20, axis=0).repeat(20, axis=1))
    card.upload(0, canvas)
    card.blend(0.0)
    np.testing.assert_allclose(card.light(1.0), luminance(canvas), atol=0.01)
    card.show(128 / 255, None)
    np.testing.assert_allclose(card.light(128 / 255), luminance(card.picture()), atol=0.01)


@pytest.mark.parametrize("limit", [0, 3])
def test_the_guard_holds_a_strobe_on_the_card_down(limit, card):
    guard = Guard(flashes_per_s=limit)
    canvas, light = black(SIZE), []
    for k in range(2 * FPS):
        canvas.fill((255, 255, 255) if k % 6 < 3 else (0, 0, 0))
        card.upload(0, canvas)
        card.blend(0.0)
        card.show(guard.hold(card.light, 1 / FPS), None)
        light.append(luminance(card.picture()))
    assert flashes(np.array(light)) <= limit
    assert guard.dimmed > 0
    assert np.max(np.mean(light, axis=1)) <= guard.brightness + 0.001


def test_a_lost_feed_dims_and_a_blackout_is_black(card):
    played = Played("neon", card)
    played.play(10)
    live = played.shown()
    lost = Played("neon", card)
    lost.play(10, age_s=3.0)
    assert 0 < lost.shown().sum() < 0.6 * live.sum()
    health = encoding.HealthReport(60.0, 1.0, 2.0, 0, 0, 60.0, "blackout")
    played.renderer.modulation.fade_s = 0.1
    played.play(3, hud=True, health=health)
    assert 0 < played.shown().max() < live.max()  # on its way
    played.renderer.modulation.fade_s = 0.0
    played.play(1, hud=True, health=health)
    assert played.shown().max() == 0
    played.renderer.dark = True
    played.play(1, hud=True)
    assert played.shown().max() == 0


def test_the_small_print_is_the_same_as_in_software(card):
    played, canvas = Played("wireframe", card), black(SIZE)
    view = stage_view(0.3)
    keys = [("esc", "leave")]
    played.renderer.draw(played.canvas, view, 1 / FPS, keys=keys)
    Renderer("wireframe").draw(canvas, view, 1 / FPS, keys=keys)
    assert np.abs(played.shown() - pixels(canvas)).max() <= 3  # text is blended once more


@pytest.mark.parametrize("size", [(1, 1), (17, 9), (90, 270)])
def test_sixteen_dancers_and_any_size(size, context):
    card = card_of(context, size)
    for look in ("neon", "ribbons"):
        Played(look, card).play(3, 16, hud=True)
    assert card.picture().get_size() == size


def test_the_screen_is_the_picture_the_right_way_up(context):
    from visuals.draw.gl.card import Card

    screen = context.simple_framebuffer(SIZE)
    shown = Card(context, screen)
    shown.resize(SIZE)
    Played("neon", shown).play(3, hud=True)
    rows = np.frombuffer(screen.read(components=3), np.uint8).reshape(*SIZE[::-1], 3)
    np.testing.assert_array_equal(rows[::-1], pixels(shown.picture()).swapaxes(0, 1))


# Without a card


@pytest.fixture
def feed():
    with Feed(port=0) as listening:
        yield listening


def opened(feed: Feed, renderer: str) -> App:
    return App(feed, WindowSettings(renderer=renderer))


def test_without_opengl_software_draws_and_only_who_asked_is_told(feed, capsys):
    for renderer, lines in (("auto", 0), ("software", 0), ("gl", 1)):
        app = opened(feed, renderer)
        app.step()
        app.close()
        assert app.window.card is None
        said = capsys.readouterr().err
        assert said.count("\n") == lines
        assert ("drawing in software" in said) == bool(lines)


def test_without_moderngl_software_draws(feed, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "moderngl", None)
    app = opened(feed, "gl")
    app.step()
    app.close()
    assert "moderngl cannot be used" in capsys.readouterr().err


def test_a_card_that_fails_in_the_show_is_replaced_by_software(feed, card, capsys, monkeypatch):
    app = opened(feed, "auto")
    app.picture.renderer.show("ribbons")
    app.window.card = card
    app.step()
    assert app.window.picture().get_size() == (1280, 720)

    def fails(*_):
        raise gl.CardError("the graphics card reports GL_CONTEXT_LOST")

    monkeypatch.setattr(card, "show", fails)
    app.step()
    assert app.window.card is None
    app.step()
    assert app.picture.renderer.card is None
    assert app.picture.renderer.look == "ribbons"
    assert pixels(app.window.picture()).max() > 0
    app.close()
    assert capsys.readouterr().err.count("\n") == 1


def test_a_renderer_of_the_processor_is_no_card():
    for name in (
        "llvmpipe (LLVM 15.0.6, 256 bits)",
        "Google SwiftShader",
        "Apple Software Renderer",
    ):
        assert gl.is_software(name)
    for name in ("Mesa Intel(R) UHD Graphics 620 (KBL GT2)", "NVIDIA GeForce RTX 3060", "Apple M2"):
        assert not gl.is_software(name)
    with pytest.raises(ConfigError, match="no renderer 'x'; there are auto, gl, software"):
        WindowSettings(renderer="x")
