"""A view to pixels: camera, floor, dancers, small print, in this order.

No sockets and no clock: the time since the last picture is an argument. Everything soft is drawn at
half the canvas's resolution and scaled up; the figures and the text are drawn at full resolution.
"""

from visuals.camera import Camera
from visuals.floor import Floor
from visuals.hud import Hud
from visuals.looks.look import Look
from visuals.looks.neon import Neon
from visuals.osc_in import View
from visuals.scene import Scene, compose
from visuals.surfaces import black, pygame


class Renderer:
    """Draws view after view on a surface of any size; keeps the trails between them."""

    def __init__(self, look: Look | None = None):
        self.camera = Camera()
        self._look = look or Neon()
        self._floor = Floor()
        self._hud = Hud()
        self._soft = black((1, 1))
        self._scaled = black((1, 1))

    def draw(
        self,
        canvas: pygame.Surface,
        view: View,
        dt_s: float,
        hud: bool = True,
        keys: list[tuple[str, str]] | None = None,
    ) -> Scene:
        """One picture. dt_s: since the last one. Returns the scene drawn, in canvas pixels."""
        size = canvas.get_size()
        self._fit(size)
        self.camera.follow(view.joints, size[0] / size[1], dt_s)
        scene = compose(view, self.camera, size, dt_s)
        if view.state == "blackout":
            canvas.fill(0)
            return scene
        self._draw_soft(canvas, view, dt_s)
        self._look.ink(canvas, scene)
        if hud:
            self._hud.draw(canvas, view, scene.pulse)
        if keys:
            self._hud.draw_keys(canvas, keys)
        return scene

    def _draw_soft(self, canvas: pygame.Surface, view: View, dt_s: float) -> None:
        scene = compose(view, self.camera, self._soft.get_size(), dt_s)
        self._soft.fill(0)
        self._floor.draw(self._soft, scene)
        self._look.glow(self._soft, scene)
        pygame.transform.smoothscale(self._soft, canvas.get_size(), self._scaled)
        canvas.blit(self._scaled, (0, 0))

    def _fit(self, size: tuple[int, int]) -> None:
        if self._scaled.get_size() != size:
            self._scaled = black(size)
            self._soft = black((max(size[0] // 2, 1), max(size[1] // 2, 1)))
