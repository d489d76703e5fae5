"""Does the noise alone decide the dance?

The score is written in noise: a phrase whose noise returns has to come back, and dancers with the
same noise have to come together, wherever they were.

Enters: a performer. Leaves: distances, in metres.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from live.audio.features import SAMPLE_RATE, extract
from live.body.pose import FRAME_RATE, split
from live.dance.contract import ANEW, CONTROL_DIM, clock_vector, dance_ratio, is_anew
from live.dance.performer import Performer
from model.data.prepare import beat_position
from model.evaluation.piece import held_out_song

_TEMPO_BPM = 120.0
_DANCERS = 4
_APART_BEATS, _TOGETHER_BEATS = 16, 16  # of their own noise, then of one noise for all
_LEAD_BEATS = 8  # of other noise before the phrase, and between its two times
_PHRASE_BEATS = 8


class Contraction(NamedTuple):
    """together_m: mean distance of the joints of any two dancers in the second before each place
    named, after 2, 4 and 8 s with the same noise; apart_m: before that, each with its own; again_m:
    of a phrase of 8 beats from its first time; other_m: of another phrase from it."""

    together_m: tuple[float, float, float]
    apart_m: float
    again_m: float
    other_m: float


def contraction(
    performer: Performer, style: str, energy: float = 0.0, seed: int = 1
) -> Contraction:
    """Of a style at 120 BPM on the true clock, the network alone. energy: offset of the style."""
    rng = np.random.default_rng([seed, 0xC0])
    width = performer.manifest.latent_dim

    def own(beats: int) -> np.ndarray:
        return rng.standard_normal((beats, _DANCERS, width)).astype(np.float32)

    def shared(beats: int) -> np.ndarray:
        return np.repeat(own(beats)[:, :1], _DANCERS, axis=1)

    apart = _dance(
        performer, style, np.concatenate([own(_APART_BEATS), shared(_TOGETHER_BEATS)]), energy, seed
    )
    begin = round(_APART_BEATS * 60 / _TEMPO_BPM * FRAME_RATE)
    spread = np.array([_spread(pose) for pose in apart])
    together = tuple(
        float(spread[begin + round((s - 1) * FRAME_RATE) : begin + round(s * FRAME_RATE)].mean())
        for s in (2.0, 4.0, 8.0)
    )
    phrase = own(_PHRASE_BEATS)
    again = _dance(
        performer, style,
        np.concatenate([own(_LEAD_BEATS), phrase, own(_LEAD_BEATS), phrase, own(_PHRASE_BEATS)]),
        energy, seed,
    )  # fmt: skip
    frames = round(_PHRASE_BEATS * 60 / _TEMPO_BPM * FRAME_RATE)
    whole = len(again) - 4 * frames  # by where in a frame the first beat falls, one less
    first, second, other = (again[k * frames :][:whole] for k in (1, 3, 4))
    return Contraction(
        (together[0], together[1], together[2]),
        float(spread[begin - FRAME_RATE : begin].mean()),
        float(np.linalg.norm(second - first, axis=-1).mean()),
        float(np.linalg.norm(other - first, axis=-1).mean()),
    )


def _spread(joints: np.ndarray) -> float:
    """Mean distance of the joints of any two dancers, [N, 19, 3], in their heading frames."""
    first, second = np.triu_indices(len(joints), 1)
    return float(np.linalg.norm(joints[first] - joints[second], axis=-1).mean())


def _dance(
    performer: Performer, style: str, noise: np.ndarray, energy: float, seed: int
) -> np.ndarray:
    """Joints in the heading frame [T, N, 19, 3], for noise [beats, N, Z]."""
    dancers = noise.shape[1]
    performer.reset(dancers, seed)
    styles = np.zeros((dancers, len(performer.styles)), np.float32)
    styles[:, performer.styles.index(style)] = 1.0
    control = np.zeros((dancers, CONTROL_DIM), np.float32)
    control[:, 0] = energy
    joints = []
    for features, beat in _heard(style, len(noise), seed):
        clock = np.repeat(clock_vector(np.array([beat]), _TEMPO_BPM), dancers, axis=0)
        now = noise[min(int(beat), len(noise) - 1)]
        control[:, ANEW] = is_anew(beat)
        joints.append(split(performer.step(features, clock, styles, control, now)[0])[0])
    return np.stack(joints)


def _heard(style: str, beats: int, seed: int) -> Iterator[tuple[np.ndarray, float]]:
    """(features, position in the dancer's beats from 0 on) of every frame of so many beats."""
    ratio = dance_ratio(_TEMPO_BPM)
    song = held_out_song(style, _TEMPO_BPM, (beats + 8) * 60 / _TEMPO_BPM, seed)
    for frame in extract(song.audio, SAMPLE_RATE):
        end_s = np.array([frame.end / SAMPLE_RATE])
        beat = float(beat_position(end_s, song.beats_s, song.downbeats_s)[0]) * ratio
        if 0 <= beat < beats:
            yield frame.features, beat
