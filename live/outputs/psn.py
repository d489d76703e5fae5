"""The `psn` profile: where every dancer is, over PosiStageNet, for desks and media servers.

A tracker a dancer, its number the dancer's: position, speed, orientation, validity and time; once a
second its name. After the PosiStageNet protocol 2.03 (posistage.net): chunks of a little-endian
head, an identifier and a length whose top bit says that chunks are inside. Metres, y up, z to the
audience, as on our stage: a right-handed space, which the protocol leaves to the sender.

Enters: emissions. Leaves: PSN packets, not OSC. Runs in the engine's thread.
"""

import math
import struct
from collections.abc import Iterable

import numpy as np

from live.audio.features import SAMPLE_RATE
from live.body.skeleton import JOINT
from live.osc.encoding import HealthReport, check_finite
from live.outputs.emission import Emission

PSN_GROUP, PSN_PORT = "236.10.10.10", 56565
_INFO_PACKET, _DATA_PACKET = 0x6756, 0x6755
_HEADER, _SYSTEM_NAME, _INFO_TRACKERS, _TRACKER_NAME = 0x0000, 0x0001, 0x0002, 0x0000
_DATA_TRACKERS = 0x0001
_POS, _SPEED, _ORI, _STATUS, _TIMESTAMP = 0x0000, 0x0001, 0x0002, 0x0003, 0x0006
_VERSION = (2, 3)
_SYSTEM = b"PoseJockey"
_INFO_EVERY_S = 1.0
_LONGEST_STEP_S = 0.25  # across a longer gap a difference of positions is no speed
_CHEST = JOINT["chest"]


class Psn:
    """chosen: dancers to send, counted from 1; () for all."""

    def __init__(self, chosen: tuple[int, ...] = ()):
        self._chosen = chosen
        self._frame = 0
        self._informed_s = -math.inf
        self._last: tuple[int, np.ndarray] = (0, np.zeros((0, 3)))  # sample and places
        self._shown: dict[int, np.ndarray] = {}

    def encode(self, emission: Emission, health: HealthReport | None) -> list[bytes]:
        frame = emission.frame
        places = frame.joints[:, _CHEST].astype(np.float64)
        speeds = self._speeds(places, frame.sample)
        microseconds = frame.sample * 1_000_000 // SAMPLE_RATE
        trackers = {
            d + 1: (places[d], speeds[d], float(frame.heading[d]), 1.0)
            for d in range(len(places))
            if not self._chosen or d + 1 in self._chosen
        }
        for dancer in set(self._shown) - set(trackers):  # told once that it has left
            trackers[dancer] = (self._shown.pop(dancer), np.zeros(3), 0.0, 0.0)
        self._shown |= {d: place for d, (place, _, _, valid) in trackers.items() if valid}
        packets = [self._data(trackers, microseconds)]
        now_s = frame.sample / SAMPLE_RATE
        if not 0 <= now_s - self._informed_s < _INFO_EVERY_S:
            self._informed_s = now_s
            packets.append(self._info(trackers, microseconds))
        return packets

    def goodbye(self) -> list[bytes]:
        """Every tracker where it was, and no longer valid."""
        sample, _ = self._last
        gone = {d: (place, np.zeros(3), 0.0, 0.0) for d, place in self._shown.items()}
        return [self._data(gone, sample * 1_000_000 // SAMPLE_RATE)] if gone else []

    def _speeds(self, places: np.ndarray, sample: int) -> np.ndarray:
        before, known = self._last
        self._last = (sample, places)
        passed_s = (sample - before) / SAMPLE_RATE
        speeds = np.zeros_like(places)
        both = min(len(places), len(known))
        if 0 < passed_s <= _LONGEST_STEP_S:
            speeds[:both] = (places[:both] - known[:both]) / passed_s
        return speeds

    def _data(self, trackers: dict, microseconds: int) -> bytes:
        chunks = []
        for number, (place, speed, heading, valid) in sorted(trackers.items()):
            values = (*place.tolist(), *speed.tolist(), heading, valid)
            check_finite(values)
            inside = (
                _chunk(_POS, struct.pack("<fff", *values[:3])),
                _chunk(_SPEED, struct.pack("<fff", *values[3:6])),
                _chunk(_ORI, struct.pack("<fff", 0.0, heading, 0.0)),  # about y, radians
                _chunk(_STATUS, struct.pack("<f", valid)),
                _chunk(_TIMESTAMP, struct.pack("<Q", microseconds)),
            )
            chunks.append(_nest(number, inside))
        self._frame = (self._frame + 1) % 256
        head = self._header(microseconds, self._frame)
        return _nest(_DATA_PACKET, (head, _nest(_DATA_TRACKERS, chunks)))

    def _info(self, trackers: dict, microseconds: int) -> bytes:
        names = [
            _nest(number, (_chunk(_TRACKER_NAME, f"Dancer {number}".encode()),))
            for number in sorted(trackers)
        ]
        parts = (
            self._header(microseconds, self._frame),
            _chunk(_SYSTEM_NAME, _SYSTEM),
            _nest(_INFO_TRACKERS, names),
        )
        return _nest(_INFO_PACKET, parts)

    def _header(self, microseconds: int, frame: int) -> bytes:
        return _chunk(_HEADER, struct.pack("<QBBBB", microseconds, *_VERSION, frame, 1))


def _chunk(identifier: int, data: bytes) -> bytes:
    return struct.pack("<HH", identifier, len(data)) + data


def _nest(identifier: int, chunks: Iterable[bytes]) -> bytes:
    """A chunk of chunks."""
    data = b"".join(chunks)
    return struct.pack("<HH", identifier, 0x8000 | len(data)) + data
