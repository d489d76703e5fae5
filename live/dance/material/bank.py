"""The bank: the phrases of one folder, by their names; more are kept while the show runs.

Enters: a folder, before the show; phrases to keep and names to play, from the engine's thread.
Leaves: phrases; files, written by a thread of their own, so that a slow disk holds nobody up.
"""

import threading
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from live.dance.material.phrase import LAST, StoredPhrase, checked_name, read_phrase, write_phrase
from live.dance.material.strip import draw_strip
from live.errors import ArtifactError, ConfigError, PerformanceError
from live.safe_write import write_text
from live.settings_file import shown
from live.supervised_thread import SupervisedThread, note_failure

MAX_PHRASES = 500
_MOST_WAITING = 64
_CLOSE_S = 5.0


class PhraseBank:
    """phrases: those it begins with. folder: where kept ones are written; None: nowhere.

    Only the engine's thread calls; `names` may be asked by any.
    """

    def __init__(self, phrases: Iterable[StoredPhrase] = (), folder: Path | None = None):
        self._phrases = {phrase.name: phrase for phrase in phrases}
        self._folder = folder
        self._last = ""
        self._waiting: deque[StoredPhrase] = deque(maxlen=_MOST_WAITING)
        self._arrived, self._over = threading.Event(), threading.Event()
        self._thread: SupervisedThread | None = None

    @staticmethod
    def read(folder: Path) -> "PhraseBank":
        """The bank of a folder, which is made with the first phrase kept if it is not there.

        ArtifactError names the first file in it that is not as it should be.
        """
        try:
            if folder.exists() and not folder.is_dir():
                raise ConfigError(f"{folder} is a file; phrases are kept in a folder")
            paths = sorted(folder.glob("*.toml"))
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise ConfigError(f"the folder of phrases {folder} cannot be read: {reason}") from None
        if len(paths) > MAX_PHRASES:
            raise ConfigError(f"{folder} holds {len(paths)} phrases; {MAX_PHRASES} are the most")
        bank = PhraseBank((), folder)
        for path in paths:
            phrase = read_phrase(path)
            if phrase.name in bank._phrases:
                raise ArtifactError(f"{path}: another phrase there is called {phrase.name!r} too")
            bank._phrases[phrase.name] = phrase
        return bank

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._phrases)

    @property
    def last(self) -> str:
        """The name of the phrase kept last; "" for none."""
        return self._last

    @property
    def phrases(self) -> tuple[StoredPhrase, ...]:
        return tuple(self._phrases.values())

    def find(self, name: str) -> StoredPhrase:
        """By its name, or "last" for the one kept last. ConfigError if there is none."""
        folded = name.strip().lower()
        found = self._phrases.get(self._last if folded == LAST else folded)
        if found is None:
            raise ConfigError(f"there is no phrase {shown(name)}; {self._listed()}")
        return found

    def keep(self, phrase: StoredPhrase, name: str | None = None) -> StoredPhrase:
        """Take a phrase in under a name (None: "phrase-1" and so on) and have it written.

        A name that is taken gets a number, for nothing that was kept is written over. ConfigError
        for a name that no file can have, or when the bank is full.
        """
        if len(self._phrases) >= MAX_PHRASES:
            raise ConfigError(f"the bank is full: it holds {MAX_PHRASES} phrases")
        wanted = checked_name(name) if name else ""
        kept = replace(phrase, name=self._free(wanted))
        self._phrases[kept.name] = kept
        self._last = kept.name
        if self._folder is not None:
            self._write(kept)
        return kept

    def close(self) -> None:
        """Write what waits; a disk that hangs is given up after five seconds."""
        self._over.set()
        self._arrived.set()
        if self._thread:
            self._thread.join(_CLOSE_S)

    def _free(self, wanted: str) -> str:
        stem, numbers = (wanted, range(2, 2 + MAX_PHRASES)) if wanted else (
            "phrase", range(1, 1 + MAX_PHRASES)
        )  # fmt: skip
        candidates = ([wanted] if wanted else []) + [f"{stem[:36]}-{n}" for n in numbers]
        return next(name for name in candidates if name not in self._phrases)

    def _listed(self) -> str:
        if not self._phrases:
            return "none was kept yet: /pj/control/keep does"
        return f"there are {', '.join(self._phrases)}"

    def _write(self, phrase: StoredPhrase) -> None:
        self._waiting.append(phrase)
        self._arrived.set()
        if self._thread is None:
            self._thread = SupervisedThread("phrase bank", self._run, self._over)
            self._thread.start()

    def _run(self) -> None:
        while True:
            is_over = (
                self._over.is_set()
            )  # asked first, so that all that was kept by then is written
            while self._waiting:
                self._write_next()
            if is_over:
                return
            self._arrived.wait()
            self._arrived.clear()

    def _write_next(self) -> None:
        phrase = self._waiting.popleft()
        try:
            self._write_one(phrase)
        except BaseException:  # the thread begins again, with those that can be written
            self._waiting.append(phrase)
            raise

    def _write_one(self, phrase: StoredPhrase) -> None:
        assert self._folder is not None
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            path = write_phrase(phrase, self._folder)
            if len(phrase.poses):
                with suppress(PerformanceError):  # only its picture
                    write_text(path.with_suffix(".svg"), draw_strip(phrase.poses))
        except (PerformanceError, OSError) as error:  # it can still be played tonight
            note_failure("phrase bank", error)
