"""Phones: a link that counts once gives a browser a cookie, and with it the pages.

Enters: tokens from anybody. Leaves: yes or no; new links. Only digests are kept on disk, so who
reads the file cannot use it. Event loop's thread.
"""

import hashlib
import json
import secrets
from collections.abc import Callable
from pathlib import Path

from live.errors import ArtifactError
from live.safe_read import read_file
from live.safe_write import write_text

COOKIE = "posejockey"
COOKIE_S = 30 * 24 * 3600
_MOST_PAIRED = 64
_MOST_BYTES = 1 << 16


class Pairing:
    """Owns who is paired, in a file. on_new_link: told each link's token; there is always one."""

    def __init__(self, path: Path, on_new_link: Callable[[str], object] = lambda _: None):
        self._path = path
        self._on_new_link = on_new_link
        self._paired = _read(path)
        self.token = secrets.token_urlsafe(18)

    def renew(self) -> str:
        """A new link; the one before counts no more."""
        self.token = secrets.token_urlsafe(18)
        self._on_new_link(self.token)
        return self.token

    def pair(self, token: str) -> str | None:
        """The cookie for who brings the link; None if the link was used, or never was one."""
        if not secrets.compare_digest(token.encode(), self.token.encode()):
            return None
        cookie = secrets.token_urlsafe(32)
        self._paired = [*self._paired, _digest(cookie)][-_MOST_PAIRED:]
        self._path.parent.mkdir(parents=True, exist_ok=True)
        write_text(self._path, json.dumps(self._paired))
        self.renew()
        return cookie

    def knows(self, cookie: str) -> bool:
        return _digest(cookie) in self._paired


def _digest(cookie: str) -> str:
    return hashlib.sha256(cookie.encode()).hexdigest()


def _read(path: Path) -> list[str]:
    """Who was paired before; nobody where the file is missing or damaged."""
    try:
        listed = json.loads(read_file(path, "pair again", _MOST_BYTES))
    except (ArtifactError, ValueError, RecursionError):
        return []
    if not isinstance(listed, list):
        return []
    return [digest for digest in listed if isinstance(digest, str)][-_MOST_PAIRED:]
