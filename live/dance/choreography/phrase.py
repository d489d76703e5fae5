"""A phrase that can be kept and danced again: the noise of its beats.

Enters: what was danced. Leaves: a value that whoever stores phrases reads and writes.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Phrase:
    """noise: float32 [beats, N, Z], at temperature 1, what each of N dancers has of their own; NaN
    where one's is to be composed; more dancers than N repeat them. mirrored: danced the other way
    round. vary: 0..1, how far it is to differ from what was kept. energy: added to that of the
    show. first: the choreographer's index of its first beat, when it was danced."""

    noise: np.ndarray
    mirrored: bool = False
    vary: float = 0.0
    energy: float = 0.0
    name: str = ""
    first: int = 0
