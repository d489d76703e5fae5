"""From the stage to the screen: a perspective camera that keeps every dancer in the picture.

The audience sits at +z and looks towards -z, so the stage's +x is the screen's right. No pygame:
the window and the terminal use the same camera.
"""

import math

import numpy as np

_HALF_FOV = math.radians(16)  # vertical; a long lens, so that side dancers do not lean outwards
_HEIGHT_M = 1.75  # of the lens above the floor
_TARGET_M = 0.93  # what the lens looks at: the middle of a standing body
_REACH_M = 0.95  # from the pelvis to the fingertips of a stretched arm
_HALF_HEIGHT_M = 1.26  # head-room for raised arms and a strip of floor below the feet
_NEAR_M = 0.3
_FOLLOW_S = 1.2  # time constant; faster, and the picture swims with every step
_WIDEN_S = 0.35  # nobody may leave the picture
_NARROW_S = 3.0


class Camera:
    """Follows the dancers smoothly; `project` is pure given the camera's place."""

    def __init__(self):
        self._placed = False
        self.focus = np.zeros(3)  # the floor point looked over, metres
        self.distance = 4.5  # from the focus, along z, metres

    def follow(self, joints: np.ndarray, aspect: float, dt_s: float) -> None:
        """Move towards framing the dancers. joints [N, 19, 3]; aspect = width / height."""
        if len(joints) == 0:
            return
        focus, distance = _framing(joints[:, 0], aspect)
        if not self._placed:
            self._placed, self.focus, self.distance = True, focus, distance
            return
        self.focus = self.focus + (focus - self.focus) * _gain(dt_s, _FOLLOW_S)
        pace = _WIDEN_S if distance > self.distance else _NARROW_S
        self.distance += (distance - self.distance) * _gain(dt_s, pace)

    @property
    def position(self) -> np.ndarray:
        return self.focus + np.array([0.0, _HEIGHT_M, self.distance])

    def project(self, points: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        """Stage points [..., 3] to (pixels [..., 2], pixels per metre there [...]).

        Points behind the lens are drawn in to its near plane. size: (width, height) in pixels.
        """
        width, height = size
        pitch = math.atan2(_HEIGHT_M - _TARGET_M, self.distance)
        c, s = math.cos(pitch), math.sin(pitch)
        seen = np.asarray(points, np.float64) - self.position
        x, y, z = seen[..., 0], seen[..., 1], seen[..., 2]
        depth = np.maximum(-z * c - y * s, _NEAR_M)
        up = y * c - z * s
        scale = height / 2 / math.tan(_HALF_FOV) / depth
        return np.stack([width / 2 + x * scale, height / 2 - up * scale], axis=-1), scale


def _framing(pelvis: np.ndarray, aspect: float) -> tuple[np.ndarray, float]:
    low, high = pelvis.min(axis=0), pelvis.max(axis=0)
    focus = np.array([(low[0] + high[0]) / 2, 0.0, (low[2] + high[2]) / 2])
    half_width = (high[0] - low[0]) / 2 + _REACH_M
    half_depth = (high[2] - low[2]) / 2
    tangent = math.tan(_HALF_FOV)
    away = max(_HALF_HEIGHT_M / tangent, half_width / (tangent * aspect))
    return focus, float(away + half_depth)


def _gain(dt_s: float, time_constant_s: float) -> float:
    return 1.0 - math.exp(-max(dt_s, 0.0) / time_constant_s)
