"""The contract of everything that streams, checked in one place.

After sequence-layers' `verify_contract`: a stage is one function, whether it gets its input at
once, in pieces, after a reset or from a saved state; and nothing it says depends on the future.
"""

import copy
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import torch

Array = np.ndarray
_CHUNKINGS = 4


class Stream(Protocol):
    """Owns its state. push: inputs [n, ...] -> the outputs they complete, [m, ...]."""

    def push(self, inputs: Array) -> Array: ...
    def reset(self) -> None: ...
    def save(self) -> Any: ...
    def restore(self, saved: Any) -> None: ...


class Stepped:
    """A stage with its state in and out as a stream: one output for every input."""

    def __init__(self, initial_state: Callable[[], Any], step: Callable[[Array, Any], tuple]):
        self._initial_state, self._step = initial_state, step
        self.reset()

    def push(self, inputs: Array) -> Array:
        outputs = []
        for x in inputs:
            y, self._state = self._step(x, self._state)
            outputs.append(y)
        return joined(outputs)

    def reset(self) -> None:
        self._state = self._initial_state()

    def save(self) -> Any:
        return copy.deepcopy(self._state)

    def restore(self, saved: Any) -> None:
        self._state = copy.deepcopy(saved)


def joined(outputs: list) -> Array:
    return np.stack([np.asarray(y) for y in outputs]) if outputs else np.zeros((0,))


def assert_streams_like_offline(
    stream: Stream,
    inputs: Array,
    whole: Callable[[Array], Array] | None = None,
    tolerance: float = 0.0,
    seed: int = 0,
) -> None:
    """Everything a stage promises, on `inputs`; the latter half decides what "the future" is.

    whole: the same over a whole sequence, where that is other code; it may differ by `tolerance`.
    All else has to agree bit for bit.
    """
    rng = np.random.default_rng(seed)
    middle = len(inputs) // 2
    stream.reset()
    at_once = stream.push(inputs)
    assert len(at_once) > 1, "too little input to say anything"
    assert np.isfinite(at_once).all()
    _check_chunks(stream, inputs, at_once, rng)
    past = _check_future(stream, inputs, at_once, middle, rng)
    _check_reset(stream, inputs, at_once)
    _check_saved_state(stream, inputs, at_once, middle)
    if whole is not None:
        offline = whole(inputs)
        assert offline.shape == at_once.shape
        np.testing.assert_allclose(offline, at_once, rtol=0, atol=tolerance)
        other = whole(_with_other_future(inputs, middle, rng))
        np.testing.assert_allclose(other[:past], offline[:past], rtol=0, atol=tolerance)


def assert_receptive_field(
    whole: Callable[[torch.Tensor], torch.Tensor], inputs: torch.Tensor, receptive_field: int
) -> None:
    """The last output [T, ...] depends on exactly so many of the inputs [T, ...], by gradient."""
    assert len(inputs) > receptive_field, "too short to see where the field begins"
    inputs = inputs.detach().requires_grad_()
    last = whole(inputs)[-1]
    # Unequal weights: a plain sum over a layer norm has no gradient at all.
    (last * torch.linspace(0.5, 1.5, last.numel()).view_as(last)).sum().backward()
    gradient = inputs.grad
    assert gradient is not None
    reached = gradient.flatten(1).abs().amax(dim=1) > 0
    expected = torch.arange(len(inputs)) >= len(inputs) - receptive_field
    assert reached.tolist() == expected.tolist()


def _check_chunks(stream: Stream, inputs: Array, at_once: Array, rng: np.random.Generator) -> None:
    for sizes in _chunk_sizes(len(inputs), rng):
        stream.reset()
        cuts = np.cumsum(sizes)[:-1]
        pieces = [stream.push(piece) for piece in np.split(inputs, cuts)]
        _assert_equal(np.concatenate([p for p in pieces if len(p)]), at_once)


def _chunk_sizes(length: int, rng: np.random.Generator):
    """Even pieces, and random ones of which some are empty and some are single inputs."""
    yield np.diff(np.linspace(0, length, min(length, 64) + 1).astype(int))
    for _ in range(_CHUNKINGS):
        sizes = []
        while sum(sizes) < length:
            largest = rng.choice([1, 2, max(length // 50, 3), max(length // 5, 4)])
            sizes.append(min(int(rng.integers(0, largest + 1)), length - sum(sizes)))
            if len(sizes) > 200:  # enough of the small ones
                sizes.append(length - sum(sizes))
        yield np.array(sizes)


def _check_future(
    stream: Stream, inputs: Array, at_once: Array, middle: int, rng: np.random.Generator
) -> int:
    """Number of outputs complete after the first half; what follows must not change them."""
    stream.reset()
    past = len(stream.push(inputs[:middle]))
    assert 0 < past < len(at_once)
    stream.reset()
    other = stream.push(_with_other_future(inputs, middle, rng))
    _assert_equal(other[:past], at_once[:past])
    assert not np.array_equal(other[past:], at_once[past:]), "the input has no effect at all"
    return past


def _with_other_future(inputs: Array, middle: int, rng: np.random.Generator) -> Array:
    changed = inputs.copy()
    changed[middle:] = rng.uniform(-1.0, 1.0, changed[middle:].shape)
    return changed


def _check_reset(stream: Stream, inputs: Array, at_once: Array) -> None:
    stream.reset()
    stream.reset()
    _assert_equal(stream.push(inputs), at_once)
    again = stream.push(inputs)
    assert not np.array_equal(again, at_once), "without a reset the past has to count"
    stream.reset()
    _assert_equal(stream.push(inputs), at_once)


def _check_saved_state(stream: Stream, inputs: Array, at_once: Array, middle: int) -> None:
    stream.reset()
    before = stream.push(inputs[:middle])
    saved = stream.save()
    for _ in range(2):
        stream.restore(saved)
        _assert_equal(stream.push(inputs[middle:]), at_once[len(before) :])


def _assert_equal(found: Array, expected: Array) -> None:
    np.testing.assert_array_equal(found, expected)
