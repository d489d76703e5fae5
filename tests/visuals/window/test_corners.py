"""Corners set by mouse and keys, the preview, the fade: at a window without a screen."""

import numpy as np
import pytest

from tests.visuals.stage import packets, pixels
from tests.visuals.window.play import press
from visuals.draw.surfaces import pygame
from visuals.feed.feed import Feed
from visuals.scene.corner_pin import AT_REST
from visuals.window.app import App, WindowSettings
from visuals.window.state_file import WindowStateFile


def mouse(app: App, kind: int, at: tuple[int, int]) -> None:
    pygame.event.post(pygame.Event(kind, pos=at, button=1, rel=(0, 0), buttons=(1, 0, 0)))
    app.step()


def test_corners_are_dragged_moved_by_keys_shown_and_kept(tmp_path, capsys):
    path = tmp_path / "picture.json"
    with Feed(port=0) as feed:
        app = App(feed, state_file=WindowStateFile(path))
        width, height = pygame.display.get_window_size()
        press(app, pygame.K_w, "w")
        mouse(app, pygame.MOUSEBUTTONDOWN, (5, 5))
        mouse(app, pygame.MOUSEMOTION, (width // 4, height // 4))
        mouse(app, pygame.MOUSEBUTTONUP, (width // 4, height // 4))
        np.testing.assert_allclose(app.pinning.corners[0], [0.25, 0.25], atol=0.01)
        press(app, pygame.K_TAB)
        energy = app.keys.values["energy"]
        press(app, pygame.K_DOWN)
        np.testing.assert_allclose(app.pinning.corners[1], [1.0, 0.001])
        assert app.keys.values["energy"] == energy  # the arrows are the corners' now
        shown = pixels(app.window.picture())
        assert shown[: width // 5, : height // 5].max() == 0  # the picture is not there any more
        assert shown.max() > 60
        press(app, pygame.K_ESCAPE)
        assert app.running  # it ended the setting, not the show
        assert "--corners 0.25" in capsys.readouterr().err
        app._state_file.write(app._state(), 1e9)
        app.close()
        again = App(feed, state_file=WindowStateFile(path))
        np.testing.assert_allclose(again.pinning.corners, app.pinning.corners, atol=1e-4)
        press(again, pygame.K_w, "w")
        press(again, pygame.K_BACKSPACE, "\x08")
        np.testing.assert_array_equal(again.pinning.corners, AT_REST)
        again.close()


def test_the_preview_stays_lit_in_blackout_and_blackout_fades():
    with Feed(port=0) as feed:
        app = App(feed, WindowSettings(preview=True))
        if app.preview is None or not app.preview.is_open:
            pytest.skip("SDL opens no second window here")
        shown: list[float] = []
        app.preview.show = lambda picture: shown.append(pixels(picture).mean())
        for k in range(3):
            for packet in packets(k):
                feed._receive(packet, 0.0)
            app.step()
        app.picture.renderer.modulation.fade_s = 10.0
        app.picture.renderer.dark = True
        app.step()
        assert pixels(app.window.picture()).max() > 0  # on its way
        app.picture.renderer.modulation.fade_s = 0.0
        app.step()
        assert pixels(app.window.picture()).max() == 0
        assert shown[-1] > 0
        app.close()
