"""The formats a dance can leave in, by the suffix of the file.

Enters: a motion and the name of the file. Leaves: the file, or one a dancer where the format knows
only one; whole, or none.
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from export.motion import arrays, bvh, glb, table, text, usda, vrma
from export.motion.motion import Motion
from export.motion.rig import SKELETONS
from live.errors import ConfigError
from live.safe_write import check_output, whole_file


@dataclass(frozen=True)
class Format:
    """write(motion, skeleton, path). skeleton: the bones' names where nobody says; "" where the
    format has joints, not bones. single: it holds one dancer."""

    write: Callable[[Motion, str, Path], None]
    skeleton: str
    single: bool


FORMATS = {
    ".bvh": Format(bvh.write, "cmu", True),
    ".glb": Format(glb.write, "mixamo", False),
    ".vrma": Format(vrma.write, "vrm", True),
    ".usda": Format(usda.write, "unity", False),
    ".csv": Format(table.write, "", False),
    ".json": Format(text.write, "", False),
    ".npz": Format(arrays.write, "", False),
}


def suffixes() -> str:
    """All of them, for a sentence."""
    return ", ".join(FORMATS)


def check(out: Path, skeleton: str | None, read: tuple[Path, ...]) -> Format:
    """The format of `out`. ConfigError for another suffix or for bones that the format has not,
    ArtifactError where it cannot be written or is one of what is `read`."""
    chosen = FORMATS.get(out.suffix.lower())
    if chosen is None:
        raise ConfigError(f"cannot write {out}: end its name in one of {suffixes()}")
    if skeleton is not None and skeleton not in SKELETONS:
        raise ConfigError(f"--skeleton {skeleton!r}; there are {', '.join(SKELETONS)}")
    if skeleton and not chosen.skeleton:
        raise ConfigError(f"--skeleton: {out.suffix} holds joints, which have names of their own")
    check_output(out, (), read)
    return chosen


def write_motion(
    motion: Motion, out: Path, skeleton: str | None = None, read: tuple[Path, ...] = ()
) -> list[Path]:
    """Write `out`, or OUT-1, OUT-2, ... where the format holds one dancer and there are several.
    Returns what was written; all of it, or nothing."""
    chosen = check(out, skeleton, read)
    parts = {out: motion}
    if chosen.single and len(motion.dancers) > 1:
        names = [out.with_name(f"{out.stem}-{dancer}{out.suffix}") for dancer in motion.dancers]
        parts = {name: motion.only(place) for place, name in enumerate(names)}
    for path in parts:
        check_output(path, (), read)
    with ExitStack() as stack:
        for path, part in parts.items():
            chosen.write(part, skeleton or chosen.skeleton, stack.enter_context(whole_file(path)))
    return list(parts)
