"""Light in colour: hue, saturation and intensity of each group of lamps.

The picture's palette gives the colours; the phrase and the section say whose turn each is, how
bright it is and how quickly it changes: slowly, but for hits on the beats of a drop. Enters: what
the stage says of the music, an emission at a time. Leaves: [GROUPS, 3], 0 to 1. Engine's thread.
"""

import colorsys
import math
from dataclasses import dataclass

import numpy as np

from live.osc.encoding import StageFrame
from live.osc.schema import SECTION_KINDS
from live.palettes import PALETTES

GROUPS = 8
"""Groups of lamps, counted from 1; each has its own colour of the palette."""


@dataclass(frozen=True)
class Mood:
    """How a section is lit. bright: intensity between hits, at middling loudness; hit: what a beat
    adds; pure: of the palette's saturation; fade_s: how slowly the colour changes. apart: whether
    the groups have colours of their own."""

    bright: float
    hit: float
    pure: float
    fade_s: float
    apart: bool = True


MOODS = {
    "unknown": Mood(0.55, 0.10, 1.0, 2.5),
    "intro": Mood(0.35, 0.0, 0.9, 4.0, apart=False),
    "verse": Mood(0.50, 0.10, 1.0, 2.5),
    "build": Mood(0.55, 0.15, 0.8, 2.0),
    "drop": Mood(0.55, 0.45, 1.0, 1.2),
    "break": Mood(0.25, 0.0, 0.85, 5.0, apart=False),
    "outro": Mood(0.30, 0.0, 0.9, 4.0, apart=False),
}
_DIM = 0.2  # of what it would be: while nothing plays
_BRIGHTNESS_FADE_S = 1.5
_BUILD_BEATS = 16  # in which a build grows by half
_ENERGY_S = 2.0  # over which loudness counts
_UNTOLD = 6.0  # fades longer than this a gap in time is not


class ColourMaker:
    """Owns where each group's colour and the brightness stand."""

    def __init__(self) -> None:
        self._colours = np.zeros((GROUPS, 3))  # full colours, red green blue
        self._turn = 0  # phrases so far: whose turn a colour is
        self._phrase = 1.0
        self._bright = 0.0
        self._energy = 0.5
        self._palette = ""
        self._targets = np.zeros((1, 3))

    def step(
        self, frame: StageFrame, level: float, flash: float, is_playing: bool, palette: str,
        dt_s: float,
    ) -> np.ndarray:  # fmt: skip
        """level: stretched loudness; flash: that of the beat, 0 to 1. Hue, saturation, intensity,
        [GROUPS, 3]."""
        is_new = palette != self._palette
        if is_new:
            self._palette, self._targets = palette, _full_colours(palette)
        mood = MOODS[SECTION_KINDS[frame.section[2]]]
        self._count_phrases(frame.phrase[0])
        dt_s = min(max(dt_s, 0.0), _UNTOLD)
        wanted = self._wanted(mood)
        share = 1.0 if not self._colours.any() else 1.0 - math.exp(-3 * dt_s / mood.fade_s)
        self._colours += (wanted - self._colours) * share
        self._energy += (level - self._energy) * (1.0 - math.exp(-dt_s / _ENERGY_S))
        bright = self._brightness(mood, frame, is_playing)
        self._bright += (bright - self._bright) * (1.0 - math.exp(-3 * dt_s / _BRIGHTNESS_FADE_S))
        intensity = self._bright + (mood.hit * flash if is_playing else 0.0)
        return _hsv(self._colours, min(max(intensity, 0.0), 1.0))

    def _count_phrases(self, phase: float) -> None:
        if phase < self._phrase - 0.5:
            self._turn += 1
        self._phrase = phase

    def _wanted(self, mood: Mood) -> np.ndarray:
        own = np.arange(GROUPS) if mood.apart else np.zeros(GROUPS, int)
        colours = self._targets[(own + self._turn) % len(self._targets)]
        return 1.0 - (1.0 - colours) * mood.pure

    def _brightness(self, mood: Mood, frame: StageFrame, is_playing: bool) -> float:
        bright = mood.bright * (0.6 + 0.8 * self._energy)
        if SECTION_KINDS[frame.section[2]] == "build":
            bright *= 1.0 + 0.5 * min(frame.section[3] / _BUILD_BEATS, 1.0)
        return bright if is_playing else _DIM * bright


def mixed(hue: float, saturation: float) -> tuple[float, float, float]:
    """Red, green and blue of a full colour, 0 to 1."""
    return colorsys.hsv_to_rgb(hue, saturation, 1.0)


def _full_colours(palette: str) -> np.ndarray:
    """The dancers' colours of a palette, each as bright as it can be, [n, 3]."""
    colours = np.array([body for body, _ in PALETTES[palette].dancers], float)
    return colours / np.maximum(colours.max(axis=1, keepdims=True), 1.0)


def _hsv(colours: np.ndarray, intensity: float) -> np.ndarray:
    """Full colours [n, 3] to hue, saturation and this intensity."""
    rows = [colorsys.rgb_to_hsv(*np.clip(colour, 0.0, 1.0).tolist()) for colour in colours]
    return np.array([(hue, saturation, intensity) for hue, saturation, _ in rows])
