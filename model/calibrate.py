"""How much energy to ask for, so that "0" looks like the real dances of a style.

A network that predicts the middle of what could come moves less than the dancers it learned from.
Its energy input is a fader that undoes this: the offset that reaches a style's real mean speed is
measured once, put into the manifest and added on stage.
"""

from pathlib import Path

import numpy as np

from live.contract import CONTROL_DIM
from live.pose import FRAME_RATE
from model import metrics
from model.evaluate import real_takes, rollout
from model.network import DanceNetwork

_ENERGIES = (0.0, 0.75, 1.5)  # the last is as far as the training data's energy reaches
_TEMPI_BPM = (95.0, 120.0, 140.0)
_WARM_UP_S = 4.0


def energy_offsets(
    network: DanceNetwork, data: Path, seconds: float = 24.0, seed: int = 77
) -> dict[str, float]:
    """Offset of the energy input for every style, 0 to 1.5, by free-running takes."""
    styles = network.config.styles
    real = _speed_by_style(real_takes(data), styles)
    made = []
    for energy in _ENERGIES:
        control = (energy, *(0.0,) * (CONTROL_DIM - 1))
        takes = rollout(network, styles, _TEMPI_BPM, seconds, seed, control=control)
        made.append(_speed_by_style([t.after(_WARM_UP_S) for t in takes], styles))
    return {
        style: round(float(np.interp(real[i], [m[i] for m in made], _ENERGIES)), 2)
        for i, style in enumerate(styles)
    }


def _speed_by_style(takes, styles: tuple[str, ...]) -> list[float]:
    """Mean joint speed, m/s, over all takes of each style."""
    return [
        float(
            np.average(
                [metrics.mean_speed(t.joints, FRAME_RATE) for t in takes if t.style == style],
                weights=[len(t.joints) for t in takes if t.style == style],
            )
        )
        for style in styles
    ]
