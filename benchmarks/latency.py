"""From the microphone to the packet: clicks through the real sound server to a UDP receiver.

    python -m benchmarks.latency 100 --json latency.json      (or: posejockey bench --clicks 100)

Plays clicks through the default output, which the input must hear (a loop-back cable, a null sink's
monitor, or a loudspeaker in front of the microphone), while a show of its own listens. A second
stream on the same input tells when the block with each click was delivered; the show's packets
arrive on loopback. The figure is the time between the two: engine, frame, emission and all.
"""

import argparse
import json
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import soundfile

from live.audio.playback import FileSource
from live.audio.source import DEFAULT_BLOCK
from live.audio.sources import Microphone
from live.child_process import child_command
from live.dance.performer import files_of
from live.errors import DeviceError
from live.monotonic import monotonic_s
from live.osc.encoding import decode
from live.osc.schema import ONSET
from live.safe_write import check_output, write_text

_RATE = 48_000
_FIRST_S = 1.5
_GAP_S = (0.4, 0.6)  # irregular, so that clicks fall anywhere in a frame
_CLICK_S = 0.01
_LOUD = 0.1
_ONSET = 0.3
_LATEST_S = 0.3  # what comes later is not this click's
_START_S = 60.0
_POLL_S = 0.001


def clicks(count: int) -> np.ndarray:
    """float32 [n] at 48 kHz: short bursts at irregular times."""
    rng = np.random.default_rng(3)
    times = _FIRST_S + np.cumsum(rng.uniform(*_GAP_S, count))
    t = np.arange(int(_CLICK_S * _RATE)) / _RATE
    burst = (0.8 * np.sin(2 * np.pi * 1000 * t) * np.exp(-t / 0.003)).astype(np.float32)
    audio = np.zeros(int((times[-1] + 1.0) * _RATE), np.float32)
    for time_s in times:
        at = round(time_s * _RATE)
        audio[at : at + len(burst)] += burst
    return audio


class _Ear(threading.Thread):
    """Notes when each block was delivered, by a stream of its own."""

    def __init__(self, source: Microphone):
        super().__init__(name="second ear", daemon=True)
        self._source = source
        self.ended = threading.Event()
        self._blocks: list[tuple[int, float]] = []
        self._sound: list[np.ndarray] = []

    def run(self) -> None:
        while not self.ended.is_set():
            time.sleep(_POLL_S)
            newest = self._source.last_block_s
            if not self._blocks or newest.samples != self._blocks[-1][0]:
                self._blocks.append((newest.samples, newest.time_s))
                self._sound.append(self._source.ring.read(1 << 20))

    def clicks_s(self) -> np.ndarray:
        """When the blocks with the clicks came, monotonic s."""
        sound = np.abs(np.concatenate(self._sound))
        loud = np.flatnonzero(sound > _LOUD)
        first = loud[np.diff(loud, prepend=-_RATE) > _GAP_S[0] / 2 * self._source.rate]
        ends, times = np.array(self._blocks).T
        return times[np.minimum(np.searchsorted(ends, first, side="right"), len(times) - 1)]


class _Receiver(threading.Thread):
    """Notes when each packet came, and what it says of onsets."""

    def __init__(self, sock: socket.socket):
        super().__init__(name="receiver", daemon=True)
        self._socket = sock
        self.packets: list[tuple[float, bytes]] = []

    def run(self) -> None:
        while True:
            try:
                packet = self._socket.recv(2048)
            except OSError:
                return
            self.packets.append((monotonic_s(), packet))

    def onsets_s(self) -> np.ndarray:
        """When onsets began, monotonic s."""
        strong = np.array([max(dict(decode(p)).get(ONSET.address, [0])) for _, p in self.packets])
        times = np.array([t for t, _ in self.packets])
        rises = np.flatnonzero((strong[1:] > _ONSET) & (strong[:-1] <= _ONSET)) + 1
        return times[rises]


def measure(count: int, input: str | None, model: str) -> dict:
    """The delays in ms, and how many of the clicks were found in both."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        soundfile.write(folder / "clicks.wav", clicks(count), _RATE)
        sock = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(_START_S)
        microphone = Microphone(input, DEFAULT_BLOCK)
        show = subprocess.Popen(
            [*_SHOW, "--input", microphone.name, "--model", model, "--osc",
             f"127.0.0.1:{sock.getsockname()[1]}"],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        stack.callback(show.wait)
        stack.callback(show.terminate)
        receiver = _Receiver(sock)
        receiver.start()
        _wait_for_packets(receiver, show)
        stack.enter_context(microphone)
        ear = _Ear(microphone)
        ear.start()
        with FileSource(folder / "clicks.wav") as player:
            if player.note:
                raise DeviceError(f"the clicks cannot be played. {player.note}")
            while not player.finished:
                time.sleep(0.05)
            time.sleep(0.5)
        ear.ended.set()
        ear.join()
    delays = list(_pairs(ear.clicks_s(), receiver.onsets_s()))
    if len(delays) < count / 3:
        raise DeviceError(
            f"{len(delays)} of {count} clicks were heard; the input must hear the default output"
        )
    p50, p99 = np.percentile(delays, (50, 99))
    return {
        "clicks": count, "heard": len(delays), "p50": round(1000 * float(p50), 1),
        "p99": round(1000 * float(p99), 1), "max": round(1000 * max(delays), 1),
    }  # fmt: skip


_SHOW = child_command("posejockey", "live", "--no-visuals", "--control-port", "0")


def _wait_for_packets(receiver: _Receiver, show: subprocess.Popen) -> None:
    until = monotonic_s() + _START_S
    while len(receiver.packets) < 60:
        if show.poll() is not None or monotonic_s() > until:
            raise DeviceError("the show did not start; try `posejockey doctor`")
        time.sleep(0.05)


def _pairs(heard_s: np.ndarray, sent_s: np.ndarray) -> Iterator[float]:
    """From each click to the next onset, s; clicks without one are left out.

    The two streams get their blocks at different moments: the packet may be a block ahead.
    """
    for click in heard_s:
        after = sent_s[sent_s > click - _POLL_S * 10]
        if len(after) and after[0] - click < _LATEST_S:
            yield float(after[0] - click)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="posejockey bench --clicks", description=__doc__)
    parser.add_argument("clicks", type=int)
    parser.add_argument("--input", metavar="TEXT", help="what hears (the default input)")
    parser.add_argument("--model", default="open")
    parser.add_argument("--json", type=Path, metavar="FILE")
    args = parser.parse_args(argv)
    if args.json:
        check_output(args.json, (".json",), files_of(args.model))
    figures = measure(args.clicks, args.input, args.model)
    print(
        "microphone block to packet       {p50:.1f} ms p50, {p99:.1f} p99, {max:.1f} max "
        "({heard} of {clicks} clicks)".format(**figures)
    )
    if args.json:
        write_text(args.json, json.dumps(figures, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
