"""The form of a dance: which phrase follows which, and how one returns.

Enters: a text. Leaves: the parts of one round of it, in order. Runs in any thread.

A letter is a phrase; the same letter is the same phrase. Marks after a letter say how it is danced:
`~` mirrored, `-` at half the energy, `+` larger, `'` varied more than otherwise, `.` held: one
movement for all of it. So `AA~BA'` is a phrase, its mirror image, another phrase, and the first one
varied. After one round the next begins with phrases of its own.
"""

from dataclasses import dataclass
from functools import lru_cache

from live.errors import ConfigError
from live.osc.schema import FORMS
from live.settings_file import shown

FREE, CALL_RESPONSE = FORMS[0], FORMS[-1]
MAX_FORM = 64  # letters and marks
HALF_ENERGY = -1.0  # of the network's units; measured: about half the speed
_MARKS = "~-+'."


@dataclass(frozen=True)
class Part:
    """One phrase of a form. letter: 0.. for A..; answers: the second half of the dancers has it."""

    letter: int
    mirrored: bool = False
    energy: float = 0.0
    varied: bool = False
    held: bool = False
    called: bool = False
    answers: bool = False


_CALLS = tuple(
    Part(letter, called=not answers, answers=answers)
    for letter in (0, 1)
    for answers in (False, True)
)


@lru_cache(maxsize=64)
def parse_form(text: str) -> tuple[Part, ...]:
    """One round of the form; () for `free`, whose phrases are all new. ConfigError if none."""
    name = text.strip()
    if name.lower() == FREE:
        return ()
    if name.lower() == CALL_RESPONSE:
        return _CALLS
    if not 1 <= len(name) <= MAX_FORM:
        raise _refused(text)
    parts: list[tuple[str, str]] = []
    for sign in name:
        if "A" <= sign.upper() <= "Z":
            parts.append((sign.upper(), ""))
        elif sign in _MARKS and parts:
            parts[-1] = (parts[-1][0], parts[-1][1] + sign)
        elif not sign.isspace():
            raise _refused(text)
    return tuple(_part(letter, marks) for letter, marks in parts)


def _part(letter: str, marks: str) -> Part:
    energy = HALF_ENERGY * ("-" in marks) - 0.5 * HALF_ENERGY * ("+" in marks)
    return Part(ord(letter) - ord("A"), "~" in marks, energy, "'" in marks, "." in marks)


def _refused(text: str) -> ConfigError:
    return ConfigError(
        f"form {shown(text)}: {', '.join(FORMS)}, or up to {MAX_FORM} letters such as AABA, each "
        "followed by ~ (mirrored), - (half the energy), + (larger), ' (varied) or . (held)"
    )
