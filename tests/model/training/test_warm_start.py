"""Beginning with another run: its weights, its critic, and styles that it did not know."""

from dataclasses import replace

import pytest
import torch

from live.body.pose import POSE_DIM
from live.errors import ConfigError
from model.network.checkpoint import CHECKPOINT, load_checkpoint, network_of
from model.network.config import DecoderConfig
from model.network.dance_network import DanceNetwork
from model.network.weights import RENEWED
from model.training.critic import MotionCritic, StyleReader
from model.training.trainer import Trainer
from model.training.warm_start import inherit, inherit_critic, inherit_reader
from tests.helpers.training import TINY, TINY_DECODER, TINY_ENCODER, assert_same, ignore, trainer


def test_a_run_can_begin_with_the_weights_of_another(prepared, tmp_path):
    first = trainer(prepared, tmp_path / "first")
    first.run(ignore)
    checkpoint = load_checkpoint(first.folder / CHECKPOINT)
    donor = network_of(checkpoint)
    heir = DanceNetwork(replace(donor.config, styles=("ballroom", "street")))
    inherit(heir, checkpoint)
    ours, theirs = heir.decoder.style.weight, donor.decoder.style.weight
    assert torch.equal(ours[:, 1], theirs[:, donor.config.styles.index("street")])
    assert torch.equal(ours[:, 0], theirs.mean(dim=1))
    assert torch.equal(heir.pose_mean, donor.pose_mean)
    other = DanceNetwork(replace(donor.config, decoder=DecoderConfig(hidden=8, latent_dim=2)))
    with pytest.raises(ConfigError, match="other sizes"):
        inherit(other, checkpoint)
    again = Trainer(
        prepared, tmp_path / "second", TINY, TINY_ENCODER, TINY_DECODER, initial=checkpoint
    )
    assert_same(again.network.state_dict(), donor.state_dict())
    assert_same(again.critic.state_dict(), checkpoint["critic"])
    assert_same(again.reader.state_dict(), checkpoint["reader"])
    taught = MotionCritic(POSE_DIM, 3)
    inherit_critic(taught, checkpoint, ("ballroom", *donor.config.styles))
    ours = taught.style.parametrizations.weight.original
    assert torch.equal(ours[:, 1:], checkpoint["critic"]["style.parametrizations.weight.original"])
    assert torch.equal(ours[:, 0], ours[:, 1:].mean(dim=1))
    for name in [n for n in checkpoint["critic"] if n.startswith("whole_")]:
        del checkpoint["critic"][name]  # a run from before there was one
    inherit_critic(MotionCritic(POSE_DIM, 2), checkpoint, donor.config.styles)
    reader = StyleReader(POSE_DIM, 3)
    inherit_reader(reader, checkpoint, ("ballroom", *donor.config.styles))
    read = checkpoint["reader"]
    assert torch.equal(reader.style.weight[1:], read["style.weight"])
    assert torch.equal(reader.layers[0].weight, read["layers.0.weight"])
    del checkpoint["reader"]
    inherit_reader(reader, checkpoint, ("ballroom", *donor.config.styles))
    assert torch.equal(reader.style.weight[1:], read["style.weight"])  # untouched


def test_units_of_another_size_begin_as_new_and_the_rest_goes_on(prepared, tmp_path):
    first = trainer(prepared, tmp_path / "first")
    first.run(ignore)
    checkpoint = load_checkpoint(first.folder / CHECKPOINT)
    donor = network_of(checkpoint)
    wider = replace(donor.config.decoder, unit_dim=9, unit_width=24, codes=30)
    heir = DanceNetwork(replace(donor.config, decoder=wider))
    fresh = {name: value.clone() for name, value in heir.state_dict().items()}
    inherit(heir, checkpoint)
    ours, theirs = heir.state_dict(), donor.state_dict()
    for name, value in ours.items():
        if name == "decoder.condition.weight":
            known = theirs[name].shape[1] - donor.config.decoder.unit_dim
            assert torch.equal(value[:, :known], theirs[name][:, :known])
            assert not value[:, known:].any()
        elif name.startswith(RENEWED):
            assert torch.equal(value, fresh[name])
        else:
            assert torch.equal(value, theirs[name])


def test_what_the_recurrence_adds_begins_anew_where_units_did_not_lead(prepared, tmp_path):
    first = trainer(prepared, tmp_path / "first", decoder=replace(TINY_DECODER, leading=False))
    first.run(ignore)
    checkpoint = load_checkpoint(first.folder / CHECKPOINT)
    donor = network_of(checkpoint)
    heir = DanceNetwork(replace(donor.config, decoder=replace(donor.config.decoder, leading=True)))
    inherit(heir, checkpoint)
    ours, theirs = heir.state_dict(), donor.state_dict()
    assert theirs["decoder.pose_out.2.weight"].any()
    assert not ours["decoder.pose_out.2.weight"].any()
    assert not ours["decoder.pose_out.2.bias"].any()
    for name in ("decoder.pose_out.0.weight", "decoder.cells.0.from_state.weight"):
        assert torch.equal(ours[name], theirs[name])


def test_how_a_prior_chooses_is_no_size_of_it(prepared, tmp_path):
    """Fog and sharpness may be others: the units that were learned stay."""
    first = trainer(prepared, tmp_path / "first")
    first.run(ignore)
    checkpoint = load_checkpoint(first.folder / CHECKPOINT)
    donor = network_of(checkpoint)
    other = replace(donor.config.decoder, fog_before=0.5, sharpness=0.7, forgets=False)
    heir = DanceNetwork(replace(donor.config, decoder=other))
    inherit(heir, checkpoint)
    assert_same(heir.state_dict(), donor.state_dict())


def test_units_stay_where_only_the_prior_has_another_size(prepared, tmp_path):
    first = trainer(prepared, tmp_path / "first")
    first.run(ignore)
    checkpoint = load_checkpoint(first.folder / CHECKPOINT)
    donor = network_of(checkpoint)
    larger = replace(donor.config.decoder, codes=30, prior_width=24)
    heir = DanceNetwork(replace(donor.config, decoder=larger))
    fresh = {name: value.clone() for name, value in heir.state_dict().items()}
    inherit(heir, checkpoint)
    theirs = donor.state_dict()
    for name, value in heir.state_dict().items():
        source = fresh if name.startswith("decoder.prior.") else theirs
        assert torch.equal(value, source[name]), name
