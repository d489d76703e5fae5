"""A style more: the network has room for it, and what it could before it does as before."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from export.to_onnx import to_onnx
from live.dance.performer import find_model
from live.errors import ArtifactError, ConfigError
from model.learning.growth import check_growth, freeze_old, grown
from model.learning.judge import old_styles_moved
from model.network.config import DecoderConfig
from model.network.unit_prior import UnitPrior, one_of_all
from model.network.weights import load_weights

OPEN = Path("open.onnx")


@pytest.fixture
def donor(tiny_network):
    return {
        "network_config": tiny_network.config.to_dict(),
        "weights": tiny_network.state_dict(),
    }


def stirred(network):
    """Every part of the newest style moved, as a lesson moves it."""
    config = network.config.decoder
    newest = f"graft_priors.{config.grafts - 1}."
    with torch.no_grad():
        for name, value in network.named_parameters():
            last = (
                value[..., -config.graft_rank :] if ".up." in name else value[-config.graft_rank :]
            )
            if ".down." in name or ".up." in name:
                last.add_(0.1 * torch.randn(last.shape))
            elif newest in name:
                value.add_(0.1 * torch.randn(value.shape))
    return network.eval()


def test_the_old_styles_dance_as_before_whatever_the_new_one_learned(donor, tiny_network):
    network = stirred(grown(donor, "mine"))
    assert network.config.styles == (*tiny_network.config.styles, "mine")
    assert old_styles_moved(network, tiny_network) < 1e-6
    twice = {"network_config": network.config.to_dict(), "weights": network.state_dict()}
    more = stirred(grown(twice, "other", metre=3))
    assert more.config.metres == (4, 4, 4, 3)
    assert old_styles_moved(more, network) < 1e-5  # the first own style among them


def test_the_new_style_is_danced_otherwise_once_it_has_learned(donor):
    fresh, learned = grown(donor, "mine").eval(), stirred(grown(donor, "mine"))
    assert old_styles_moved(learned, fresh) > 1e-2  # "mine" is old to neither


def test_only_what_is_new_can_learn(donor):
    network = grown(donor, "mine")
    freeze_old(network)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    optimiser = torch.optim.Adam([p for p in network.parameters() if p.requires_grad], lr=0.01)
    music = torch.randn(1, 6, network.config.encoder.feature_dim)
    context, logits = network.hear(music)
    style = torch.tensor([[0.0, 0.0, 1.0]])
    clock = torch.randn(1, 8)
    condition = network.decoder.conditions(context[:, -1], clock, style, torch.zeros(1, 4))
    state = network.decoder.initial_state(1)
    pose, _ = network.decoder.step(condition, clock, torch.randn(1, 4), state)
    (pose.square().sum() + logits.square().sum()).backward()
    optimiser.step()
    changed = {n for n, v in network.state_dict().items() if not torch.equal(v, before[n])}
    assert any(".up." in name for name in changed)
    head = [name for name in changed if "style_head" in name]
    assert all(".up." in n or ".down." in n or n in head for n in changed)
    for name in head:
        assert torch.equal(network.state_dict()[name][:-1], before[name][:-1])


def test_no_code_of_before_is_the_new_styles(donor):
    network = grown(donor, "mine")
    dancing = network.decoder.prior.dancing
    assert not dancing[-1].any()
    assert dancing[:-1].all()  # nobody has said otherwise of the donor's
    assert network.decoder.newest_prior.dancing.all()


def test_a_mix_chooses_from_each_vocabulary_as_often_as_it_has_a_share():
    torch.manual_seed(1)
    sizes = DecoderConfig(units=2, prior_width=16, prior_rank=8)
    base, own = (UnitPrior(replace(sizes, codes=codes), 2, 1) for codes in (600, 300))
    rows = 2000
    known = torch.zeros(rows, 2, sizes.unit_dim), torch.zeros(rows, 1)
    given = torch.zeros(rows, 3), torch.ones(rows, 8), *known
    noise = torch.randn(rows, sizes.latent_dim)
    for share in (0.3, 0.7):
        shares = torch.tensor([[1 - share, share]]).expand(rows, -1)
        chosen = one_of_all([base, own], shares, *given, noise)
        mine = (chosen[:, None] == own.codes[None]).all(dim=-1).any(dim=-1).float().mean()
        assert abs(mine - share) < 0.1  # Gumbel variables of 32 numbers are nearly independent
    only = torch.tensor([[1.0, 0.0]]).expand(rows, -1)
    same = one_of_all([base, own], only, *given, noise)
    assert torch.equal(same, base.sample(*given, noise))


def test_a_file_with_an_own_style_is_read_back_and_dances_as_it_did(donor, tmp_path):
    network = stirred(grown(donor, "mine", metre=3))
    manifest = {
        "styles": list(network.config.styles),
        "recipe": {"network": network.config.to_dict()},
    }
    path = tmp_path / "mine.onnx"
    path.write_bytes(to_onnx(network, manifest).SerializeToString())
    again = load_weights(path)
    for name, value in network.state_dict().items():
        of_training = name.startswith("posterior.")
        assert np.allclose(again["weights"][name], value, rtol=0, atol=1e-4 * of_training), name


def test_the_units_of_weights_that_ship_are_read_as_they_are_danced():
    """Their file keeps them in half precision too, which moves a dance by millimetres."""
    codes = load_weights(find_model("open"))["weights"]["decoder.prior.codes"]
    assert not torch.equal(codes.half().float(), codes)


def test_what_cannot_take_a_style_is_named(donor):
    with pytest.raises(ConfigError, match=r"open.onnx has a style 'salsa' already \(it has street"):
        check_growth(donor, "salsa", OPEN)
    old = donor | {"weights": {n: v for n, v in donor["weights"].items() if "codes" not in n}}
    with pytest.raises(ArtifactError, match="of an older kind"):
        check_growth(old, "mine", OPEN)
    check_growth(donor, "mine", OPEN)
