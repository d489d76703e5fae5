"""Beginning a run with another run's weights, where the two have different styles."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional as F

from live.errors import ConfigError
from model.network.checkpoint import network_of
from model.network.config import NetworkConfig
from model.network.dance_network import DanceNetwork
from model.network.weights import RENEWED
from model.training.critic import MotionCritic, StyleReader

_STYLE_AXIS = {
    "encoder.style_head.weight": 0,
    "encoder.style_head.bias": 0,
    "decoder.style.weight": 1,
    "decoder.prior.dancing": 0,
}


_OF_UNITS = ("unit_dim", "unit_width", "leading")
_OF_PRIOR = ("units", "prior_width", "prior_rank", "codes", "liveliness")
_PRIOR = "decoder.prior."
_OF_CHOICE = ("sharpness", "margin", "fog_within", "fog_before", "forgets")  # no weight knows them
_CHANGES = "decoder.pose_out.2."  # the last layer of the recurrence: what it adds to a pose
_HEARS_UNITS = "decoder.condition.weight"  # its last columns are those of the latent
_CRITIC_STYLES = tuple(
    f"{name}.parametrizations.weight.original" for name in ("style", "whole_style")
)


def inherit(network: DanceNetwork, checkpoint: dict) -> None:
    """Begin with the averaged weights of another run of the same sizes, its normalisation included,
    or with those of a file for the stage (`model.network.weights`).

    Styles are matched by name; a style it did not know begins as the mean of those it knew. What
    a file has of an older kind (`model.network.weights.RENEWED`) stays as new, and so do a prior of
    another size, units of another size with all that chooses, spells and reads them, and what the
    recurrence adds, where units led it otherwise. Raises ConfigError where other sizes differ.
    """
    ours, theirs = network.config, NetworkConfig.from_dict(checkpoint["network_config"])
    chosen, prior, units = (
        {name: getattr(ours.decoder, name) for name in names}
        for names in (_OF_CHOICE, _OF_PRIOR, _OF_UNITS)
    )
    sizes = replace(theirs.decoder, **chosen)
    of_units = replace(sizes, **prior)  # the same units, with all that spells and reads them
    if (ours.encoder, ours.decoder) != (theirs.encoder, replace(of_units, **units)):
        raise ConfigError("the network to begin with has other sizes than the one to train")
    state = dict(checkpoint.get("weights") or network_of(checkpoint).state_dict())
    if ours.decoder != sizes:
        state = {n: v for n, v in state.items() if not n.startswith(_PRIOR)}
    if ours.decoder != of_units:
        known = state[_HEARS_UNITS]
        heard = known[:, : known.shape[1] - theirs.decoder.unit_dim]
        state = {n: v for n, v in state.items() if not n.startswith(RENEWED)}
        state[_HEARS_UNITS] = F.pad(heard, (0, ours.decoder.unit_dim))
        if ours.decoder.leading != theirs.decoder.leading:
            fresh = network.state_dict()
            state |= {n: fresh[n] for n in state if n.startswith(_CHANGES)}
    for name, axis in _STYLE_AXIS.items():
        if name not in state:
            continue
        state[name] = of_styles(state[name], axis, theirs.styles, ours.styles)
    new = {
        n: v for n, v in network.state_dict().items() if n.startswith(RENEWED) and n not in state
    }
    network.load_state_dict(state | new)


def inherit_critic(critic: MotionCritic, checkpoint: dict, styles: Sequence[str]) -> None:
    """Begin with the critic of another run: it knows dances, and only a new style is new to it.
    What that run's critic did not have yet begins as new, as all does where there was none."""
    donor = dict(checkpoint.get("critic", {}))
    known = tuple(checkpoint["network_config"]["styles"])
    for name in _CRITIC_STYLES:
        if name in donor:
            donor[name] = of_styles(donor[name], 1, known, styles)
    state = critic.state_dict()
    kept = {name: value for name, value in donor.items() if value.shape == state[name].shape}
    critic.load_state_dict(state | kept)


def inherit_reader(reader: StyleReader, checkpoint: dict, styles: Sequence[str]) -> None:
    """Begin with the reader of another run, if it had one."""
    donor = dict(checkpoint.get("reader", {}))
    known = tuple(checkpoint["network_config"]["styles"])
    for name in ("style.weight", "style.bias"):
        if name in donor:
            donor[name] = of_styles(donor[name], 0, known, styles)
    reader.load_state_dict(reader.state_dict() | donor)


def of_styles(weight: Tensor, axis: int, known: Sequence[str], styles: Sequence[str]) -> Tensor:
    """A weight with a row for each known style along `axis`, for other styles: by name, and the
    mean of the known for a new one."""
    rows = weight.movedim(axis, 0)
    chosen = [rows[known.index(s)] if s in known else rows.mean(dim=0) for s in styles]
    return torch.stack(chosen).movedim(0, axis)
