"""Stage frames to OSC bundles, and packets back to messages, by the words of `live.osc.schema`.

Enters: frames, health and controls, or the bytes of a packet from anybody. Leaves: the packets, or
the messages in them. Opens no socket. Runs in the caller's thread; an encoder belongs to one.
"""

import math
import struct
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.osc_packet import OscPacket, ParseError

from live.body.skeleton import JOINT_NAMES
from live.osc.schema import (
    ACK,
    BEAT,
    FRAME,
    HEALTH,
    JOINTS,
    LEVEL,
    MAX_BUNDLE_BYTES,
    MAX_DANCERS,
    ONSET,
    PANIC,
    PHRASE,
    PICTURE,
    POSE,
    ROOT,
    SAMPLE_WRAP,
    SECTION,
    STATE,
    STYLE,
    STYLES,
)


def encode_styles(request: str, names: Sequence[str]) -> bytes:
    """The styles of a show as a message; as many names as fit one packet."""
    packet = encode_message(STYLES.address, "s", (request,))
    for count in range(1, len(names) + 1):
        longer = encode_message(STYLES.address, "s" * (count + 1), (request, *names[:count]))
        if len(longer) > MAX_BUNDLE_BYTES:
            break
        packet = longer
    return packet


def encode_picture(name: str, value: float | str | None) -> bytes:
    """A control of PICTURE as a message; value: None has a switch change over."""
    types = "" if value is None else "s" if isinstance(value, str) else "f"
    return encode_message(PICTURE[name].address, types, () if value is None else (value,))


def encode_panic() -> bytes:
    """What visualizers are told when everything is to be as at the start."""
    return encode_message(PANIC.address, PANIC.types, ())


def encode_ack(name: str, obeyed: bool, value: float | str | None) -> bytes:
    """The answer to a control; value: as it is in force."""
    number, text = (0.0, value) if isinstance(value, str) else (value or 0.0, "")
    return encode_message(ACK.address, ACK.types, (name, int(obeyed), number, text))


@dataclass(frozen=True)
class HealthReport:
    fps: float
    step_p50_ms: float
    step_p99_ms: float
    xruns: int
    dropped: int
    latency_ms: float
    state: str


@dataclass(frozen=True)
class StageFrame:
    """Everything one emission says. Positions in metres, stage space; angles in radians."""

    frame: int
    sample: int  # presentation time, 24 kHz samples since the start
    joints: np.ndarray  # float32 [N, 19, 3]
    heading: np.ndarray  # float32 [N]
    beat: tuple[float, float, float, float]  # phase, bar phase, bpm, confidence
    onset: np.ndarray  # float32 [3]
    level: float
    style: np.ndarray  # float32 [S]
    section: tuple[int, int, int, float, float] = (0, -1, 0, 0.0, 0.0)  # as SECTION
    phrase: tuple[float, int] = (0.0, 16)  # as PHRASE


class FrameEncoder:
    """StageFrame to bundles of bytes.

    n_dancers: in the frames to come. flat: one message with a dancer's joints instead of 19.
    chosen: dancers to send, counted from 1, under their own numbers; () for all. Those who are not
    on stage are left out.

    python-osc lays each bundle out once; after that only the numbers are written into it, which
    takes 20 us a dancer where building 25 messages with the library takes 0.4 ms.
    """

    def __init__(
        self, n_dancers: int, n_styles: int, *, flat: bool = False, chosen: tuple[int, ...] = ()
    ):
        self.n_dancers = n_dancers
        self._rows = [d for d in range(n_dancers) if not chosen or d + 1 in chosen]
        self._bundles = [
            Template(
                [
                    (FRAME.address, "ii"),
                    *(_music_layout(n_styles) if place == 0 else ()),
                    *_dancer_layout(d + 1, flat),
                ]
            )
            for place, d in enumerate(self._rows)
        ]

    def encode(self, frame: StageFrame, health: HealthReport | None = None) -> list[bytes]:
        """One bundle a dancer sent; the first also carries the music, and the health if given."""
        head = (frame.frame & 0x7FFFFFFF, frame.sample % SAMPLE_WRAP)
        sound = (*frame.beat, *frame.onset.tolist(), frame.level, *frame.style.tolist())
        music = (*sound, *frame.section, *frame.phrase)
        bundles = []
        for d, template in zip(self._rows, self._bundles, strict=True):
            joints = frame.joints[d]
            body = (*joints[0].tolist(), float(frame.heading[d]), *joints.ravel().tolist())
            bundles.append(template.fill((*head, *(() if bundles else music), *body)))
        if health is not None and bundles:
            bundles[0] += encode_health(health)
        return bundles


@cache
def most_styles() -> int:
    """Styles whose weights fit into one bundle with all that a bundle may hold besides."""
    longest = Template(
        [(FRAME.address, "ii"), *_music_layout(0), *_dancer_layout(MAX_DANCERS, False)]
    )
    health = encode_health(HealthReport(0.0, 0.0, 0.0, 0, 0, 0.0, "dancing"))
    room = MAX_BUNDLE_BYTES - longest.size - len(health) + _style_bytes(0)
    return bisect_right(range(room), room, key=_style_bytes) - 1


def _style_bytes(styles: int) -> int:
    return len(encode_message(STYLE.address, "f" * styles, [0.0] * styles))


def check_finite(values: Iterable[float]) -> None:
    """ValueError for numbers that must not leave: NaN, infinity."""
    if not math.isfinite(sum(values)):
        raise ValueError("NaN or infinity in a packet")


def encode_health(health: HealthReport) -> bytes:
    """The health message as a bundle element: its length, then the message."""
    values = (
        health.fps, health.step_p50_ms, health.step_p99_ms,
        health.xruns & 0x7FFFFFFF, health.dropped & 0x7FFFFFFF,
        health.latency_ms, STATE[health.state],
    )  # fmt: skip
    message = encode_message(HEALTH.address, HEALTH.types, values)
    return struct.pack(">i", len(message)) + message


def encode_message(address: str, types: str, values) -> bytes:
    """One OSC message. types: a tag (i, f, s, b) for each value."""
    builder = OscMessageBuilder(address)
    for tag, value in zip(types, values, strict=True):
        builder.add_arg(value, tag)
    return builder.build().dgram


def decode(datagram: bytes) -> Iterator[tuple[str, list]]:
    """(address, arguments) of every message in a packet. Nothing at all from a damaged packet."""
    try:
        packet = OscPacket(datagram)
    except (ParseError, ValueError, IndexError, struct.error, RecursionError):
        return  # UnicodeDecodeError is a ValueError; bundles in bundles in bundles go too deep
    for timed in packet.messages:
        yield timed.message.address, timed.message.params


def _music_layout(n_styles: int):
    return (
        (BEAT.address, BEAT.types),
        (ONSET.address, ONSET.types),
        (LEVEL.address, LEVEL.types),
        (STYLE.address, "f" * n_styles),
        (SECTION.address, SECTION.types),
        (PHRASE.address, PHRASE.types),
    )


def _dancer_layout(dancer: int, flat: bool):
    root = (ROOT.address.format(dancer=dancer), ROOT.types)
    if flat:
        return (root, (POSE.address.format(dancer=dancer), POSE.types))
    return (
        root,
        *((JOINTS.address.format(dancer=dancer, joint=name), JOINTS.types) for name in JOINT_NAMES),
    )


class Template:
    """A bundle's bytes with the places of its numbers.

    layout: (address, types of the numbers) a message, or (address, types, texts) where texts that
    never change come before the numbers.
    """

    def __init__(self, layout: Iterable[tuple]):
        builder = OscBundleBuilder(IMMEDIATELY)
        self._fields = []
        offset = 16  # "#bundle", then the time tag
        for address, types, *texts in layout:
            message = OscMessageBuilder(address)
            for text in texts:
                message.add_arg(text, "s")
            for tag in types:
                message.add_arg(0, tag)
            built = message.build()
            builder.add_content(built)
            end = offset + 4 + built.size  # each element is preceded by its length
            self._fields.append((end - 4 * len(types), struct.Struct(">" + types)))
            offset = end
        self._bytes = bytearray(builder.build().dgram)
        if len(self._bytes) > MAX_BUNDLE_BYTES:
            raise ValueError(f"a bundle of {len(self._bytes)} bytes; at most {MAX_BUNDLE_BYTES}")

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self._bytes)

    def fill(self, values: Sequence[float]) -> bytes:
        """The bundle with these numbers, in the layout's order. ValueError where one is none."""
        check_finite(values)
        at = 0
        for offset, field in self._fields:
            count = field.size // 4
            field.pack_into(self._bytes, offset, *values[at : at + count])
            at += count
        return bytes(self._bytes)
