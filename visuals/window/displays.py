"""`python -m visuals.window.displays`: the displays there are, one a line."""

from visuals.draw.surfaces import pygame
from visuals.window.window import NoDisplayError, require_display


def displays() -> list[str]:
    """Their number, size in points and refresh rate; empty where there is none."""
    try:
        require_display()
        pygame.display.init()
    except (NoDisplayError, pygame.error):
        return []
    try:
        sizes = pygame.display.get_desktop_sizes()
        rates = pygame.display.get_desktop_refresh_rates()
    except pygame.error:
        return []
    finally:
        pygame.display.quit()
    pairs = zip(sizes, rates, strict=True)
    return [f"{n}  {w} x {h}, {rate} Hz" for n, ((w, h), rate) in enumerate(pairs)]


if __name__ == "__main__":
    found = displays()
    print("none" if not found else "\n   " + "\n   ".join(found))
