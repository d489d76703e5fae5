"""The options of the picture, the same for the window and for films, and how much light by default.

Knows nothing of pygame, so that options can be read without it; what values they take is said by
`visuals.draw.settings.PictureSettings`.
"""

import argparse
from typing import Any

from live.flashes import FLASHES_PER_S, UNLIMITED
from live.osc.schema import CAMERAS, DRIVES, LINEUPS, LOOKS, PALETTES
from visuals.scene.modulation import FADE_S

BRIGHTNESS = 0.4  # of a white picture's light, on average over the picture


def add_picture_options(parser: argparse.ArgumentParser, **defaults: Any) -> None:
    """--look to --brightness. defaults: by name, what an option is where it is not given; None for
    one of which the help says "as it was played"."""
    add = parser.add_argument
    shown = {k: "as it was played" if v is None else v for k, v in defaults.items()}
    for name, meaning in (
        ("look", f"how the dancers are drawn: {', '.join(LOOKS)}"),
        ("palette", f"their colours: {', '.join(PALETTES)}"),
        ("camera", f"{', '.join(CAMERAS)}: still, swaying around them, elsewhere every other bar"),
        ("lineup", f"{', '.join(LINEUPS)}; stage: where the engine puts them"),
    ):
        add(f"--{name}", default=defaults[name], metavar="NAME", help=f"{meaning} ({shown[name]})")
    add(
        "--body",
        default="",
        metavar="FILE",
        help="a figure with a skin instead of the look's: .glb or .vrm; dancer: the one that ships",
    )
    add(
        "--mirror",
        action=argparse.BooleanOptionalAction,
        default=defaults["mirror"],
        help="every second dancer dances mirrored",
    )
    add(
        "--canon",
        type=float,
        default=defaults["canon"],
        metavar="BEATS",
        help=f"each dancer so much later than the one before, 0 to 2 beats ({shown['canon']})",
    )
    for name, meaning in (
        ("glow", "light around the dancers, 0 to 2"),
        ("zoom", "how large the picture is, 0.5 to 2; 1 has everybody in it"),
        ("trail", "how long what moves leaves a trail, 0 to 2"),
    ):
        add(
            f"--{name}",
            default=defaults.get(name, "1"),
            metavar="VALUE[:DRIVE]",
            help=f"{meaning}; moved by {', '.join(DRIVES[1:])} (1)",
        )
    add(
        "--fade",
        type=float,
        default=defaults.get("fade", FADE_S),
        metavar="S",
        help=f"seconds that blackout and these three take, 0 to 10 ({FADE_S:g})",
    )
    add(
        "--fit",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="draw the dancers together until they fill the picture and nobody hides another",
    )
    add(
        "--background",
        action="append",
        default=[],
        metavar="FILE|text:WORDS",
        help="a picture, video, logo or text behind the dancers; ,at=PLACE,size=SHARE,alpha=SHARE "
        "may follow; repeat it for several, the first at the bottom",
    )
    add(
        "--flashes",
        type=int,
        default=FLASHES_PER_S,
        metavar="N",
        help=f"at most this many flashes a second, 0 to {UNLIMITED} (%(default)s: safe for "
        "photosensitive people)",
    )
    add(
        "--brightness",
        type=float,
        default=BRIGHTNESS,
        metavar="SHARE",
        help="at most this share of a white picture's light, 0.05 to 1 (%(default)s)",
    )


def picture_options(args: argparse.Namespace) -> dict[str, Any]:
    """What the newer of these options say, as `PictureSettings` takes it; what is not given is left
    out."""
    given = {name: getattr(args, name) for name in ("glow", "zoom", "trail")}
    given |= {"fade_s": args.fade, "fit": args.fit, "background": tuple(args.background)}
    return {name: value for name, value in given.items() if value is not None}
