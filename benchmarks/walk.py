"""The way of one block of sound through the code: from the card's callback to the packet.

    python -m benchmarks.walk

Runs the real show (loop, engine, network, UDP out) in simulated time, and follows what Python calls
from the moment the block that completes a frame is written to the ring until the first bundle that
shows its pose has left. Leaves: rooms (files of `live`) entered, calls, and moves from one room to
another, there and back; then the rooms by how often they are entered.
"""

import argparse
import json
import socket
import sys
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import cast

import numpy as np

import live
from live.audio import demo
from live.audio.files import read_audio
from live.audio.ring import SampleRing
from live.audio.source import AudioSource, BlockTime
from live.control.osc_in import ControlIn
from live.dance.performer import Performer
from live.outputs.udp import OscOut
from live.show.engine import Engine, EngineConfig
from live.show.loop import Show
from live.show.outputs import Outputs
from live.show.timing import lead_samples, receive_margin_s

_RATE, _BLOCK, _EMISSION_RATE = 48_000, 256, 60
_SETTLED_S = 3.0
_FOLDER = str(Path(live.__file__).parent)


@dataclass
class Walk:
    """What one block's way took. entered: how often each room was, by its path inside `live`."""

    calls: int = 0
    moves: int = 0
    entered: Counter[str] = field(default_factory=Counter)

    @property
    def rooms(self) -> int:
        return len(self.entered)


class Follower:
    """Notes the walk of this thread between `start` and `stop`."""

    def __init__(self) -> None:
        self.walk = Walk()
        self._room = ""

    def start(self) -> None:
        self.walk, self._room = Walk(), ""
        sys.setprofile(self._note)

    def stop(self) -> Walk:
        sys.setprofile(None)
        return self.walk

    def _note(self, frame: FrameType, event: str, _: object) -> None:
        if event == "call" and (room := _room_of(frame)):
            self.walk.calls += 1
            self._enter(room)
        elif event == "return" and frame.f_back and (room := _room_of(frame.f_back)):
            self._enter(room)

    def _enter(self, room: str) -> None:
        if room != self._room:
            self.walk.moves += bool(self._room)
            self.walk.entered[room] += 1
            self._room = room


def _room_of(frame: FrameType) -> str:
    """The file of `live` that a frame's code is in, "" for code from elsewhere."""
    path = frame.f_code.co_filename
    return path[len(_FOLDER) + 1 :] if path.startswith(_FOLDER) else ""


class _Time:
    """Seconds that pass while the show sleeps."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.source: _Source | None = None

    def __call__(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds
        if self.source:
            self.source.deliver(self.now_s)


class _Source:
    """An `AudioSource` that delivers the demo by the simulated time."""

    rate, name, note, listens, seeks = _RATE, "simulated", "", True, True
    xruns, reopens, finished, active = 0, 0, False, True

    def __init__(self, engine: Engine, follower: Follower, walks: list[Walk]):
        self.ring = SampleRing(4 * _RATE)
        self.last_block_s = BlockTime(0.0, 0)
        self.frames = -1  # danced when the block that is followed came; -1 while none is
        self._engine, self._follower, self._walks = engine, follower, walks
        self._audio = read_audio(demo.PATH)[0]

    def deliver(self, now_s: float) -> None:
        while (due_s := (self.ring.written + _BLOCK) / _RATE) <= now_s:
            at = self.ring.written % (len(self._audio) - _BLOCK)
            completes = self._engine.missing <= _BLOCK
            if completes and due_s > _SETTLED_S and self.frames < 0:
                self.frames = self._engine.frames
                self._follower.start()
            self.ring.write(self._audio[at : at + _BLOCK])
            self.last_block_s = BlockTime(due_s, self.ring.written)

    def left(self) -> None:
        """A bundle has left."""
        if self._engine.frames > self.frames >= 0:
            self._walks.append(self._follower.stop())
            self.frames = -1

    def reopen(self) -> None: ...


class _Receiver(OscOut):
    source: _Source | None = None

    def send(self, packets: list[bytes]) -> None:
        super().send(packets)
        if self.source:
            self.source.left()


def follow(frames: int = 30, model: str = "open") -> list[Walk]:
    """The walks of the blocks that complete so many frames, one after the other."""
    walks: list[Walk] = []
    arrival = receive_margin_s(_BLOCK, _RATE)
    engine = Engine(
        EngineConfig(_RATE, lead_samples(_EMISSION_RATE, arrival)), Performer(model, "cpu")
    )
    time = _Time()
    time.source = _Source(engine, Follower(), walks)
    with ExitStack() as stack:
        sink = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        sink.bind(("127.0.0.1", 0))
        out = stack.enter_context(_Receiver([sink.getsockname()]))
        out.source = time.source
        control = stack.enter_context(ControlIn("127.0.0.1", 0))
        show = Show(
            engine,
            cast(AudioSource, time.source),  # nobody starts or stops it
            Outputs(out, control),
            _EMISSION_RATE,
            arrival,
            time,
            time.sleep,
        )
        show.run(lambda: len(walks) < frames, 60.0)
    return walks


def figures(walks: list[Walk]) -> dict[str, int]:
    """Medians."""
    return {
        name: round(float(np.median([getattr(walk, name) for walk in walks])))
        for name in ("rooms", "calls", "moves")
    }


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.walk", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE")
    args = parser.parse_args(argv)
    walks = follow()
    found = figures(walks)
    print("{rooms} rooms, {calls} calls, {moves} moves between rooms".format(**found))
    entered: Counter[str] = sum((walk.entered for walk in walks), Counter())
    for room, times in entered.most_common():
        print(f"{times / len(walks):6.1f}  {room}")
    if args.json:
        args.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
