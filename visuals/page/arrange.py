"""A dance put together anew from phrases: of this take, of others, and of the bank.

Enters: a take and, for each of its phrases, what is to be danced in its place; from anybody.
Leaves: a take whose score is that, for `perform --score`; or a phrase for the bank. Pure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from live.body.skeleton import N_JOINTS
from live.dance.choreography.noise import draw, mix
from live.dance.material.phrase import KEPT_CONTROLS, MAX_BEATS, StoredPhrase
from live.dance.material.take_score import score_of_take
from live.errors import ArtifactError, ConfigError

MAX_SLOTS = 4096
_VARIATION = 7  # what these draws are for: the first part of their name


@dataclass(frozen=True)
class Slot:
    """What is danced in the place of one phrase. noise: float32 [B, N, Z], of any length, repeated
    or cut to fit. vary: 0..1."""

    noise: np.ndarray
    mirrored: bool = False
    energy: float = 0.0
    vary: float = 0.0


def slot_of_take(take: Mapping[str, np.ndarray], phrase: int) -> Slot:
    """A phrase of a take by its number. ConfigError if there is none."""
    check_score(take)
    first = take["score_first"]
    if not 0 <= phrase < len(first):
        raise ConfigError(f"the take has no phrase {phrase + 1}; it has {len(first)}")
    end = [*first[1:], len(take["score_noise"])][phrase]
    noise = take["score_noise"][first[phrase] : end]
    mirrored, energy = take["score_mirrored"][phrase], take["score_energy"][phrase]
    return Slot(noise, bool(mirrored), float(energy))


def check_score(take: Mapping[str, np.ndarray]) -> None:
    """ConfigError for a take without phrases, or with damaged ones."""
    if not has_score(take):
        raise ConfigError("the take has no phrases; dance it anew")


def has_score(take: Mapping[str, np.ndarray]) -> bool:
    """Whether a take, which may come from anybody, has a score that can be danced."""
    try:
        score_of_take(dict(take), Path("take"))
    except ArtifactError:
        return False
    return True


def arranged(
    take: Mapping[str, np.ndarray], slots: Sequence[Slot], seed: int
) -> dict[str, np.ndarray]:
    """The take with a score made of the slots, one for each of its phrases. seed: of what varies.

    ConfigError if they do not fit.
    """
    check_score(take)
    first, noise = take["score_first"], take["score_noise"]
    if len(slots) != len(first):
        raise ConfigError(f"{len(slots)} phrases are given; the take has {len(first)}")
    ends = [*first[1:], len(noise)]
    dancers = max(slot.noise.shape[1] for slot in slots)
    if any(slot.noise.shape[2] != noise.shape[2] for slot in slots):
        raise ConfigError("a phrase was made by another network; dance its take anew")
    pieces = [
        _fitted(slot, int(end - start), dancers, (seed, number))
        for number, (slot, start, end) in enumerate(zip(slots, first, ends, strict=True))
    ]
    return dict(take) | {
        "score_noise": np.concatenate(pieces).astype(np.float32),
        "score_mirrored": np.array([slot.mirrored for slot in slots]),
        "score_energy": np.array([slot.energy for slot in slots], np.float32),
    }


def _fitted(slot: Slot, beats: int, dancers: int, name: tuple[int, int]) -> np.ndarray:
    """float32 [beats, dancers, Z]"""
    rows = slot.noise[np.arange(beats) % len(slot.noise)]
    rows = rows[:, np.arange(dancers) % rows.shape[1]]
    if slot.vary <= 0:
        return rows
    seed, number = name
    other = [draw(rows.shape[2], _VARIATION, seed, number, k)[:dancers] for k in range(beats)]
    return mix(rows, np.stack(other), slot.vary)


def kept_phrase(
    take: Mapping[str, np.ndarray], phrase: int, options: Mapping[str, Any]
) -> StoredPhrase:
    """A phrase of a take as the bank keeps it. options: with which the take was danced."""
    slot = slot_of_take(take, phrase)
    beats = len(slot.noise)
    if beats > MAX_BEATS:
        raise ConfigError(f"the phrase has {beats} beats; {MAX_BEATS} are the most")
    first = int(take["score_first"][phrase])
    controls = {name: float(options.get(name, 1.0 if name == "temperature" else 0.0))
                for name in KEPT_CONTROLS}  # fmt: skip
    controls["energy"] = min(max(controls["energy"] + slot.energy, -2.0), 2.0)
    frames = _middles(take, range(first, first + beats))
    poses = np.zeros((0, N_JOINTS, 3), np.float32)
    bpm, style = 120.0, {}
    if len(frames):
        poses = _from_front(take["joints"][frames, 0])
        bpm = float(np.clip(np.median(take["tempo_bpm"][frames]), 1.0, 400.0))
        names = [str(name) for name in take.get("style_names", ())]
        weights = take["style"][frames].mean(axis=0)
        style = {n: float(w) for n, w in zip(names, weights / weights.sum(), strict=True)}
    return StoredPhrase("", slot.noise.astype(np.float32), style, controls, bpm, poses,
                        slot.mirrored)  # fmt: skip


def _middles(take: Mapping[str, np.ndarray], beats: range) -> np.ndarray:
    """The frames in the middle of these beats; none where one of them was not seen."""
    seen = take.get("score_beat", np.zeros(0, int))
    if seen.shape != take["time_s"].shape:
        return np.zeros(0, int)
    starts, ends = np.searchsorted(seen, beats), np.searchsorted(seen, beats, side="right")
    if (starts == ends).any() or np.isnan(take["joints"][(starts + ends) // 2, 0]).any():
        return np.zeros(0, int)
    return (starts + ends) // 2


def _from_front(joints: np.ndarray) -> np.ndarray:
    """float32 [B, 19, 3], over their own floor point, as a kept phrase's picture has them."""
    return (joints - joints[:, :1] * np.array([1, 0, 1])).astype(np.float32)
