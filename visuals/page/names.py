"""File names for what has a name from anybody: never a path, the same on every system.

Enters: any text. Leaves: a name that a file may have on Windows, macOS and Linux. Pure.
"""

import unicodedata
from pathlib import Path

_KEPT = " -_()'&,+"
_MOST = 80  # letters; of 4 bytes each still less than the 255 of most systems
_DEVICES = {"con", "prn", "aux", "nul", *(f"{p}{n}" for p in ("com", "lpt") for n in range(10))}


def stem_of(text: str, otherwise: str = "untitled") -> str:
    """The last part of a path, of either kind, without its suffix and without what a file name may
    not have."""
    last = text.replace("\\", "/").rpartition("/")[2]
    stem = last.rpartition(".")[0] or last
    letters = unicodedata.normalize("NFC", stem)
    kept = "".join(c if c.isalnum() or c in _KEPT else " " for c in letters)
    name = " ".join(kept.split())[:_MOST].strip()
    return name if name and name.lower() not in _DEVICES else otherwise


def suffix_of(text: str, known: frozenset[str], otherwise: str) -> str:
    """The suffix, in small letters, if it is one of those that are known."""
    suffix = "." + text.rpartition(".")[2].strip().lower()
    return suffix if suffix in known else otherwise


def free_path(folder: Path, stem: str, suffix: str, beside: tuple[str, ...] = ()) -> Path:
    """A path in the folder that nobody has: "song", "song 2", "song 3". beside: suffixes of files
    that may not be there either."""
    for number in range(1, 100_000):
        path = folder / f"{stem if number == 1 else f'{stem} {number}'}{suffix}"
        if not any(path.with_suffix(s).exists() for s in (suffix, *beside)):
            return path
    raise FileExistsError(f"{folder} is full of {stem}")
