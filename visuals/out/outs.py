"""Every picture to everybody who wants it, without keeping the drawing waiting.

Enters: surfaces, in the thread that draws, which only copies them. Leaves: pictures to other
programs, each from a thread of its own: one that is slow gets fewer of them, and one that fails is
opened again, later and later. Everything is counted.
"""

import threading
from collections.abc import Callable, Sequence

import numpy as np

from live.supervised_thread import SupervisedThread
from visuals.draw import matte
from visuals.draw.surfaces import pygame
from visuals.out.senders import OutName, Sender, open_sender

_WAIT_S = 0.2  # how soon `close` is noticed
Opener = Callable[[OutName, bool, float], Sender]


class PictureOut:
    """One receiver's way out. sent, dropped: pictures; failures: times it was opened again."""

    def __init__(self, out: OutName, alpha: bool, rate_hz: float, opener: Opener = open_sender):
        self.out, self.sent, self.dropped = out, 0, 0
        self._alpha, self._rate_hz, self._opener = alpha, rate_hz, opener
        self._ready = threading.Condition()
        self._next: np.ndarray | None = None
        self._spare: list[np.ndarray] = []
        self._watched = True
        self._closing = threading.Event()
        self._thread = SupervisedThread(f"out {out}", self._work, self._closing)
        self._thread.start()

    @property
    def failures(self) -> int:
        return self._thread.failures

    def offer(self, canvas: pygame.Surface) -> None:
        """The newest picture, copied; one that was not sent yet gives way to it."""
        if not self._watched:
            return
        pixels = matte.memory(canvas)
        with self._ready:
            free = self._spare.pop() if self._spare else None
        if free is None or free.shape != pixels.shape:
            free = np.empty_like(pixels)
        np.copyto(free, pixels)
        with self._ready:
            if self._next is not None:
                self.dropped += 1
                self._spare.append(self._next)
            self._next = free
            self._ready.notify()

    def close(self) -> None:
        self._closing.set()
        with self._ready:
            self._ready.notify()
        self._thread.join()

    def _work(self) -> None:
        self._watched = True
        sender = self._opener(self.out, self._alpha, self._rate_hz)
        try:
            while not self._closing.is_set():
                self._watched = sender.is_watched
                if (pixels := self._taken()) is not None:
                    matte.straighten(pixels) if self._alpha else matte.make_opaque(pixels)
                    sender.send(pixels)
                    self.sent += 1
                    with self._ready:
                        self._spare = [pixels]
        finally:
            sender.close()

    def _taken(self) -> np.ndarray | None:
        """The next picture, after a while None."""
        with self._ready:
            if self._next is None:
                self._ready.wait(_WAIT_S)
            pixels, self._next = self._next, None
        return pixels


class PictureOuts:
    """All of them. alpha: pictures have it, their colours multiplied by it."""

    def __init__(self, outs: Sequence[OutName] = (), alpha: bool = False, rate_hz: float = 60.0):
        self.all = [PictureOut(out, alpha, rate_hz) for out in outs]
        self._whole: pygame.Surface | None = None

    def offer(self, canvas: pygame.Surface, size: tuple[int, int] | None = None) -> None:
        """size: in which it is handed on, where it may be drawn smaller for want of time: another
        size is another source to those who receive it."""
        if size and size != canvas.get_size():
            if self._whole is None or self._whole.get_size() != size:
                self._whole = pygame.Surface(size, canvas.get_flags() & pygame.SRCALPHA, 32)
            canvas = pygame.transform.smoothscale(canvas, size, self._whole)
        for out in self.all:
            out.offer(canvas)

    def close(self) -> list[str]:
        """A line about each of them."""
        for out in self.all:
            out.close()
        return [
            f"{out.out}: {out.sent} pictures sent, {out.dropped} dropped, {out.failures} failures"
            for out in self.all
        ]
