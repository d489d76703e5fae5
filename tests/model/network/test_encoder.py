"""The music encoder: heard at once as frame by frame, and never the future."""

import numpy as np
import pytest
import torch

from live.audio.features import FEATURE_DIM
from live.errors import ArtifactError, ConfigError
from model.network.config import EncoderConfig
from model.network.encoder import KINDS, MusicEncoder
from tests.helpers.contract import Stepped, assert_receptive_field, assert_streams_like_offline
from tests.helpers.network import difference


def encoder_of(layers=2, window=8, kind="local", causal=True):
    """Random, biased by distance, with a style head: the tiny network's, of other sizes."""
    torch.manual_seed(4)
    config = EncoderConfig(
        width=16, layers=layers, heads=2, window=window, kind=kind, causal=causal
    )
    encoder = MusicEncoder(config, n_styles=2)
    for name, weight in encoder.named_parameters():
        if name.endswith("distance_bias"):
            torch.nn.init.normal_(weight)
    return encoder.requires_grad_(False)


@pytest.mark.parametrize(("layers", "window"), [(1, 8), (2, 8), (3, 5), (2, 1)])
def test_the_encoder_streams_like_offline(layers, window):
    encoder = encoder_of(layers, window)
    rng = np.random.default_rng(1)
    features = rng.normal(size=(50, FEATURE_DIM)).astype(np.float32)

    def step(x, state):
        music, logits, state = encoder.step(torch.as_tensor(x)[None], state)
        return torch.cat([music, logits], dim=-1)[0], state

    def whole(x):
        return torch.cat(encoder(torch.as_tensor(x)[None]), dim=-1)[0].numpy()

    stream = Stepped(encoder.initial_state, step)
    if window * layers == 2:  # nothing is remembered, so the reset cannot be seen
        stream.reset()
        np.testing.assert_allclose(stream.push(features), whole(features), atol=1e-5)
        return
    # Measured: 1e-6.
    assert_streams_like_offline(stream, features, whole, tolerance=1e-5)


@pytest.mark.parametrize(("layers", "window"), [(1, 8), (2, 8), (3, 5), (2, 1)])
def test_the_encoder_hears_as_far_back_as_it_declares(layers, window):
    encoder = encoder_of(layers, window)
    features = torch.randn(30, FEATURE_DIM, generator=torch.Generator().manual_seed(2))
    assert_receptive_field(lambda x: encoder(x[None])[0][0], features, encoder.receptive_field)


def test_a_convolution_hears_as_far_back_as_it_declares():
    encoder = encoder_of(kind="conv")
    features = torch.randn(30, FEATURE_DIM, generator=torch.Generator().manual_seed(2))
    assert_receptive_field(lambda x: encoder(x[None])[0][0], features, encoder.receptive_field)


@pytest.mark.parametrize("kind", KINDS)
def test_no_encoder_hears_the_future(kind):
    encoder = encoder_of(kind=kind)
    features = torch.randn(1, 40, FEATURE_DIM, generator=torch.Generator().manual_seed(2))
    changed = features.clone()
    changed[:, 25:] += 3.0
    for before, after in zip(encoder(features), encoder(changed), strict=True):
        torch.testing.assert_close(after[:, :25], before[:, :25], atol=1e-6, rtol=1e-6)
        assert difference(after[:, 25], before[:, 25]) > 1e-3


@pytest.mark.parametrize("kind", KINDS)
def test_an_encoder_that_is_not_causal_hears_as_far_ahead_as_back(kind):
    encoder = encoder_of(kind=kind, causal=False)
    features = torch.randn(1, 31, FEATURE_DIM, generator=torch.Generator().manual_seed(2))
    changed = features.clone()
    changed[:, 15] += 3.0
    moved = (encoder(features)[0] - encoder(changed)[0])[0].abs().amax(dim=1) > 1e-6
    reach = 30 if encoder.receptive_field is None else encoder.receptive_field // 2
    assert moved.tolist() == [abs(t - 15) <= reach for t in range(31)]
    with pytest.raises(ArtifactError, match="is for comparison"):
        encoder.initial_state()


@pytest.mark.parametrize("kind", ["global", "lstm"])
def test_some_encoders_hear_further_back_than_the_window(kind):
    encoder = encoder_of(layers=1, kind=kind)
    assert encoder.receptive_field is None
    features = torch.randn(1, 14, FEATURE_DIM, generator=torch.Generator().manual_seed(2))
    changed = features.clone()
    changed[:, 0] += 3.0
    assert difference(encoder(features)[0][:, -1], encoder(changed)[0][:, -1]) > 1e-5


@pytest.mark.parametrize("kind", [k for k in KINDS if k != "local"])
def test_what_cannot_be_stepped_says_so(kind):
    with pytest.raises(ArtifactError, match=f"'{kind}' is for comparison"):
        encoder_of(kind=kind).initial_state()


def test_an_unknown_encoder_is_refused():
    with pytest.raises(ConfigError, match="one of local, global, lstm, conv"):
        encoder_of(kind="psychic")


def test_slots_not_yet_written_are_not_heard():
    encoder = encoder_of()
    clean, dirty = encoder.initial_state(), encoder.initial_state()
    for name in dirty:
        if name != "written":
            dirty[name] += 100.0
    x = torch.randn(1, FEATURE_DIM, generator=torch.Generator().manual_seed(3))
    assert torch.equal(encoder.step(x, clean)[0], encoder.step(x, dirty)[0])
