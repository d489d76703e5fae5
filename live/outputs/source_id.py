"""Who sends: a UUID that lasts, unlike for every installation and for shows at the same time.

E1.31 calls it the CID: receivers tell sources apart by it alone, and two with the same one would be
mixed into flicker. Leaves: a UUID, of the installation's own (a file in the user's folder) and of
the first place there that no other running show has. Before the show, in the main thread.
"""

import contextlib
import os
import platform
import sys
import tempfile
import uuid
from pathlib import Path
from typing import IO, Any, Self

_FOLDER, _FILE = "posejockey", "sacn-source.txt"
_MOST_SHOWS = 64  # at the same time, on one machine


class SourceId:
    """`uuid` is this show's until it is closed. folder: where the installation's is kept.

    Where nothing can be written it is made of what is known of the machine; where no place can be
    locked, of this run alone. Never raises.
    """

    def __init__(self, folder: Path | None = None):
        folder = folder or user_folder()
        installation = _installation(folder)
        self._lock, place = _first_free(folder)
        run = uuid.uuid4() if self._lock is None else place
        self.uuid = uuid.uuid5(installation, f"show {run}")

    def close(self) -> None:
        if self._lock is not None:
            self._lock.close()  # which also unlocks it

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def user_folder() -> Path:
    """Where this system keeps a program's settings of a user; it may not exist yet."""
    with contextlib.suppress(RuntimeError, OSError):  # of a user without a home
        if sys.platform == "win32":
            return Path(os.environ.get("APPDATA") or Path.home()) / _FOLDER
        if sys.platform == "darwin":
            return Path.home() / "Library" / "Application Support" / _FOLDER
        return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / _FOLDER
    return Path(tempfile.gettempdir()) / _FOLDER


def _installation(folder: Path) -> uuid.UUID:
    """The UUID in the folder, made at the first time."""
    path = folder / _FILE
    for _ in range(2):
        with contextlib.suppress(OSError, ValueError):
            return uuid.UUID(path.read_text(encoding="ascii").strip())
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=folder)
            with open(handle, "w", encoding="ascii") as file:
                file.write(f"{uuid.uuid4()}\n")
            os.replace(name, path)  # whole or not at all: another show may start just now
    home = os.environ.get("USERPROFILE") or os.environ.get("HOME") or ""
    known = f"{platform.node()} {uuid.getnode():x} {home}"
    return uuid.uuid5(uuid.NAMESPACE_DNS, f"posejockey {known}")


def _first_free(folder: Path) -> tuple[IO[bytes] | None, int]:
    """A locked file and its number; None where none can be had."""
    for place in range(_MOST_SHOWS):
        for where in (folder, Path(tempfile.gettempdir())):
            try:
                file = open(where / f"posejockey-show-{place}.lock", "ab")  # noqa: SIM115
            except OSError:
                continue
            if _locked(file):
                return file, place
            file.close()
            break  # it is taken, and not only unwritable
    return None, 0


def _locked(file: IO[Any]) -> bool:
    """Lock it for this process alone; the system unlocks it when the process ends, however."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
