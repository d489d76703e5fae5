"""The operator's preview: a second, small window with the picture as it is without blackout."""

from visuals.draw.surfaces import black, pygame

SIZE = (640, 360)


class Preview:
    """A window to be put where the operator sees it; the show goes on where it cannot be had.

    failures: why it is not there, counted. One thread, the one that draws.
    """

    def __init__(self):
        self.failures = 0
        self._window: pygame.Window | None = None
        self._small = black(SIZE)
        try:
            self._window = pygame.Window("PoseJockey preview", SIZE)
        except (pygame.error, TypeError, AttributeError):
            self.failures += 1

    @property
    def is_open(self) -> bool:
        return self._window is not None

    def owns(self, window: object) -> bool:
        """Whether this is its window, as events name it."""
        return self._window is not None and window is self._window

    def show(self, picture: pygame.Surface) -> None:
        """Fitted into it, whatever the picture's shape."""
        if self._window is None:
            return
        try:
            surface = self._window.get_surface()
            share = min(a / b for a, b in zip(surface.get_size(), picture.get_size(), strict=True))
            width, height = picture.get_size()
            size = (max(round(width * share), 1), max(round(height * share), 1))
            if self._small.get_size() != size:
                self._small = black(size)
            pygame.transform.smoothscale(picture, size, self._small)
            surface.fill((0, 0, 0))
            surface.blit(self._small, self._small.get_rect(center=surface.get_rect().center))
            self._window.flip()
        except pygame.error:
            self.failures += 1
            self.close()

    def close(self) -> None:
        if self._window is not None:
            self._window.destroy()
            self._window = None
