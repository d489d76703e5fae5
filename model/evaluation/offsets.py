"""What a network needs on stage for "0" to look like the real dances of a style: measured once,
put into the manifest and added there.

Enters: a network, or a file for the stage, and the prepared data. Leaves: an energy offset and an
accent delay a style.

A network that predicts the middle of what could come moves less than the dancers it learned from,
and one that dances to faster songs moves more. Its energy input is a fader that undoes this. What
is steady in how early or late its accents come is undone by a clock that runs as much later or
earlier.

How fast it dances depends on the stage: a song's own energy is added there, and the tracked clock
and safe motion change the speed as well. So what a file is given is measured there. Who is asked
for all the energy that the speed of real dances takes dances narrower than with half of it, and
hardly ever stands (docs/training-log.md, runs q and s); so half is what it gets.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from live.dance.contract import CONTROL_DIM
from live.dance.performer import Performer
from live.errors import ArtifactError
from model.evaluation.figures import accent_off_ms, summarise
from model.evaluation.on_stage import dances, songs_for
from model.evaluation.rollout import rollout
from model.evaluation.take import Take, at_octave_of, mean_speed, real_takes
from model.network.config import TrainConfig
from model.network.dance_network import DanceNetwork

_ENERGIES = (-0.75, 0.0, 0.75, 1.5)  # the last is as far as the training data's energy reaches
_STAGE_ENERGIES = (-0.75, 0.75)
_STAGE_S = 24.0
_LEAST, _MOST = -1.0, 1.5
_GIVEN = 0.5  # of the energy that makes it as fast as its clips
_LEAST_FASTER = 0.02  # of the real speed, by an energy of 1
_TEMPI_BPM = (95.0, 120.0, 140.0)
_STAGE_DANCERS = 2
_WARM_UP_S = 4.0
_MOST_DELAY_MS = 90.0  # further off, accents fall on another place of the beat: no delay's matter


def energy_offsets(
    network: DanceNetwork,
    data: Path,
    seconds: float = 24.0,
    seed: int = 77,
    lag: float = TrainConfig().music_lag,
    styles: Sequence[str] = (),
) -> dict[str, float]:
    """Offset of the energy input with which every style dances as fast as its clips on the true
    clock, -.75 to 1.5, by free-running takes. styles: only these; all by default."""
    styles = tuple(styles) or network.config.styles
    real = _speed_by_style(real_takes(data), styles)
    generated = []
    for energy in _ENERGIES:
        control = (energy, *(0.0,) * (CONTROL_DIM - 1))
        takes = rollout(network, styles, _TEMPI_BPM, seconds, seed, control=control, lag=lag)
        _check_finite(takes, seconds)
        generated.append(_speed_by_style([t.after(_WARM_UP_S) for t in takes], styles))
    return {
        style: round(float(np.interp(real[i], [speeds[i] for speeds in generated], _ENERGIES)), 2)
        for i, style in enumerate(styles)
    }


def stage_energy_offsets(
    model: Path,
    data: Path,
    styles: Sequence[str],
    seed: int = 77,
) -> dict[str, float]:
    """Offset of the energy input for each of the styles, -1 to 1.5, as a file for the stage needs
    it whose own are 0: from its dances through the whole engine, see the module."""
    performer = Performer(str(model), "cpu", _STAGE_DANCERS, seed)
    real = _speed_by_style(real_takes(data), tuple(styles))
    found = {}
    for style, real_m_s in zip(styles, real, strict=True):
        songs = list(songs_for([style], _TEMPI_BPM, _STAGE_S, seed, performer))
        speeds = [
            mean_speed(
                [
                    take
                    for _, _, song in songs
                    for take in dances(performer, song.audio, song, style, style, energy)
                ]
            )
            for energy in _STAGE_ENERGIES
        ]
        found[style] = round(_offset(speeds, real_m_s), 2)
    return found


def _offset(speeds: Sequence[float], real_m_s: float) -> float:
    """What to add to the energy of who dances at these speeds, m/s, with each of the energies; 0
    where energy makes nobody faster."""
    faster, still = np.polyfit(_STAGE_ENERGIES, speeds, 1)
    if faster < _LEAST_FASTER * real_m_s:
        return 0.0
    return min(max(_GIVEN * float((real_m_s - still) / faster), _LEAST), _MOST)


def accent_delays(
    network: DanceNetwork,
    data: Path,
    energy: Mapping[str, float],
    seconds: float = 40.0,
    seed: int = 77,
    lag: float = TrainConfig().music_lag,
    styles: Sequence[str] = (),
) -> dict[str, float]:
    """How much later each style's clock has to run, ms, for its accents to fall where its real
    dances have them, by free-running takes with the energy offsets given; 0 where they are so far
    off that no delay can be meant."""
    styles = tuple(styles) or network.config.styles
    real = real_takes(data)
    takes = rollout(network, styles, _TEMPI_BPM, seconds, seed, dancers=4, energy=energy, lag=lag)
    _check_finite(takes, seconds)
    delays = {}
    for style in styles:
        there = [t for t in real if t.style == style]
        # In bars of three or five, every other beat falls on all of them in turn.
        harmonic = 1.0 if network.config.metre(style) % 2 else None
        figures = summarise(
            there, reference_m_s=1.0, harmonic=harmonic
        )  # a speed of no consequence
        tempo = float(np.median([t.tempo_bpm for t in there]))
        own = [t.after(_WARM_UP_S) for t in takes if t.style == style]
        on_grid = [at_octave_of(t, tempo) for t in own]
        late = accent_off_ms(own, on_grid, figures["accent_beats"], figures["harmonic"])
        delays[style] = round(-late) + 0.0 if abs(late) <= _MOST_DELAY_MS else 0.0
    return delays


def _check_finite(takes: Sequence[Take], seconds: float) -> None:
    for take in takes:
        if not np.isfinite(take.joints).all():
            raise ArtifactError(
                f"its {take.style} leaves all bounds within {seconds:g} s: train on"
            )


def _speed_by_style(takes: Sequence[Take], styles: tuple[str, ...]) -> list[float]:
    """Mean joint speed, m/s, over all takes of each style."""
    return [mean_speed([t for t in takes if t.style == style]) for style in styles]
