"""Looks: each a small file with a class of the `Look` interface (visuals.draw.looks.look).

A new look is a new file and a line in LOOKS; the keys, the command and the tests find it there.
"""

from collections.abc import Callable

from live.errors import ConfigError
from live.osc import schema
from visuals.draw.looks.canon import Canon
from visuals.draw.looks.chalk import Chalk
from visuals.draw.looks.constellation import Constellation
from visuals.draw.looks.kaleidoscope import Kaleidoscope
from visuals.draw.looks.look import Look
from visuals.draw.looks.neon import Neon
from visuals.draw.looks.particles import Particles
from visuals.draw.looks.ribbons import Ribbons
from visuals.draw.looks.silhouette import Silhouette
from visuals.draw.looks.wireframe import Wireframe

LOOKS: dict[str, Callable[[], Look]] = {
    "neon": Neon,
    "chalk": Chalk,
    "ribbons": Ribbons,
    "particles": Particles,
    "constellation": Constellation,
    "silhouette": Silhouette,
    "canon": Canon,
    "kaleidoscope": Kaleidoscope,
    "wireframe": Wireframe,
}
DEFAULT = schema.LOOKS[0]


def make(name: str) -> Look:
    """A fresh look of this name. Raises ConfigError, naming them all, for another one."""
    if name not in LOOKS:
        raise ConfigError(f"there is no look {name!r}; there are {', '.join(LOOKS)}")
    return LOOKS[name]()
