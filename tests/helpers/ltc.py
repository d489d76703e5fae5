"""LTC as a machine would send it, written from SMPTE ST 12-1 and not from our decoder."""

import numpy as np

from live.beat.timecode import Label

DROP_FPS = 30_000 / 1001


def after(label: Label) -> Label:
    """The label of the next frame."""
    hours, minutes, seconds, frames = label.hours, label.minutes, label.seconds, label.frames + 1
    if frames == label.rate:
        seconds, frames = seconds + 1, 0
    if seconds == 60:
        minutes, seconds = minutes + 1, 0
        frames = 2 if label.is_drop and minutes % 10 else 0
    if minutes == 60:
        hours, minutes = hours + 1, 0
    return Label(hours % 24, minutes, seconds, frames, label.rate, label.is_drop)


def labels(first: Label, count: int) -> list[Label]:
    found = [first]
    while len(found) < count:
        found.append(after(found[-1]))
    return found


def bits(label: Label) -> list[int]:
    """The 80 bits of a frame in their order; user bits are zeros."""
    frame = [0] * 80
    numbers = (label.frames, label.seconds, label.minutes, label.hours)
    for value, units, tens in zip(numbers, (0, 16, 32, 48), (8, 24, 40, 56), strict=True):
        for i in range(4):
            frame[units + i] = value % 10 >> i & 1
            frame[tens + i] |= value // 10 >> i & 1
    frame[10] = int(label.is_drop)
    frame[64:] = [0, 0, *[1] * 12, 0, 1]
    return frame


def encode(shown: list[Label], fps: float, rate: int, level: float = 0.4) -> np.ndarray:
    """float32 [n]: biphase mark, its corners as round as a cable makes them."""
    edges_s = []
    for k, label in enumerate(shown):
        for j, bit in enumerate(bits(label)):
            start_s = (k + j / 80) / fps
            edges_s += [start_s, start_s + 0.5 / 80 / fps] if bit else [start_s]
    edges_s.append(len(shown) / fps)
    at = np.arange(round((len(shown) + 1) / fps * rate))
    square = 1 - 2 * (np.searchsorted(np.array(edges_s) * rate, at, side="right") % 2)
    return (level * np.convolve(square, [0.25, 0.5, 0.25], "same")).astype(np.float32)
