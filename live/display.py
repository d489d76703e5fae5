"""Whether there is a screen: the window is drawn there, or else the figure in the terminal."""

import os
import sys

_ASKED = ("SDL_VIDEODRIVER", "DISPLAY", "WAYLAND_DISPLAY")


def has_display() -> bool:
    """False where surely no window can be opened."""
    return not sys.platform.startswith("linux") or any(os.environ.get(name) for name in _ASKED)
