"""Checkpoints of a training run: loaded, averaged, and made into networks."""

import platform
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel

from live.errors import ArtifactError, ConfigError
from model.network.config import NetworkConfig, TrainConfig
from model.network.dance_network import DanceNetwork

CHECKPOINT = "checkpoint.pt"
_PARTS = ("network_config", "network", "average", "train_config", "prepared", "progress", "machine")


def load_checkpoint(path: Path) -> dict:
    """A checkpoint's contents, tensors and plain values only (nothing in it is executed)."""
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a file of any other sort makes the unpickler raise anything
        reason = str(error).split("\n")[0][:200]  # torch goes on with advice on how to trust it
        raise ArtifactError(f"{path} is not a checkpoint of this program: {reason}") from error
    missing = [name for name in _PARTS if not isinstance(state, dict) or name not in state]
    if missing:
        raise ArtifactError(f"{path} is not a checkpoint of this program: it lacks {missing[0]!r}")
    return state


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
        network.load_state_dict(average.module.state_dict())
    except (KeyError, TypeError, AttributeError, ValueError, RuntimeError) as error:
        reason = str(error).split("\n")[0][:200]
        raise ArtifactError(f"the checkpoint does not fit this program: {reason}") from error
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
