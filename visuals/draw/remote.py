"""The picture's controls, from OSC, keys or a recorded session, applied to what draws.

Enters: (name, value) of `live.osc.schema.PICTURE`, or panic, checked. Leaves: changes of the
renderer and of the ensemble, in the thread that draws.
"""

from live.osc.schema import PANIC, PICTURE
from live.osc.values import Value, chosen
from visuals.draw.settings import PictureSettings


class PlayedPicture:
    """What draws, and who stands where: as its settings say at first, then as it is played.

    settings: of the beginning, which panic goes back to; now: where it goes on instead. stage: as
    `Renderer` has it; in_window: whether it is shown in one.
    """

    def __init__(
        self,
        settings: PictureSettings,
        now: PictureSettings | None = None,
        stage: bool = True,
        in_window: bool = True,
    ):
        self._settings = settings
        self.renderer = (now or settings).renderer(stage, beside=not in_window)
        self.ensemble = (now or settings).ensemble()

    def play(self, name: str, value: Value) -> None:
        """Obey one control. value: within its range, or None for a switch to change over.

        What is so already stays as it is: a control may come back that was played here.
        """
        if name == PANIC.name:
            self._reset()
            return
        now = self.value_of(name)
        match name:
            case "look" | "palette" | "camera" | "lineup":
                if (wanted := chosen(PICTURE[name], value, str(now))) != now:
                    self._choose(name, wanted)
            case "pairs":
                self.ensemble.mirror = _switched(value, self.ensemble.mirror)
            case "dark":
                self.renderer.dark = _switched(value, self.renderer.dark)
            case "cast":
                self.ensemble.cast = round(_number(value))
            case "picture_canon":
                self.ensemble.canon = _number(value)
            case "glow" | "zoom" | "trail":
                self.renderer.modulation.set(name, _number(value))
            case "glow_by" | "zoom_by" | "trail_by":
                wanted = chosen(PICTURE[name], value, str(now))
                self.renderer.modulation.drives[name.removesuffix("_by")] = wanted
            case "picture_fade":
                self.renderer.modulation.fade_s = _number(value)

    def value_of(self, name: str) -> float | str:
        """How a control of `live.osc.schema.PICTURE` is set now."""
        renderer, ensemble = self.renderer, self.ensemble
        return {
            "look": renderer.look,
            "palette": renderer.palette,
            "camera": renderer.camera.mode,
            "lineup": ensemble.lineup,
            "pairs": float(ensemble.mirror),
            "dark": float(renderer.dark),
            "cast": float(ensemble.cast),
            "picture_canon": float(ensemble.canon),
            "picture_fade": renderer.modulation.fade_s,
            **renderer.modulation.values,
            **{f"{name}_by": drive for name, drive in renderer.modulation.drives.items()},
        }[name]

    def _choose(self, name: str, chosen: str) -> None:
        match name:
            case "look":
                self.renderer.show(chosen)
            case "palette":
                self.renderer.paint_with(chosen)
            case "camera":
                self.renderer.camera.set_mode(chosen)
            case "lineup":
                self.ensemble.lineup = chosen

    def _reset(self) -> None:
        """At once, without waiting for a bar."""
        start = self._settings
        self.renderer.reset(start.look, start.palette, start.camera)
        self.renderer.modulation = start.modulation()
        self.ensemble.lineup, self.ensemble.mirror = start.lineup, start.mirror
        self.ensemble.canon, self.ensemble.cast = start.canon, start.cast


def _switched(value: Value, now: bool) -> bool:
    return not now if value is None else _number(value) >= 0.5


def _number(value: Value) -> float:
    return value if isinstance(value, float) else 0.0
