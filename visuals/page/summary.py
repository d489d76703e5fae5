"""A take in words for the page: beats, bars, counts, sections and phrases by the music's time.

Enters: the arrays of a take (`live.session.take`). Leaves: JSON values. Pure.
"""

from typing import Any

import numpy as np

from live.osc.schema import SECTION_KINDS
from visuals.page.arrange import has_score

_SAME = 0.7  # correlation of two phrases' noise above which they have one letter
_EXACT = 0.99
_NEAR_S = 0.15
_COUNTS = 8
_MOST_LETTERS = 26


def summary_of(take: dict[str, np.ndarray]) -> dict[str, Any]:
    """beats: seconds; counts: of eight, one a beat; downbeats: which beats begin a bar. sections:
    {at, kind, index, returns_to}. phrases: see `phrases_of`. styles: mean weights by name."""
    time_s = take["time_s"]
    began = _wraps(take["beat_phase"])
    weights = take["style"].mean(axis=0)
    names = [str(name) for name in take.get("style_names", ())]
    return {
        "seconds": float(time_s[-1]),
        "dancers": int(take["joints"].shape[1]),
        "tempo_bpm": round(float(np.median(take["tempo_bpm"])), 1),
        "beats": _rounded(time_s[began]),
        "downbeats": _downbeats(take, began),
        "counts": _counts(take, began),
        "sections": _sections(take),
        "phrases": phrases_of(take),
        "styles": {n: round(float(w), 3) for n, w in zip(names, weights, strict=False)},
    }


def phrases_of(take: dict[str, np.ndarray]) -> list[dict[str, Any]]:
    """{first, beats, at, until, letter, varied, mirrored} of each phrase of the score. letter: the
    same for phrases that are alike, from "A" on."""
    beat = take.get("score_beat", np.zeros(0))
    if beat.shape != take["time_s"].shape or beat.dtype.kind not in "iu" or not has_score(take):
        return []
    noise, first = take["score_noise"], take["score_first"]
    time_s = take["time_s"]
    ends = [*first[1:], len(noise)]
    bounds = np.searchsorted(beat, [*first, len(noise)])
    times = np.append(time_s, time_s[-1])[np.minimum(bounds, len(time_s))]
    times = _on_beats(times, time_s[_wraps(take["beat_phase"])])
    letters = _letters([noise[a:b, 0] for a, b in zip(first, ends, strict=True)])
    return [
        {
            "first": int(a),
            "beats": int(b - a),
            "at": round(float(times[k]), 3),
            "until": round(float(times[k + 1]), 3),
            "letter": letters[k][0],
            "varied": letters[k][1],
            "mirrored": bool(take["score_mirrored"][k]),
        }
        for k, (a, b) in enumerate(zip(first, ends, strict=True))
    ]


def _on_beats(times: np.ndarray, beats: np.ndarray) -> np.ndarray:
    """The times, each moved to the beat that is near: a beat is written before it is seen."""
    if not len(beats):
        return times
    nearest = beats[np.abs(times[:, None] - beats).argmin(axis=1)]
    return np.where(np.abs(nearest - times) < _NEAR_S, nearest, times)


def _letters(pieces: list[np.ndarray]) -> list[tuple[str, bool]]:
    """(letter, whether it is a variation) of each piece, float32 [B, Z]."""
    kinds: list[np.ndarray] = []
    found = []
    for piece in pieces:
        likeness = [_likeness(piece, kind) for kind in kinds]
        best = int(np.argmax(likeness)) if likeness else -1
        if best < 0 or likeness[best] < _SAME:
            best, likeness = len(kinds), [*likeness, 1.0]
            kinds.append(piece)
        letter = chr(ord("A") + best % _MOST_LETTERS)
        found.append((letter, likeness[best] < _EXACT))
    return found


def _likeness(one: np.ndarray, other: np.ndarray) -> float:
    """Cosine of their common beats."""
    beats = min(len(one), len(other))
    a, b = one[:beats].ravel(), other[:beats].ravel()
    size = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / size if size > 0 else 0.0


def _wraps(phase: np.ndarray) -> np.ndarray:
    """The frames in which a phase has begun anew."""
    return np.flatnonzero(np.diff(phase) < -0.5) + 1


def _downbeats(take: dict[str, np.ndarray], began: np.ndarray) -> list[int]:
    """Of the beats, those nearest to where the bar's phase begins anew."""
    bars = _wraps(take.get("bar_phase", take["beat_phase"]))
    if not len(began):
        return []
    later = np.clip(np.searchsorted(began, bars), 0, len(began) - 1)
    earlier = np.maximum(later - 1, 0)
    is_earlier = np.abs(began[earlier] - bars) < np.abs(began[later] - bars)
    return sorted({int(k) for k in np.where(is_earlier, earlier, later)})


def _counts(take: dict[str, np.ndarray], began: np.ndarray) -> list[int]:
    """1 to 8 of each beat, by the place in the phrase that the ears say."""
    if "phrase" not in take:
        return [k % _COUNTS + 1 for k in range(len(began))]
    phase, length = take["phrase"][began, 0], take["phrase"][began, 1]
    return [int(c) for c in np.round(phase * length) % _COUNTS + 1]


def _sections(take: dict[str, np.ndarray]) -> list[dict[str, Any]]:
    if "section" not in take:
        return []
    section, time_s = take["section"], take["time_s"]
    index = section[:, 0].astype(int)
    starts = [0, *(np.flatnonzero(np.diff(index)) + 1)]
    ends = [*starts[1:], len(index)]
    found = []
    for a, b in zip(starts, ends, strict=True):
        _, returns_to, kind, age, _ = section[b - 1]
        # It is noticed some beats after it has begun.
        late_s = float(section[a, 3]) * 60 / max(float(take["tempo_bpm"][a]), 30.0)
        at = max(float(time_s[a]) - late_s, found[-1]["at"] if found else 0.0)
        found.append(
            {
                "at": round(at, 3),
                "kind": SECTION_KINDS[int(np.clip(kind, 0, len(SECTION_KINDS) - 1))],
                "index": int(index[a]),
                "returns_to": int(returns_to),
                "beats": round(float(age), 1),
            }
        )
    return found


def _rounded(values: np.ndarray) -> list[float]:
    return [round(float(value), 3) for value in values]
