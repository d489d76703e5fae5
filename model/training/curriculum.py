"""Curriculum from teacher forcing to free running (Huang et al., 2021, section 3.4).

A sequence alternates k teacher-forced frames, whose previous pose is the true one, with p(t)
free-running frames, whose previous pose is the network's own; p grows with training progress t.
"""

import math

import numpy as np

KINDS = ("forced", "const", "linear", "quadratic", "exponential")


def free_frames(kind: str, progress: float, most: int) -> int:
    """Length p of a free-running stretch, 0..most frames, at progress 0..1 of the curriculum.

    forced: 0. const: most. linear: floor(lambda t). quadratic: floor(lambda t^2). exponential:
    floor(lambda e^t), moved and scaled to start at 0. Each reaches `most` at progress 1.
    """
    t = min(max(progress, 0.0), 1.0)
    share = {
        "forced": 0.0,
        "const": 1.0,
        "linear": t,
        "quadratic": t * t,
        "exponential": (math.exp(t) - 1) / (math.e - 1),
    }
    if kind not in share:
        raise ValueError(f"curriculum {kind!r}: one of {', '.join(KINDS)}")
    return math.floor(most * share[kind] + 1e-9)


def teacher_mask(length: int, forced: int, free: int, offset: int) -> np.ndarray:
    """bool [length]: True where the true previous pose is fed.

    Repeats `forced` true frames, then `free` of the network's own, from `offset` into that cycle.
    """
    return (np.arange(length) + offset) % (forced + free) < forced
