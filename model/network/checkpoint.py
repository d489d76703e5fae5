"""Checkpoints of a training run: written whole or not at all, loaded, averaged, made into networks.

Enters: what a run has behind it, or the name of a file from anybody. Leaves: the file, its contents
(tensors and plain values; nothing in it is executed), or a network.
"""

import json
import math
import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel

from live.errors import ArtifactError, ConfigError
from live.safe_write import whole_file
from model.network.config import NetworkConfig, TrainConfig
from model.network.dance_network import DanceNetwork

CHECKPOINT = "checkpoint.pt"
VERSION = 2  # 1 had the generators of one process, and no "version"

_PARTS = ("network_config", "network", "average", "train_config", "prepared", "progress", "machine")
_TABLES = ("network_config", "train_config", "prepared", "progress")
_NUMBERS = {"train_config": {"lag_max"}, "progress": {"iteration", "seconds"}}  # read as such
_OLD = {"lag_max": 1}  # older runs do not say it


def write_checkpoint(state: dict, path: Path) -> None:
    """Write beside the old file and swap: a kill leaves one of them whole, and so does a full disk,
    which is an ArtifactError."""
    try:
        with whole_file(path) as partial, partial.open("wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
    except RuntimeError as error:  # torch puts its own error around the system's
        stays = "; the one before stays" if path.is_file() else ""
        raise ArtifactError(f"cannot write {path}: {_first_line(error)}{stays}") from error


def load_checkpoint(path: Path) -> dict:
    """A checkpoint's contents, tensors on the processor. ArtifactError for anything else, and for
    what a newer version of this program wrote."""
    state = read_checkpoint(path, _PARTS)
    _check_parts(state, path)
    return state


def read_checkpoint(path: Path, parts: Sequence[str]) -> dict:
    """A table that `write_checkpoint` wrote, with these entries at least, of any kind.
    ArtifactError for anything else, and for what a newer version of this program wrote."""
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever a reader of archives and pickles meets in a strange file
        raise ArtifactError(
            f"{path} is not a checkpoint of this program: {_first_line(error)}"
        ) from error
    version = state.get("version", 1) if isinstance(state, dict) else 1
    if not isinstance(version, int) or version > VERSION:
        raise ArtifactError(
            f"{path} was written by a newer version of this program (its format is {version}, this "
            f"one reads up to {VERSION}); update this one"
        )
    missing = [name for name in parts if not isinstance(state, dict) or name not in state]
    if missing:
        raise ArtifactError(f"{path} is not a checkpoint of this program: it lacks {missing[0]!r}")
    return state


def _check_parts(state: dict, path: Path) -> None:
    """ArtifactError that names the first part that is not of its kind."""
    wrong = [name for name in ("network", "average") if not isinstance(state[name], dict)]
    for name in _TABLES:
        plain = isinstance(state[name], dict) and _is_plain(state[name])
        wrong += (
            [] if plain and _NUMBERS.get(name, set()) <= _numbers(_OLD | state[name]) else [name]
        )
    wrong += [] if isinstance(state["machine"], str) else ["machine"]
    if not wrong and not isinstance(state["prepared"].get("tiers"), list):
        wrong = ["prepared"]
    if wrong:
        raise ArtifactError(f"{path} is not a checkpoint of this program: {wrong[0]!r} is damaged")


def _is_plain(value: object) -> bool:
    """Of what a manifest can hold: text, numbers, lists and tables, no tensors."""
    try:
        json.dumps(value)
    except (TypeError, ValueError, RecursionError):
        return False
    return True


def _numbers(values: dict) -> set[str]:
    """The names of those that are finite numbers."""
    return {k for k, v in values.items() if isinstance(v, int | float) and math.isfinite(v)}


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0][:200] or type(error).__name__


def mean_of(checkpoints: Sequence[dict]) -> dict:
    """The last checkpoint, with the mean of the averaged weights of all: of one run, or of runs
    that went on from each other (stochastic weight averaging, Izmailov et al., 2018). A critic
    never lets a run come to rest, and the mean lies nearer to what it circles.

    Raises ConfigError for runs of different networks or data.
    """
    last = checkpoints[-1]
    for name in ("network_config", "prepared"):
        if any(each[name] != last[name] for each in checkpoints):
            raise ConfigError("only runs of one network on the same data can be averaged")
    averages = [each["average"] for each in checkpoints]
    mean = {
        name: torch.stack([a[name] for a in averages]).mean(dim=0)
        if value.is_floating_point()
        else value
        for name, value in last["average"].items()
    }
    return last | {"average": mean}


def network_of(checkpoint: dict) -> DanceNetwork:
    """The trained network of a checkpoint, ready to dance.

    Raises ArtifactError where its weights do not fit, or are not finite: the run had broken down.
    """
    try:
        network = DanceNetwork(NetworkConfig.from_dict(checkpoint["network_config"]))
        average = AveragedModel(network)
        average.load_state_dict(checkpoint["average"])
    except (KeyError, TypeError, ValueError, RuntimeError, AttributeError) as error:
        raise ArtifactError(
            f"the checkpoint does not fit this program: {_first_line(error)}"
        ) from error
    network.load_state_dict(average.module.state_dict())
    check_finite(network.state_dict())
    return network.eval()


def check_finite(weights: Mapping[str, Tensor], where: str = "the run") -> None:
    """ArtifactError that names the first of the weights that is not finite."""
    for name, value in weights.items():
        if not torch.isfinite(value).all():
            raise ArtifactError(
                f"{name} holds numbers that are not finite: {where} broke down; take an earlier "
                "checkpoint"
            )


def music_lag(checkpoint: dict) -> float:
    """Frames from the music heard to the pose seen: of the run that made the checkpoint."""
    return TrainConfig(**TrainConfig.known(checkpoint["train_config"])).music_lag


def machine() -> str:
    return f"{platform.machine()} {platform.system()}, torch {torch.__version__}, 1 thread"
