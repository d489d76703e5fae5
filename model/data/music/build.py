"""How a build leads into a drop: a roll that doubles, a riser, and the low end taken away.

Enters: the bars of a song, and its tapes with everything else on them. Leaves: strokes of the
roll, and the tapes filtered. What a song's builds have is drawn from its seed, apart from all other
choices, so that songs without builds do not change.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from model.data.music.form import Bar
from model.data.music.score import BeatGrid
from model.data.music.song import STEPS_PER_BEAT, Array

_BLOCK = 2048  # samples of one setting of a filter that sweeps, half overlapped
_SPACINGS = (4, 2, 1, 0.5)  # steps between the strokes of a roll, quarter by quarter of a build


@dataclass(frozen=True)
class BuildStyle:
    """What the builds of a song have.

    kick: it goes on through the first half; bass: it plays on; low_hz, high_hz: where the
    high-pass begins and ends; opens: the pitched parts open from a low-pass at the same time;
    breath: the last beat is empty.
    """

    kick: bool
    bass: bool
    low_hz: float
    high_hz: float
    opens: bool
    breath: bool

    @classmethod
    def draw(cls, seed: int) -> "BuildStyle":
        rng = np.random.default_rng([seed, 1])
        chances = rng.random(4)
        return cls(
            kick=bool(chances[0] < 0.5),
            bass=bool(chances[1] < 0.3),
            low_hz=float(rng.uniform(30, 120)),
            high_hz=float(rng.choice([120.0, rng.uniform(200, 900)])),
            opens=bool(chances[2] < 0.6),
            breath=bool(chances[3] < 0.4),
        )


def roll(bar: Bar, steps: int, style: BuildStyle) -> list[tuple[str, float, float]]:
    """(voice, step, velocity): a snare in quarters, eighths, sixteenths and faster, ever louder."""
    total = bar.in_section + bar.to_end + 1
    spacing = _SPACINGS[min(4 * bar.in_section // total, 3)] if total > 3 else 2
    at = np.arange(0, steps, spacing)
    done = (bar.in_section + at / steps) / total
    strokes = [("snare", float(s), float(0.2 + 0.65 * d)) for s, d in zip(at, done, strict=True)]
    if style.kick and 2 * bar.in_section < total:
        strokes += [("kick", float(s), 0.9) for s in range(0, steps, STEPS_PER_BEAT)]
    return strokes


def spans(bars: list[Bar], grid: BeatGrid, metre: int) -> Iterator[tuple[float, float]]:
    """Where each build begins and ends, s."""
    for bar in bars:
        if bar.section == "build" and (bar.in_section == 0 or bar.index == 0):
            first = bar.index * metre
            start_s, end_s = grid.at(np.array([first, first + (bar.to_end + 1) * metre]))
            yield float(start_s), float(end_s)


def shape(
    drums: Array, tonal: Array, span_s: tuple[float, float], sample_rate: int, style: BuildStyle
) -> None:
    """Filter both tapes through a build, in place."""
    start, end = (min(round(s * sample_rate), len(drums)) for s in span_s)
    if end - start < 2 * _BLOCK:
        return
    for tape in (drums, tonal):
        opens = style.opens and tape is tonal
        tape[start:end] = _swept(tape[start:end], sample_rate, style, opens)


def _swept(audio: Array, sample_rate: int, style: BuildStyle, opens: bool) -> Array:
    hop = _BLOCK // 2
    padded = np.pad(audio, (hop, _BLOCK))
    out = np.zeros_like(padded)
    window = np.hanning(_BLOCK + 1)[:-1]
    freq = np.fft.rfftfreq(_BLOCK, 1 / sample_rate)
    for at in range(0, len(padded) - _BLOCK, hop):
        done = min(at / len(audio), 1.0)
        low = style.low_hz * (style.high_hz / style.low_hz) ** done
        gain = 1 / np.sqrt(1 + (low / np.maximum(freq, 1.0)) ** 6)
        if opens:
            gain = gain / np.sqrt(1 + (freq / (400.0 * 25.0**done)) ** 4)
        block = np.fft.irfft(np.fft.rfft(padded[at : at + _BLOCK] * window) * gain, _BLOCK)
        out[at : at + _BLOCK] += block
    return out[hop : hop + len(audio)].astype(np.float32)
