"""How strongly each tick sounds like a beat: a small recurrent network, stepped in numpy.

Enters: feature frames. Leaves: log likelihood ratios of a beat and of a downbeat for the frame's
four ticks. Engine's thread, one step a frame.

Onset strength alone cannot tell a snare on the beat from a hi-hat between beats; the network has
heard the bars before. It is a GRU over whole frames that emits four ticks at once, so 120 Hz of
resolution costs one step at 30 Hz. `model/beat/train_evidence.py` trains it. ONNX Runtime is no
faster on a network this small: 20 us a step as in numpy when it is all that runs, and 225 against
119 us at 30 steps a second, as on stage.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from live.audio.features import N_MELS, SAMPLE_RATE, TICK, TICKS_PER_FRAME, FeatureFrame
from live.beat.recurrent import GatedUnit
from live.errors import ArtifactError
from live.safe_read import read_arrays

# numpy's npz, float16.
_HINT = "install PoseJockey again"
WEIGHTS_FILE = Path(__file__).parents[1] / "weights" / "beat_evidence.weights"
# The network answers for the tick that ends this long after the beat: the stroke has then passed
# the middle of the 43 ms analysis window. Training labels and the tracker share this number.
EVIDENCE_LATENCY_S = 0.030
RISE_LAG = 2  # ticks, as in the features' flux
N_RISE_BANDS = 16
CHANGE_FRAMES = 4  # before, that a frame is held against
_CHANGE_SCALE = 4.0
N_BANDS = N_MELS // 2
INPUT_DIM = TICKS_PER_FRAME * N_RISE_BANDS + N_BANDS
# Shares of ticks that carry a beat or a downbeat in the labels at 115 BPM: what the network says
# when it knows nothing, and so what counts as no evidence.
LABEL_WIDTH_TICKS = 1.2  # standard deviation of the Gaussian label
TICKS_OF_A_BEAT = LABEL_WIDTH_TICKS * float(np.sqrt(2 * np.pi))  # sum of chances of a sure beat
_TICKS_PER_BEAT = SAMPLE_RATE / TICK * 60 / 115
_BEAT_SHARE = TICKS_OF_A_BEAT / _TICKS_PER_BEAT
_NO_EVIDENCE = np.array([np.log(p / (1 - p)) for p in (_BEAT_SHARE, _BEAT_SHARE / 4)])


def chances(evidence: np.ndarray) -> np.ndarray:
    """What the network believes, 0..1, from its log likelihood ratios [..., 2]."""
    return 0.5 + 0.5 * np.tanh(0.5 * (evidence + _NO_EVIDENCE))


@dataclass(frozen=True)
class EvidenceState:
    """hidden: float32 [H]; mel: float32 [RISE_LAG, 32], paired bands of the ticks before; frames:
    float32 [CHANGE_FRAMES, 32], their means over the frames before."""

    hidden: np.ndarray
    mel: np.ndarray
    frames: np.ndarray


def paired(mel: np.ndarray) -> np.ndarray:
    """Neighbouring bands averaged: [T, 64] to float32 [T, 32]."""
    return 0.5 * (mel[:, 0::2] + mel[:, 1::2])


def rises(pairs: np.ndarray) -> np.ndarray:
    """How much each of 16 bands rose within two ticks: [T + 2, 32] to float32 [T, 16].

    Levels are left out on purpose: with them the network learned the renderer's instruments, and
    was worse than plain onset strength on recordings (F .77 against .85).
    """
    rise = np.maximum(pairs[RISE_LAG:] - pairs[:-RISE_LAG], 0.0)
    return 0.5 * (rise[:, 0::2] + rise[:, 1::2])


def frame_means(pairs: np.ndarray) -> np.ndarray:
    """The bands of each frame: [T, 32], T a multiple of 4, to float32 [T / 4, 32]."""
    return pairs.reshape(-1, TICKS_PER_FRAME, N_BANDS).mean(axis=1)


def changes(means: np.ndarray) -> np.ndarray:
    """How each of 32 bands differs from what it was in the last tenth of a second: another chord
    or bass note, and strokes too slow for a rise. [T + 4, 32] to float32 [T, 32]."""
    size = len(means) - CHANGE_FRAMES
    before = sum(means[age : age + size] for age in range(CHANGE_FRAMES))
    return means[CHANGE_FRAMES:] - before / CHANGE_FRAMES


def inputs(rise: np.ndarray, change: np.ndarray) -> np.ndarray:
    """The network's input, one row a frame: [4 T, 16] and [T, 32] to [T, INPUT_DIM]."""
    strokes = np.log1p(20.0 * rise).reshape(len(change), -1)
    return np.concatenate([strokes, _CHANGE_SCALE * change], axis=1)


class BeatEvidence:
    """The network; immutable, its state is passed through."""

    def __init__(self, file: Path = WEIGHTS_FILE):
        arrays = {name: a.astype(np.float32) for name, a in read_arrays(file, _HINT).items()}
        try:
            self._embed, self._embed_bias = arrays["embed"].T.copy(), arrays["embed_bias"]
            self._gru = GatedUnit(arrays)
            self._w_out, self._b_out = arrays["output"].T.copy(), arrays["output_bias"]
        except (KeyError, ValueError) as error:
            raise ArtifactError(f"{file}: not a beat evidence network ({error})") from error

    def initial_state(self) -> EvidenceState:
        return EvidenceState(
            self._gru.initial_state(),
            np.zeros((RISE_LAG, N_BANDS), np.float32),
            np.zeros((CHANGE_FRAMES, N_BANDS), np.float32),
        )

    def step(self, frame: FeatureFrame, state: EvidenceState) -> tuple[np.ndarray, EvidenceState]:
        """Returns float32 [4, 2] (beat, downbeat), 0 where the network cannot tell."""
        pairs = np.concatenate([state.mel, paired(frame.mel)])
        means = np.concatenate([state.frames, frame_means(pairs[RISE_LAG:])])
        x = inputs(rises(pairs), changes(means))[0]
        embedded = np.maximum(x @ self._embed + self._embed_bias, 0.0)
        hidden = self._gru.step(embedded, state.hidden)
        logits = (hidden @ self._w_out + self._b_out).reshape(TICKS_PER_FRAME, 2)
        return logits - _NO_EVIDENCE, EvidenceState(hidden, pairs[-RISE_LAG:], means[1:])
