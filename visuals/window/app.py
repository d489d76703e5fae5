"""The window on a show: keys in, the view of now, pixels on the display.

One thread: ask the feed for the view of now, draw it, show it, look at the keys. `run` is the whole
program; `App` can be stepped one picture at a time.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from live.errors import ArtifactError, ConfigError
from live.monotonic import monotonic_s
from live.osc.schema import DEFAULT_CONTROL_PORT, DEFAULT_PORT, NEXT, PANIC
from live.safe_write import check_output, whole_file
from visuals.draw import gl, matte
from visuals.draw.remote import PlayedPicture
from visuals.draw.settings import PictureSettings
from visuals.draw.surfaces import pygame
from visuals.feed.feed import Feed
from visuals.feed.view import View
from visuals.out.outs import PictureOuts
from visuals.out.senders import OutName
from visuals.scene import corner_pin
from visuals.scene.modulation import NAMES
from visuals.window.control_client import ControlClient
from visuals.window.keys import ACTIONS, KEYS, MOUSE, KeyMap, shipped_styles
from visuals.window.pacing import FramePacer
from visuals.window.pinning import Pinning
from visuals.window.preview import Preview
from visuals.window.sharpness import Sharpness
from visuals.window.state_file import WindowState, WindowStateFile
from visuals.window.window import Window, require_display

_CURSOR_S = 2.0
_NOTICE_S = 4.0  # that the operator has to read what was asked for in vain
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
_MOUSE = (pygame.MOUSEBUTTONDOWN, pygame.MOUSEBUTTONUP, pygame.MOUSEMOTION, pygame.MOUSEWHEEL)
_LISTED = [(key, meaning) for key, _, meaning in (*KEYS, *MOUSE) if meaning]


@dataclass(frozen=True)
class WindowSettings:
    """What the window is opened with. ConfigError for what does not exist."""

    picture: PictureSettings = field(default_factory=lambda: PictureSettings(camera="orbit"))
    fullscreen: bool = False
    styles: tuple[str, ...] = ()  # that the style's key goes through; (): the engine's
    display: int = 0  # 0: the first
    renderer: str = "auto"  # one of visuals.draw.gl.RENDERERS
    control: tuple[str, int] = ("127.0.0.1", DEFAULT_CONTROL_PORT)  # where keys are sent
    corners: str = ""  # where the picture's corners are, as `scene.corner_pin` reads them
    preview: bool = False  # a second window, which stays lit in blackout
    outs: tuple[OutName, ...] = ()  # who else gets the picture
    transparent: bool = False  # only figures, with alpha for those; drawn in software

    def __post_init__(self):
        if self.renderer not in gl.RENDERERS:
            known = ", ".join(gl.RENDERERS)
            raise ConfigError(f"there is no renderer {self.renderer!r}; there are {known}")
        if self.corners:
            corner_pin.parse(self.corners)
        if self.transparent and self.picture.background:
            raise ConfigError("--transparent leaves out all but the figures, and so --background")

    def resumed(self, state: WindowState) -> WindowSettings:
        """These as another window was left. ConfigError for what does not exist."""
        names = ("look", "palette", "camera", "lineup", "mirror", "canon", "cast")
        moved = {name: f"{getattr(state, name)}:{getattr(state, name + '_by')}" for name in NAMES}
        picture = replace(
            self.picture,
            **{name: getattr(state, name) for name in names},
            **moved,
            fade_s=state.picture_fade,
        )
        return replace(self, picture=picture, fullscreen=state.fullscreen)


class App:
    """A window on a feed. Raises NoDisplayError where there is no display."""

    def __init__(
        self,
        feed: Feed,
        settings: WindowSettings | None = None,
        state_file: WindowStateFile | None = None,
    ):
        start = settings = settings or WindowSettings()
        self._state_file = state_file or WindowStateFile()
        left = self._state_file.read()
        if left:
            try:
                settings = start.resumed(left)
            except ConfigError:
                left = None
        self.running = True
        self.hud = left.hud if left else True
        self.keys_shown = False
        self.notice = ""  # what was asked for in vain, for some seconds
        self.keys = KeyMap(start.styles or shipped_styles(), fixed=bool(start.styles))
        self._feed = feed
        renderer = "software" if start.transparent else start.renderer
        self.window = Window(settings.fullscreen, start.display, renderer)
        self._engine = ControlClient(start.control)
        self.picture = PlayedPicture(
            start.picture, now=settings.picture, stage=not start.transparent
        )
        self._layer = matte.transparent((1, 1)) if start.transparent else None
        self.pinning = Pinning(_corners(left.corners if left else "", start.corners))
        self.preview = Preview() if start.preview else None
        self.outs = PictureOuts(start.outs, start.transparent, self.window.rate_hz)
        if left:
            self.picture.renderer.dark = left.dark
            self.keys.values |= {"energy": left.energy, "temperature": left.temperature}
        self._actions = self._window_actions()
        self._arriving = 0
        self._clock = pygame.time.Clock()
        self._pacer = FramePacer(self.window.rate_hz)
        self._sharpness = Sharpness()
        self._notice_until_s = -math.inf
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
        self.keys.follow(view.state)
        self.keys.follow_style(view.style_request, view.styles)
        for name, value in self._feed.take_controls():
            self.picture.play(name, value)
            if name == PANIC.name:
                self.keys.reset()
        self._hear_answers(now_s)
        dt_s = min(max(moment_s - self._last_s, 0.0), _LONGEST_STEP_S)
        self._last_s = moment_s
        self._arriving = len(view.dancers)
        self.window.pin = None if self.pinning.is_at_rest else corner_pin.pin(self.pinning.corners)
        canvas = self.window.begin_frame(self._sharpness.share)
        self._draw(canvas, view, dt_s)
        self._sharpness.drawn(self.window.end_frame(canvas) - now_s, now_s)
        self._clock.tick(self.window.rate_hz)  # where vsync does not hold the loop, this does
        self._pacer.shown(monotonic_s())
        self._state_file.write(self._state(), now_s)

    def _draw(self, canvas: pygame.Surface, view: View, dt_s: float) -> None:
        renderer = self.picture.renderer
        if renderer.card is not self.window.card:  # the window was opened, or opened anew
            renderer.use(self.window.card)
        width, height = canvas.get_size()
        drawn = canvas
        if self._layer is not None:
            if self._layer.get_size() != canvas.get_size():
                self._layer = matte.transparent(canvas.get_size())
            drawn = self._layer
        renderer.draw(
            drawn,
            self.picture.ensemble.arrange(view, dt_s, width / height),
            dt_s,
            hud=self.hud,
            keys=_LISTED if self.keys_shown else None,
            notice=self.notice,
            corner=self.pinning.corner if self.pinning.on else None,
            lit=self.preview.show if self.preview and self.preview.is_open else None,
            clean=self._hand_on if self.outs.all else None,
        )
        if drawn is not canvas:
            canvas.fill(0)
            canvas.blit(drawn, (0, 0), special_flags=pygame.BLEND_PREMULTIPLIED)

    def _hand_on(self, picture: pygame.Surface) -> None:
        """To other programs, in the window's size, however sharp it is drawn."""
        self.outs.offer(picture, self.window.pixels)

    def _hear_answers(self, now_s: float) -> None:
        """Follow the faders, and tell for some seconds what was asked for in vain."""
        for answer in self._engine.answers(now_s):
            if answer.obeyed:
                self.keys.follow_fader(answer.name, answer.value)
            if answer.refusal:
                self.notice, self._notice_until_s = answer.refusal, now_s + _NOTICE_S
        if now_s > self._notice_until_s:
            self.notice = ""

    def _state(self) -> WindowState:
        renderer, ensemble = self.picture.renderer, self.picture.ensemble
        return WindowState(
            look=renderer.look,
            palette=renderer.palette,
            camera=renderer.camera.mode,
            lineup=ensemble.lineup,
            mirror=ensemble.mirror,
            canon=float(ensemble.canon),
            cast=ensemble.cast,
            dark=renderer.dark,
            hud=self.hud,
            fullscreen=self.window.fullscreen,
            glow=renderer.modulation.values["glow"],
            zoom=renderer.modulation.values["zoom"],
            trail=renderer.modulation.values["trail"],
            glow_by=renderer.modulation.drives["glow"],
            zoom_by=renderer.modulation.drives["zoom"],
            trail_by=renderer.modulation.drives["trail"],
            picture_fade=renderer.modulation.fade_s,
            corners="" if self.pinning.is_at_rest else corner_pin.as_text(self.pinning.corners),
            energy=self.keys.values["energy"],
            temperature=self.keys.values["temperature"],
        )

    def screenshot(self, path: str) -> None:
        """Write the last picture. Raises ArtifactError where that cannot be done."""
        try:
            with whole_file(Path(path)) as partial, partial.open("wb") as file:
                pygame.image.save(self.window.picture(), file, "picture.png")
        except pygame.error as error:
            raise ArtifactError(f"cannot write the picture {path}: {error}") from error

    def close(self) -> None:
        self._engine.close()
        if self.preview:
            self.preview.close()
        for line in self.outs.close():
            print(f"posejockey visuals: {line}", file=sys.stderr)
        pygame.quit()

    def _handle(self, event: pygame.Event) -> None:
        if self._handle_preview(event):
            return
        if self.pinning.handle(event, pygame.display.get_window_size()):
            if not self.pinning.on:
                self._tell_corners()
        elif event.type == pygame.QUIT:
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

    def _handle_preview(self, event: pygame.Event) -> bool:
        """Whether it was the preview's: closed, the show goes on without it; no mouse there sets
        corners or taps a beat."""
        if self.preview is None or not self.preview.owns(getattr(event, "window", None)):
            return False
        if event.type == pygame.WINDOWCLOSE:
            self.preview.close()
            return True
        return event.type in _MOUSE

    def _tell_corners(self) -> None:
        """How another window is started with these corners."""
        text = corner_pin.as_text(self.pinning.corners)
        print(f"posejockey visuals: --corners {text}", file=sys.stderr)

    def _act(self, action: str) -> None:
        """What a key or the mouse asks for: of this window, of the picture, or of the engine."""
        if action in self._actions:
            self._actions[action]()
        elif message := self.keys.act(action):
            self._engine.send(*message)

    def _play(self, name: str, value: float | str | None) -> None:
        """Play on the picture: here at once, whether or not there is an engine. One that is there
        hears how it is set now, records it, and passes it on to all windows, this one too."""
        self.picture.play(name, value)
        self._engine.send_picture(name, self.picture.value_of(name))

    def _panic(self) -> None:
        """Everything as at the start. Whoever draws elsewhere is told by the engine."""
        self.picture.play(PANIC.name, None)
        self.keys.reset()
        self._engine.send(PANIC.name)

    def _window_actions(self) -> dict[str, Callable[[], object]]:
        ensemble = self.picture.ensemble
        return {
            "quit": lambda: setattr(self, "running", False),
            "hud": lambda: setattr(self, "hud", not self.hud),
            "keys": lambda: setattr(self, "keys_shown", not self.keys_shown),
            "fullscreen": self.window.toggle_fullscreen,
            "next look": lambda: self._play("look", NEXT),
            "next palette": lambda: self._play("palette", NEXT),
            "next camera": lambda: self._play("camera", NEXT),
            "next line-up": lambda: self._play("lineup", NEXT),
            "pairs": lambda: self._play("pairs", None),
            "more dancers": lambda: self._play("cast", ensemble.larger_cast(1, self._arriving)),
            "fewer dancers": lambda: self._play("cast", ensemble.larger_cast(-1, self._arriving)),
            "panic": self._panic,
            "corners": self._toggle_corners,
        }

    def _toggle_corners(self) -> None:
        self.pinning.on = not self.pinning.on
        if not self.pinning.on:
            self._tell_corners()


def _corners(left: str, given: str) -> np.ndarray:
    """Where another window has left them, else as they are given."""
    if left:
        with suppress(ConfigError):
            return corner_pin.parse(left)
    return corner_pin.parse(given) if given else corner_pin.AT_REST


def run(
    port: int = DEFAULT_PORT,
    host: str = "127.0.0.1",
    settings: WindowSettings | None = None,
    seconds: float | None = None,
    screenshot: str | None = None,
    state: Path | None = None,
) -> int:
    """Show the feed on host:port until Esc, the window's close or `seconds`. Returns 0.

    screenshot: a file for the last picture. state: a file that holds what was played, for the next
    one. Raises DeviceError if the port is taken, its kind NoDisplayError without a display,
    ArtifactError if the picture cannot be written.
    """
    require_display()
    if screenshot:
        check_output(Path(screenshot), (".png",))
    with Feed(port, host) as feed:
        app = App(feed, settings, WindowStateFile(state))
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
