"""Where the sound comes from: a sound card, a file, or the built-in demo track.

Enters: a device's name, a path, or nothing. Leaves: mono float32 samples in a `SampleRing`, and the
time of the last block. Threads: the sound card's callback (or, without a card, a pacing thread) is
the ring's producer and does nothing but copy, count and note the time; a decoding thread runs
ahead of it for files; a lost device is re-opened by a background thread, because aborting a dead
stream may take seconds. The engine reads the ring and never waits for any of them.

The only file that imports sounddevice, and only when it is needed: without PortAudio, files and the
demo still run, silently.
"""

import atexit
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Generator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol, Self

import numpy as np
import soundfile

from live.audio.ring import SampleRing
from live.errors import ArtifactError, DeviceError

MIN_RATE, MAX_RATE = 8_000, 192_000
DEFAULT_BLOCK = 256  # samples a callback: 5.3 ms at 48 kHz
DEMO_RATE = 48_000
_USUAL_RATES = (16_000, 44_100, 48_000, 96_000)

_RING_S = 4.0  # what a stalled engine may fall behind before samples are lost
_PLAY_BLOCK = 512
_AHEAD_BLOCKS = 200  # decoded before they are due: 2 s at 48 kHz
_RETRY_S = 1.0  # between two attempts to re-open a lost device
_CLOSE_S = 2.0  # at the end, a stream that takes longer to close is left behind
_STUCK_S = 12.0  # what hangs longer inside PortAudio is given up; a dead JACK takes 8
_MAX_STUCK = 3  # threads left behind at a time
_MAX_OUTPUT_LATENCY_S = 0.5
_WASAPI = "Windows WASAPI"

Blocks = Generator[np.ndarray, None, None]

log = logging.getLogger(__name__)


class BlockTime(NamedTuple):
    """When the ring held how much.

    time_s: time.monotonic() when the newest sample arrived; for a source that plays aloud, when
    that sample leaves the loudspeaker, which may be some 50 ms ahead. samples: `ring.written` then.
    """

    time_s: float
    samples: int


class AudioSource(Protocol):
    """What the engine needs to know of a source of sound.

    rate: Hz, fixed for the source's life. active: samples are coming. finished: a file has ended
    and its last sample is in the ring. xruns: blocks the card or the decoder lost. note: one
    sentence for the operator, or "". reopens: how often a lost device came back. listens: to a
    room, which is never quite silent; silence to the last bit means that it hears nothing at all.
    """

    listens: bool

    rate: int
    name: str
    note: str
    ring: SampleRing
    xruns: int
    finished: bool

    @property
    def active(self) -> bool: ...
    @property
    def last_block_s(self) -> BlockTime: ...
    @property
    def reopens(self) -> int: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...
    def reopen(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *exc: object) -> None: ...


# Devices --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DeviceInfo:
    """A sound device. inputs, outputs: channels, 0 for none; rate: its default, Hz."""

    index: int  # PortAudio's number; drifts when devices come and go
    name: str
    host_api: str
    inputs: int
    outputs: int
    rate: int
    default_input: bool
    default_output: bool

    @property
    def label(self) -> str:
        """The name with its host API, which is unambiguous on Windows."""
        return f"{self.name}, {self.host_api}"


def list_devices() -> list[DeviceInfo]:
    """Every device PortAudio knows. DeviceError without PortAudio."""
    sd = _portaudio()
    try:
        apis, devices = sd.query_hostapis(), sd.query_devices()
    except sd.PortAudioError as error:
        raise DeviceError(f"the sound devices cannot be listed: {error}") from error
    default_input = _default_index(apis, "default_input_device")
    default_output = _default_index(apis, "default_output_device")
    return [
        DeviceInfo(
            index=index,
            name=device["name"],
            host_api=apis[device["hostapi"]]["name"],
            inputs=device["max_input_channels"],
            outputs=device["max_output_channels"],
            rate=round(device["default_samplerate"]),
            default_input=index == default_input,
            default_output=index == default_output,
        )
        for index, device in enumerate(devices)
    ]


def supported_rates(device: DeviceInfo) -> list[int]:
    """Of the usual rates, Hz, those an input opens at; asks the device, and may take a while."""
    sd = _portaudio()
    rates = []
    for rate in _USUAL_RATES:
        with suppress(sd.PortAudioError, ValueError):
            sd.check_input_settings(
                device=device.index,
                channels=_input_channels(device),
                dtype="float32",
                samplerate=rate,
                extra_settings=_extra_settings(sd, device),
            )
            rates.append(rate)
    return rates


def match_device(devices: list[DeviceInfo], name: str | None, kind: str) -> DeviceInfo:
    """The input or output of that name; for None the default.

    kind: "input" or "output". An exact name wins over a part of one in any case; of equal names
    that of the better host API. DeviceError, with the candidates, if there is none or several.
    """
    usable = [d for d in devices if (d.inputs if kind == "input" else d.outputs) > 0]
    if not usable:
        raise DeviceError(f"no {kind} device")
    if name is None:
        return _default_of(usable, kind)
    exact = [d for d in usable if name in (d.name, d.label)]
    found = exact or [d for d in usable if name.casefold() in d.label.casefold()]
    if not found:
        raise DeviceError(f"no {kind} named {name!r}; {_candidates(usable, kind)}")
    best_api = min(found, key=lambda d: d.host_api != _WASAPI).host_api
    best = [d for d in found if d.host_api == best_api]
    if len({d.name for d in best}) > 1:
        raise DeviceError(f"{name!r} fits several {kind}s; {_candidates(best, kind)}")
    return best[0]


def _default_index(apis, key: str) -> int:
    # Windows' own default host API, MME, adds 0.1 s and cuts names off after 31 characters.
    ranked = sorted(apis, key=lambda api: api["name"] != _WASAPI)
    return next((api[key] for api in ranked if api[key] >= 0), -1)


def _default_of(usable: list[DeviceInfo], kind: str) -> DeviceInfo:
    for device in usable:
        if device.default_input if kind == "input" else device.default_output:
            return device
    raise DeviceError(f"no default {kind}; {_candidates(usable, kind)}")


def _candidates(devices: list[DeviceInfo], kind: str) -> str:
    names = list(dict.fromkeys(d.name for d in devices))
    return f"{kind}s: {', '.join(map(repr, names[:8]))}; run `posejockey devices` for all"


def _portaudio():
    try:
        import sounddevice
    except OSError as error:
        raise DeviceError(
            "PortAudio is missing; on Debian or Ubuntu: sudo apt-get install libportaudio2"
        ) from error
    except Exception as error:  # its own PortAudioError has no name while its import fails
        raise DeviceError(f"PortAudio does not start: {error}") from error
    return sounddevice


def _extra_settings(sd, device: DeviceInfo):
    """WASAPI refuses every rate but the mixer's unless told to convert."""
    return sd.WasapiSettings(auto_convert=True) if device.host_api == _WASAPI else None


# Streams that may be lost ---------------------------------------------------------------------

_card_lock = threading.Lock()  # PortAudio's functions must not run side by side
_leases: set["_Lease"] = set()  # of every stream that PortAudio holds
_scanning = threading.Event()


class _Lease:
    """A stream's right to feed the ring, taken away when the stream is given up.

    A frozen server hands over its whole backlog when it thaws; a stream without a lease may run on,
    but nothing it says is heard.
    """

    def __init__(self) -> None:
        self.stream = None
        self.valid = True
        self.active = False
        self.tried_s = time.monotonic()  # when the latest attempt to open it began

    def ended(self) -> None:
        """PortAudio says that the stream has stopped."""
        self.active = False

    def revoke(self) -> None:
        self.valid = self.active = False

    def close(self) -> None:
        """May take seconds, or for ever: PortAudio 19.6 spins where a device dies too early."""
        if self.stream is not None:
            self.stream.abort()
            self.stream.close()
            self.stream = None
        _leases.discard(self)


def _rescan() -> None:
    """Let PortAudio look for devices again, which it only does when it starts.

    Ending PortAudio frees every open stream, so nothing happens while there is one.
    """
    sd = _portaudio()
    with _card_lock:
        if _leases:
            return
        _scanning.set()
        try:
            while sd._initialized:
                sd._terminate()
            sd._initialize()
        except sd.PortAudioError as error:
            raise DeviceError(f"PortAudio does not start: {error}") from error
        finally:
            _scanning.clear()


def _abandon_card_lock() -> None:
    """Somebody is stuck inside PortAudio: let others in all the same.

    What ends PortAudio at exit would wait for them.
    """
    global _card_lock
    _card_lock = threading.Lock()
    atexit.unregister(_portaudio()._exit_handler)


class _CardStream:
    """One PortAudio stream that is opened, lost, and re-opened without the engine ever waiting.

    Every call into PortAudio is made by a thread that can be left behind, because any of them may
    hang with its server. make(lease): opens a stream whose callback asks the lease and which tells
    it when it ends. before_start(): runs when a stream is open, before its first callback.
    on_lost(): runs when one is given up.
    """

    def __init__(
        self,
        make: Callable[[_Lease], Any],
        before_start: Callable[[], None],
        on_lost: Callable[[], None] = lambda: None,
    ):
        self._make, self._before_start, self._on_lost = make, before_start, on_lost
        self._lease = _Lease()
        self._closing = threading.Event()
        self._worker: threading.Thread | None = None
        self._stuck: list[threading.Thread] = []
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

        _portaudio()
        opener = _start_thread("open audio", attempt)
        opener.join(_STUCK_S)
        if opener.is_alive():
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
        old, self._lease = self._lease, _Lease()
        old.revoke()
        self._worker = _start_thread("reopen audio", self._reopen, old, self._lease)

    def close(self) -> None:
        """Close for good. A stream that does not let go within seconds is left behind."""
        self._closing.set()
        self._lease.revoke()
        closer = _start_thread("close audio", self._close, self._lease)
        closer.join(_CLOSE_S)
        if self._worker is not None:
            self._worker.join(_CLOSE_S)
        if closer.is_alive():
            _abandon_card_lock()

    def _is_busy(self) -> bool:
        """Whether a worker is trying, and not stuck beyond hope."""
        if self._worker is None or not self._worker.is_alive():
            return False
        if time.monotonic() - self._lease.tried_s < _STUCK_S or _scanning.is_set():
            return True
        self._stuck = [thread for thread in self._stuck if thread.is_alive()]
        if len(self._stuck) >= _MAX_STUCK:
            return True
        log.warning("a sound device does not answer; trying without waiting for it")
        self._stuck.append(self._worker)
        _abandon_card_lock()
        return False

    def _reopen(self, old: _Lease, lease: _Lease) -> None:
        self._on_lost()
        self._close(old)
        while lease.valid:
            lease.tried_s = time.monotonic()
            try:
                _rescan()
                self._open(lease)
            except DeviceError as error:
                log.debug("not yet: %s", error)
            else:
                self.reopens += lease.valid
                return
            self._closing.wait(_RETRY_S)

    def _open(self, lease: _Lease) -> None:
        with _card_lock:
            _leases.add(lease)
            try:
                self._open_locked(lease)
            except (DeviceError, _portaudio().PortAudioError) as error:
                lease.active = False
                lease.close()
                if isinstance(error, DeviceError):
                    raise
                raise DeviceError(f"the sound device does not open: {error}") from error
            if not lease.valid:  # given up while it hung
                lease.close()

    def _open_locked(self, lease: _Lease) -> None:
        lease.stream = self._make(lease)
        if lease.valid:
            self.latency_s = lease.stream.latency
            self._before_start()
            lease.active = True  # before the stream starts, which may end at once
            lease.stream.start()

    def _close(self, lease: _Lease) -> None:
        with _card_lock:
            lease.close()


def _start_thread(name: str, work: Callable[..., None], *arguments: object) -> threading.Thread:
    thread = threading.Thread(target=work, args=arguments, name=name, daemon=True)
    thread.start()
    return thread


# Sources --------------------------------------------------------------------------------------


class _Source:
    """What all sources share: the ring and the time of its last block."""

    listens = False

    def __init__(self, name: str, rate: int, note: str = ""):
        self.name, self.rate, self.note = name, rate, note
        self.ring = SampleRing(int(_RING_S * rate))
        self.xruns = 0
        self.finished = False
        self._last = BlockTime(time.monotonic(), 0)

    @property
    def last_block_s(self) -> BlockTime:
        """Before the first block: when the source was made or its device was opened."""
        return self._last

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def start(self) -> None:
        raise NotImplementedError

    def stop(self) -> None:
        raise NotImplementedError

    def _push(self, samples: np.ndarray, time_s: float) -> None:
        self.ring.write(samples)
        self._last = BlockTime(time_s, self.ring.written)

    def _mark_opened(self) -> None:
        # A watchdog on the last block's age must give a new stream time for its first block.
        self._last = BlockTime(time.monotonic(), self.ring.written)


class Microphone(_Source):
    """An input of the sound card, all its channels mixed.

    device: its name or a part of it, None for the default. block: samples a callback. rate: Hz,
    None for the device's own. DeviceError if there is no such input or it refuses the format.
    """

    listens = True

    def __init__(
        self, device: str | None = None, block: int = DEFAULT_BLOCK, rate: int | None = None
    ):
        info = match_device(list_devices(), device, "input")
        super().__init__(info.name, info.rate if rate is None else rate)
        _check_input(info, self.rate)
        self._label = info.label
        self._block = block
        self._card = _CardStream(self._make, self._mark_opened)

    @property
    def active(self) -> bool:
        """False once the device has gone; a frozen one shows in the last block's age instead."""
        return self._card.active

    @property
    def reopens(self) -> int:
        return self._card.reopens

    def start(self) -> None:
        """Once only. DeviceError if the device refuses after all."""
        self._card.open()

    def stop(self) -> None:
        self._card.close()

    def reopen(self) -> None:
        """Re-open the device by its name as soon as it is back. Returns at once."""
        self._card.reopen()

    def _make(self, lease: _Lease):
        sd = _portaudio()
        info = match_device(list_devices(), self._label, "input")
        channels = _input_channels(info)
        weights = np.full(channels, _mix_gain(channels), np.float32)
        return sd.InputStream(
            device=info.index,
            channels=channels,
            samplerate=self.rate,
            blocksize=self._block,
            latency="low",
            dtype="float32",
            extra_settings=_extra_settings(sd, info),
            callback=self._callback(lease, weights),
            finished_callback=lease.ended,
        )

    def _callback(self, lease: _Lease, weights: np.ndarray):
        def callback(indata, frames, time_info, status):
            now_s = time.monotonic()
            if not lease.valid:
                return
            if status:
                self.xruns += 1
            with np.errstate(all="ignore"):  # infinities are for the features to mend
                self._push(indata @ weights, now_s)

        return callback


class _Player(_Source):
    """Sound from memory or disk, in real time: through the loudspeakers if there are any.

    The card's output stream sets the pace and is the ring's producer, so that what is danced to is
    what is heard. Without a card a thread keeps the pace.

    blocks: float32 [n, channels] each, n <= _PLAY_BLOCK, less only at the end.
    """

    def __init__(self, name: str, rate: int, blocks: Blocks, play: bool):
        super().__init__(name, rate)
        self._blocks = blocks
        self._queue: deque[tuple[np.ndarray, np.ndarray]] = deque()
        self._silence = (np.zeros((_PLAY_BLOCK, 2), np.float32), np.zeros(_PLAY_BLOCK, np.float32))
        self._fed = False
        self._primed = threading.Event()
        self._stopping = threading.Event()
        self._feeder = threading.Thread(target=self._feed, name="decode audio", daemon=True)
        self._pacer = _Pacer(self)
        self._card = _CardStream(self._make, self._hand_over, self._pacer.start)
        self._aloud = play

    @property
    def active(self) -> bool:
        return self._pacer.active or self._card.active

    @property
    def reopens(self) -> int:
        return self._card.reopens

    def start(self) -> None:
        """Once only."""
        self._feeder.start()
        self._primed.wait(_CLOSE_S)
        if self._aloud:
            self._try_card()
        if not self._aloud:
            self._pacer.start()

    def stop(self) -> None:
        self._stopping.set()
        self._card.close()
        self._pacer.stop()
        if self._feeder.ident is not None:
            self._feeder.join(_CLOSE_S)

    def reopen(self) -> None:
        """Go on silently, and aloud again as soon as the output is back. Returns at once."""
        if self._aloud and not self.finished:
            self._card.reopen()

    def _try_card(self) -> None:
        try:
            self._card.open()
        except DeviceError as error:
            self._aloud = False
            self.note = " ".join(filter(None, [self.note, f"It plays silently: {error}."]))
            log.info("%s: %s", self.name, self.note)

    def _hand_over(self) -> None:
        self._pacer.stop()
        self._mark_opened()

    def _make(self, lease: _Lease):
        sd = _portaudio()
        info = match_device(list_devices(), None, "output")
        channels = min(info.outputs, 2)
        return sd.OutputStream(
            device=info.index,
            channels=channels,
            samplerate=self.rate,
            blocksize=_PLAY_BLOCK,
            latency="high",  # nobody waits for it, and it must not stutter
            dtype="float32",
            extra_settings=_extra_settings(sd, info),
            callback=self._callback(lease, sd.CallbackStop, channels),
            finished_callback=lease.ended,
        )

    def _callback(self, lease: _Lease, stop: type[Exception], channels: int):
        def callback(outdata, frames, time_info, status):
            now_s = time.monotonic()
            outdata[:] = 0.0
            if not lease.valid:
                return
            if status.output_underflow:
                self.xruns += 1
            block = self.take()
            if block is None:
                raise stop
            sound, mono = block
            outdata[: len(mono)] = sound if channels == 2 else mono[:, None]
            self._push(mono, now_s + min(self._card.latency_s, _MAX_OUTPUT_LATENCY_S))

        return callback

    def take(self) -> tuple[np.ndarray, np.ndarray] | None:
        """The next block, (float32 [n, 2], its mix [n]); silence if it is late, None at the end."""
        fed = self._fed  # asked before the queue, or a last block could come in between
        if self._queue:
            return self._queue.popleft()
        if fed:
            self.finished = True
            return None
        self.xruns += 1
        return self._silence

    def _feed(self) -> None:
        with closing(self._blocks) as blocks:
            for block in blocks:
                self._queue.append((_stereo(block), mix(block)))
                if len(self._queue) >= 8:
                    self._primed.set()
                while len(self._queue) >= _AHEAD_BLOCKS:
                    if self._stopping.wait(0.05):
                        return
        self._fed = True
        self._primed.set()


class _Pacer:
    """Plays the sound card for a `_Player`: takes its blocks when they are due."""

    def __init__(self, player: _Player):
        self._player = player
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def active(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        if self.active:
            return
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, name="pace audio", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        player, rate = self._player, self._player.rate
        due_s = time.monotonic()
        while (block := player.take()) is not None:
            due_s += len(block[1]) / rate
            late_s = time.monotonic() - due_s
            if late_s > 0.5:  # the machine slept: go on from here, do not hurry after
                due_s += late_s
            if self._stop.wait(max(0.0, -late_s)):
                return
            player._push(block[1], due_s)


class FileSource(_Player):
    """An audio file in any format libsndfile reads, mono to many channels, 8 to 192 kHz.

    loop: start again at the end. play: aloud, if there is an output. ArtifactError if it is not
    there, not audio, empty, or of another rate.
    """

    def __init__(self, path: str | Path, loop: bool = False, play: bool = True):
        file = _open_file(Path(path))
        super().__init__(Path(path).name, file.samplerate, _file_blocks(file, loop), play)


class DemoSource(_Player):
    """The built-in demo track, round and round."""

    def __init__(self, play: bool = True):
        from live.audio.demo import render

        blocks = _loop_blocks(render(DEMO_RATE).audio)
        super().__init__("demo", DEMO_RATE, blocks, play)


class Loopback:
    """An output and an input in one stream: what is heard, counted from what is played.

    input, output: a device's name or a part of it, None for the default. block: samples a
    callback. rate: Hz, the input's. DeviceError if there is no such device.
    """

    def __init__(
        self, input: str | None = None, output: str | None = None, block: int = DEFAULT_BLOCK
    ):
        devices = list_devices()
        self._ends = (
            match_device(devices, input, "input"),
            match_device(devices, output, "output"),
        )
        self._block = block
        self.rate = self._ends[0].rate
        self.names = (self._ends[0].name, self._ends[1].name)
        self.latencies_s = (0.0, 0.0)  # of input and output, as the card says once it is open

    def run(self, audio: np.ndarray) -> np.ndarray:
        """Play audio, float32 [n], once; what was heard meanwhile, float32 [n], mixed.

        Sample i of it was delivered by the very callback that took sample i. DeviceError if the
        devices do not open together, or stop.
        """
        heard = np.zeros(len(audio), np.float32)
        done = threading.Event()
        card = _CardStream(lambda lease: self._make(lease, audio, heard, done), lambda: None)
        card.open()
        try:
            if not done.wait(len(audio) / self.rate + _STUCK_S):
                raise DeviceError("the sound device stopped; restart the sound server")
        finally:
            card.close()
        return heard

    def _make(self, lease: _Lease, audio: np.ndarray, heard: np.ndarray, done: threading.Event):
        sd = _portaudio()
        channels = (_input_channels(self._ends[0]), min(self._ends[1].outputs, 2))
        stream = sd.Stream(
            device=tuple(d.index for d in self._ends),
            channels=channels,
            samplerate=self.rate,
            blocksize=self._block,
            latency="low",
            dtype="float32",
            extra_settings=tuple(_extra_settings(sd, d) for d in self._ends),
            callback=_loop_back(audio, heard, _mix_gain(channels[0]), done, sd.CallbackStop),
            finished_callback=lease.ended,
        )
        self.latencies_s = stream.latency
        return stream


def _loop_back(
    audio: np.ndarray, heard: np.ndarray, gain: float, done: threading.Event, stop: type[Exception]
):
    at = 0

    def callback(indata, outdata, frames, time_info, status):
        nonlocal at
        played = audio[at : at + frames]
        outdata[:] = 0.0
        outdata[: len(played)] = played[:, None]
        heard[at : at + frames] = gain * indata[: len(played)].sum(axis=1)
        at += frames
        if at >= len(audio):
            done.set()
            raise stop

    return callback


def open_source(
    spec: str = "auto",
    *,
    loop: bool = False,
    play: bool = True,
    block: int = DEFAULT_BLOCK,
    rate: int | None = None,
) -> Microphone | FileSource | DemoSource:
    """The source a user means, not started yet.

    spec: "auto" (the default input; where there is none the demo, and `note` says why), "demo", the
    path of a file, or a device's name. DeviceError or ArtifactError with the way out.
    """
    if spec == "auto":
        return _auto(play, block, rate)
    if spec == "demo":
        return DemoSource(play)
    if Path(spec).exists():
        return FileSource(spec, loop, play)
    try:
        return Microphone(spec, block, rate)
    except DeviceError as error:
        if Path(spec).suffix in ("", "."):
            raise
        raise DeviceError(f"no file {spec!r}, and as a device: {error}") from error


def _auto(play: bool, block: int, rate: int | None) -> Microphone | DemoSource:
    try:
        return Microphone(None, block, rate)
    except DeviceError as error:
        demo = DemoSource(play)
        demo.note = f"{error}; the built-in demo plays instead."
        log.info("%s", demo.note)
        return demo


def _check_input(info: DeviceInfo, rate: int) -> None:
    if not MIN_RATE <= rate <= MAX_RATE:
        raise DeviceError(f"input {info.name!r} at {rate} Hz; {MIN_RATE} to {MAX_RATE} Hz work")
    sd = _portaudio()
    try:
        sd.check_input_settings(
            device=info.index,
            channels=_input_channels(info),
            dtype="float32",
            samplerate=rate,
            extra_settings=_extra_settings(sd, info),
        )
    except sd.PortAudioError as error:
        raise DeviceError(
            f"input {info.name!r} does not open at {rate} Hz ({error}); close programs that may "
            "hold it, or choose another: `posejockey devices`"
        ) from error


def _input_channels(info: DeviceInfo) -> int:
    """All of them, except that ALSA's software devices offer 32 of which 30 are silent."""
    virtual = info.host_api == "ALSA" and "(hw:" not in info.name
    return min(info.inputs, 2) if virtual else info.inputs


# Files ----------------------------------------------------------------------------------------


def read_audio(path: str | Path) -> tuple[np.ndarray, int]:
    """A whole file: (its mix, float32 [T], finite; its rate, Hz). ArtifactError as `FileSource`."""
    path = Path(path)
    with _open_file(path) as file:
        try:
            block = file.read(dtype="float32", always_2d=True)
        except soundfile.SoundFileError as error:
            raise _not_audio(path, error) from error
    return mix(_finite(block)), file.samplerate


def mix(block: np.ndarray) -> np.ndarray:
    """float32 [n, channels] to mono [n].

    The mean of a stereo pair, but half the sum of more: one microphone among eight inputs must
    not come out 18 dB down.
    """
    if block.shape[1] == 1:
        return block[:, 0].copy()
    return block.sum(axis=1, dtype=np.float32) * np.float32(_mix_gain(block.shape[1]))


def _mix_gain(channels: int) -> float:
    return 1.0 / min(channels, 2)


def _stereo(block: np.ndarray) -> np.ndarray:
    return block if block.shape[1] == 2 else np.repeat(mix(block)[:, None], 2, axis=1)


def _finite(block: np.ndarray) -> np.ndarray:
    return np.nan_to_num(block, copy=False, nan=0.0, posinf=0.0, neginf=0.0)


def _open_file(path: Path) -> soundfile.SoundFile:
    if not path.exists():
        raise ArtifactError(f"no file {str(path)!r}")
    if not path.is_file():
        raise ArtifactError(f"{str(path)!r} is not a file; give an audio file")
    try:
        file = soundfile.SoundFile(path)
        # A header may promise what the file does not hold; an empty read tells.
        empty = len(file.read(1)) == 0
        file.seek(0)
    except (soundfile.SoundFileError, TypeError) as error:  # TypeError: headerless .raw
        raise _not_audio(path, error) from error
    problem = ""
    if empty:
        problem = "holds no sound; was its recording cut off?"
    elif not MIN_RATE <= file.samplerate <= MAX_RATE:
        problem = f"has {file.samplerate} Hz; convert it to 48000 Hz (8000 to 192000 work)"
    if problem:
        file.close()
        raise ArtifactError(f"{str(path)!r} {problem}")
    return file


def _not_audio(path: Path, error: Exception) -> ArtifactError:
    reason = getattr(error, "error_string", "") or str(error)
    return ArtifactError(
        f"{str(path)!r} cannot be read as audio ({reason.rstrip('.')}); "
        "convert it, for example: ffmpeg -i IN OUT.wav"
    )


def _file_blocks(file: soundfile.SoundFile, loop: bool) -> Blocks:
    with file:
        while True:
            block = _read_block(file, loop)
            if len(block):
                yield _finite(block)
            if len(block) < _PLAY_BLOCK:
                return


def _read_block(file: soundfile.SoundFile, loop: bool) -> np.ndarray:
    """One block, across the joint of a loop; a short one at the end or where the file is broken."""
    parts, missing = [], _PLAY_BLOCK
    try:
        while missing:
            part = file.read(missing, dtype="float32", always_2d=True)
            parts.append(part)
            missing -= len(part)
            if missing and not loop:
                break
            if missing:
                file.seek(0)
    except soundfile.SoundFileError as error:
        log.warning("%s ends early: %s", file.name, error)
    return np.concatenate(parts) if parts else np.zeros((0, file.channels), np.float32)


def _loop_blocks(audio: np.ndarray) -> Blocks:
    at = 0
    while True:
        index = np.arange(at, at + _PLAY_BLOCK) % len(audio)
        yield audio[index, None]
        at = (at + _PLAY_BLOCK) % len(audio)
