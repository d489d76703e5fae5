"""Recording a show: what was heard, sent, asked for and counted, to one file.

Enters, from the engine's thread: audio blocks, OSC packets, controls, events, health. They go into
a bounded queue, which takes microseconds. A thread of its own puts them on the disk, a finished
chunk twice a second, so that a process that is killed loses less than the last second. Nothing the
disk does reaches the engine: what cannot be written is counted.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from live.audio.features import SAMPLE_RATE
from live.beat.estimate import BeatEstimate
from live.beat.timecode import TimecodeReading
from live.errors import ConfigError
from live.monotonic import monotonic_s
from live.osc.values import Value
from live.session.format import (
    MAX_MESSAGE_BYTES,
    SESSION_VERSION,
    Payload,
    beat_fields,
    checked_rate,
    encode,
    timecode_fields,
    to_json,
    to_ns,
)
from live.session.mcap_writer import McapWriter
from live.supervised_thread import SupervisedThread, note_failure

log = logging.getLogger(__name__)

_POLL_S = 0.05
_FLUSH_S = 0.5
_CLOSE_S = 10.0


class SessionWriter:
    """Records a session. One thread calls audio, osc, control and health; they never wait.

    path: a new file; one that exists is refused unless `overwrite`. settings: what the show needs
    to be played again, JSON values by name; "sample_rate" is the audio's, Hz. capacity: messages
    waiting for the disk at most. ConfigError if the file cannot be begun.

    written: messages safe from the end of this process; error: why writing stopped, or None.
    frame: model frames danced so far, kept up to date by the caller; every message carries it, so
    that `live.show.resimulate` can do the same things in the same order again.
    """

    def __init__(
        self,
        path: str | PathLike[str],
        settings: dict[str, object],
        *,
        overwrite: bool = False,
        capacity: int = 4096,
    ):
        self._rate = checked_rate(settings["sample_rate"])
        described = {name: to_json(value) for name, value in settings.items()}
        described["session_version"] = to_json(SESSION_VERSION)
        self.path = Path(path)
        self.written = 0
        self.frame = 0
        self.error: str | None = None
        self._capacity = capacity
        self._queue: deque[tuple[str, int, int, Payload]] = deque()
        self._refused = 0  # counted by the engine's thread
        self._failed = 0  # counted by the writing thread
        self._unsafe = 0  # writing thread: messages in the open chunk
        self._closing = threading.Event()
        self._file, self._mcap = _begin(self.path, described, overwrite)
        self._over = threading.Event()
        self._thread = SupervisedThread("recording", self._run, self._over)
        self._thread.start()

    @property
    def lost(self) -> int:
        """Messages that are not and will not be in the file."""
        return self._refused + self._failed + (len(self._queue) if self.error else 0)

    def audio(self, sample: int, block: np.ndarray) -> None:
        """block: float32 [n], mono; sample: index of its first one, at the session's rate."""
        data = np.asarray(block, "<f4").tobytes()
        for start in range(0, len(data), MAX_MESSAGE_BYTES):
            piece = data[start : start + MAX_MESSAGE_BYTES]
            self._put("audio", to_ns(sample + start // 4, self._rate), piece)

    def osc(self, sample: int, packet: bytes) -> None:
        """A packet as it was sent; sample: its presentation time at 24 kHz."""
        self._put("osc", to_ns(sample, SAMPLE_RATE), packet)

    def control(self, sample: float, name: str, value: Value) -> None:
        """A control as the engine took it; sample: when, at 24 kHz, with its fraction."""
        message: dict[str, object] = {"name": name, "value": value, "at": float(sample)}
        self._put("control", to_ns(int(sample), SAMPLE_RATE), message)

    def event(self, sample: int, name: str, count: int) -> None:
        """What else changed the dance, and by how much; docs/session-file.md names them.

        sample: of the audio, at the session's rate.
        """
        message: dict[str, object] = {"name": name, "count": count, "at": sample}
        self._put("event", to_ns(sample, self._rate), message)

    def beat(self, sample: float, source: str, estimate: BeatEstimate | None) -> None:
        """What another clock said, as the engine's got it; None: that it fell silent.

        sample: when it was asked, at 24 kHz.
        """
        message: dict[str, object] = {"name": "beat", "source": source, **beat_fields(estimate)}
        self._put("event", to_ns(int(sample), SAMPLE_RATE), message)

    def timecode(self, sample: float, reading: TimecodeReading | None) -> None:
        """Where the timecode was, as the engine got it; None: that it stood still."""
        message: dict[str, object] = {"name": "timecode", **timecode_fields(reading)}
        self._put("event", to_ns(int(sample), SAMPLE_RATE), message)

    def health(self, sample: int, report: dict[str, object]) -> None:
        """Figures by name; sample: when, at 24 kHz. What JSON cannot say (NaN) becomes null."""
        self._put("health", to_ns(sample, SAMPLE_RATE), dict(report))

    def close(self) -> None:
        """Write what is queued and finish the file. Waits for a disk that hangs 10 s at most."""
        self._closing.set()
        self._thread.join(_CLOSE_S)
        self._over.set()
        if self._thread.is_alive:
            self.error = f"{self.path} was not finished within {_CLOSE_S:g} s"

    def _put(self, topic: str, time_ns: int, payload: Payload) -> None:
        if self.error or self._closing.is_set() or len(self._queue) >= self._capacity:
            self._refused += 1
        else:
            self._queue.append((topic, time_ns, self.frame, payload))

    def _run(self) -> None:
        """The writing thread, until the file is closed or cannot be written any more."""
        flush_at = monotonic_s() + _FLUSH_S
        try:
            while not self._closing.wait(_POLL_S):
                self._write_queued()
                if monotonic_s() >= flush_at:
                    self._attempt(self._flush)
                    flush_at = monotonic_s() + _FLUSH_S
            self._write_queued()
            self._attempt(self._flush)
            self._mcap.finish()
            self._file.close()
        except Exception as error:
            self._give_up(error)

    def _attempt(self, do: Callable[..., None], *args: Any) -> None:
        """Whatever raises costs the open chunk, half a second; raised only by a broken file."""
        try:
            do(*args)
        except BaseException as error:
            if self._mcap.is_broken:
                raise
            note_failure("recording", error)
            self._failed += self._unsafe
            self._unsafe = 0
            self._mcap.begin_chunk()

    def _write_queued(self) -> None:
        for _ in range(len(self._queue)):
            message = self._queue.popleft()
            self._unsafe += 1
            self._attempt(self._write, *message)

    def _write(self, topic: str, time_ns: int, frame: int, payload: Payload) -> None:
        data = encode(payload)
        if data is None:
            self._unsafe -= 1
            self._failed += 1
        else:
            self._mcap.add(topic, time_ns, data, frame)

    def _flush(self) -> None:
        self._mcap.flush()
        self.written += self._unsafe
        self._unsafe = 0

    def _give_up(self, error: Exception) -> None:
        """Nothing is begun anew: what is left of the disk is for what was recorded so far."""
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        self.error = f"recording to {self.path} stopped: {reason}"
        log.error("%s; the show goes on", self.error)
        note_failure("recording", error)
        self._failed += self._unsafe
        self._unsafe = 0
        with suppress(Exception):  # tries once more to write what is left in its buffer
            self._file.close()


def _begin(path: Path, settings: dict[str, str], overwrite: bool) -> tuple[BinaryIO, McapWriter]:
    """Create the file and write its head. ConfigError says what to do instead."""
    try:
        file = open(path, "wb" if overwrite else "xb")  # noqa: SIM115 (closed by the writer)
    except FileExistsError:
        raise ConfigError(
            f"{path} exists and was left as it is; record to another file or remove it first"
        ) from None
    except (OSError, ValueError) as error:
        raise _cannot_record(path, error) from None
    try:
        return file, McapWriter(file, settings)
    except OSError as error:
        with suppress(OSError):  # tries once more to write what is left in its buffer
            file.close()
        if not overwrite:
            path.unlink(missing_ok=True)
        raise _cannot_record(path, error) from None


def _cannot_record(path: Path, error: OSError | ValueError) -> ConfigError:
    why = getattr(error, "strerror", None) or error
    return ConfigError(
        f"cannot record to {path}: {why}; name a file in a folder that exists, may be written and "
        "has room"
    )
