"""Looks that the card draws by itself, by the name of their twin in visuals.looks."""

from collections.abc import Callable

from visuals.gl.neon import Neon
from visuals.gl.ribbons import Ribbons
from visuals.looks.look import CardLook

LOOKS: dict[str, Callable[[], CardLook]] = {"neon": Neon, "ribbons": Ribbons}
