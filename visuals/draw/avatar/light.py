"""How a look lights a body with a skin: the same numbers on the card and in software."""

from dataclasses import dataclass

import numpy as np

from live.body.humanoid import BONES
from visuals.scene.scene import RenderScene

# bool [21]: bones of the dancer's own left, which has a colour of its own.
LEFT = np.array([bone.name.startswith("Left") for bone in BONES])
KEY = np.array(
    [-0.45, 0.65, 0.61]
)  # where the key light comes from, as the camera sees it: x, y, z


@dataclass(frozen=True)
class BodyLight:
    """ambient, key: of the skin's own colour; tint: how far that is the dancer's colour instead;
    rim: of light along the outline, in the dancer's colour; swell: how much more on the beat."""

    ambient: float
    key: float
    tint: float
    rim: float
    swell: float = 0.35


LIGHTS = {
    "neon": BodyLight(0.10, 0.42, 0.55, 1.25),
    "chalk": BodyLight(0.34, 0.55, 0.25, 0.30, 0.10),
    "ribbons": BodyLight(0.10, 0.40, 0.35, 0.70),
    "particles": BodyLight(0.06, 0.22, 0.70, 1.10),
    "constellation": BodyLight(0.04, 0.16, 0.80, 0.90),
    "silhouette": BodyLight(0.0, 0.035, 1.0, 1.10, 0.30),
    "canon": BodyLight(0.12, 0.42, 0.60, 0.80),
    "kaleidoscope": BodyLight(0.10, 0.35, 0.60, 1.00),
    "wireframe": BodyLight(0.05, 0.20, 0.85, 1.20),
}
_PLAIN = BodyLight(0.15, 0.55, 0.30, 0.60)


def light_of(look: object) -> BodyLight:
    """The light of a look, whether it draws in software or on the card."""
    return LIGHTS.get(type(look).__name__.removeprefix("Card").lower(), _PLAIN)


def lit(light: BodyLight, scene: RenderScene) -> tuple[float, float, float]:
    """(ambient, key, rim) at this moment: the beat and a silent feed are in them."""
    swell = (1 + light.swell * scene.pulse) * scene.presence
    return light.ambient * scene.presence, light.key * swell, light.rim * swell
