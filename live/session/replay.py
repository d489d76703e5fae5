"""A recorded session sent again, in time."""

import math
import time
from collections.abc import Callable, Iterator
from os import PathLike

from live.audio.features import SAMPLE_RATE
from live.errors import ArtifactError, ConfigError
from live.monotonic import monotonic_s
from live.osc import encoding
from live.osc import schema as osc_schema
from live.osc.values import parse_arguments
from live.session.format import Record, control_of
from live.session.reader import SessionReader

_MAX_GROUP = 64  # packets sent at once; a frame has one a dancer


def replay(
    path: str | PathLike[str],
    send: Callable[[list[bytes]], None],
    speed: float = 1.0,
    clock: Callable[[], float] = monotonic_s,
    sleep: Callable[[float], None] = time.sleep,
    loop: bool = False,
) -> int:
    """Send a session's OSC packets again, in time; returns how many frames were sent.

    send: takes the packets of one frame. speed: 2 is twice as fast. loop: without end. A stall of
    more than a second is not caught up. ConfigError for the speed, ArtifactError for the file.
    """
    if not (math.isfinite(speed) and speed > 0):
        raise ConfigError(f"speed {speed:g}; it must be above 0, 1 is as recorded")
    session = SessionReader(path)
    start, frames = clock(), 0
    while True:
        first = before = offset = interval = None
        for sample, packets in _frames(session):
            first = sample if first is None else first
            if before is not None and sample > before:
                interval = sample - before
            before = sample
            offset = (sample - first) / SAMPLE_RATE / speed
            start = _wait(start, offset, clock, sleep)
            send(packets)
            frames += 1
        if offset is None:
            raise ArtifactError(f"{path} holds no OSC packets to send; record a longer session")
        if not loop:
            return frames
        # The first frame follows the last as frames follow each other.
        start += offset + (interval or SAMPLE_RATE) / SAMPLE_RATE / speed


def _frames(session: SessionReader) -> Iterator[tuple[int, list[bytes]]]:
    """Packets of the same presentation time together, _MAX_GROUP at most; before them what was
    played on the picture since the ones before, which the show has sent to visualizers alone."""
    group: list[bytes] = []
    played: list[bytes] = []
    current = 0
    for record in session:
        if record.topic == "control":
            packet = _picture_of(record)
            played = [*played, packet][-_MAX_GROUP:] if packet else played
        if record.topic != "osc":
            continue
        if group and (record.sample != current or len(group) >= _MAX_GROUP):
            yield current, group
            group = []
        current = record.sample
        group += [*played, record.data]
        played = []
    if group:
        yield current, group


def _wait(
    start: float, offset: float, clock: Callable[[], float], sleep: Callable[[float], None]
) -> float:
    """Sleep until start + offset; returns the start, moved if that moment is long past."""
    while (left := start + offset - clock()) > 0:
        sleep(min(left, 1.0))
    return start if left > -1.0 else start - left


def _picture_of(record: Record) -> bytes | None:
    """What a control of the picture was sent as; None for any other one."""
    control = control_of(record)
    if control is None or control[0] not in osc_schema.PICTURE:
        return None
    name, value = control
    played = parse_arguments(osc_schema.PICTURE[name], [] if value is None else [value])
    return encoding.encode_picture(*played) if played and played[0] else None
