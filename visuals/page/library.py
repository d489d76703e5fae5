"""The library: a folder of files that the user sees, and an index that is made anew from it.

Enters: files, put there by the studio or by hand. Leaves: what there is, by ids that say nothing of
paths. What is known of a file besides itself lies beside it as NAME.json; the index is only a
faster copy, and is thrown away where it is damaged. Event loop's thread.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from live.errors import ArtifactError, DeviceError
from live.safe_read import read_file
from live.safe_write import write_text
from visuals.page.names import free_path, stem_of

OWN_FOLDER = ".studio"  # what can be made anew, and who is paired
# kind -> (its folder, the suffixes of its files; () for any)
KINDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "song": ("songs", ()),
    "take": ("takes", (".npz",)),
    "phrase": ("phrases", (".toml",)),
    "film": ("films", ()),
    "export": ("exports", ()),
    "footage": ("footage", ()),
    "model": ("models", (".onnx",)),
}
_SIDECAR = ".json"
_MOST_SIDECAR = 1 << 16
_TABLE = (
    "create table if not exists items (id text primary key, kind text, name text, size integer, "
    "mtime integer, about text)"
)


@dataclass(frozen=True)
class Item:
    """about: what its NAME.json says."""

    id: str
    kind: str
    name: str
    size: int = 0
    mtime: int = 0
    about: dict[str, Any] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """Another one when the file is another."""
        return f"{self.id}-{self.size:x}-{self.mtime:x}"


class Library:
    """Owns the folder and the index. root: of the library, which is there."""

    def __init__(self, root: Path):
        self.root = root
        self.own = root / OWN_FOLDER
        for folder in (*(name for name, _ in KINDS.values()), OWN_FOLDER):
            (root / folder).mkdir(parents=True, exist_ok=True)
        self._index = _open(self.own / "index.sqlite")
        self.refresh()

    def folder(self, kind: str) -> Path:
        return self.root / KINDS[kind][0]

    def close(self) -> None:
        self._index.close()

    def refresh(self) -> bool:
        """Take in what changed in the folder; whether something did."""
        known = {item.id: item for item in self.items()}
        found = {item.id: item for kind in KINDS for item in self._scan(kind)}
        changed = [item for item in found.values() if _is_new(item, known.get(item.id))]
        gone = known.keys() - found.keys()
        with self._index:
            self._index.executemany("delete from items where id = ?", [(i,) for i in gone])
            for item in changed:
                self._put(item)
        return bool(changed or gone)

    def items(self, kind: str = "") -> list[Item]:
        """What there is, the oldest first."""
        where, values = ("where kind = ?", (kind,)) if kind else ("", ())
        rows = self._index.execute(
            f"select id, kind, name, size, mtime, about from items {where} order by mtime, name",
            values,
        )
        return [Item(*row[:-1], about=_table(row[-1])) for row in rows]

    def find(self, id_: str, *kinds: str) -> Item:
        """KeyError for none of these kinds."""
        rows = self._index.execute(
            "select id, kind, name, size, mtime, about from items where id = ?", (id_,)
        ).fetchall()
        for row in rows:
            if row[1] in kinds:
                return Item(*row[:-1], about=_table(row[-1]))
        raise KeyError(id_)

    def named(self, kind: str, name: str) -> Item | None:
        """The item with this file name."""
        with suppress(KeyError):
            return self.find(_id(kind, name), kind)
        return None

    def path(self, item: Item) -> Path:
        return self.folder(item.kind) / item.name

    def free(self, kind: str, wanted: str, suffix: str) -> Path:
        """Where a new file of this kind may be written."""
        return free_path(self.folder(kind), stem_of(wanted), suffix, (_SIDECAR,))

    def describe(self, path: Path, about: dict[str, Any]) -> None:
        """Write what is known of a file, beside where it is or will be."""
        write_text(path.with_suffix(_SIDECAR), json.dumps(about, ensure_ascii=False, indent=1))

    def forget(self, path: Path) -> None:
        """What was known of a file that did not come about."""
        if not path.exists():
            path.with_suffix(_SIDECAR).unlink(missing_ok=True)

    def change(self, item: Item, **about: Any) -> None:
        """Change what is known of an item."""
        self.describe(self.path(item), item.about | about)
        self.refresh()

    def discard(self, item: Item) -> None:
        """Move a file and what is known of it out of sight; nothing is deleted."""
        trash = self.own / "discarded"
        trash.mkdir(exist_ok=True)
        path = self.path(item)
        target = free_path(trash, path.stem, path.suffix, (_SIDECAR, ".npz"))
        for suffix in (path.suffix, _SIDECAR, *((".npz", ".svg") if item.kind == "phrase" else ())):
            if path.with_suffix(suffix).exists():
                path.with_suffix(suffix).replace(target.with_suffix(suffix))
        self.refresh()

    def _scan(self, kind: str) -> Iterator[Item]:
        folder, suffixes = KINDS[kind]
        for path in _files(self.root / folder):
            suffix = path.suffix.lower()
            if suffix == _SIDECAR or suffix == ".partial" or (suffixes and suffix not in suffixes):
                continue
            with suppress(OSError):  # gone in the meantime
                stat, beside = path.stat(), _mtime(path.with_suffix(_SIDECAR))
                mtime = max(stat.st_mtime_ns, beside)
                yield Item(_id(kind, path.name), kind, path.name, stat.st_size, mtime)

    def _put(self, item: Item) -> None:
        about = _read_about(self.path(item).with_suffix(_SIDECAR))
        self._index.execute(
            "insert or replace into items values (?, ?, ?, ?, ?, ?)",
            (item.id, item.kind, item.name, item.size, item.mtime, json.dumps(about)),
        )


def _files(folder: Path) -> Iterable[Path]:
    try:
        return [p for p in folder.iterdir() if p.is_file() and not p.name.startswith(".")]
    except OSError:
        return []


def _mtime(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _is_new(found: Item, known: Item | None) -> bool:
    return known is None or (found.size, found.mtime) != (known.size, known.mtime)


def _id(kind: str, name: str) -> str:
    return hashlib.sha256(f"{kind}/{name}".encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _read_about(path: Path) -> dict[str, Any]:
    try:
        return _table(read_file(path, "", _MOST_SIDECAR).decode("utf-8"))
    except (ArtifactError, UnicodeDecodeError):
        return {}


def _table(text: str) -> dict[str, Any]:
    try:
        table = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return table if isinstance(table, dict) else {}


def _open(path: Path) -> sqlite3.Connection:
    """The index, for this process alone; an empty one where it is damaged."""
    try:
        return _connect(path)
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
            raise DeviceError(
                f"another studio has {path.parent.parent} open; end that one, or take another "
                "folder with --library"
            ) from None
        path.unlink(missing_ok=True)
        return _connect(path)


def _connect(path: Path) -> sqlite3.Connection:
    """Locked until it is closed or the process ends: two studios would run every job twice."""
    index = sqlite3.connect(path, timeout=0.0)
    try:
        index.execute("pragma locking_mode = exclusive")
        index.execute("begin exclusive")
        index.execute(_TABLE)
        index.commit()
        index.execute("select id, kind, name, size, mtime, about from items limit 1").fetchall()
    except sqlite3.DatabaseError:
        index.close()
        raise
    return index
