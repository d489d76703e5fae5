"""How a picture is drawn at first, and how safe it is: the same for the window and for films."""

from dataclasses import dataclass

from live import palettes
from live.flashes import FLASHES_PER_S
from visuals.draw import looks
from visuals.draw.avatar.stand_in import StandIn
from visuals.draw.options import BRIGHTNESS
from visuals.draw.renderer import Renderer
from visuals.draw.safety import Guard
from visuals.scene.lineup import Ensemble


@dataclass(frozen=True)
class PictureSettings:
    """The picture before anybody plays on it. ConfigError for what does not exist."""

    look: str = looks.DEFAULT
    palette: str = palettes.DEFAULT
    camera: str = "front"
    lineup: str = "stage"
    mirror: bool = False
    canon: float = 0.0  # beats, 0 to 2
    cast: int = 0  # dancers shown; 0: those that arrive
    flashes_per_s: int = FLASHES_PER_S  # 0 to 30
    body: str = ""  # an avatar instead of the looks' figures, as `StandIn` reads it
    brightness: float = BRIGHTNESS  # mean relative luminance of a picture, 0.05 to 1

    def __post_init__(self):
        self.ensemble()
        self.renderer()

    def ensemble(self) -> Ensemble:
        """Who stands where, as these settings say."""
        return Ensemble(self.lineup, self.mirror, self.canon, self.cast)

    def renderer(self, stage: bool = True, beside: bool = False) -> Renderer:
        """What draws them. stage: as `Renderer` has it; beside: as `StandIn`."""
        guard = Guard(self.flashes_per_s, self.brightness)
        stand_in = StandIn(self.body, beside) if self.body else None
        return Renderer(self.look, self.palette, guard, stage, self.camera, stand_in)
