"""How long each part of a lesson takes, and what it shows while it goes on.

Enters: minutes, and the pace of this machine. Leaves: a course; pictures of the dance as it comes.
"""

from collections.abc import Mapping
from pathlib import Path

from live.body.pose import FRAME_RATE
from model.evaluation.contact_sheet import draw
from model.evaluation.rollout import rollout
from model.evaluation.take import Take
from model.learning.learner import Course
from model.network.dance_network import DanceNetwork

EXPECTED_S = {
    "prepare": 25.0, "units": 60.0, "prior": 60.0, "dance": 300.0, "export": 45.0, "report": 60.0,
}  # fmt: skip
"""What each part of a lesson takes, seconds, before anything was measured."""
_BESIDES_S = sum(EXPECTED_S[name] for name in ("prepare", "export", "report"))
_SHARES = {"units": 0.14, "prior": 0.16}  # of the steps' time; the dance has the rest
_MOST = {"units": 1500, "prior": 2000}  # more teach nothing new
_FEWEST = 20
_PICTURE_S = 8.0  # of dance


def course_of(minutes: float, pace: Mapping[str, float]) -> Course:
    """As many steps as there is time for, after what else a lesson takes. pace: seconds a step of
    each stage."""
    seconds = max(minutes * 60 - _BESIDES_S, minutes * 30)
    counts, left = {}, seconds
    for stage, share in _SHARES.items():
        counts[stage] = max(_FEWEST, min(round(share * seconds / pace[stage]), _MOST[stage]))
        left -= counts[stage] * pace[stage]
    return Course(counts["units"], counts["prior"], max(_FEWEST, round(left / pace["dance"])))


def picture(network: DanceNetwork, real: Take, path: Path, step: int) -> None:
    """How it dances by now, below one of the clips."""
    style = network.config.styles[-1]
    (now,) = rollout(network, [style], (tempo_for(real.tempo_bpm),), _PICTURE_S, dancers=1)
    rows = {f"a clip of yours: {real.label}": real.joints, f"after {step} steps": now.joints}
    path.parent.mkdir(exist_ok=True)
    draw(rows, path, FRAME_RATE)


def tempo_for(tempo_bpm: float) -> float:
    """The tempo of clips as music has it: a song is rendered at 70 to 180."""
    while tempo_bpm < 75:
        tempo_bpm *= 2
    while tempo_bpm > 155:
        tempo_bpm /= 2
    return round(tempo_bpm)
