"""How a picture is drawn at first, and how safe it is: the same for the window and for films."""

from dataclasses import dataclass

from live import palettes
from live.errors import ConfigError
from live.flashes import FLASHES_PER_S
from live.osc.schema import PICTURE
from visuals.draw import looks
from visuals.draw.avatar.stand_in import StandIn
from visuals.draw.background import Background
from visuals.draw.options import BRIGHTNESS
from visuals.draw.renderer import Renderer
from visuals.draw.safety import Guard
from visuals.scene.lineup import Ensemble
from visuals.scene.modulation import FADE_S, NAMES, Modulation, parse_driven


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
    fit: bool = True  # dancers are drawn together to fill the picture
    glow: str = "1"  # VALUE or VALUE:DRIVE, as of --glow; zoom and trail likewise
    zoom: str = "1"
    trail: str = "1"
    fade_s: float = FADE_S  # of blackout and of these three, 0 to 10
    background: tuple[str, ...] = ()  # as `visuals.draw.background` reads them
    flashes_per_s: int = FLASHES_PER_S  # 0 to 30
    body: str = ""  # an avatar instead of the looks' figures, as `StandIn` reads it
    brightness: float = BRIGHTNESS  # mean relative luminance of a picture, 0.05 to 1

    def __post_init__(self):
        self.ensemble()
        self.renderer()
        if not 0 <= self.fade_s <= PICTURE["picture_fade"].high:
            raise ConfigError(f"--fade {self.fade_s:g} is not between 0 and 10 seconds")

    def ensemble(self) -> Ensemble:
        """Who stands where, as these settings say."""
        return Ensemble(self.lineup, self.mirror, self.canon, self.cast, self.fit)

    def renderer(self, stage: bool = True, beside: bool = False) -> Renderer:
        """What draws them. stage: as `Renderer` has it; beside: as `StandIn`."""
        guard = Guard(self.flashes_per_s, self.brightness)
        stand_in = StandIn(self.body, beside) if self.body else None
        renderer = Renderer(self.look, self.palette, guard, stage, self.camera, stand_in)
        renderer.modulation = self.modulation()
        renderer.background = Background(self.background)
        return renderer

    def modulation(self) -> Modulation:
        """Where glow, zoom and trail stand, and what moves them."""
        given = {name: parse_driven(name, getattr(self, name)) for name in NAMES}
        found = Modulation(self.fade_s, **{name: value for name, (value, _) in given.items()})
        found.drives = {name: drive for name, (_, drive) in given.items()}
        return found
