"""Where a command may write, asked before its work; and files that are there whole or not at all.

Enters: the name of a file that a command shall write, and of the files that it reads. Leaves: the
file. What can be known before is said before: nobody wants to hear after an hour of dancing that
the folder is read-only. Runs in the caller's thread.
"""

import os
import secrets
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from live.errors import ArtifactError, ConfigError


def check_output(
    path: Path, suffixes: tuple[str, ...] = (), others: Iterable[Path | None] = ()
) -> None:
    """Raise if `path` should not or cannot be written: ConfigError for a name that does not end in
    one of `suffixes` (lower case; () for any), ArtifactError for all else.

    others: what the command reads, or writes besides: none of them may be the same file, by
    whatever name (links, "..", another case).
    """
    if suffixes and path.suffix.lower() not in suffixes:
        raise ConfigError(f"cannot write {path}: end its name in {' or '.join(suffixes)}")
    _check_others(path, others)
    with _as_artifact_error(path):
        _check_file(path)
        if not path.parent.is_dir():
            raise ArtifactError(f"cannot write {path}: there is no folder {path.parent}")
        _try_folder(path.parent)


def check_output_folder(path: Path, others: Iterable[Path | None] = ()) -> None:
    """As `check_output`, of a folder that is to be filled, and made first where there is none."""
    _check_others(path, others)
    with _as_artifact_error(path):
        there = next(folder for folder in (path, *path.absolute().parents) if folder.exists())
        if not there.is_dir():
            raise ArtifactError(f"cannot write into {path}: {there} is a file, not a folder")
        _try_folder(there)


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A name beside `path` to write to, which becomes `path` when the block ends well and is gone
    when it fails or is interrupted. What was at `path` stays until then.

    ArtifactError if the system refuses.
    """
    partial = partial_name(path.parent)
    try:
        yield partial
        partial.replace(path)
    except OSError as error:
        raise ArtifactError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        with suppress(OSError, ValueError):
            partial.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """`text` as UTF-8, by `whole_file`."""
    with whole_file(path) as partial:
        partial.write_text(text, encoding="utf-8")


def same_file(one: Path, other: Path) -> bool:
    """Whether two names mean one file, or would mean one if it was there."""
    try:
        return os.path.samefile(one, other)
    except (OSError, ValueError):
        return _real(one) == _real(other)


def _real(path: Path) -> str:
    with suppress(OSError, ValueError):
        return os.path.normcase(os.path.realpath(path))
    return str(path)


def _check_file(path: Path) -> None:
    """What is there already may only be a file that may be written."""
    with suppress(FileNotFoundError):
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            raise ArtifactError(f"cannot write {path}: it is a folder; name a file in it")
        if not stat.S_ISREG(mode):
            raise ArtifactError(f"cannot write {path}: it is a device or a pipe, not a file")
        if not os.access(path, os.W_OK):
            raise ArtifactError(f"cannot write {path}: it is there and write-protected")


def _check_others(path: Path, others: Iterable[Path | None]) -> None:
    for other in others:
        if other is not None and same_file(path, other):
            raise ArtifactError(f"cannot write {path}: it would overwrite {other}")


def _try_folder(folder: Path) -> None:
    """By writing there: permissions alone do not tell, least of all on Windows."""
    partial = partial_name(folder)
    partial.touch(exist_ok=False)
    partial.unlink()


def partial_name(folder: Path) -> Path:
    """A name to write under: none that anybody has used, nor too long where another is not."""
    return folder / f"posejockey-{secrets.token_hex(6)}.partial"


@contextmanager
def _as_artifact_error(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:  # ValueError: no name that this system could have
        reason = getattr(error, "strerror", None) or error
        raise ArtifactError(f"cannot write {path}: {reason}") from error
