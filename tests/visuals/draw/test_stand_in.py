"""An avatar in the picture: on OpenGL and without it, in every look's light."""

import sys

import numpy as np
import pytest

from live.errors import ArtifactError
from tests.visuals.stage import EVERY_LOOK, SMALL, pixels, stage_view
from visuals.draw.avatar.stand_in import StandIn, read
from visuals.draw.matte import memory, transparent
from visuals.draw.renderer import Renderer
from visuals.draw.surfaces import black, pygame
from visuals.film import render


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


def drawn(renderer, canvas, seconds=0.2):
    for k in range(round(60 * seconds)):
        renderer.draw(canvas, stage_view(k / 60), 1 / 60, hud=False)
    return canvas


@EVERY_LOOK
def test_without_opengl(look):
    """Something stands there that is not the look's own figure, brighter than the floor alone."""
    body = Renderer(look, stand_in=StandIn("dancer", beside=False))
    own = Renderer(look)
    with_body, without = (pixels(drawn(r, black(SMALL))).astype(int) for r in (body, own))
    assert with_body.max() > 40
    assert (np.abs(with_body - without).max(axis=2) > 12).sum() > 300


def test_the_card_and_software_draw_the_same_body(context):
    from visuals.draw.avatar.light import LIGHTS
    from visuals.draw.gl.skin import CardBody

    avatar = read("dancer")
    scene = Renderer().draw(black(SMALL), stage_view(0.3, 2), 1 / 60, hud=False)
    card = CardBody(context, avatar)
    card.paint(scene, SMALL, LIGHTS["chalk"])
    on_card = np.frombuffer(card.pixels(), np.uint8).reshape(SMALL[1], SMALL[0], 4)[..., 3] > 127
    canvas = transparent(SMALL)
    stand_in = StandIn("dancer", beside=False)
    stand_in.ink(canvas, scene, object())
    in_software = memory(canvas)[..., 3] > 127
    both, either = (on_card & in_software).sum(), (on_card | in_software).sum()
    assert both / either > 0.8  # the one in software is coarse
    assert on_card.sum() > 1500


def test_on_the_card_of_the_window(context):
    from visuals.draw.gl.card import Card

    bright = {}
    for look in ("neon", "chalk"):  # with a twin on the card, and without
        card = Card(context, context.simple_framebuffer(SMALL))
        card.resize(SMALL)
        for name, stand_in in (("body", StandIn("dancer", beside=False)), ("own", None)):
            renderer = Renderer(look, stand_in=stand_in)
            renderer.use(card)
            drawn(renderer, black(SMALL))
            bright[look, name] = pixels(card.picture()).astype(int)
        changed = np.abs(bright[look, "body"] - bright[look, "own"]).max(axis=2) > 12
        assert changed.sum() > 300


@pytest.mark.parametrize("transparent_film", [False, True])
def test_a_film(take, tmp_path, transparent_film):
    out = tmp_path / "film"
    argv = [str(take), "-o", str(out), "--body", "dancer", "--seconds", "0.05", "--size", "320x180"]
    assert render.main([*argv, *(["--transparent"] if transparent_film else [])]) == 0
    assert [path.name for path in sorted(out.iterdir())] == ["00001.png", "00002.png"]
    picture = pygame.image.load(out / "00002.png")
    rgba = np.frombuffer(pygame.image.tobytes(picture, "RGBA"), np.uint8).reshape(-1, 4)
    opaque = rgba[:, 3] == 255
    if transparent_film:  # the bodies cover what lies below, the rest lets it through
        assert 0.02 < opaque.mean() < 0.4
    else:
        assert opaque.all()


@pytest.mark.parametrize("name", ["none.glb", "."])
def test_no_figure_is_said_before_the_film(take, tmp_path, name):
    with pytest.raises(ArtifactError, match="glb"):
        render.main([str(take), "-o", str(tmp_path / "film"), "--body", str(tmp_path / name)])
    assert not (tmp_path / "film").exists()
