"""The contract between a network file and the stage: tensors, clock and control vectors.

Training writes against it, export puts it into the file's manifest, the performer checks it.
"""

import numpy as np
from numpy.typing import ArrayLike

from live.audio.features import FEATURE_DIM, FEATURES_VERSION, SAMPLE_RATE
from live.body.pose import FRAME_RATE, POSE_DIM
from live.body.skeleton import SKELETON_VERSION

CONTRACT_VERSION = 1
MANIFEST_KEY = "posejockey"  # of the ONNX file's metadata
CLOCK_DIM = 8
CONTROL_DIM = 4
# The last is a switch, heard on the beat: above a half, what was danced before is forgotten.
CONTROL_NAMES = ("energy", "openness", "travel", "anew")
ANEW = CONTROL_NAMES.index("anew")
STATE_PREFIX, STATE_SUFFIX = "state_", "_out"

# Dancers move at these tempi; faster or slower music is danced at half or double time.
DANCE_BPM = (75.0, 155.0)
TEMPO_CENTRE_BPM = 110.0
BEATS_A_BAR = 4  # of a style that says nothing else
BEAT_EDGE = 1e-7  # beats: where the network, in float32, sees a beat begin
BARS_REMEMBERED = 2  # after so many the dance begins anew, and with every phrase

# Every entry has to match exactly, or the features, poses or ticks mean something else.
REQUIRED = {
    "contract_version": CONTRACT_VERSION,
    "features_version": FEATURES_VERSION,
    "feature_dim": FEATURE_DIM,
    "sample_rate": SAMPLE_RATE,
    "frame_rate": FRAME_RATE,
    "skeleton_version": SKELETON_VERSION,
    "pose_dim": POSE_DIM,
}


def dance_ratio(tempo_bpm: float) -> float:
    """Dancer's beats per beat of the music: 0.5, 1 or 2, so that the dance stays in DANCE_BPM."""
    low, high = DANCE_BPM
    if tempo_bpm > high:
        return 0.5
    return 2.0 if tempo_bpm < low else 1.0


def is_anew(beat: ArrayLike, metre: int = BEATS_A_BAR) -> np.ndarray:
    """Where memory ends, bool: on beats of the dancer's, counted from the first of a phrase, of
    bars of so many."""
    return np.floor(np.asarray(beat) + BEAT_EDGE) % (BARS_REMEMBERED * metre) == 0


def clock_vector(
    beats: ArrayLike, tempo_bpm: ArrayLike, confidence: ArrayLike = 1.0, metre: int = BEATS_A_BAR
) -> np.ndarray:
    """What the decoder knows of the beat: float32 [..., 8].

    beats: position in the dancer's beats, 0 on a downbeat; tempo_bpm: of the dancer's beats; metre:
    beats in a bar of the style danced. Cosine and sine of the phase of the beat, of half a bar and
    of a bar (with four beats: 1x, 1/2x and 1/4x), log2(tempo / 110), confidence 0..1.
    """
    beats = np.asarray(beats, np.float64)
    angles = 2 * np.pi * beats[..., None] / np.array([1.0, metre / 2, metre])
    vector = np.empty((*beats.shape, CLOCK_DIM), np.float32)
    vector[..., 0:6:2] = np.cos(angles)
    vector[..., 1:6:2] = np.sin(angles)
    vector[..., 6] = np.log2(np.asarray(tempo_bpm) / TEMPO_CENTRE_BPM)
    vector[..., 7] = confidence
    return vector
