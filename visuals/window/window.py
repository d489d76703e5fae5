"""A window of pygame's, on a card where there is one: how it is opened, lost and opened again.

Leaves: a surface to draw each picture on. One thread, the one that opened it. Knows nothing of the
show.
"""

from __future__ import annotations

import sys
import warnings
from typing import TYPE_CHECKING

import numpy as np

from live.display import has_display
from live.errors import ConfigError, DeviceError
from live.monotonic import monotonic_s
from visuals.draw import gl
from visuals.draw.matte import memory
from visuals.draw.surfaces import black, pygame
from visuals.scene.corner_pin import sources
from visuals.window.x11 import lacks_window_manager

if TYPE_CHECKING:
    from visuals.draw.gl.card import Card

SIZE = (1280, 720)
_MIN_RATE_HZ = 60


class NoDisplayError(DeviceError):
    """There is nowhere to open a window; the terminal can still draw."""


class Window:
    """The window on the display; raises NoDisplayError where there is none.

    renderer: `auto` draws with OpenGL where a graphics card computes it, `gl` with any OpenGL,
    `software` without. Where OpenGL fails, the window is opened without it, and stays so.

    Without OpenGL but with a graphics card it is 1280 x 720 points scaled by the card and shown
    with vsync, so that a 4K projector costs no more than a laptop. SDL scales in software too, but
    that takes longer than drawing: without a card the window's own pixels are drawn on.
    """

    def __init__(self, fullscreen: bool, display: int = 0, renderer: str = "auto"):
        self.fullscreen = fullscreen
        self._display = display
        self._renderer = renderer
        self._expected = renderer == "gl"  # who has seen OpenGL, or asked for it, is told why not
        self._software_canvas = black((1, 1))
        self._by_card = False  # whether SDL scales the window on a card
        self.card: Card | None = None
        self.pin: np.ndarray | None = None  # of `scene.corner_pin`; None: the picture as it is
        self._enlarged = black((1, 1))
        self._sources: tuple[tuple, np.ndarray, np.ndarray] | None = None
        self.lost = 0  # times that the display went away and came back
        try:
            pygame.display.init()
            there = pygame.display.get_num_displays()
            if not 0 <= display < there:
                pygame.quit()
                raise ConfigError(f"no display {display}: this machine's are 0 to {there - 1}")
            self._open()
        except pygame.error as error:
            pygame.quit()
            raise NoDisplayError(f"cannot open a window ({error})") from error
        self.rate_hz: int = max(pygame.display.get_current_refresh_rate(), _MIN_RATE_HZ)

    def begin_frame(self, share: float = 1.0) -> pygame.Surface:
        """What to draw the next picture on; another one after a resize, and with it the card's
        pictures. pygame.error while the display is gone.

        share: of its sides, what is to be drawn; `end_frame` enlarges it. With OpenGL the canvas is
        never the window: no higher than 720 pixels, and enlarged by the card.
        """
        canvas = pygame.display.get_surface()
        if canvas is None:
            raise pygame.error("the display is gone")
        if self.card is None:
            whole = share == 1.0 and self.pin is None
            return canvas if whole else self._sized_canvas(canvas.get_size(), share)
        self.card.pin = self.pin
        width, height = (max(side, 1) for side in pygame.display.get_window_size())
        self.card.resize((width, height))
        rows = min(height, SIZE[1])
        return self._sized_canvas((round(rows * width / height), rows), share)

    def _sized_canvas(self, size: tuple[int, int], share: float) -> pygame.Surface:
        """A canvas of a share of this size."""
        width, height = size
        size = (max(round(share * width), 1), max(round(share * height), 1))
        if self._software_canvas.get_size() != size:
            self._software_canvas = black(size)
        return self._software_canvas

    def end_frame(self, canvas: pygame.Surface) -> float:
        """Show what was drawn on the canvas of `begin_frame`. Returns the moment, on the program's
        clock, at which the picture was done but for waiting for the display."""
        shown = pygame.display.get_surface()
        if self.card is None and shown is not None and shown is not canvas:
            if self.pin is None:
                pygame.transform.smoothscale(canvas, shown.get_size(), shown)
            else:
                self._show_pinned(canvas, shown, self.pin)
        done_s = monotonic_s()
        pygame.display.flip()
        # Without a card nothing waits for the display: the time goes into copying.
        return done_s if self.card or self._by_card else monotonic_s()

    def _show_pinned(self, canvas: pygame.Surface, shown: pygame.Surface, pin: np.ndarray) -> None:
        """Every pixel of the window from where the pin says; where it shows nothing, black."""
        if canvas.get_size() != shown.get_size():  # smooth, where it is drawn smaller
            if self._enlarged.get_size() != shown.get_size():
                self._enlarged = black(shown.get_size())
            canvas = pygame.transform.smoothscale(canvas, shown.get_size(), self._enlarged)
        key = (pin.tobytes(), shown.get_size())
        if self._sources is None or self._sources[0] != key:
            found = sources(pin, shown.get_size(), canvas.get_size())
            self._sources = (key, np.maximum(found, 0), np.flatnonzero(found < 0))
        _, from_where, nothing = self._sources
        pixels = np.take(memory(canvas).view(np.uint32).ravel(), from_where)
        pixels[nothing] = 0
        memory(shown).view(np.uint32)[:] = pixels.reshape(shown.get_height(), -1, 1)

    @property
    def pixels(self) -> tuple[int, int] | None:
        """Width and height of what is shown; None while the display is gone."""
        if self.card:
            return self.card.size
        shown = pygame.display.get_surface()
        return None if shown is None else shown.get_size()

    def picture(self) -> pygame.Surface:
        """The last picture as it was shown."""
        if self.card:
            return self.card.picture()
        shown = pygame.display.get_surface()
        if shown is None:
            raise pygame.error("the display is gone")
        return shown

    def reopen(self) -> bool:
        """Open the window again after the display went away; the first one if its own is gone."""
        try:
            pygame.display.quit()
            pygame.display.init()
            if self._display >= pygame.display.get_num_displays():
                self._display = 0
            self._open()
        except pygame.error:
            return False
        self.lost += 1
        return True

    def give_up_card(self, reason: gl.CardError) -> None:
        """The card has failed: go on without it."""
        self._renderer = "software"
        _say_software(reason)
        self.reopen()

    def _open(self) -> None:
        self.card, failed = None, None
        self._unmanaged = lacks_window_manager(pygame.display.get_driver())
        if self._renderer != "software":
            try:
                any_card = self._renderer == "gl"
                self.card = gl.open_card(self._size, self._flag, self._display, any_card)
                self._expected = True
            except gl.CardError as error:
                failed = error  # no quit and init here: an X server alone would start anew
        if self.card is None:
            # Its window is made large by the window manager, or by nobody.
            self._by_card = not (self.fullscreen and self._unmanaged) and self._open_scaled()
            if not self._by_card:
                self._open_plain()
        if failed:  # and not for want of a display: a window without it could be opened
            self._renderer = "software"
            if self._expected:
                _say_software(failed)
        self._place()
        pygame.display.set_caption("PoseJockey")
        pygame.display.set_allow_screensaver(False)

    def toggle_fullscreen(self) -> None:
        self.fullscreen = not self.fullscreen
        if self.card is not None:
            self._open()  # pygame toggles no window with OpenGL; this is another context
        elif self._by_card and not self._unmanaged:
            pygame.display.toggle_fullscreen()
        elif self._unmanaged and not self.fullscreen:
            self._open()
        else:
            self._by_card = False
            self._open_plain()
            self._place()

    def _open_scaled(self) -> bool:
        """True with a graphics card; without one pygame warns, and that is how it is known."""
        flags = pygame.SCALED | self._flag
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            for vsync in (1, 0):
                try:
                    pygame.display.set_mode(SIZE, flags, display=self._display, vsync=vsync)
                except pygame.error:
                    continue  # some drivers refuse vsync
                return not told
        return False

    def _open_plain(self) -> None:
        pygame.display.set_mode(self._size, self._flag, display=self._display)

    @property
    def _size(self) -> tuple[int, int]:
        """Of the window, points; (0, 0) where full screen says it."""
        if not self.fullscreen:
            return SIZE
        return pygame.display.get_desktop_sizes()[self._display] if self._unmanaged else (0, 0)

    @property
    def _flag(self) -> int:
        """How the window lies on the screen; without a window manager full screen is a size."""
        if not self.fullscreen:
            return pygame.RESIZABLE
        return pygame.NOFRAME if self._unmanaged else pygame.FULLSCREEN

    def _place(self) -> None:
        """Nobody else moves the window to the corner. Of other displays' corners nothing is known,
        but that SDL centers windows on them."""
        if self.fullscreen and self._unmanaged and self._display == 0:
            pygame.display.set_window_position((0, 0))


def _say_software(reason: gl.CardError) -> None:
    print(f"posejockey visuals: {reason}; drawing in software", file=sys.stderr)


def require_display() -> None:
    """Raise NoDisplayError where no window can be: before a port is opened or a thread started."""
    if not has_display():
        raise NoDisplayError("there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set)")
