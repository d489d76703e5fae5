"""A PortAudio stream that may be lost and opened again, without anybody waiting for it.

The only file that touches PortAudio's inside. Every call into it is made by a thread that can be
left behind, because any of them may hang with its server.
"""

import atexit
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from live.audio import devices
from live.audio.source import log
from live.errors import DeviceError
from live.monotonic import monotonic_s
from live.supervised_thread import SupervisedThread, note_failure

_RETRY_S = 1.0  # between two attempts to re-open a lost device
CLOSE_S = 2.0  # at the end, a stream that takes longer to close is left behind
STUCK_S = 12.0  # what hangs longer inside PortAudio is given up; a dead JACK takes 8
_LOST_S = 30.0  # a stream that takes longer to close will not come back

_card_lock = threading.Lock()  # PortAudio's functions must not run side by side
_leases: set["Lease"] = set()  # of every stream that PortAudio holds
_scan_began_s: float | None = None  # of a search for devices that is under way
_may_scan = True  # until such a search hangs


class Lease:
    """A stream's right to feed the ring, taken away when the stream is given up.

    A frozen server hands over its whole backlog when it thaws; a stream without a lease may run on,
    but nothing it says is heard. A callback writes with `turn` held and while the lease is `valid`.
    """

    def __init__(self) -> None:
        self.stream = None
        self.turn = threading.Lock()  # held while a callback writes, so that two never do
        self.valid = True
        self.active = False
        self.tried_s = monotonic_s()  # when the latest attempt to open it began
        self._closing_s: float | None = None  # since when

    @property
    def is_lost(self) -> bool:
        """The stream has been closing for so long that nobody waits for it any more."""
        return self._closing_s is not None and monotonic_s() - self._closing_s > _LOST_S

    def ended(self) -> None:
        """PortAudio says that the stream has stopped."""
        self.active = False

    def revoke(self) -> None:
        """Take the right away. Waits for a block that is being written, some microseconds."""
        with self.turn:
            self.valid = self.active = False

    def close(self) -> None:
        """May take seconds, or for ever: PortAudio 19.6 spins where a device dies too early.

        One call, which aborts too: PortAudio forgets the stream before it tries, so that a search
        for devices does not wait for one that hangs.
        """
        self._closing_s = monotonic_s()
        try:
            if self.stream is not None:
                self.stream.close()
                self.stream = None
        finally:
            _leases.discard(self)


def _rescan() -> None:
    """Let PortAudio look for devices again, which it only does when it starts.

    Ending PortAudio frees every open stream, so nothing happens while there is one, but for those
    that will never close.
    """
    global _scan_began_s
    sd = devices.portaudio()
    with _card_lock:
        if not _may_scan or not all(lease.is_lost for lease in _leases):
            return
        _scan_began_s = monotonic_s()
        try:
            while sd._initialized:
                sd._terminate()
            sd._initialize()
        except sd.PortAudioError as error:
            raise DeviceError(f"PortAudio does not start: {error}") from error
        finally:
            _scan_began_s = None


def _is_scanning() -> bool:
    """Whether a search for devices is under way; one that hangs is given up, and was the last."""
    global _may_scan, _scan_began_s
    if _scan_began_s is None or not _may_scan:
        return False
    if monotonic_s() - _scan_began_s < STUCK_S:
        return True
    _may_scan, _scan_began_s = False, None
    log.warning("PortAudio hangs in its search for devices; only those it knows are tried again")
    return False


def _abandon_card_lock() -> None:
    """Somebody is stuck inside PortAudio: let others in all the same.

    What ends PortAudio at exit would wait for them.
    """
    global _card_lock
    _card_lock = threading.Lock()
    atexit.unregister(devices.portaudio()._exit_handler)


class CardStream:
    """One PortAudio stream that is opened, lost, and re-opened without the engine ever waiting.

    Every call into PortAudio is made by a thread that can be left behind, because any of them may
    hang with its server. make(lease): opens a stream whose callback asks the lease and which tells
    it when it ends. before_start(): runs when a stream is open, before its first callback.
    on_lost(): runs when one is given up.
    """

    def __init__(
        self,
        make: Callable[[Lease], Any],
        before_start: Callable[[], None],
        on_lost: Callable[[], None] = lambda: None,
    ):
        self._make, self._before_start, self._on_lost = make, before_start, on_lost
        self._lease = Lease()
        self._closing = threading.Event()
        self._worker: SupervisedThread | None = None
        self._stuck: list[SupervisedThread] = []
        self.reopens = 0
        self.latency_s = 0.0

    @property
    def active(self) -> bool:
        return self._lease.active

    def open(self) -> None:
        """DeviceError if the device refuses, or does not answer within seconds."""
        errors: list[DeviceError] = []

        def attempt() -> None:
            try:
                self._open(self._lease)
            except DeviceError as error:
                errors.append(error)
            except Exception as error:  # a thread that dies has not opened anything
                errors.append(DeviceError(f"the sound device does not open: {error!r}"))

        devices.portaudio()
        opener = _start_thread("open audio", attempt)
        opener.join(STUCK_S)
        if opener.is_alive:
            self._lease.revoke()
            _abandon_card_lock()
            raise DeviceError("the sound device does not answer; restart the sound server")
        if errors:
            raise errors[0]

    def reopen(self) -> None:
        """Give up the stream and try to open it again until it works, in the background.

        Returns at once; while an earlier call is still trying it does nothing.
        """
        if self._closing.is_set() or self._is_busy():
            return
        old, self._lease = self._lease, Lease()
        old.revoke()
        self._worker = _start_thread("reopen audio", self._reopen, old, self._lease)

    def close(self) -> None:
        """Close for good. A stream that does not let go within seconds is left behind."""
        self._closing.set()
        self._lease.revoke()
        closer = _start_thread("close audio", self._close, self._lease)
        closer.join(CLOSE_S)
        if self._worker is not None:
            self._worker.join(CLOSE_S)
        if closer.is_alive:
            _abandon_card_lock()

    def _is_busy(self) -> bool:
        """Whether a worker is trying, and not stuck beyond hope."""
        if self._worker is None or not self._worker.is_alive:
            return False
        self._stuck = [thread for thread in self._stuck if thread.is_alive]
        patience_s = STUCK_S * 2 ** len(self._stuck)  # or hours would leave a thousand behind
        if monotonic_s() - self._lease.tried_s < patience_s or _is_scanning():
            return True
        log.warning("a sound device does not answer; trying without waiting for it")
        self._stuck.append(self._worker)
        _abandon_card_lock()
        return False

    def _reopen(self, old: Lease, lease: Lease) -> None:
        for leave in (self._on_lost, partial(self._close, old)):
            try:
                leave()
            except Exception as error:  # what comes next is to be opened all the same
                note_failure("reopen audio", error)
        while lease.valid:
            lease.tried_s = monotonic_s()
            try:
                _rescan()
                self._open(lease)
            except DeviceError as error:
                log.debug("not yet: %s", error)
            except Exception as error:
                note_failure("reopen audio", error)
            else:
                self.reopens += lease.valid
                return
            self._closing.wait(_RETRY_S)

    def _open(self, lease: Lease) -> None:
        with _card_lock:
            _leases.add(lease)
            try:
                self._open_locked(lease)
            except Exception as error:
                lease.active = False
                lease.close()
                if not isinstance(error, devices.portaudio().PortAudioError):
                    raise
                raise DeviceError(f"the sound device does not open: {error}") from error
            if not lease.valid:  # given up while it hung
                lease.close()

    def _open_locked(self, lease: Lease) -> None:
        lease.stream = self._make(lease)
        if lease.valid:
            self.latency_s = lease.stream.latency
            self._before_start()
            lease.active = True  # before the stream starts, which may end at once
            lease.stream.start()

    def _close(self, lease: Lease) -> None:
        with _card_lock:
            lease.close()


def _start_thread(name: str, work: Callable[..., None], *arguments: object) -> SupervisedThread:
    """What it does is done once: `reopen` begins it anew."""
    done = threading.Event()
    done.set()
    thread = SupervisedThread(name, partial(work, *arguments), done)
    thread.start()
    return thread
