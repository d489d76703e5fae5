"""The picture's controls, from OSC, keys or a recorded session, applied to what draws.

Enters: (name, value) of `live.osc.schema.PICTURE`, checked. Leaves: changes of the renderer and of
the ensemble, in the thread that draws.
"""

from live.osc.schema import NEXT, PICTURE, PREVIOUS
from live.osc.values import Value
from visuals.draw.renderer import Renderer
from visuals.scene.lineup import Ensemble


def apply_control(renderer: Renderer, ensemble: Ensemble, name: str, value: Value) -> None:
    """Obey one control. value: within its range, or None for a switch to change over."""
    match name:
        case "look":
            renderer.show(_chosen(name, value, renderer.look))
        case "palette":
            renderer.paint_with(_chosen(name, value, renderer.palette))
        case "camera":
            renderer.camera.set_mode(_chosen(name, value, renderer.camera.mode))
        case "lineup":
            ensemble.lineup = _chosen(name, value, ensemble.lineup)
        case "pairs":
            ensemble.mirror = _switched(value, ensemble.mirror)
        case "dark":
            renderer.dark = _switched(value, renderer.dark)
        case "cast":
            ensemble.cast = round(_number(value))
        case "canon":
            ensemble.canon = _number(value)


def _chosen(name: str, value: Value, now: str) -> str:
    """By its name, its number from 1, or as the neighbour of the one there is now."""
    choices = PICTURE[name].choices
    if isinstance(value, float):
        return choices[max(round(value), 1) - 1]
    if value in (NEXT, PREVIOUS):
        # A look of the user's own that the wire does not name: its neighbour is the first.
        at = choices.index(now) if now in choices else -1
        return choices[(at + (1 if value == NEXT else -1)) % len(choices)]
    return str(value)


def _switched(value: Value, now: bool) -> bool:
    return not now if value is None else _number(value) >= 0.5


def _number(value: Value) -> float:
    return value if isinstance(value, float) else 0.0
