"""Looks: each a small file with a class of the `Look` interface (visuals.looks.look).

A new look is a new file and a line in LOOKS; the keys, the command and the tests find it there.
"""

from collections.abc import Callable

from live.errors import ConfigError
from visuals.looks.canon import Canon
from visuals.looks.chalk import Chalk
from visuals.looks.constellation import Constellation
from visuals.looks.kaleidoscope import Kaleidoscope
from visuals.looks.look import Look
from visuals.looks.neon import Neon
from visuals.looks.particles import Particles
from visuals.looks.ribbons import Ribbons
from visuals.looks.silhouette import Silhouette
from visuals.looks.wireframe import Wireframe

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
DEFAULT = "neon"


def make(name: str) -> Look:
    """A fresh look of this name. Raises ConfigError, naming them all, for another one."""
    if name not in LOOKS:
        raise ConfigError(f"there is no look {name!r}; there are {', '.join(LOOKS)}")
    return LOOKS[name]()
