"""A network with room for one style more: what it can is kept, number for number.

Enters: what `model.network.weights.load_weights` read of a file for the stage, or a checkpoint.
Leaves: a network that dances all old styles as the old one does, and whose new part can be trained.
"""

from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

from live.dance.contract import BEATS_A_BAR
from live.dance.manifest import check_room
from live.errors import ArtifactError, ConfigError
from model.network.checkpoint import network_of
from model.network.config import NetworkConfig
from model.network.dance_network import DanceNetwork

_STYLE_AXIS = {
    "encoder.style_head.weight": 0,
    "encoder.style_head.bias": 0,
    "decoder.style.weight": 1,
}
_TRUNK = ("context", "middle", "narrow")  # of a prior: what it knows of music, clock and memory


def check_growth(donor: dict, style: str, where: Path) -> None:
    """ConfigError where the donor has that style already, ArtifactError where it has no room for
    one, or is of an older kind, without units. where: the donor's file."""
    styles = donor["network_config"]["styles"]
    if style in styles:
        raise ConfigError(
            f"{where} has a style {style!r} already (it has {', '.join(styles)}); give --style "
            "another name"
        )
    check_room((*styles, style), where)
    if "weights" in donor and "decoder.prior.codes" not in donor["weights"]:
        raise ArtifactError(
            f"{where} is of an older kind, on which no style can be learned; begin with --model "
            "open"
        )


def grown(donor: dict, style: str, metre: int = BEATS_A_BAR, seed: int = 1) -> DanceNetwork:
    """The donor's network with `style` as its last. metre: beats in a bar of it; seed: of what is
    new."""
    torch.manual_seed(seed)
    config = NetworkConfig.from_dict(donor["network_config"])
    metres = (*(config.metre(known) for known in config.styles), metre)
    weights = donor.get("weights") or network_of(donor).state_dict()
    network = DanceNetwork(
        replace(
            config,
            styles=(*config.styles, style),
            decoder=replace(config.decoder, grafts=config.decoder.grafts + 1),
            metres=() if set(metres) == {BEATS_A_BAR} else metres,
        )
    )
    network.load_state_dict(
        {name: _placed(name, value, weights) for name, value in network.state_dict().items()}
    )
    _begin_prior(network)
    return network


def freeze_old(network: DanceNetwork) -> None:
    """Let only the newest style's own parts be trained, the posterior, and its row of what music
    sounds like. Rows of older grafts get no gradient, since they have no share of the dances."""
    newest = f"decoder.graft_priors.{network.config.decoder.grafts - 1}."
    trained = (newest, "posterior.")
    for name, parameter in network.named_parameters():
        own = name.startswith(trained) or ".down." in name or ".up." in name
        parameter.requires_grad = own
    for name in ("weight", "bias"):
        head = getattr(network.encoder.style_head, name)
        head.requires_grad = True
        head.register_hook(_only_last_row)


def _only_last_row(gradient: Tensor) -> Tensor:
    return torch.cat([torch.zeros_like(gradient[:-1]), gradient[-1:]])


def _placed(name: str, fresh: Tensor, weights: dict[str, Tensor]) -> Tensor:
    """A weight of the larger network: the old one, in its place."""
    if name not in weights:
        return fresh
    old = weights[name].to(fresh.dtype)
    if name in _STYLE_AXIS:
        new = old.mean(dim=_STYLE_AXIS[name], keepdim=True)
        return torch.cat([old, new], dim=_STYLE_AXIS[name])
    if old.shape == fresh.shape:
        return old
    if name.endswith(".dancing"):  # the codes of older vocabularies are not the new style's
        return nn.functional.pad(old, (0, 0, 0, 1))
    out = fresh.clone()
    out[tuple(slice(n) for n in old.shape)] = old
    return out


def _begin_prior(network: DanceNetwork) -> None:
    """The new prior knows at first what the shipped one knows, but for its vocabulary."""
    shipped, own = network.decoder.prior, network.decoder.newest_prior
    for name in _TRUNK:
        own.get_submodule(name).load_state_dict(shipped.get_submodule(name).state_dict())
    own.latent_std.copy_(shipped.latent_std)
    nn.init.zeros_(own.out.bias)
