"""The window: clock, keys and pixels on the display. What is drawn comes from `draw`.

One thread: ask the feed for the view of now, draw it, show it, look at the keys. `run` is the whole
program; `App` can be stepped one picture at a time.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

from live.errors import ArtifactError, ConfigError
from live.monotonic import monotonic_s
from live.osc.schema import DEFAULT_CONTROL_PORT, DEFAULT_PORT
from visuals.draw import gl, limits, looks, safety
from visuals.draw.renderer import Renderer
from visuals.draw.surfaces import pygame
from visuals.feed.feed import Feed
from visuals.scene import palettes
from visuals.scene.camera import Camera
from visuals.scene.lineup import Ensemble
from visuals.window.keys import ACTIONS, KEYS, MOUSE, Controls, ControlSender, shipped_styles
from visuals.window.pacing import Pacer
from visuals.window.remote import played_on
from visuals.window.state_file import Keeper, Stands
from visuals.window.window import Window, require_display

_CURSOR_S = 2.0
_REOPEN_S = 1.0  # between attempts to get a lost display back
_LONGEST_STEP_S = 0.1  # after a stall trails jump no farther than this
_KEY_NAMES = {
    pygame.K_ESCAPE: "esc",
    pygame.K_SPACE: "space",
    pygame.K_UP: "up",
    pygame.K_DOWN: "down",
    pygame.K_LEFT: "left",
    pygame.K_RIGHT: "right",
    pygame.K_PAGEDOWN: "pgdn",
    pygame.K_PAGEUP: "pgup",
    pygame.K_BACKSPACE: "backspace",
}


_LISTED = [(key, meaning) for key, _, meaning in (*KEYS, *MOUSE) if meaning]


@dataclass(frozen=True)
class Stage:
    """What is seen first, and how safe it is. Raises ConfigError for what does not exist."""

    look: str = looks.DEFAULT
    palette: str = palettes.DEFAULT
    camera: str = "orbit"
    lineup: str = "stage"
    mirror: bool = False
    canon: float = 0.0  # beats, 0 to 2
    cast: int = 0  # dancers shown; 0: those that arrive
    styles: tuple[str, ...] = ()  # that the style's key goes through; (): the engine's
    display: int = 0  # 0: the first
    renderer: str = "auto"  # one of visuals.draw.gl.RENDERERS
    flashes_per_s: int = limits.FLASHES_PER_S  # 0 to 30
    brightness: float = limits.BRIGHTNESS  # mean relative luminance of a picture, 0.05 to 1

    def __post_init__(self):
        looks.make(self.look)
        palettes.palette(self.palette)
        Camera(self.camera)
        self.ensemble()
        self.guard()
        if self.renderer not in gl.RENDERERS:
            known = ", ".join(gl.RENDERERS)
            raise ConfigError(f"there is no renderer {self.renderer!r}; there are {known}")

    def ensemble(self) -> Ensemble:
        return Ensemble(self.lineup, self.mirror, self.canon, self.cast)

    def guard(self) -> safety.Guard:
        return safety.Guard(self.flashes_per_s, self.brightness)

    def make(self) -> Renderer:
        return Renderer(self.look, self.palette, self.guard(), camera=self.camera)

    def resumed(self, stands: Stands) -> Stage:
        """This one as it was left. Raises ConfigError for what does not exist."""
        return replace(
            self,
            look=stands.look,
            palette=stands.palette,
            camera=stands.camera,
            lineup=stands.lineup,
            mirror=stands.mirror,
            canon=stands.canon,
            cast=stands.cast,
        )


class App:
    """A window on a feed. Raises NoDisplayError where there is no display."""

    def __init__(
        self,
        feed: Feed,
        control: tuple[str, int] = ("127.0.0.1", DEFAULT_CONTROL_PORT),
        fullscreen: bool = False,
        stage: Stage = Stage(),
        keeper: Keeper | None = None,
    ):
        self._keeper = keeper or Keeper()
        left = self._keeper.read()
        if left:
            try:
                stage, fullscreen = stage.resumed(left), left.fullscreen
            except ConfigError:
                left = None
        self.running = True
        self.hud = left.hud if left else True
        self.keys_shown = False
        self.controls = Controls(stage.styles or shipped_styles(), fixed=bool(stage.styles))
        self._feed = feed
        self.window = Window(fullscreen, stage.display, stage.renderer)
        self._sender = ControlSender(control)
        self.renderer = stage.make()
        if left:
            self.renderer.dark = left.dark
            self.controls.values |= {"energy": left.energy, "temperature": left.temperature}
        self.ensemble = stage.ensemble()
        self._arriving = 0
        self._clock = pygame.time.Clock()
        self._pacer = Pacer(self.window.rate_hz)
        self._last_s = self._mouse_s = monotonic_s()

    def step(self) -> None:
        """One picture: keys, view, pixels. Waits for the display's next picture.

        A display that goes away (a pulled cable, a sleeping projector) ends nothing: the window is
        opened again as soon as there is one. Nor does a graphics card that fails.
        """
        try:
            self._step()
        except gl.CardError as error:
            self.window.give_up_card(error)
        except pygame.error:
            if not self.window.reopen():
                time.sleep(_REOPEN_S)

    def _step(self) -> None:
        for event in pygame.event.get():
            self._handle(event)
        now_s = monotonic_s()
        pygame.mouse.set_visible(now_s - self._mouse_s < _CURSOR_S)
        moment_s = self._pacer.moment(now_s)
        view = self._feed.view(moment_s)
        self.controls.follow(view.state)
        self.controls.follow_style(view.wish, view.styles)
        for played in self._feed.take_played():
            played_on(self.renderer, self.ensemble, *played)
        dt_s = min(max(moment_s - self._last_s, 0.0), _LONGEST_STEP_S)
        self._last_s = moment_s
        self._arriving = len(view.dancers)
        view = self.ensemble.arrange(view, dt_s)
        keys = _LISTED if self.keys_shown else None
        if self.renderer.card is not self.window.card:  # the window was opened, or opened anew
            self.renderer.use(self.window.card)
        self.renderer.draw(self.window.canvas, view, dt_s, hud=self.hud, keys=keys)
        pygame.display.flip()
        self._clock.tick(self.window.rate_hz)  # where vsync does not hold the loop, this does
        self._pacer.shown(monotonic_s())
        self._keeper.keep(self._stands(), now_s)

    def _stands(self) -> Stands:
        return Stands(
            look=self.renderer.look,
            palette=self.renderer.palette,
            camera=self.renderer.camera.shot,
            lineup=self.ensemble.lineup,
            mirror=self.ensemble.mirror,
            canon=float(self.ensemble.canon),
            cast=self.ensemble.cast,
            dark=self.renderer.dark,
            hud=self.hud,
            fullscreen=self.window.fullscreen,
            energy=self.controls.values["energy"],
            temperature=self.controls.values["temperature"],
        )

    def screenshot(self, path: str) -> None:
        """Write the last picture. Raises ArtifactError where that cannot be done."""
        card = self.window.card
        try:
            pygame.image.save(card.picture() if card else self.window.canvas, path)
        except (pygame.error, OSError) as error:
            raise ArtifactError(f"cannot write the picture {path}: {error}") from error

    def close(self) -> None:
        self._sender.close()
        pygame.quit()

    def _handle(self, event: pygame.Event) -> None:
        if event.type == pygame.QUIT:
            self.running = False
        elif event.type == pygame.MOUSEMOTION:
            self._mouse_s = monotonic_s()
        elif event.type == pygame.MOUSEBUTTONDOWN:
            self._act({1: "tap", 3: "next look"}.get(event.button, ""))
        elif event.type == pygame.MOUSEWHEEL:
            for turned, name in ((event.y, "energy"), (event.x, "variety")):
                if turned:
                    self._act(f"{'more' if turned > 0 else 'less'} {name}")
        elif event.type == pygame.KEYDOWN:
            key = _KEY_NAMES.get(event.key) or event.unicode.lower()
            self._act(ACTIONS.get(key, ""))

    def _act(self, action: str) -> None:
        if action == "quit":
            self.running = False
        elif action == "hud":
            self.hud = not self.hud
        elif action == "keys":
            self.keys_shown = not self.keys_shown
        elif action == "fullscreen":
            self.window.toggle_fullscreen()
        elif action == "next look":
            self.renderer.next_look()
        elif action == "next palette":
            self.renderer.next_palette()
        elif action == "next camera":
            self.renderer.next_camera()
        elif action == "next line-up":
            self.ensemble.next_lineup()
        elif action == "pairs":
            self.ensemble.mirror = not self.ensemble.mirror
        elif action == "next canon":
            self.ensemble.next_canon()
        elif action in ("more dancers", "fewer dancers"):
            self.ensemble.add(1 if action == "more dancers" else -1, self._arriving)
        elif action == "panic":
            self.renderer.reset()
            self.ensemble.reset()
            for message in self.controls.panic():
                self._sender.send(*message)
        elif message := self.controls.act(action):
            self._sender.send(*message)


def run(
    port: int = DEFAULT_PORT,
    host: str = "127.0.0.1",
    fullscreen: bool = False,
    seconds: float | None = None,
    screenshot: str | None = None,
    control: tuple[str, int] = ("127.0.0.1", DEFAULT_CONTROL_PORT),
    stage: Stage = Stage(),
    state: Path | None = None,
) -> int:
    """Show the feed on host:port until Esc, the window's close or `seconds`. Returns 0.

    screenshot: a file for the last picture. control: where keys are sent. stage: the first look
    and colours, and the limits. state: a file that holds what was played, for the next one. Raises
    DeviceError if the port is taken, its kind NoDisplayError without a display, ArtifactError if
    the picture cannot be written.
    """
    require_display()
    with Feed(port, host) as feed:
        app = App(feed, control, fullscreen, stage, Keeper(state))
        try:
            end_s = None if seconds is None else monotonic_s() + seconds
            while app.running and (end_s is None or monotonic_s() < end_s):
                app.step()
            if screenshot:
                app.screenshot(screenshot)
        except KeyboardInterrupt:
            pass
        finally:
            app.close()
    return 0
