"""One moment ready to be drawn: the view seen by the camera, with its colours and its pulse.

Pure numbers, no pygame: every look and the floor read from a `RenderScene` and keep no camera.
"""

import math
from dataclasses import dataclass

import numpy as np

from live.body.skeleton import JOINT, N_JOINTS
from live.palettes import DEFAULT as DEFAULT_PALETTE
from live.palettes import PALETTES, Color, Palette
from visuals.feed.view import View
from visuals.scene.camera import Camera

SKULL = N_JOINTS  # the index of the extra point

# Photosensitivity (WCAG 2.3.1): never more than three pulses a second, so 180 a minute.
MAX_PULSE_BPM = 180.0

_FADE_AFTER_S = 0.5  # a silent feed dims from here ...
_FADED_S = 1.0  # ... to here
_GHOST = 0.22  # and stays this bright


@dataclass(frozen=True)
class RenderScene:
    """What the looks draw: the 19 joints of each figure and, as a 20th point, its skull."""

    view: View
    camera: Camera
    size: tuple[int, int]  # pixels (width, height)
    dt_s: float
    points: np.ndarray  # [N, 20, 3], metres
    xy: np.ndarray  # [N, 20, 2], pixels
    scale: np.ndarray  # [N, 20], pixels per metre at that depth
    palette: Palette
    colors: tuple[tuple[Color, Color], ...]  # (body, own left side) of each figure
    pulse: float  # 1 on the beat falling to 0 before the next; 0 without a beat
    accent: float  # the same on the bar's first beat alone
    presence: float  # 1, or less when the feed is silent
    glow: float = 1.0  # of the look's own light around the dancers, 0..2
    trail: float = 1.0  # of the look's own length of what trails behind them, 0..2

    @property
    def figures(self) -> int:
        return len(self.xy)

    @property
    def middle(self) -> np.ndarray:
        """The floor point [3] between the dancers; where the camera looks if there are none."""
        if self.figures == 0:
            return self.camera.focus
        return self.view.joints[:, 0].mean(axis=0) * [1, 0, 1]


def compose(
    view: View,
    camera: Camera,
    size: tuple[int, int],
    dt_s: float,
    palette: Palette = PALETTES[DEFAULT_PALETTE],
    glow: float = 1.0,
    trail: float = 1.0,
) -> RenderScene:
    """The scene of a view. size: pixels (width, height); dt_s: since the last scene."""
    points = with_skull(view.joints)
    xy, scale = camera.project(points, size)
    presence = presence_of(view.age_s)
    pulse, accent = pulses(view)
    return RenderScene(
        view=view,
        camera=camera,
        size=size,
        dt_s=dt_s,
        points=points,
        xy=xy,
        scale=scale,
        palette=palette,
        colors=tuple(palette.of(d) for d in view.dancers),
        pulse=pulse * presence,
        accent=accent * presence,
        presence=presence,
        glow=glow,
        trail=trail,
    )


def pulses(view: View) -> tuple[float, float]:
    """(pulse, accent), 0..1: steep on the beat, as sure as the clock is; accent on the one."""
    if view.bpm <= 0 or view.lost:
        return 0.0, 0.0
    # Above the limit only the bar's first beat is left, whatever the metre.
    phase = view.beat_phase if view.bpm <= MAX_PULSE_BPM else view.bar_phase
    strength = (1 - phase) ** 3 * (0.25 + 0.75 * view.confidence)
    on_the_one = view.bar_phase < 0.24  # less than one beat of three or of four
    return strength, strength if on_the_one else 0.0


def presence_of(age_s: float) -> float:
    """Brightness of the figures, 0..1, by the age of the feed."""
    if math.isinf(age_s):
        return _GHOST
    gone = (age_s - _FADE_AFTER_S) / (_FADED_S - _FADE_AFTER_S)
    return 1.0 - (1.0 - _GHOST) * min(max(gone, 0.0), 1.0)


def with_skull(joints: np.ndarray) -> np.ndarray:
    """Joints [N, 19, 3] and the skull's middle, [N, 20, 3]: the head joint is near the crown."""
    neck, head = joints[:, JOINT["neck"]], joints[:, JOINT["head"]]
    return np.concatenate([joints, (neck + 0.8 * (head - neck))[:, None]], axis=1)
