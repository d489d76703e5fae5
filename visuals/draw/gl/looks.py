"""Looks that the card draws by itself, by the name of their twin in visuals.draw.looks."""

from collections.abc import Callable

from visuals.draw.gl.neon import CardNeon
from visuals.draw.gl.ribbons import CardRibbons
from visuals.draw.looks.look import CardLook

LOOKS: dict[str, Callable[[], CardLook]] = {"neon": CardNeon, "ribbons": CardRibbons}
