"""How much light by default, and the options that change it: one pair for the window and for films.

Knows nothing of pygame, so that options can be read without it.
"""

import argparse

FLASHES_PER_S = 3
BRIGHTNESS = 0.4  # of a white picture's light, on average over the picture


def add_options(parser: argparse.ArgumentParser) -> None:
    """--flashes and --brightness; `visuals.draw.safety.Guard` says which values it takes."""
    parser.add_argument(
        "--flashes",
        type=int,
        default=FLASHES_PER_S,
        metavar="N",
        help="at most this many flashes a second, 0 to 30 (%(default)s: safe for photosensitive "
        "people)",
    )
    parser.add_argument(
        "--brightness",
        type=float,
        default=BRIGHTNESS,
        metavar="SHARE",
        help="at most this share of a white picture's light, 0.05 to 1 (%(default)s)",
    )
