"""How late sound is heard and pictures are seen: clicks found in a recording, taps beside flashes.

Pure functions over samples and times; `live/cli/calibrate.py` plays, records and asks.

A click is a chirp of 20 ms from 800 to 6000 Hz: its matched filter gains some 20 dB over noise of
its band and leaves a peak of a quarter of a millisecond, whatever the room does to its phase.
"""

from dataclasses import dataclass

import numpy as np

CLICK_S = 0.02
INTERVAL_S = 0.6  # from click to click
LEAD_S = 0.6  # of silence before the first: devices fade in
LONGEST_S = 0.55  # round trip that can be told from the next click
_BAND_HZ = (800.0, 6000.0)
_LOUDNESS = 0.6
# A peak over the median of the correlation. Noise alone reaches 4.3 in half a second.
_AUDIBLE = 6.0
_AGREE_S = 0.01  # heard clicks are this close to the median; what is not, is something else
_DIRECT = 0.6  # of the highest peak: the first that high is the direct sound, the rest echoes


@dataclass(frozen=True)
class Delay:
    """Median and half the range of the middle 90 %, s; count: how many agreed."""

    median_s: float
    spread_s: float
    count: int


def make_click(rate: int) -> np.ndarray:
    """float32 [n], -1..1."""
    t = np.arange(round(CLICK_S * rate)) / rate
    low, high = _BAND_HZ[0], min(_BAND_HZ[1], 0.4 * rate)
    phase = 2 * np.pi * (low * t + (high - low) * t**2 / (2 * CLICK_S))
    return (_LOUDNESS * np.hanning(len(t)) * np.sin(phase)).astype(np.float32)


def make_clicks(count: int, rate: int) -> np.ndarray:
    """float32 [n]: what to play, with time to hear the last click."""
    audio = np.zeros(round((LEAD_S + count * INTERVAL_S) * rate), np.float32)
    click = make_click(rate)
    for start in click_starts(count, rate):
        audio[start : start + len(click)] = click
    return audio


def click_starts(count: int, rate: int) -> np.ndarray:
    """int64 [count]: the sample each click begins at."""
    return np.round((LEAD_S + INTERVAL_S * np.arange(count)) * rate).astype(np.int64)


def find_delay(recorded: np.ndarray, count: int, rate: int) -> Delay | None:
    """The round trip of the clicks of `make_clicks` in a recording of the same length.

    recorded: float32 [n]. None if no two clicks were heard alike.
    """
    match = _matched(recorded.astype(np.float64), make_click(rate).astype(np.float64))
    found = (_delay_in(match[s : s + round(LONGEST_S * rate)]) for s in click_starts(count, rate))
    delays_s = np.array([d / rate for d in found if d is not None])
    return _agreed(delays_s, _AGREE_S)


def tap_delay(taps_s: np.ndarray, flashes_s: np.ndarray, period_s: float) -> Delay | None:
    """How long after a flash the taps came; None for less than four.

    taps_s, flashes_s: monotonic seconds; a tap belongs to the flash within half a period.
    """
    if len(taps_s) < 4 or len(flashes_s) == 0:
        return None
    late_s = (np.asarray(taps_s) - flashes_s[0] + period_s / 2) % period_s - period_s / 2
    return _agreed(late_s, period_s / 4)


def _matched(recorded: np.ndarray, click: np.ndarray) -> np.ndarray:
    """Envelope of the cross-correlation; index i is a click that begins at i."""
    size = 1 << (len(recorded) + len(click) - 1).bit_length()
    spectrum = np.fft.fft(recorded, size) * np.conj(np.fft.fft(click, size))
    spectrum[size // 2 :] = 0.0  # no negative frequencies: the magnitude is the envelope
    return np.abs(np.fft.ifft(spectrum))[: len(recorded)]


def _delay_in(match: np.ndarray) -> float | None:
    """Samples to the first peak that is a click."""
    highest = float(match.max(initial=0.0))
    if highest <= _AUDIBLE * float(np.median(match)) or highest < 1e-6:
        return None
    first = int(np.argmax(match >= _DIRECT * highest))
    while first + 1 < len(match) and match[first + 1] > match[first]:
        first += 1
    return float(first)


def _agreed(delays_s: np.ndarray, within_s: float) -> Delay | None:
    if len(delays_s) < 2:
        return None
    delays_s = delays_s[np.abs(delays_s - np.median(delays_s)) <= within_s]
    if len(delays_s) < 2:
        return None
    low, middle, high = np.percentile(delays_s, (5, 50, 95))
    return Delay(float(middle), float(high - low) / 2, len(delays_s))
