"""From the stage to the screen: a perspective camera that keeps every dancer in the picture.

The audience sits at +z and looks towards -z, so that from the front the stage's +x is the screen's
right. The camera may stand still, sway around the dancers, or cut to another place every other
bar. No pygame: the window and the terminal use the same camera.
"""

import math

import numpy as np

from live.errors import ConfigError
from live.osc.schema import CAMERAS

_HALF_FOV = math.radians(16)  # vertical; a long lens, so that side dancers do not lean outwards
_HEIGHT_M = 1.75  # of the lens above the floor
_TARGET_M = 0.93  # what the lens looks at: the middle of a standing body
_REACH_M = 0.95  # from the pelvis to the fingertips of a stretched arm
_HALF_HEIGHT_M = 1.26  # head-room for raised arms and a strip of floor below the feet
_NEAR_M = 0.3
_FOLLOW_S = 1.2  # time constant; faster, and the picture swims with every step
_WIDEN_S = 0.35  # nobody may leave the picture
_NARROW_S = 3.0

_SWAY_RAD = math.radians(34)
_SWAY_S = 36.0  # there and back
_PUSH = 0.018  # of the distance, towards the dancers on the beat
_BARS_A_CUT = 2
_CUT_S = 6.0  # between cuts without a beat
_DRIFT_RAD_S = math.radians(1.6)  # a cut's place goes on moving a little
# (radians around the dancers, height in metres) of the places cut to.
_PLACES = tuple(
    (math.radians(degrees), height_m)
    for degrees, height_m in (
        (0, 1.75), (36, 1.3), (-18, 0.5), (-40, 2.4), (14, 3.0), (58, 1.7), (-58, 1.2), (0, 0.6)
    )
)  # fmt: skip


class Camera:
    """Follows the dancers smoothly; `project` is pure given the camera's place.

    mode: one of CAMERAS; ConfigError for another one.
    """

    def __init__(self, mode: str = "front"):
        self._placed = False
        self.focus = np.zeros(3)  # the floor point looked over, metres
        self.distance = 4.5  # from the focus, level, metres
        self.yaw = 0.0  # around the focus, radians; positive towards the stage's +x
        self.height = _HEIGHT_M
        self.cuts = 0  # so far; what is kept in pixels is worth nothing after one
        self._push = 0.0
        self._time_s = self._cut_s = 0.0
        self._bars = self._place = 0
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
        self._turn(dt_s)
        self._push = 0.0 if self.mode == "front" else _PUSH * pulse
        if len(joints) == 0:
            return
        focus, distance = self._framing(joints[:, 0], aspect)
        if not self._placed:
            self._placed, self.focus, self.distance = True, focus, distance
            return
        self.focus = self.focus + (focus - self.focus) * _gain(dt_s, _FOLLOW_S)
        pace = _WIDEN_S if distance > self.distance else _NARROW_S
        self.distance += (distance - self.distance) * _gain(dt_s, pace)

    @property
    def position(self) -> np.ndarray:
        lens_m = self.distance * (1 - self._push)
        return self.focus + np.array([0.0, self.height, 0.0]) + self.toward * lens_m

    @property
    def right(self) -> np.ndarray:
        """The screen's right on the stage, a level unit vector."""
        return np.array([math.cos(self.yaw), 0.0, -math.sin(self.yaw)])

    @property
    def toward(self) -> np.ndarray:
        """From the dancers to the lens, a level unit vector."""
        return np.array([math.sin(self.yaw), 0.0, math.cos(self.yaw)])

    def depth(self, points: np.ndarray) -> np.ndarray:
        """Metres [...] in front of the lens, of stage points [..., 3]; negative behind it."""
        c, s = self._pitch()
        seen = np.asarray(points, np.float64) - self.position
        return -(seen @ self.toward) * c - seen[..., 1] * s

    def project(self, points: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        """Stage points [..., 3] to (pixels [..., 2], pixels per metre there [...]).

        Points behind the lens are drawn in to its near plane. size: (width, height) in pixels.
        """
        width, height = size
        c, s = self._pitch()
        seen = np.asarray(points, np.float64) - self.position
        x, y, z = seen @ self.right, seen[..., 1], seen @ self.toward
        depth = np.maximum(-z * c - y * s, _NEAR_M)
        up = y * c - z * s
        scale = height / 2 / math.tan(_HALF_FOV) / depth
        return np.stack([width / 2 + x * scale, height / 2 - up * scale], axis=-1), scale

    def _pitch(self) -> tuple[float, float]:
        """Cosine and sine of the lens' angle downwards."""
        pitch = math.atan2(self.height - _TARGET_M, self.distance)
        return math.cos(pitch), math.sin(pitch)

    def _turn(self, dt_s: float) -> None:
        self._time_s += dt_s
        if self.mode == "orbit":
            self.yaw = _SWAY_RAD * math.sin(2 * math.pi * self._time_s / _SWAY_S)
        elif self.mode == "cuts":
            self._cut_s += dt_s
            if self._cut_s > _CUT_S and self._bars == 0:
                self._place = (self._place + 1) % len(_PLACES)
                self._cut()
            self.yaw = _PLACES[self._place][0] + _DRIFT_RAD_S * self._cut_s

    def _cut(self) -> None:
        """To the place at once, and framed anew with the next dancers seen."""
        self.yaw, self.height = _PLACES[self._place]
        self._time_s = self._cut_s = 0.0
        self._placed = False
        self.cuts += 1

    def _framing(self, pelvis: np.ndarray, aspect: float) -> tuple[np.ndarray, float]:
        across, along = pelvis @ self.right, pelvis @ self.toward
        focus = (across.max() + across.min()) / 2 * self.right
        focus = focus + (along.max() + along.min()) / 2 * self.toward
        half_width = np.ptp(across) / 2 + _REACH_M
        half_depth = np.ptp(along) / 2
        tangent = math.tan(_HALF_FOV)
        away = max(_HALF_HEIGHT_M / tangent, half_width / (tangent * aspect))
        if self.mode != "front":
            away /= 1 - 2 * _PUSH  # what the push takes
            # From above, those at the back stand higher in the picture; from below, lower.
            slope = abs(self.height - _TARGET_M) / (away + half_depth)
            away += half_depth * slope / tangent
        return focus, float(away + half_depth)


def _gain(dt_s: float, time_constant_s: float) -> float:
    return 1.0 - math.exp(-max(dt_s, 0.0) / time_constant_s)
