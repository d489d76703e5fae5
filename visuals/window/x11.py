"""Whether a window manager runs, on a display of X11: without one, full screen is ours to make.

SDL asks the window manager to make a window large and to move it. Where none runs (a kiosk, a stage
machine that starts nothing else) nobody does: the window stays as it is, and shows a corner.
"""

import ctypes
import ctypes.util
from contextlib import suppress

_ANY_TYPE = 0


def lacks_window_manager(driver: str) -> bool:
    """Whether windows are placed by nobody. driver: SDL's, as `pygame.display.get_driver` says."""
    if driver != "x11":
        return False
    with suppress(OSError, AttributeError, TypeError):
        # A window manager that knows of full screen names a window of its own on the root window.
        x11 = ctypes.CDLL(ctypes.util.find_library("X11") or "libX11.so.6")
        x11.XOpenDisplay.restype = ctypes.c_void_p
        x11.XDefaultRootWindow.restype = x11.XInternAtom.restype = ctypes.c_ulong
        display = ctypes.c_void_p(x11.XOpenDisplay(None))
        if not display:
            return False
        root = x11.XDefaultRootWindow(display)
        check = x11.XInternAtom(display, b"_NET_SUPPORTING_WM_CHECK", 0)
        found, sizes = ctypes.c_ulong(), [ctypes.c_ulong() for _ in range(2)]
        form, data = ctypes.c_int(), ctypes.c_void_p()
        x11.XGetWindowProperty(
            display, ctypes.c_ulong(root), ctypes.c_ulong(check),
            ctypes.c_long(0), ctypes.c_long(1), 0, ctypes.c_ulong(_ANY_TYPE),
            *map(ctypes.byref, (found, form, *sizes, data)),
        )  # fmt: skip
        if data:
            x11.XFree(data)
        x11.XCloseDisplay(display)
        return not found.value
    return False
