"""How much each beat sounds like the first of its bar: a small recurrent network, once a beat.

Enters: a `BeatSound`'s vector as each beat ends. Leaves: the chance that it was a downbeat.
Engine's thread.

The beat evidence (`live/beat/evidence.py`) hears strokes alone. What begins a bar is heard better
beat by beat: harmony changes there, and what was a bar or two ago comes again (Durand, Bello,
David, Richard 2016). So the network is told how a beat differs from the mean of the last ones, and
how like those before it is; nothing that an equaliser or a fader would change.
`model/beat/train_bars.py` trains it on rendered songs.
"""

from pathlib import Path

import numpy as np

from live.beat.beat_sound import CHROMA, LEVEL, RHYTHM, TIMBRE
from live.beat.recurrent import GatedUnit
from live.errors import ArtifactError
from live.safe_read import read_arrays

Array = np.ndarray

# numpy's npz, float16.
_HINT = "install PoseJockey again"
WEIGHTS_FILE = Path(__file__).parents[1] / "weights" / "bars.weights"
LAGS = (1, 2, 3, 4, 6, 8, 12, 16)  # beats ago
_MEAN_BEATS = 12  # of what a beat is held against
_LIMIT = 3.0  # of any input
_QUIET = 0.05  # onset strength that counts as none
_BANDS = TIMBRE.stop - TIMBRE.start
_STROKES = RHYTHM.stop - RHYTHM.start
INPUT_DIM = 2 * _BANDS + _STROKES + 1 + 2 * len(LAGS) + 2


class BarInputs:
    """What the network is told of each beat; owns the beats before."""

    def __init__(self) -> None:
        self._mean: Array | None = None
        self._count = 0
        self._timbre = np.zeros(_BANDS)
        self._likeness = np.zeros((LAGS[-1], _BANDS + _STROKES))  # the newest first, length 1 each
        self._chroma = np.zeros((LAGS[-1], CHROMA.stop - CHROMA.start))

    def push(self, sound: Array) -> Array:
        """sound: [SOUND_DIM]. Returns float32 [INPUT_DIM]: timbre and strokes against their means,
        the level against its own, likeness of both to LAGS beats ago, of the harmony to the same,
        to the beat before and of two beats to the two before them, rise of the timbre."""
        timbre, strokes, chroma = sound[TIMBRE], sound[RHYTHM], sound[CHROMA]
        if self._mean is None:
            self._mean, self._timbre = sound.copy(), timbre
        self._count += 1
        self._mean += max(1 / _MEAN_BEATS, 1 / self._count) * (sound - self._mean)
        mean = self._mean
        scale = mean[RHYTHM].mean() + _QUIET
        apart = np.concatenate([timbre - mean[TIMBRE], (strokes - mean[RHYTHM]) / scale])
        apart = np.clip(apart, -_LIMIT, _LIMIT)
        level = np.clip(sound[LEVEL] - mean[LEVEL], -_LIMIT, _LIMIT)
        rise = np.clip(timbre - self._timbre, -_LIMIT, _LIMIT)
        pattern = apart / (np.sqrt(apart @ apart) + 1e-6)
        past = np.array(LAGS) - 1
        like, harmony = self._likeness[past] @ pattern, self._chroma[past] @ chroma
        pair = self._chroma[1] + self._chroma[2]
        change = pair @ chroma / (np.sqrt(pair @ pair) + 1e-6)
        self._timbre = timbre
        self._likeness = np.concatenate([pattern[None], self._likeness[:-1]])
        self._chroma = np.concatenate([chroma[None], self._chroma[:-1]])
        told = (apart, [level], like, harmony, [harmony[0], change], rise)
        return np.concatenate(told).astype(np.float32)


class BarEvidence:
    """Owns the state of the network. ArtifactError where the file is none of its own."""

    def __init__(self, file: Path = WEIGHTS_FILE):
        arrays = {name: a.astype(np.float32) for name, a in read_arrays(file, _HINT).items()}
        try:
            self._embed, self._embed_bias = arrays["embed"].T.copy(), arrays["embed_bias"]
            self._gru = GatedUnit(arrays)
            self._out, self._out_bias = arrays["output"][0], float(arrays["output_bias"][0])
        except (KeyError, ValueError, IndexError) as error:
            raise ArtifactError(f"{file}: not a bar evidence network ({error})") from error
        self.reset()

    def reset(self) -> None:
        self._inputs = BarInputs()
        self._state = self._gru.initial_state()

    def push(self, sound: Array) -> float:
        """The chance, 0..1, that the beat that sounded so was a downbeat."""
        told = self._inputs.push(sound)
        embedded = np.maximum(told @ self._embed + self._embed_bias, 0.0)
        self._state = self._gru.step(embedded, self._state)
        return float(1 / (1 + np.exp(-(self._state @ self._out + self._out_bias))))
