"""A view to pixels: camera, floor, dancers in a look, safety, small print, in this order.

No sockets and no clock: the time since the last picture is an argument. Everything soft is drawn at
half the canvas's resolution and scaled up; the figures and the text are drawn at full resolution.
With a graphics card (visuals.draw.gl) the picture is the card's, and the canvas is what looks
without a twin there are drawn on before they are uploaded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from live import palettes
from visuals.draw import looks
from visuals.draw.background import Background
from visuals.draw.floor import Floor
from visuals.draw.hud import Hud, draw_marks
from visuals.draw.looks.look import CardLook, Look
from visuals.draw.looks.ribbons import SilkLook
from visuals.draw.matte import cover_light
from visuals.draw.safety import Guard
from visuals.draw.surfaces import ADD, black, pygame
from visuals.feed.view import View
from visuals.scene.camera import Camera
from visuals.scene.modulation import Modulation
from visuals.scene.scene import RenderScene, compose, pulses

if TYPE_CHECKING:
    from visuals.draw.avatar.stand_in import StandIn
    from visuals.draw.gl.card import Card

Seen = Callable[[pygame.Surface], None]  # what is to be done with a picture
_FADE_S = 0.8  # of a crossfade between looks: most of a bar at 120 BPM would be mud


class _Prints(NamedTuple):
    """The text over a picture, as `Renderer.draw` is asked for it."""

    hud: bool
    notice: str
    keys: list[tuple[str, str]] | None
    corner: int | None


class Renderer:
    """Draws view after view on a surface of any size; keeps the trails between them.

    look, palette: names (visuals.draw.looks.LOOKS, live.palettes.PALETTES); ConfigError
    for others. guard: what limits flashes and brightness. stage: whether there is a floor; without
    one and on a surface with alpha, what is not drawn on stays transparent, and colours come out
    multiplied by alpha. camera: one of live.osc.schema.CAMERAS. stand_in: an avatar that is drawn
    instead of the looks' own figures, in their light.
    """

    def __init__(
        self,
        look: str = looks.DEFAULT,
        palette: str = palettes.DEFAULT,
        guard: Guard | None = None,
        stage: bool = True,
        camera: str = "front",
        stand_in: StandIn | None = None,
    ):
        self._stand_in = stand_in
        self.camera = Camera(camera)
        self.guard = guard or Guard()
        self._stage = stage
        self.look = look
        self.dark = False  # nothing is drawn, whatever the engine does
        self.modulation = Modulation()
        self.background = Background()
        self._light = -1.0  # of the picture, 0 in blackout; below 0 before the first one
        self._amounts = {"glow": 1.0, "zoom": 1.0, "trail": 1.0}
        self.palette = palette
        self._palette = palettes.palette(palette)
        self.card: Card | None = None
        self.look_shown: Any = looks.make(look)  # a Look; with a card maybe a CardLook
        self._coming: Any = None
        self._faded = -1.0  # seconds into the crossfade; below 0 it waits for the bar
        self._bar_phase = 0.0
        self._floor = Floor()
        self._hud = Hud()
        self._soft = black((1, 1))
        self._scaled = black((1, 1))
        self._second = black((1, 1))
        self._text = pygame.Surface((1, 1), pygame.SRCALPHA, 32)

    def use(self, card: Card | None) -> None:
        """Draw on this card from now on; without one, on the canvas.

        What a look keeps as numbers goes on; what was pixels of the card before begins anew.
        """
        self.card = card
        before: Any = self.look_shown
        fresh: Any = self._made(self.look)
        if isinstance(before, SilkLook) and isinstance(fresh, SilkLook):
            fresh.silk = before.silk
        stays = type(fresh) is type(before) and not isinstance(fresh, CardLook)
        self.look_shown, self._coming = before if stays else fresh, None

    def show(self, look: str) -> None:
        """Change to this look on the next bar, or at once if there is no beat."""
        self._coming = self._made(look)
        self._faded = -1.0
        self.look = look

    def paint_with(self, palette: str) -> None:
        """Take this palette at once. ConfigError if there is none of the name."""
        self._palette = palettes.palette(palette)
        self.palette = palette

    def reset(self, look: str, palette: str, camera: str) -> None:
        """To this look at once, these colours and this camera, and the light on."""
        self.look, self.look_shown, self._coming = look, self._made(look), None
        self.paint_with(palette)
        self.camera.set_mode(camera)
        self.dark = False

    def draw(
        self,
        canvas: pygame.Surface,
        view: View,
        dt_s: float,
        hud: bool = True,
        keys: list[tuple[str, str]] | None = None,
        notice: str = "",
        corner: int | None = None,
        clean: Seen | None = None,
        lit: Seen | None = None,
    ) -> RenderScene:
        """One picture. dt_s: since the last one. Returns the scene drawn, in canvas pixels.

        hud: whether with the small print. keys: the list of them, over it. notice: a line of it
        for the operator. corner: of the four that are being set, the one that keys move. clean:
        given the picture without any print. lit: given it as it would be without blackout.

        With a card the canvas has the window's shape, and the picture is in the window.
        """
        size = canvas.get_size()
        self._fit(size)
        self._advance(view, dt_s)
        self.camera.follow(view.joints, size[0] / size[1], dt_s, pulses(view)[0])
        self._amounts = self.modulation.step(view, dt_s)
        self.camera.zoom = self._amounts["zoom"]
        scene = self._composed(view, size, dt_s)
        self.background.step(dt_s)
        self._fade_light(self.dark or view.state == "blackout", dt_s)
        prints = _Prints(hud, notice, keys, corner)
        if self.card:
            self._draw_on_card(self.card, canvas, scene, prints, clean, lit)
            return scene
        if self._light > 0 or lit:
            self._paint_both(canvas, scene)
            if lit:
                lit(canvas)
        if self._light == 0:
            canvas.fill((0, 0, 0, 0))
        elif self._light < 1:
            canvas.fill(4 * (round(255 * self._light),), special_flags=pygame.BLEND_RGBA_MULT)
        self.guard.apply(canvas, dt_s)
        if clean:
            clean(canvas)
        self._print(canvas, scene, prints)
        return scene

    def _fade_light(self, dark: bool, dt_s: float) -> None:
        """Towards darkness, or light, within the time of a fade."""
        fade_s = self.modulation.fade_s
        step = dt_s / fade_s if fade_s > 0 and self._light >= 0 else 2.0
        self._light = min(max(self._light + (-step if dark else step), 0.0), 1.0)

    def _paint_both(self, canvas: pygame.Surface, scene: RenderScene) -> None:
        """The look shown, and over it the one that is faded in."""
        self._paint(self.look_shown, canvas, scene)
        if self._coming and self._faded >= 0:
            self._paint(self._coming, self._second, scene)
            self._second.set_alpha(round(255 * self._faded / _FADE_S))
            canvas.blit(self._second, (0, 0))

    def _print(self, canvas: pygame.Surface, scene: RenderScene, prints: _Prints) -> None:
        if prints.corner is not None:
            draw_marks(canvas, prints.corner)
        if self._light == 0:
            return
        if prints.hud:
            self._hud.draw(canvas, scene.view, scene.pulse, prints.notice)
        if prints.keys:
            self._hud.draw_keys(canvas, prints.keys)

    def _draw_on_card(
        self,
        card: Card,
        canvas: pygame.Surface,
        scene: RenderScene,
        prints: _Prints,
        clean: Seen | None,
        lit: Seen | None,
    ) -> None:
        text = None
        if self._light == 0 and not lit:
            card.black()
        else:
            self._paint_layer(card, 0, self.look_shown, canvas, scene)
            share = 0.0
            if self._coming and self._faded >= 0:
                self._paint_layer(card, 1, self._coming, canvas, scene)
                share = self._faded / _FADE_S
            if lit and self._light < 1:
                card.blend(share)
                lit(card.picture(printed=False, gain=1.0))
            card.blend(share, self._light)
        if prints.corner is not None or (self._light > 0 and (prints.hud or prints.keys)):
            text = self._text
            text.fill((0, 0, 0, 0))
            self._print(text, scene, prints)
        card.show(self.guard.hold(card.light, scene.dt_s), text)
        if clean:
            clean(card.picture(printed=False))
        if lit and self._light == 1:
            lit(card.picture(printed=False))

    def _paint_layer(
        self,
        card: Card,
        layer: int,
        look: Look | CardLook,
        canvas: pygame.Surface,
        scene: RenderScene,
    ) -> None:
        if not isinstance(look, CardLook):
            self._paint(look, canvas, scene)
            if self._stand_in is None:
                card.upload(layer, canvas)
            else:
                target = card.begin(layer, canvas)
                self._stand_in.paint(card, target, self._seen(scene, card.size), look)
            return
        if look.floor:
            self._soft.fill(0)
            self._floor.draw(self._soft, self._seen(scene, self._soft.get_size()))
        under = self._soft if look.floor else None
        if self.background:
            # Of the canvas' size: a picture of one's own is not as soft as the floor.
            canvas.fill(0)
            self.background.draw(canvas)
            if under:
                pygame.transform.smoothscale(under, canvas.get_size(), self._scaled)
                canvas.blit(self._scaled, (0, 0), special_flags=ADD)
            under = canvas
        target = card.begin(layer, under)
        look.paint(card, target, seen := self._seen(scene, card.size))
        if self._stand_in:
            self._stand_in.paint(card, target, seen, look)

    def _seen(self, scene: RenderScene, size: tuple[int, int]) -> RenderScene:
        """The same scene in a picture of another size."""
        return self._composed(scene.view, size, scene.dt_s)

    def _composed(self, view: View, size: tuple[int, int], dt_s: float) -> RenderScene:
        glow, trail = self._amounts["glow"], self._amounts["trail"]
        return compose(view, self.camera, size, dt_s, self._palette, glow, trail)

    def _made(self, look: str) -> Look | CardLook:
        if self.card:
            # moderngl is there, as there is a card.
            from visuals.draw.gl.looks import LOOKS

            if look in LOOKS:
                made = LOOKS[look]()
                made.figures = self._stand_in is None
                return made
        return looks.make(look)

    def _advance(self, view: View, dt_s: float) -> None:
        """Start the crossfade on the bar, and end it; the camera cuts on bars."""
        beating = view.bpm > 0 and not view.lost
        new_bar = beating and view.bar_phase < self._bar_phase - 0.5
        self._bar_phase = view.bar_phase
        if new_bar:
            self.camera.bar()
        if self._coming is None:
            return
        if self._faded >= 0:
            self._faded += dt_s
        elif new_bar or not beating:
            self._faded = 0.0
        if self._faded >= _FADE_S:
            self.look_shown, self._coming = self._coming, None

    def _paint(self, look: Look, canvas: pygame.Surface, scene: RenderScene) -> None:
        soft = self._seen(scene, self._soft.get_size())
        self._soft.fill(0)
        if look.floor and self._stage:
            self._floor.draw(self._soft, soft)
        look.glow(self._soft, soft)
        pygame.transform.smoothscale(self._soft, canvas.get_size(), self._scaled)
        if self.background:
            canvas.fill(0)
            self.background.draw(canvas)
        canvas.blit(self._scaled, (0, 0), special_flags=ADD if self.background else 0)
        if not self._stage:
            cover_light(canvas, light_only=True)
        if self._stand_in is None:
            look.ink(canvas, scene)
        elif self.card is None:  # on the card it stands over what is painted here
            self._stand_in.ink(canvas, scene, look)
        if not self._stage:
            cover_light(canvas, light_only=False)

    def _fit(self, size: tuple[int, int]) -> None:
        if self._scaled.get_size() != size:
            self._scaled = black(size)
            self._second = black(size)
            self._text = pygame.Surface(size, pygame.SRCALPHA, 32)
            self._soft = black((max(size[0] // 2, 1), max(size[1] // 2, 1)))
