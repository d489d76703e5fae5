"""Going on with a run that was stopped: what is kept of every process, and what must be the same.

Enters: a running `Trainer`'s generators and rollouts, or a checkpoint. Leaves: their state, one
entry for each process; or ConfigError in a sentence where the run could not go on as it began.
"""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
import torch.distributed
from lightning_fabric import Fabric
from torch import Tensor

from live.errors import ConfigError
from model.network.config import TrainConfig

_MENDED = "go on in another folder with --init, or add --allow-changes to go on all the same"
_MAY_CHANGE = frozenset({"iterations"})  # a run can be given more of them

ProcessState = dict[str, Any]


def process_state(
    rng: np.random.Generator, carried: dict[str, Tensor] | None, device: torch.device
) -> ProcessState:
    """Generators and rollouts of this process, on the processor."""
    return {
        "numpy": json.dumps(rng.bit_generator.state),
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state(device) if device.type == "cuda" else None,
        "carried": None if carried is None else {k: v.cpu() for k, v in carried.items()},
    }


def gathered(state: ProcessState, fabric: Fabric) -> list[ProcessState]:
    """Of all processes, in the order of their ranks. All of them have to call it."""
    if fabric.world_size == 1:
        return [state]
    found: list[Any] = [None] * fabric.world_size
    torch.distributed.all_gather_object(found, state)
    return found


def process_states(checkpoint: Mapping[str, Any]) -> list[ProcessState]:
    """What a checkpoint keeps of each process; the first format kept the first one's only."""
    if "processes" in checkpoint:
        return checkpoint["processes"]
    return [{name: checkpoint.get(name) for name in ("numpy", "torch", "cuda", "carried")}]


def restore(
    state: ProcessState, rng: np.random.Generator, device: torch.device, seed: int
) -> dict[str, Tensor] | None:
    """Set the generators of this process; returns the rollouts, on its device.

    seed: of the card's generator where the run was on none before, so that it does not draw again
    what it drew first.
    """
    rng.bit_generator.state = json.loads(state["numpy"])
    torch.set_rng_state(state["torch"])
    if device.type == "cuda":
        if state["cuda"] is None:
            torch.cuda.manual_seed(seed)
        else:
            torch.cuda.set_rng_state(state["cuda"], device)
    carried = state["carried"]
    return None if carried is None else {k: v.to(device) for k, v in carried.items()}


def check_processes(checkpoint: Mapping[str, Any], fabric: Fabric) -> None:
    """ConfigError where a run of so many processes would go on as one of another number: each has
    generators and rollouts of its own."""
    count = len(process_states(checkpoint))
    if count != fabric.world_size:
        raise ConfigError(
            f"the run was trained on {count} devices; go on with --devices {count}, or begin "
            "another one with its weights (--init, in another folder)"
        )


def check_same(checkpoint: Mapping[str, Any], config: dict, prepared: dict, data: str) -> None:
    """ConfigError that names the first setting, or entry of `prepared.json`, that is another now
    than when the run was stopped; data: what the arrays themselves are (`PairedWindows`)."""
    before = TrainConfig.known(checkpoint["train_config"])
    _compare("the setting", before, {k: v for k, v in config.items() if k in before}, _MAY_CHANGE)
    _compare("the data's", checkpoint["prepared"], prepared)
    if checkpoint.get("data", data) != data:
        raise ConfigError(
            "the data was prepared anew since the run began: motion or music is another; " + _MENDED
        )


def _compare(what: str, before: Mapping, now: Mapping, but: frozenset[str] = frozenset()) -> None:
    for name in sorted((before.keys() | now.keys()) - but):
        if _plain(before.get(name)) != _plain(now.get(name)):
            raise ConfigError(
                f"{what} {name} is {now.get(name)!r} now and was {before.get(name)!r} when the run "
                f"was stopped; {_MENDED}"
            )


def _plain(value: Any) -> Any:
    """As JSON has it: tuples are lists."""
    return json.loads(json.dumps(value))
