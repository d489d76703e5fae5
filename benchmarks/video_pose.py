"""How well a dance is read from a film: held-out clips, rendered as a person, against the truth.

    python -m benchmarks.video_pose DATA/motion [--clips NAME:START_S,…] [--cache FOLDER]

Enters: clips (`joints` float [T, 19, 3], 30 a second), danced by a clothed person in a room before
three cameras: in front, three quarters, and held by hand at another side. Leaves: a table of errors
on the console. With --cache, landmarks are kept, so that only the first run draws and looks.

Truth is the clip on the body of `live.body.skeleton`, as training sees it,
with shoulders no narrower than a human's. Errors: MPJPE with
both pelvises in one place; after Procrustes, frame by frame; acceleration, its mean size, as a
multiple of the truth's; travel, the length of the pelvis' way over half seconds, as a deviation
from the truth's; facing, median and 95th percentile, between the fronts of hips and shoulders, with
no fit; foot skate, cm/s, of feet that stand in truth (within 5 cm of their lowest and slower than
0.2 m/s), beside the truth's own.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import asdict, astuple, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.video_figure import (
    Camera,
    Clothes,
    Studio,
    face_fronts,
    figure,
    look_at,
    with_shoulders,
)
from live.body.pose import FRAME_RATE
from live.body.skeleton import JOINT
from model.data.capture.video.film import Picture
from model.data.capture.video.follow import Followed, follow
from model.data.capture.video.lift import lift
from model.data.capture.video.measure import stretches
from model.data.capture.video.networks import PoseNetworks
from model.data.capture.video.people import find_people, most_central
from model.data.prepare import canonical

CLIPS = (
    "cmu_salsa_60_01:4,cmu_indian_07:6,cmu_modern_05_10:0,mmd_jpop_xyz:30,ballroom_W_5:10,"
    "g1_Dance7_Party:12"
)
VIEWS = {"front": (0.0, 1.35, 1.37), "quarter": (42.0, 1.1, 1.45), "hand": (-25.0, 1.55, 1.30)}
"""Degrees from where the dancer faces on the whole, height in metres, focal length in heights."""
SECONDS = 4.0
_WIDTH, _HEIGHT = 800, 450


@dataclass(frozen=True)
class Scene:
    """A clip before a camera. truth: [T, 19, 3], turned so that +Z points at the camera."""

    name: str
    truth: np.ndarray
    cameras: list[Camera]


def scene(name: str, joints: np.ndarray, view: str, seed: int) -> Scene:
    """Where the camera has to stand so that the whole dance is in the picture."""
    degrees, height, focal = VIEWS[view]
    fronts = face_fronts(joints).sum(axis=0)
    turn = np.arctan2(fronts[0], fronts[2]) + np.radians(degrees)
    truth = turned(joints - _middle(joints), -turn)
    distances = np.arange(2.8, 12.0, 0.1)
    tries = (_cameras(view, distance, height, focal, len(joints), seed) for distance in distances)
    return Scene(f"{name} {view}", truth, next(c for c in tries if _are_inside(truth, c)))


def _are_inside(truth: np.ndarray, cameras: list[Camera]) -> bool:
    """Whether everything is in the picture, with an edge around it."""
    seen = zip(cameras, truth, strict=True)
    pixels = np.stack([camera.project(joints, _WIDTH, _HEIGHT) for camera, joints in seen])
    edge = 0.06 * _HEIGHT
    return bool(((pixels > edge) & (pixels < (_WIDTH - edge, _HEIGHT - edge))).all())


def film_of(scene: Scene, studio: Studio, clothes: Clothes) -> Iterator[Picture]:
    fronts = face_fronts(scene.truth)
    wall = float(np.linalg.norm(scene.cameras[0].position)) + 1.5
    for i, (joints, camera) in enumerate(zip(scene.truth, scene.cameras, strict=True)):
        rgb = studio.picture([figure(joints, clothes, fronts[i])], camera, wall)
        yield Picture(i / FRAME_RATE, rgb)


def landmarks_of(scene: Scene, studio: Studio, networks: PoseNetworks) -> Followed:
    clothes = _WARDROBE[sum(map(ord, scene.name.split()[0])) % len(_WARDROBE)]
    film = list(film_of(scene, studio, clothes))
    people, width = find_people(networks, film)
    return follow(networks, film, people[most_central(people, width)])


def turned(joints: np.ndarray, angle: float) -> np.ndarray:
    """About the vertical. angle: radians; +X turns to -Z."""
    c, s = np.cos(angle), np.sin(angle)
    x, y, z = np.moveaxis(joints, -1, 0)
    return np.stack([c * x + s * z, y, c * z - s * x], axis=-1)


_WARDROBE = (
    Clothes(),
    Clothes((0.2, 0.36, 0.3), (0.12, 0.12, 0.13), (0.15, 0.15, 0.16)),
    Clothes((0.85, 0.83, 0.78), (0.3, 0.3, 0.33), (0.5, 0.2, 0.15)),
)


def _middle(joints: np.ndarray) -> np.ndarray:
    low, high = joints[:, 0].min(axis=0), joints[:, 0].max(axis=0)
    floor = np.percentile(joints[..., 1].min(axis=1), 10)
    return np.array([(low[0] + high[0]) / 2, floor - 0.03, (low[2] + high[2]) / 2])


def _cameras(
    view: str, distance: float, height: float, focal: float, n: int, seed: int
) -> list[Camera]:
    position, target = np.array([0.0, height, distance]), np.array([0.0, 0.92, 0.0])
    if view != "hand":
        return [look_at(position, target, focal)] * n
    rng = np.random.default_rng(seed)
    t = np.arange(n)[:, None] / FRAME_RATE
    sway = np.zeros((n, 7))
    for hz, size in ((0.3, 1.0), (0.9, 0.5), (2.3, 0.2), (6.0, 0.05)):
        sway += size * np.sin(2 * np.pi * (hz * t + rng.random((1, 7))))
    moved = position + 0.025 * sway[:, :3]
    aimed = target + 0.01 * distance * sway[:, 3:6]
    return [
        look_at(p, a, focal, 0.008 * s) for p, a, s in zip(moved, aimed, sway[:, 6], strict=True)
    ]


@dataclass(frozen=True)
class Errors:
    """Of one film: millimetres, multiples, degrees, cm/s. See the module."""

    mpjpe_mm: float
    procrustes_mm: float
    acceleration: float
    travel: float
    facing_deg: float
    facing_95_deg: float
    skate_cm_s: float
    true_skate_cm_s: float


def compare(joints: np.ndarray, truth: np.ndarray) -> Errors:
    """joints, truth: [T, 19, 3] of the same frames."""
    own, real = joints - joints[:, :1], truth - truth[:, :1]
    facing = np.degrees(np.abs(_wrapped(_facing(joints) - _facing(truth))))
    standing = _standing(truth)
    return Errors(
        1000 * float(np.linalg.norm(own - real, axis=-1).mean()),
        1000 * float(_procrustes(own, real).mean()),
        _acceleration(joints) / _acceleration(truth),
        _travel(joints) / _travel(truth) - 1,
        float(np.median(facing)),
        float(np.percentile(facing, 95)),
        _skate(joints, standing),
        _skate(truth, standing),
    )


def _procrustes(own: np.ndarray, real: np.ndarray) -> np.ndarray:
    """Mean distance [T] after the best turn, shift and scale of every frame (Umeyama)."""
    own, real = (x - x.mean(axis=1, keepdims=True) for x in (own, real))
    u, s, vt = np.linalg.svd(np.einsum("tjk,tjl->tkl", own, real))
    sign = np.sign(np.linalg.det(u @ vt))
    u[:, :, 2] *= sign[:, None]
    s[:, 2] *= sign
    scale = s.sum(axis=1) / np.square(own).sum(axis=(1, 2))
    return np.linalg.norm(scale[:, None, None] * own @ (u @ vt) - real, axis=-1).mean(axis=1)


def _acceleration(joints: np.ndarray) -> float:
    return float(np.linalg.norm(np.diff(joints, 2, axis=0), axis=-1).mean())


def _travel(joints: np.ndarray) -> float:
    way = joints[:: FRAME_RATE // 2, 0][:, [0, 2]]
    return float(np.linalg.norm(np.diff(way, axis=0), axis=-1).sum())


def _facing(joints: np.ndarray) -> np.ndarray:
    across = joints[:, JOINT["l_hip"]] - joints[:, JOINT["r_hip"]]
    across = across + joints[:, JOINT["l_shoulder"]] - joints[:, JOINT["r_shoulder"]]
    return np.arctan2(-across[:, 2], across[:, 0])


def _wrapped(angle: np.ndarray) -> np.ndarray:
    return (angle + np.pi) % (2 * np.pi) - np.pi


_FEET = [JOINT[n] for n in ("l_ankle", "l_toe", "r_ankle", "r_toe")]


def _standing(truth: np.ndarray) -> np.ndarray:
    feet = truth[:, _FEET]
    low = feet[..., 1] < feet[..., 1].min(axis=0) + 0.05
    slow = np.linalg.norm(np.gradient(feet, axis=0), axis=-1) * FRAME_RATE < 0.2
    return low & slow


def _skate(joints: np.ndarray, standing: np.ndarray) -> float:
    step = np.linalg.norm(np.diff(joints[:, _FEET][..., [0, 2]], axis=0), axis=-1)
    both = standing[1:] & standing[:-1]
    return 100 * FRAME_RATE * float(step[both].mean()) if both.any() else float("nan")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("motion", type=Path, help="a folder of clips, NAME.npz")
    parser.add_argument("--clips", default=CLIPS, help="NAME:START_S, with commas between")
    parser.add_argument("--views", default=",".join(VIEWS))
    parser.add_argument("--cache", type=Path, help="a folder that keeps landmarks")
    args = parser.parse_args()
    titles = "MPJPE, Procrustes, acceleration, travel, facing, facing 95 %, skate, true skate"
    print("| film | " + titles.replace(", ", " | ") + " |\n" + "|---" * 9 + "|")
    rows = []
    for name, _, start in (clip.partition(":") for clip in args.clips.split(",")):
        joints = _excerpt(args.motion / f"{name}.npz", float(start or 0))
        for view in args.views.split(","):
            before = scene(name, joints, view, seed=len(rows))
            rows.append(_measured(before, args.cache))
            print(_row(before.name, rows[-1]), flush=True)
    print(_row("mean size", np.mean(np.abs(rows), axis=0)))
    print(_row("worst", np.max(np.abs(rows), axis=0)))


def _excerpt(path: Path, start_s: float) -> np.ndarray:
    with np.load(path) as file:
        joints = file["joints"].astype(float)
    first = int(start_s * FRAME_RATE)
    joints = joints[first : first + int(SECONDS * FRAME_RATE)]
    return with_shoulders(canonical(joints).astype(float))


def _measured(before: Scene, kept: Path | None) -> list[float]:
    path = kept / f"{before.name.replace(' ', '_')}.npz" if kept else None
    if path is None or not path.exists():
        seen = landmarks_of(before, _studio(), _networks())
        if path is not None:
            np.savez(path, **asdict(seen))
    else:
        with np.load(path) as file:
            arrays: dict[str, Any] = dict(file)
        arrays["size"] = tuple(arrays["size"])
        seen = Followed(**arrays)
    parts = [lift(part) for part in stretches(seen)]
    longest = max(parts, key=lambda p: len(p.joints))
    first = round(longest.start_s * FRAME_RATE)
    return list(astuple(compare(longest.joints, before.truth[first : first + len(longest.joints)])))


@cache
def _studio() -> Studio:
    return Studio(_WIDTH, _HEIGHT)


@cache
def _networks() -> PoseNetworks:
    return PoseNetworks()


def _row(name: str, errors: Sequence[float]) -> str:
    shown = (
        "{:.0f} mm",
        "{:.0f} mm",
        "{:.2f}",
        "{:+.0%}",
        "{:.0f}°",
        "{:.0f}°",
        "{:.1f}",
        "{:.1f}",
    )
    return (
        f"| {name} | " + " | ".join(f.format(e) for f, e in zip(shown, errors, strict=True)) + " |"
    )


if __name__ == "__main__":
    main()
