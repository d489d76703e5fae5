"""The score of a take: what was danced, beat by beat, kept in the take and danced again.

Enters: the choreographer's phrases; or the arrays of a take from anybody. Leaves: arrays for the
take; or a `PlannedScore` that dances them to another song, in another style or by other bodies.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from live.dance.choreography.form import HALF_ENERGY
from live.dance.choreography.phrase import Phrase
from live.dance.material.moment import SongMoment
from live.dance.material.phrase import StoredPhrase
from live.dance.material.score_file import PhraseUse, PlannedScore, ScorePart
from live.errors import ArtifactError

SCORE_ARRAYS = ("score_noise", "score_first", "score_mirrored", "score_energy")
_MOST_BEATS = 200_000  # a day at 140 beats a minute
_MOST_NOISE, _MOST_ENERGY = 20.0, 4.0


def arrays_of(phrases: Sequence[Phrase], dancers: int) -> dict[str, np.ndarray]:
    """score_noise: float32 [B, N, Z], of every beat danced; score_first: int32 [P], the beats on
    which its phrases begin; score_mirrored: bool [P]; score_energy: float32 [P]. Empty for none."""
    if not phrases:
        return {}
    lengths = [len(phrase.noise) for phrase in phrases]
    return {
        "score_noise": np.concatenate([phrase.noise[:, :dancers] for phrase in phrases]),
        "score_first": np.cumsum([0, *lengths[:-1]]).astype(np.int32),
        "score_mirrored": np.array([phrase.mirrored for phrase in phrases]),
        "score_energy": np.array([phrase.energy for phrase in phrases], np.float32),
    }


def score_of_take(take: dict[str, np.ndarray], path: Path) -> PlannedScore:
    """The take's dance as a score that begins with the song. ArtifactError if it has none, or one
    that is damaged."""
    if not all(name in take for name in SCORE_ARRAYS):
        raise ArtifactError(f"the take {path} has no score; perform it anew")
    noise, first, mirrored, energy = (take[name] for name in SCORE_ARRAYS)
    _check(noise, first, mirrored, energy, path)
    pieces = np.split(noise.astype(np.float32), first[1:])
    names = [f"take-{n}" for n in range(1, len(pieces) + 1)]
    phrases = {n: StoredPhrase(n, piece) for n, piece in zip(names, pieces, strict=True)}
    uses = tuple(
        PhraseUse(name, bool(m), 0.0, float(e))
        for name, m, e in zip(names, mirrored, energy, strict=True)
    )
    return PlannedScore((ScorePart(SongMoment(bar=1), uses),), phrases, _text(uses))


def _check(
    noise: np.ndarray, first: np.ndarray, mirrored: np.ndarray, energy: np.ndarray, path: Path
) -> None:
    fits = (
        noise.ndim == 3
        and noise.dtype.kind == "f"
        and 0 < len(noise) <= _MOST_BEATS
        and noise.shape[1] > 0
        and noise.shape[2] > 0
        and bool((np.abs(noise) <= _MOST_NOISE).all())
        and first.dtype.kind in "iu"
        and first.ndim == 1
        and len(first) > 0
        and first[0] == 0
        and bool((np.diff(first.astype(np.int64)) > 0).all())
        and first[-1] < len(noise)
        and mirrored.shape == energy.shape == first.shape
        and mirrored.dtype.kind == "b"
        and energy.dtype.kind == "f"
        and bool((np.abs(energy) <= _MOST_ENERGY).all())
    )
    if not fits:
        raise ArtifactError(f"the score in the take {path} is damaged; perform it anew")


def _text(uses: Sequence[PhraseUse]) -> str:
    """The same as a score file, for a session to record."""
    parts = []
    for number, use in enumerate(uses):
        at = "at = 1\n" if number == 0 else ""
        marks = "~" * use.mirrored + "-" * (use.energy <= HALF_ENERGY / 2)
        marks += "+" * (use.energy in (-HALF_ENERGY / 2, HALF_ENERGY / 2))
        parts.append(f'[[part]]\n{at}phrase = "{use.name}"\nform = "A{marks}"\n')
    return "\n".join(parts)
