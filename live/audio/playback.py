"""Files and the demo in real time: through the loudspeakers where there are any.

Enters: blocks of a file, or of the demo. Leaves: the same, mixed, in a `SampleRing` at the pace at
which they are heard. Threads: a decoding thread runs ahead; the card's output stream takes its
blocks when they are due and is the ring's producer. Without a card a pacing thread stands in.
"""

import threading
from collections import deque
from contextlib import closing
from pathlib import Path

import numpy as np

from live.audio import demo, devices
from live.audio.devices import extra_settings, list_devices, match_device
from live.audio.files import PLAY_BLOCK, AudioFile, Blocks
from live.audio.losses import LossEstimator
from live.audio.mixer import Mixer
from live.audio.source import Source, log
from live.audio.stream import CLOSE_S, CardStream, Lease
from live.errors import DeviceError
from live.monotonic import monotonic_s, wait_until
from live.supervised_thread import SupervisedThread, note_failure

_AHEAD_BLOCKS = 200  # decoded before they are due: 2 s at 48 kHz
_MAX_OUTPUT_LATENCY_S = 0.5


class Player(Source):
    """Sound from memory or disk, in real time: through the loudspeakers if there are any.

    The card's output stream sets the pace and is the ring's producer, so that what is danced to is
    what is heard. Without a card a thread keeps the pace.

    blocks: float32 [n, channels] each, n <= PLAY_BLOCK, less only at the end.
    """

    def __init__(self, name: str, rate: int, channels: int, blocks: Blocks, play: bool):
        super().__init__(name, rate)
        self._blocks = blocks
        self._mixer = Mixer(channels, rate)
        self._queue: deque[tuple[np.ndarray, np.ndarray]] = deque()
        self._silence = (np.zeros((PLAY_BLOCK, 2), np.float32), np.zeros(PLAY_BLOCK, np.float32))
        self._fed = False
        self._primed = threading.Event()
        self._stopping = threading.Event()
        self._feeder = SupervisedThread("decode audio", self._feed, self._stopping)
        self._pacer = Pacer(self)
        self._card = CardStream(self._make, self._hand_over, self._pacer.start)
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
        self._primed.wait(CLOSE_S)
        if self._aloud:
            self._try_card()
        if not self._aloud:
            self._pacer.start()

    def stop(self) -> None:
        self._stopping.set()
        self._card.close()
        self._pacer.stop()
        self._feeder.join(CLOSE_S)

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

    def _make(self, lease: Lease):
        sd = devices.portaudio()
        info = match_device(list_devices(), None, "output")
        channels = min(info.outputs, 2)
        return sd.OutputStream(
            device=info.index,
            channels=channels,
            samplerate=self.rate,
            blocksize=PLAY_BLOCK,
            latency="high",  # nobody waits for it, and it must not stutter
            dtype="float32",
            extra_settings=extra_settings(info),
            callback=self._callback(lease, sd.CallbackStop, channels),
            finished_callback=lease.ended,
        )

    def _callback(self, lease: Lease, stop: type[Exception], channels: int):
        losses = LossEstimator(self.rate)

        def callback(outdata, frames, time_info, status):
            now_s, heard_s = monotonic_s(), time_info.outputBufferDacTime
            outdata[:] = 0.0
            with lease.turn:
                if not lease.valid:
                    return
                self.make_up(losses, frames, now_s, heard_s, status.output_underflow)
                block = self.take()
                if block is None:
                    raise stop
                sound, mono = block
                outdata[: len(mono)] = sound if channels == 2 else mono[:, None]
                self.push(mono, now_s + min(self._card.latency_s, _MAX_OUTPUT_LATENCY_S))

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
        try:
            with closing(self._blocks) as blocks:
                self._decode(blocks)
        except Exception as error:
            # Whatever a file makes a decoder do: what came before it is danced, and the show ends.
            log.warning("%s ends early: %s", self.name, error)
            note_failure("decode audio", error)
        finally:
            self._fed = True
            self._primed.set()

    def _decode(self, blocks: Blocks) -> None:
        for block in blocks:
            mono = self._mixer.step(block)
            sound = block if block.shape[1] == 2 else np.repeat(mono[:, None], 2, axis=1)
            self._queue.append((sound, mono))
            if len(self._queue) >= 8:
                self._primed.set()
            while len(self._queue) >= _AHEAD_BLOCKS:
                if self._stopping.wait(0.05):
                    return


class Pacer:
    """Plays the sound card for a `Player`: takes its blocks when they are due."""

    def __init__(self, player: Player):
        self._player = player
        self._stop = threading.Event()
        self._thread: SupervisedThread | None = None

    @property
    def active(self) -> bool:
        return self._thread is not None and self._thread.is_alive

    def start(self) -> None:
        if self.active:
            return
        self._stop.clear()
        self._thread = SupervisedThread("pace audio", self._run, self._stop)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        player, rate = self._player, self._player.rate
        due_s = monotonic_s()
        while (block := player.take()) is not None:
            due_s += len(block[1]) / rate
            late_s = monotonic_s() - due_s
            if late_s > 0.5:  # the machine slept: go on from here, do not hurry after
                due_s += late_s
            if wait_until(due_s, self._stop):
                return
            player.push(block[1], due_s)


class FileSource(Player):
    """An audio file in any format, mono to many channels, 8 to 192 kHz.

    loop: start again at the end. play: aloud, if there is an output. ArtifactError as `AudioFile`.
    """

    def __init__(self, path: str | Path, loop: bool = False, play: bool = True):
        file = AudioFile(path)
        super().__init__(file.name, file.rate, file.channels, file.blocks(loop), play)


class DemoSource(FileSource):
    """The built-in demo track, round and round."""

    def __init__(self, play: bool = True):
        super().__init__(demo.PATH, loop=True, play=play)
        self.name = "demo"
