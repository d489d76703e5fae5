"""Packets to values. They may come from anybody: what is not finite and in range is left out.

Enters: one UDP datagram, or one of a recorded session. Leaves: a `Packet`, or None. Pure; never
raises, whatever the bytes are.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from live.body.skeleton import JOINT_NAMES, N_JOINTS
from live.osc import encoding
from live.osc import schema as osc_schema
from live.osc.encoding import HealthReport
from live.osc.schema import MAX_DANCERS, SAMPLE_WRAP, STATES
from live.osc.values import Value, parse_arguments

_MAX_COORDINATE_M = 100.0
_MAX_REACH_M = 5.0  # of a joint from its pelvis: nobody is larger, and drawing one takes seconds
_MAX_NAME = 64
_MAX_PHRASE_BEATS = 256
JOINT_ADDRESS = {
    osc_schema.JOINTS.address.format(dancer=d, joint=name): (d, j)
    for d in range(1, MAX_DANCERS + 1)
    for j, name in enumerate(JOINT_NAMES)
}
_CONTROLS = {c.address: c for c in (*osc_schema.PICTURE.values(), osc_schema.PANIC)}


@dataclass
class Packet:
    """What one datagram said, checked."""

    sample: int | None = None
    joints: dict[int, np.ndarray] = field(default_factory=dict)
    music: "Music | None" = None
    health: HealthReport | None = None
    styles: tuple[str, ...] = ()  # the one asked for, then the names
    controls: list[tuple[str, Value]] = field(default_factory=list)  # of the picture; "": let go
    refused: int = 0  # controls of the picture that did not fit, beside others that did

    @property
    def dances(self) -> bool:
        """Whether it is of the stream, and not only about the picture."""
        return bool(self.joints or self.music or self.health)


@dataclass(frozen=True)
class Music:
    """What one bundle says of the sound; phases in [0, 1), the rest 0..1 but for bpm, 0..400."""

    beat: tuple[float, float, float, float]  # phase, bar phase, bpm, confidence
    onset: tuple[float, float, float]
    level: float
    style: np.ndarray
    section: str = ""  # its kind's name; "" where it is unknown, or nobody says
    returns: bool = False  # it was heard before
    phrase: tuple[float, int] = (0.0, 0)  # phase, length in beats; 0 where nobody says


def parse(datagram: bytes) -> Packet | None:
    """One datagram, checked. None if nothing in it can be used.

    Messages of other schemas are passed over, and so is a dancer with a missing or absurd joint:
    holding the last good pose looks better than a figure with an arm at infinity.
    """
    packet = Packet()
    bodies: dict[int, np.ndarray] = {}
    values: dict[str, tuple] = {}
    for address, arguments in encoding.decode(datagram):
        if address in _CONTROLS:
            control = parse_arguments(_CONTROLS[address], arguments)
            if control is None:
                packet.refused += 1
            else:
                packet.controls.append(control)
            continue
        if address == osc_schema.STYLES.address:
            packet.styles = _names(arguments)
            continue
        if not all_finite(arguments):
            continue
        if address in JOINT_ADDRESS and len(arguments) == 3:
            dancer, joint = JOINT_ADDRESS[address]
            body = bodies.setdefault(dancer, np.full((N_JOINTS, 3), np.nan, np.float32))
            body[joint] = np.clip(arguments, -1e6, 1e6)
        else:
            values[address] = tuple(arguments)
    good = {dancer: body for dancer, body in bodies.items() if is_body(body)}
    return _with_numbers(packet, values, good)


def packet_of_numbers(values: dict[str, tuple], bodies: dict[int, np.ndarray]) -> Packet | None:
    """values: the finite arguments of messages by address; bodies: joints [19, 3] that are some."""
    return _with_numbers(Packet(), values, bodies)


def _with_numbers(
    packet: Packet, values: dict[str, tuple], bodies: dict[int, np.ndarray]
) -> Packet | None:
    packet.sample = _sample(values)
    packet.music = _music(values)
    packet.health = _health(values)
    if packet.sample is not None:
        packet.joints = bodies
    useful = packet.dances or packet.styles or packet.controls
    return packet if useful else None


def is_body(joints: np.ndarray) -> bool:
    """Whether joints [19, 3] could be somebody's; NaN, which stands for a missing one, is not."""
    reach_m = np.abs(joints - joints[0]).max()
    return bool(np.abs(joints).max() <= _MAX_COORDINATE_M and reach_m <= _MAX_REACH_M)


def _names(arguments: list) -> tuple[str, ...]:
    """The style asked for, then the styles' names; () where one is no text to be written."""
    if not all(isinstance(text, str) and text.isprintable() for text in arguments):
        return ()
    return tuple(text[:_MAX_NAME] for text in arguments)


def all_finite(arguments: Sequence) -> bool:
    return all(type(v) in (float, int) and math.isfinite(v) for v in arguments)


def _sample(values: dict[str, tuple]) -> int | None:
    arguments = values.get(osc_schema.FRAME.address, ())
    if len(arguments) != 2 or not isinstance(arguments[1], int):
        return None
    return arguments[1] % SAMPLE_WRAP


def _music(values: dict[str, tuple]) -> Music | None:
    beat = values.get(osc_schema.BEAT.address, ())
    if len(beat) != 4:
        return None
    onset = values.get(osc_schema.ONSET.address, ())
    level = values.get(osc_schema.LEVEL.address, ())
    phase, bar_phase, bpm, confidence = beat
    return Music(
        beat=(phase % 1.0, bar_phase % 1.0, min(max(bpm, 0.0), 400.0), _unit(confidence)),
        onset=_three(onset),
        level=_unit(level[0]) if len(level) == 1 else 0.0,
        style=np.array(values.get(osc_schema.STYLE.address, ()), np.float32),
        **_section(values.get(osc_schema.SECTION.address, ())),
        phrase=_phrase(values.get(osc_schema.PHRASE.address, ())),
    )


def _section(arguments: tuple) -> dict:
    """Of an engine that says it; older ones do not."""
    if len(arguments) != len(osc_schema.SECTION.arguments):
        return {}
    kind = int(arguments[2])
    named = 0 < kind < len(osc_schema.SECTION_KINDS)
    name = osc_schema.SECTION_KINDS[kind] if named else ""
    return {"section": name, "returns": arguments[1] >= 0}


def _phrase(arguments: tuple) -> tuple[float, int]:
    if len(arguments) != 2 or not 0 < arguments[1] <= _MAX_PHRASE_BEATS:
        return 0.0, 0
    return arguments[0] % 1.0, int(arguments[1])


def _health(values: dict[str, tuple]) -> HealthReport | None:
    arguments = values.get(osc_schema.HEALTH.address, ())
    if len(arguments) != len(osc_schema.HEALTH.arguments):
        return None
    code = int(arguments[-1])
    if not 0 <= code < len(STATES):
        return None
    return HealthReport(*arguments[:-1], state=STATES[code])


def _three(onset: tuple) -> tuple[float, float, float]:
    low, mid, high = onset if len(onset) == 3 else (0.0, 0.0, 0.0)
    return _unit(low), _unit(mid), _unit(high)


def _unit(value: float) -> float:
    return min(max(float(value), 0.0), 1.0)
