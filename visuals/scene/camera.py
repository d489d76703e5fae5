"""From the stage to the screen: a perspective camera that keeps every dancer in the picture.

The audience sits at +z and looks towards -z, so that from the front the stage's +x is the screen's
right. The camera may stand still, sway around the dancers, or cut to another place every other
bar. It knows the picture's shape, and looks from where nobody hides behind another: over the heads
of a crowd from higher up, and not so far from the side. No pygame: the window and the terminal use
the same camera.
"""

import math

import numpy as np

from live.errors import ConfigError
from live.osc.schema import CAMERAS
from visuals.scene.framing import Shot, axes, frame, hidden

_SLOPE = math.tan(
    math.radians(12)
)  # half the vertical field: a long lens, so that rows differ little
_WIDEST_SLOPE = _SLOPE * 2  # across: wider, and those at the sides would lean outwards
_NEAR_M = 0.3
_FOLLOW_S = 1.2  # time constant; faster, and the picture swims with every step
_WIDEN_S = 0.35  # nobody may leave the picture
_NARROW_S = 3.0
_LEAN_S = 2.5  # of the way to another pitch, or to a wider sway

_PITCH = math.radians(8)
_SWAY_RAD = math.radians(34)
_SWAY_S = 36.0  # there and back
_PUSH = 0.018  # of the distance, towards the dancers on the beat
_BARS_A_CUT = 2
_CUT_S = 6.0  # between cuts without a beat
_DRIFT_RAD_S = math.radians(1.6)  # a cut's place goes on moving a little
# (yaw, pitch), radians, of the places cut to.
_PLACES = tuple(
    (math.radians(yaw), math.radians(pitch))
    for yaw, pitch in ((0, 8), (36, 4), (-18, -5), (-40, 17), (14, 24), (58, 8), (-58, 3), (0, -4))
)
_MOST_HIDDEN = 0.35  # of anybody; from a direction where more would be, nobody looks
_LOOK_S = 1.0  # between looks at who hides behind whom
_HIGHER = np.radians(np.arange(0, 41, 5))  # added to a pitch, in this order; of a sway every third
_HIGHEST = math.radians(24)  # of a wide picture ...
_HIGHEST_TALL = math.radians(42)  # ... and of one twice as high as wide, which has room above
_NARROWER = (1.0, 0.75, 0.5, 0.3, 0.15, 0.0)  # shares of a yaw, in this order


class Camera:
    """Follows the dancers smoothly; `project` is pure given the camera's place.

    mode: one of CAMERAS; ConfigError for another one.
    """

    def __init__(self, mode: str = "front"):
        self._placed = False
        self.aim = np.array([0.0, 1.0, 0.0])  # what the lens looks at, metres
        self.distance = 6.0  # from there, metres
        self.yaw = 0.0  # around the aim, radians; positive towards the stage's +x
        self.pitch = _PITCH  # downwards, radians
        self.zoom = 1.0  # how much larger than framed
        self.cuts = 0  # so far; what is kept in pixels is worth nothing after one
        self._push = 0.0
        self._slope = _SLOPE
        self._highest = _HIGHEST
        self._time_s = self._cut_s = 0.0
        self._bars = self._place = 0
        self._next_look_s = 0.0
        self._sway, self._wanted_sway = _SWAY_RAD, _SWAY_RAD
        self._wanted_pitch = _PITCH
        self._narrowed = 1.0  # share of the place's yaw
        self.set_mode(mode)

    def set_mode(self, mode: str) -> None:
        """Move in this way from now on, one of CAMERAS. ConfigError for another one."""
        if mode not in CAMERAS:
            raise ConfigError(f"there is no camera {mode!r}; there are {', '.join(CAMERAS)}")
        self.mode = mode
        self._place = 0
        self._cut()

    def bar(self) -> None:
        """A bar has begun: the moment to cut."""
        self._bars += 1
        if self.mode == "cuts" and self._bars % _BARS_A_CUT == 0:
            self._place = (self._place + 1) % len(_PLACES)
            self._cut()

    def follow(self, joints: np.ndarray, aspect: float, dt_s: float, pulse: float = 0.0) -> None:
        """Move towards framing the dancers. joints [N, 19, 3]; aspect = width / height.

        pulse: 0..1, the beat's push towards the dancers (not from the front, where it stands).
        """
        self._slope = min(_SLOPE, _WIDEST_SLOPE / aspect)
        tall = min(max(1 - math.log2(2 * aspect) / math.log2(3.5), 0.0), 1.0)
        self._highest = _HIGHEST + (_HIGHEST_TALL - _HIGHEST) * tall
        self._turn(dt_s)
        self._push = 0.0 if self.mode == "front" else _PUSH * pulse
        if len(joints) == 0:
            return
        self._look_for_the_hidden(joints[:, 0])
        self._lean(dt_s)
        shot = frame(joints, self.yaw, self.pitch, (self._slope * aspect, self._slope))
        if self.mode != "front":  # what the push takes
            shot = Shot(shot.aim, shot.distance / (1 - _PUSH))
        if not self._placed:
            self._placed, self.aim, self.distance = True, shot.aim, shot.distance
            return
        self.aim = self.aim + (shot.aim - self.aim) * _gain(dt_s, _FOLLOW_S)
        pace = _WIDEN_S if shot.distance > self.distance else _NARROW_S
        self.distance += (shot.distance - self.distance) * _gain(dt_s, pace)

    @property
    def focus(self) -> np.ndarray:
        """The floor point [3] looked over, metres."""
        return self.aim * [1, 0, 1]

    @property
    def position(self) -> np.ndarray:
        return self.aim + self._axes[2] * self.distance * (1 - self._push)

    @property
    def right(self) -> np.ndarray:
        """The screen's right on the stage, a level unit vector."""
        return np.array([math.cos(self.yaw), 0.0, -math.sin(self.yaw)])

    @property
    def toward(self) -> np.ndarray:
        """From the dancers to the lens, a level unit vector."""
        return np.array([math.sin(self.yaw), 0.0, math.cos(self.yaw)])

    def half_width(self, size: tuple[int, int]) -> float:
        """Of what is seen at the aim, metres. size: (width, height) of the picture."""
        return self._slope * size[0] / size[1] * self.distance / self.zoom

    def depth(self, points: np.ndarray) -> np.ndarray:
        """Metres [...] in front of the lens, of stage points [..., 3]; negative behind it."""
        return -((np.asarray(points, np.float64) - self.position) @ self._axes[2])

    def project(self, points: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        """Stage points [..., 3] to (pixels [..., 2], pixels per metre there [...]).

        Points behind the lens are drawn in to its near plane. size: (width, height) in pixels.
        """
        width, height = size
        seen = (np.asarray(points, np.float64) - self.position) @ self._axes.T
        scale = self.zoom * height / 2 / self._slope / np.maximum(-seen[..., 2], _NEAR_M)
        x, y = width / 2 + seen[..., 0] * scale, height / 2 - seen[..., 1] * scale
        return np.stack([x, y], axis=-1), scale

    @property
    def _axes(self) -> np.ndarray:
        return axes(self.yaw, self.pitch)

    def _turn(self, dt_s: float) -> None:
        self._time_s += dt_s
        if self.mode == "orbit":
            self.yaw = self._sway * math.sin(2 * math.pi * self._time_s / _SWAY_S)
        elif self.mode == "cuts":
            self._cut_s += dt_s
            if self._cut_s > _CUT_S and self._bars == 0:
                self._place = (self._place + 1) % len(_PLACES)
                self._cut()
            self.yaw = _PLACES[self._place][0] * self._narrowed + _DRIFT_RAD_S * self._cut_s

    def _lean(self, dt_s: float) -> None:
        """Slowly to another pitch; at once where the picture is another one anyway."""
        gain = _gain(dt_s, _LEAN_S) if self._placed else 1.0
        self.pitch += (self._wanted_pitch - self.pitch) * gain
        self._sway += (self._wanted_sway - self._sway) * gain

    def _look_for_the_hidden(self, pelvis: np.ndarray) -> None:
        """Now and then: from how high, and from how far to the side, everybody is seen."""
        if self._placed and self._time_s < self._next_look_s:
            return
        self._next_look_s = self._time_s + _LOOK_S
        if self.mode == "orbit":
            share, self._wanted_pitch = clear_view(
                pelvis, _SWAY_RAD, _PITCH, self.distance, self._highest, sways=True
            )
            self._wanted_sway = share * _SWAY_RAD
        elif not self._placed or self.mode == "front":
            yaw, pitch = _PLACES[self._place]
            self._narrowed, self._wanted_pitch = clear_view(
                pelvis, yaw, pitch, self.distance, self._highest
            )
            if self.mode == "cuts":
                self.yaw = yaw * self._narrowed

    def _cut(self) -> None:
        """To the place at once, and framed anew with the next dancers seen."""
        self.yaw, self.pitch = _PLACES[self._place]
        self._time_s = self._cut_s = 0.0
        self._placed = False
        self.cuts += 1


def clear_view(
    pelvis: np.ndarray,
    yaw: float,
    pitch: float,
    distance: float,
    highest: float = _HIGHEST,
    sways: bool = False,
) -> tuple[float, float]:
    """(share of the yaw, pitch) from where nobody is hidden, or from where it is least.

    As little changed as can be: higher before less from the side. pelvis [N, 3]; distance: about
    how far away, metres; highest: pitch; sways: whether all is to be seen on the way to the other
    side as well.
    """
    if len(pelvis) < 2:
        return 1.0, pitch
    higher = _HIGHER[:: 3 if sways else 1]
    pitches = np.unique(np.minimum(pitch + higher, max(highest, pitch)))
    best = (math.inf, 1.0, pitch)
    for share in _NARROWER if yaw else (1.0,):
        sides = (np.array([-1, -0.5, 0.5, 1]) if sways else np.ones(1)) * share * yaw
        seen_from = np.tile(sides, len(pitches)), np.repeat(pitches, len(sides))
        found = hidden(pelvis, *seen_from, max(distance, 5.0)).reshape(len(pitches), -1)
        worst = found.max(axis=1)
        if (clear := np.flatnonzero(worst <= _MOST_HIDDEN)).size:
            return share, float(pitches[clear[0]])
        score = worst + found.mean(axis=1)
        least = int(score.argmin())
        best = min(best, (float(score[least]), share, float(pitches[least])), key=lambda b: b[0])
    return best[1], best[2]


def _gain(dt_s: float, time_constant_s: float) -> float:
    return 1.0 - math.exp(-max(dt_s, 0.0) / time_constant_s)
