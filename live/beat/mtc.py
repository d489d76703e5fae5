"""MIDI timecode (MTC) as a position.

Enters: quarter frames and full-frame messages, each with its arrival time, in MIDI's own thread,
which only puts them in a queue. Leaves: a `TimecodeReading` at each poll, in the engine's thread.

Eight quarter frames, two frames long, say the label that was current when the first of them was
sent (MIDI 1.0, "MIDI Time Code"). A full frame says where a machine that stands still is: no
position until it runs.
"""

from collections import deque
from collections.abc import Callable
from typing import Any

from live.beat.timecode import Label, RunningPosition, TimecodeReading
from live.monotonic import monotonic_s

_PIECES = 8
_RATES = ((24, False), (25, False), (30, True), (30, False))  # by the code in a message's hours
_MOST_AT_ONCE = 256  # messages of a poll: a flood must not hold up the dance
_FULL_FRAME = (0x7F, 0x01, 0x01)  # of system exclusive, where its device number is left out


class MidiTimecode:
    """Messages and their arrival times in, a position out; no port, no thread."""

    def __init__(self) -> None:
        self._pieces: list[int] = []  # of this label so far, in their order
        self._running = RunningPosition()

    def quarter_frame(self, kind: int, value: int, time_s: float) -> None:
        """kind: which piece, 0..7; value: four bits. Tape that runs backwards is not followed."""
        if kind != len(self._pieces):
            self._pieces.clear()
            if kind != 0:
                self._running.stop()
                return
        self._pieces.append(value & 0x0F)
        if len(self._pieces) < _PIECES:
            return
        label = _label(*(self._pieces[i] | self._pieces[i + 1] << 4 for i in range(0, _PIECES, 2)))
        self._pieces.clear()
        if label.is_possible:
            # The last piece comes seven quarter frames after the moment that the label names.
            position_s = label.position_s + (_PIECES - 1) / 4 * label.frame_s
            self._running.tell(label, position_s, time_s)

    def located(self) -> None:
        """A full frame: the machine stands somewhere else."""
        self._pieces.clear()
        self._running.stop()

    def reading(self, sample: float, time_s: float) -> TimecodeReading | None:
        return self._running.reading(sample, time_s)


def _label(frames: int, seconds: int, minutes: int, hours: int) -> Label:
    rate, is_drop = _RATES[hours >> 5 & 3]
    return Label(hours & 0x1F, minutes & 0x3F, seconds & 0x3F, frames & 0x1F, rate, is_drop)


class MtcSource:
    """`MidiTimecode` at a MIDI input; port: with a settable `callback`, as mido's inputs."""

    name = "mtc"

    def __init__(self, port: Any, now: Callable[[], float] = monotonic_s):
        self._port, self._now = port, now
        self._timecode = MidiTimecode()
        self._arrived: deque[tuple[Any, float]] = deque(maxlen=1024)
        port.callback = self._note

    def poll(self, sample: float, time_s: float) -> TimecodeReading | None:
        for _ in range(min(len(self._arrived), _MOST_AT_ONCE)):
            message, arrived_s = self._arrived.popleft()
            if message.type == "quarter_frame":
                self._timecode.quarter_frame(message.frame_type, message.frame_value, arrived_s)
            elif _is_full_frame(message.data):
                self._timecode.located()
        return self._timecode.reading(sample, time_s)

    def close(self) -> None:
        self._port.close()

    def _note(self, message: Any) -> None:
        if message.type in ("quarter_frame", "sysex"):
            self._arrived.append((message, self._now()))


def _is_full_frame(data: Any) -> bool:
    return len(data) == 8 and (data[0], data[2], data[3]) == _FULL_FRAME
