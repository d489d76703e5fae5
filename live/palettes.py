"""Palettes: the colours of dancers, floor and backdrop. Pure numbers, no pygame.

Every palette tells its dancers apart by lightness as well as by hue; `safe` also for the three
common kinds of colour blindness (after Okabe and Ito, "Color Universal Design", 2008).
"""

from dataclasses import dataclass

from live.errors import ConfigError
from live.osc import schema

Color = tuple[int, int, int]
Pair = tuple[Color, Color]


@dataclass(frozen=True)
class Palette:
    """Channels 0..255. dancers: (body, own left side), taken in turn by dancer's number."""

    dancers: tuple[Pair, ...]
    pool: Color = (34, 40, 66)  # the light on the floor
    grid: Color = (46, 60, 104)
    ring: Color = (60, 100, 210)
    backdrop: Color = (70, 110, 190)  # behind silhouettes

    def of(self, dancer: int) -> Pair:
        """The colours of dancer 1.."""
        return self.dancers[(dancer - 1) % len(self.dancers)]


def _lighter(color: Color, share: float) -> Color:
    red, green, blue = (round(c + (255 - c) * share) for c in color)
    return red, green, blue


PALETTES: dict[str, Palette] = {
    "night": Palette(
        dancers=(
            ((0, 190, 255), (90, 255, 226)),
            ((255, 40, 150), (255, 150, 90)),
            ((255, 170, 0), (255, 240, 110)),
            ((150, 90, 255), (220, 160, 255)),
            ((60, 230, 90), (200, 255, 120)),
            ((255, 75, 50), (255, 160, 140)),
            ((70, 110, 255), (120, 200, 255)),
            ((235, 235, 245), (170, 190, 255)),
        ),
    ),
    "safe": Palette(
        dancers=tuple(
            (color, _lighter(color, 0.55))
            for color in (
                (86, 180, 233), (230, 159, 0), (240, 228, 66), (204, 121, 167),
                (0, 158, 115), (213, 94, 0), (225, 225, 225), (0, 114, 178),
            )
        ),
    ),
    "ember": Palette(
        dancers=(
            ((255, 110, 20), (255, 215, 110)),
            ((255, 45, 40), (255, 150, 110)),
            ((255, 190, 60), (255, 245, 190)),
            ((225, 60, 110), (255, 160, 170)),
        ),
        pool=(62, 34, 20),
        grid=(96, 52, 30),
        ring=(210, 90, 40),
        backdrop=(200, 84, 30),
    ),
    "ice": Palette(
        dancers=(
            ((120, 220, 255), (235, 250, 255)),
            ((60, 140, 255), (160, 205, 255)),
            ((190, 240, 235), (255, 255, 255)),
            ((130, 130, 255), (205, 200, 255)),
        ),
        pool=(24, 46, 62),
        grid=(40, 78, 104),
        ring=(80, 160, 210),
        backdrop=(70, 150, 180),
    ),
    "acid": Palette(
        dancers=(
            ((170, 255, 0), (240, 255, 140)),
            ((255, 0, 200), (255, 150, 230)),
            ((0, 255, 190), (170, 255, 235)),
            ((255, 240, 0), (255, 250, 160)),
        ),
        pool=(36, 48, 26),
        grid=(60, 92, 40),
        ring=(130, 200, 40),
        backdrop=(110, 170, 40),
    ),
    "mono": Palette(
        dancers=(
            ((235, 235, 235), (255, 255, 255)),
            ((170, 170, 170), (215, 215, 215)),
            ((125, 125, 125), (180, 180, 180)),
        ),
        pool=(42, 42, 42),
        grid=(64, 64, 64),
        ring=(130, 130, 130),
        backdrop=(130, 130, 130),
    ),
}  # fmt: skip
DEFAULT = schema.PALETTES[0]


def palette(name: str) -> Palette:
    """The palette of this name. Raises ConfigError, naming them all, for another one."""
    if name not in PALETTES:
        raise ConfigError(f"there is no palette {name!r}; there are {', '.join(PALETTES)}")
    return PALETTES[name]
