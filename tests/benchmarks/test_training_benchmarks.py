"""Benchmarks of the training: every part of a step, and encoders exchanged."""

from dataclasses import replace

from benchmarks.encoders import with_encoder
from benchmarks.training import profile
from model.network.checkpoint import CHECKPOINT, load_checkpoint, network_of
from tests.helpers.training import TINY, assert_same, ignore, trainer


def test_a_profile_of_its_steps_has_every_part(prepared):
    (step,) = profile(
        prepared, replace(TINY, units_iterations=0, prior_iterations=0, critic_from=0), 2
    )
    assert {
        "drawing a batch",
        "dancing, forced and rollouts, forward",
        "teaching the critic",
    } < set(step)
    assert min(step.values()) > 0


def test_an_encoder_can_be_exchanged_for_an_untrained_one_of_another_kind(prepared, tmp_path):
    trainer(prepared, tmp_path).run(ignore)
    donor = load_checkpoint(tmp_path / CHECKPOINT)
    exchanged = network_of(with_encoder(donor, "conv"))
    assert exchanged.config.encoder.kind == "conv"
    ours, theirs = exchanged.state_dict(), network_of(donor).state_dict()
    kept = [name for name in theirs if not name.startswith("encoder.")]
    assert_same({n: ours[n] for n in kept}, {n: theirs[n] for n in kept})
