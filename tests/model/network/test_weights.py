"""Files for the stage, read back: training can begin with them."""

import numpy as np
import onnx
import pytest
import torch

from live.errors import ArtifactError
from model.network.weights import REST_KEY, load_weights
from model.training.trainer import Trainer
from tests.helpers.training import TINY, assert_same


def test_a_run_can_begin_with_a_file_for_the_stage(prepared, tmp_path, tiny_network, tiny_model):
    """It holds the posterior too, which the stage never needs."""
    begun = load_weights(tiny_model)
    weights = begun["weights"]
    for name, value in tiny_network.state_dict().items():
        # Large ones are kept in half precision where the stage does not read them.
        half = name.startswith("posterior.")
        assert torch.allclose(weights[name], value, rtol=0, atol=1e-4 if half else 0), name
    c = tiny_network.config
    run = Trainer(prepared, tmp_path, TINY, c.encoder, c.decoder, initial=begun)
    ours = run.network.state_dict()
    theirs = tiny_network.state_dict()
    kept = [n for n in theirs if theirs[n].shape == ours[n].shape and "style" not in n]
    kept = [n for n in kept if not n.startswith("posterior.")]
    assert len(kept) > 40
    assert_same({n: ours[n] for n in kept}, {n: theirs[n] for n in kept})
    assert np.isfinite(run.iterate()["loss"])


def test_a_file_from_which_nothing_can_begin_is_named(tmp_path, tiny_model):
    other = tmp_path / "other.onnx"
    for content in (b"", b"no model", tiny_model.read_bytes()[:1000]):
        other.write_bytes(content)
        with pytest.raises(ArtifactError, match="is not a file of this program"):
            load_weights(other)
    model = onnx.load(tiny_model)
    (rest,) = (p for p in model.metadata_props if p.key == REST_KEY)
    rest.value = rest.value[:1000]
    onnx.save(model, other)
    with pytest.raises(ArtifactError, match="is not a file of this program"):
        load_weights(other)
    model.metadata_props.remove(rest)
    onnx.save(model, other)
    with pytest.raises(ArtifactError, match="by an older version, without "):
        load_weights(other)
