"""BlazePose's two networks: where people are in a picture, and where one person's 33 landmarks are.

Enters: a picture, and for the landmarks a square around one person. Leaves: detections; landmarks
in the picture's pixels and in metres around the hips, in the camera's axes. Weights:
`model/weights` (Apache-2.0), by ONNX Runtime on one thread. Bazarevsky et al., "BlazePose:
On-device Real-time Body Pose tracking" (2020), and the constants of MediaPipe's graphs.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import zstandard

N_LANDMARKS = 33
WEIGHTS = Path(__file__).parents[3] / "weights"

_MAX_BYTES = 1 << 25  # of a network; 6 MB
_DETECTOR_SIDE, _LANDMARK_SIDE = 224, 256
_MIN_SCORE = 0.5
_OVERLAP = 0.3  # of two boxes of one person
_MARGIN = 1.25  # of the square around the circle through head and feet
_HIPS, _CIRCLE = (
    33,
    34,
)  # two more points of the landmark network: middle, and a point of the circle
_FEATURES = ((28, 2), (14, 2), (7, 6))  # cells a side, anchors a cell


@dataclass(frozen=True)
class Square:
    """A turned square of the picture: centre [2] and side in pixels; angle, radians clockwise."""

    centre: np.ndarray
    side: float
    angle: float

    @classmethod
    def around(cls, hips: np.ndarray, circle: np.ndarray) -> "Square":
        """The square whose up is the way from the hips to a point on the body's circle."""
        x, y = circle - hips
        return cls(hips, 2 * _MARGIN * float(np.hypot(x, y)), float(np.arctan2(x, -y)))

    @cached_property
    def axes(self) -> np.ndarray:
        """float64 [2, 2]: columns are the square's right and down in the picture, a side long."""
        c, s = np.cos(self.angle), np.sin(self.angle)
        return self.side * np.array([[c, -s], [s, c]])


@dataclass(frozen=True)
class Detection:
    """A person. hips, circle, shoulders: pixels [2], the first two as in `Square.around`."""

    hips: np.ndarray
    circle: np.ndarray
    shoulders: np.ndarray
    score: float

    @property
    def square(self) -> Square:
        return Square.around(self.hips, self.circle)


@dataclass(frozen=True)
class Landmarks:
    """One person in one picture.

    picture: float32 [33, 2], pixels. world: float32 [33, 3], metres around the hips, x right,
    y down, z away from the camera. visibility: float32 [33], 0 to 1. presence: 0 to 1, whether
    this is a person. next_square: where to look in the next picture.
    """

    picture: np.ndarray
    world: np.ndarray
    visibility: np.ndarray
    presence: float
    next_square: Square


class PoseNetworks:
    """Both networks, loaded once."""

    def __init__(self) -> None:
        self._detector = _session("pose_detector")
        self._landmarks = _session("pose_landmarks")

    def detect(self, rgb: np.ndarray, closely: bool = False) -> list[Detection]:
        """People in a picture, the surest first; `closely`: also those who are small in it."""
        height, width = rgb.shape[:2]
        middle, side = np.array([width / 2, height / 2]), float(max(width, height))
        found = self._within(rgb, Square(middle, side, 0.0))
        for square in _parts(width, height) if closely else ():
            for person in self._within(rgb, square):
                if _is_inside(person, square) and not any(_are_same(person, p) for p in found):
                    found.append(person)
        return found

    def _within(self, rgb: np.ndarray, whole: Square) -> list[Detection]:
        image = crop(rgb, whole, _DETECTOR_SIDE) * 2 - 1
        # What lies beyond the picture is black for the network, which takes -1 to 1.
        boxes, scores = self._detector.run(["boxes", "scores"], {"image": image[None]})
        probability = _sigmoid(np.clip(scores[0, :, 0], -100, 100))
        sure = probability >= _MIN_SCORE
        points = boxes[0, sure].reshape(-1, 6, 2) / _DETECTOR_SIDE
        points[:, [0, 2, 3, 4, 5]] += _ANCHORS[sure, None]
        origin = whole.centre - whole.side / 2
        return [_detection(p, s, origin, whole.side) for p, s in _merged(points, probability[sure])]

    def landmarks(self, rgb: np.ndarray, square: Square) -> Landmarks:
        """The person within a square."""
        image = crop(rgb, square, _LANDMARK_SIDE)
        names = ["picture", "presence", "world"]
        picture, presence, world = self._landmarks.run(names, {"image": image[None]})
        points = picture.reshape(-1, 5)
        pixels = square.centre + (points[:, :2] / _LANDMARK_SIDE - 0.5) @ square.axes.T
        metres = world.reshape(-1, 3)[:N_LANDMARKS].copy()
        metres[:, :2] = metres[:, :2] @ (square.axes / square.side).T
        return Landmarks(
            pixels[:N_LANDMARKS].astype(np.float32),
            metres.astype(np.float32),
            _sigmoid(points[:N_LANDMARKS, 3]),
            float(presence[0, 0]),
            Square.around(pixels[_HIPS], pixels[_CIRCLE]),
        )


def _parts(width: int, height: int) -> list[Square]:
    """Squares as wide as the picture is narrow, along its long side; none of a square picture."""
    side = min(width, height)
    if max(width, height) < 1.3 * side:
        return []
    places = np.linspace(side / 2, max(width, height) - side / 2, 3)
    half = side / 2
    return [
        Square(np.array([at, half] if width > height else [half, at]), float(side), 0.0)
        for at in places
    ]


def _is_inside(person: Detection, square: Square) -> bool:
    """Whether a body is in a square with all but its hands and feet; else its hips are wrong."""
    reach = float(np.linalg.norm(person.circle - person.hips))
    return float(np.abs(person.hips - square.centre).max()) + 0.8 * reach < square.side / 2


def _are_same(one: Detection, other: Detection) -> bool:
    reach = min(float(np.linalg.norm(p.circle - p.hips)) for p in (one, other))
    return float(np.linalg.norm(one.hips - other.hips)) < 0.5 * reach


def crop(rgb: np.ndarray, square: Square, side: int) -> np.ndarray:
    """The square as float32 [side, side, 3], 0 to 1; black outside the picture."""
    from PIL import Image

    shrink = max(1, int(square.side / side))
    image = Image.fromarray(rgb)
    if shrink > 1:
        image = image.reduce(shrink)
    axes = square.axes / side / shrink
    corner = square.centre / shrink - axes @ np.array([side / 2, side / 2])
    affine = (*axes[0], corner[0], *axes[1], corner[1])
    image = image.transform((side, side), Image.Transform.AFFINE, affine, Image.Resampling.BILINEAR)
    return np.asarray(image, np.float32) / 255


def _merged(points: np.ndarray, scores: np.ndarray) -> list[tuple[np.ndarray, float]]:
    """Overlapping detections as one, their mean by score. points: [n, 6, 2]: centre, size, four."""
    out = []
    left = np.argsort(-scores, kind="stable")
    while len(left):
        overlap = _overlap(points[left[0]], points[left]) > _OVERLAP
        overlap[0] = True
        same, weights = left[overlap], scores[left[overlap]]
        out.append((np.average(points[same], axis=0, weights=weights), float(weights[0])))
        left = left[~overlap]
    return out


def _overlap(one: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Intersection over union of boxes given as centre and size."""
    low = np.maximum(one[0] - one[1] / 2, others[:, 0] - others[:, 1] / 2)
    high = np.minimum(one[0] + one[1] / 2, others[:, 0] + others[:, 1] / 2)
    common = np.clip(high - low, 0, None).prod(axis=1)
    return common / (one[1].prod() + others[:, 1].prod(axis=1) - common + 1e-9)


def _detection(points: np.ndarray, score: float, origin: np.ndarray, side: float) -> Detection:
    hips, circle, shoulders = (points[i] * side + origin for i in (2, 3, 4))
    return Detection(hips, circle, shoulders, score)


def _anchors() -> np.ndarray:
    layers = []
    for cells, per_cell in _FEATURES:
        at = (np.arange(cells) + 0.5) / cells
        grid = np.stack(np.meshgrid(at, at), axis=-1).reshape(-1, 2)
        layers.append(np.repeat(grid, per_cell, axis=0))
    return np.concatenate(layers).astype(np.float32)


def _session(name: str) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    with (WEIGHTS / f"{name}.onnx.zst").open("rb") as file:
        model = zstandard.ZstdDecompressor().stream_reader(file).read(_MAX_BYTES)
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 0.5 + 0.5 * np.tanh(0.5 * x)


_ANCHORS = _anchors()
