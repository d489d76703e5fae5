"""The systems of the comparison by the names that recipes give them.

Enters: a kind and its options. Leaves: a system, untrained or with the weights of a run.
"""

from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from live.errors import ArtifactError, ConfigError
from live.settings_file import check_names
from model.baselines.aud_mocogan import AudMocogan
from model.baselines.body25 import BODY25
from model.baselines.dance_revolution import DanceRevolution
from model.baselines.dancing2music import Dancing2Music
from model.baselines.lstm import Lstm
from model.baselines.pose_space import BODY, PoseSpace
from model.baselines.system import TrainedSystem
from model.network.checkpoint import check_finite, read_checkpoint

KINDS: dict[str, type[TrainedSystem]] = {
    system.kind: system for system in (Lstm, AudMocogan, Dancing2Music, DanceRevolution)
}
SPACES: dict[str, PoseSpace] = {space.name: space for space in (BODY, BODY25)}
PARTS = ("kind", "options", "space", "styles", "system")  # of a run's checkpoint, at least


def untrained(
    kind: str, options: dict[str, Any], space: PoseSpace, styles: tuple[str, ...]
) -> TrainedSystem:
    """ConfigError where there is no such system, or it has no such option."""
    if kind not in KINDS:
        raise ConfigError(f"no system {kind!r}: one of {', '.join(KINDS)}")
    system = KINDS[kind]
    check_names(options, (f.name for f in fields(system.Options)))
    for name, value in options.items():
        usual = getattr(system.Options, name)
        if type(value) is not type(usual):
            raise ConfigError(f"{kind}: {name} must be of the kind of {usual!r}")
    return system(system.Options(**options), space, styles)


def described(system: TrainedSystem) -> dict[str, Any]:
    """All of `PARTS` but the weights: what `trained` needs to build it again."""
    return {
        "kind": system.kind,
        "options": asdict(system.options),
        "space": system.space.name,
        "styles": list(system.styles),
    }


def trained(path: Path) -> TrainedSystem:
    """The system of a run's checkpoint, ready to dance. ArtifactError for anything else."""
    state = read_checkpoint(path, PARTS)
    try:
        system = untrained(
            state["kind"], state["options"], SPACES[state["space"]], tuple(state["styles"])
        )
        system.load_state_dict(state["system"])
    except (ConfigError, KeyError, TypeError, ValueError, RuntimeError, AttributeError) as error:
        reason = (str(error).splitlines() or [""])[0][:200]
        raise ArtifactError(f"{path} does not fit this program: {reason}") from error
    check_finite(system.state_dict())
    return system.eval()
