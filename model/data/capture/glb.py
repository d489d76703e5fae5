"""Binary glTF and VRM animation (.glb, .vrma, .vrm): bones that turn, by key frames.

Enters: one file. Leaves: for every animation and every skeleton in it the positions of the bones at
30 a second. Names are those of VRM's humanoid where the file has one, else those of the nodes.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.spatial.transform import Rotation

from live.body.pose import FRAME_RATE
from live.glb_file import GlbFile
from model.data.capture.captured import Captured, regular
from model.data.capture.rig import Rig, positions

_HINT = "give an animation as .glb or .vrma, in one file"
_MOST_NODES, _MOST_BODIES, _MOST_S = 4096, 16, 3600.0
_ROUNDED_S = 1e-5  # times in the file have 24 bits
_BONES = 12  # fewer are no body
_PATHS = {"translation": 3, "rotation": 4, "scale": 3}
_DEFAULTS = {"translation": (0, 0, 0), "rotation": (0, 0, 0, 1), "scale": (1, 1, 1)}


class _Track(NamedTuple):
    """Key frames of one number of a node: times [n], values [n, w], how to go between them."""

    times: np.ndarray
    values: np.ndarray
    way: str


def read(path: Path) -> list[Captured]:
    """The bodies of all animations. ArtifactError says what is wrong with the file."""
    file = GlbFile(path, _HINT)
    parents = _parents(file)
    names = _names(file)
    animations = file.items("animations")
    if not animations:
        raise file.error("it holds a figure, but no animation")
    groups = _bodies(file, parents)
    bodies = []
    for number, animation in enumerate(animations):
        tracks = _tracks(file, animation)
        for group in groups:
            if any(node in group for node, _ in tracks):
                part = _part(animation, number, len(animations), group, names, len(groups))
                bodies.append(_captured(file, parents, names, tracks, group, part))
    if not bodies:
        raise file.error("none of its animations moves a skeleton")
    return bodies[:_MOST_BODIES]


def _parents(file: GlbFile) -> list[int]:
    """Of each node, -1 for a root."""
    nodes = file.items("nodes")
    if not 0 < len(nodes) <= _MOST_NODES:
        raise file.error(f"it has {len(nodes)} nodes; expected a body's")
    parents = [-1] * len(nodes)
    for i, node in enumerate(nodes):
        for child in _list(node, "children"):
            file.item("nodes", child)
            if parents[child] >= 0 or child == i:
                raise file.error("its nodes are no tree")
            parents[child] = i
    for i in range(len(nodes)):
        _line(i, parents, file)
    return parents


def _line(node: int, parents: Sequence[int], file: GlbFile) -> list[int]:
    """From a node up to its root."""
    line = []
    while node >= 0:
        line.append(node)
        node = parents[node]
        if len(line) > len(parents):
            raise file.error("its nodes are no tree")
    return line


def _names(file: GlbFile) -> list[str]:
    """Of each node; VRM's own where the file says which bone a node is."""
    names = [str(node.get("name", f"node{i}"))[:100] for i, node in enumerate(file.items("nodes"))]
    for extension in ("VRMC_vrm_animation", "VRMC_vrm", "VRM"):
        bones = file.find(file.extension(extension), "humanoid", "humanBones")
        if isinstance(bones, dict):
            pairs = [(bone, file.find(entry, "node")) for bone, entry in bones.items()]
        else:  # VRM 0
            listed = bones if isinstance(bones, list) else []
            pairs = [(file.find(entry, "bone"), file.find(entry, "node")) for entry in listed]
        for bone, node in pairs:
            if isinstance(bone, str) and type(node) is int and 0 <= node < len(names):
                names[node] = bone[:100]
    return names


def _bodies(file: GlbFile, parents: Sequence[int]) -> list[set[int]]:
    """The nodes of each skeleton: skins that share bones are one body; without skins, all nodes."""
    groups: list[set[int]] = []
    for skin in file.items("skins"):
        joints = {node for node in _list(skin, "joints") if file.item("nodes", node) is not None}
        for other in [group for group in groups if group & joints]:
            joints |= other
            groups.remove(other)
        groups.append(joints)
    groups = [group for group in groups if len(group) >= _BONES]
    return groups or [set(range(len(parents)))]


def _tracks(file: GlbFile, animation: dict) -> dict[tuple[int, str], _Track]:
    tracks = {}
    samplers = _list(animation, "samplers")
    for channel in _list(animation, "channels"):
        node, path = (file.find(channel, "target", name) for name in ("node", "path"))
        sampler = file.find(channel, "sampler")
        if type(node) is not int or path not in _PATHS:
            continue  # of a blend shape, or of an extension
        file.item("nodes", node)
        if type(sampler) is not int or not 0 <= sampler < len(samplers):
            raise file.error("a channel has no sampler")
        tracks[node, path] = _track(file, samplers[sampler], _PATHS[path])
    return tracks


def _track(file: GlbFile, sampler: object, width: int) -> _Track:
    times = file.array(file.find(sampler, "input"), ("SCALAR",))[:, 0].astype(np.float64)
    values = file.array(file.find(sampler, "output"), (f"VEC{width}",)).astype(np.float64)
    way = file.find(sampler, "interpolation") or "LINEAR"
    keys = 3 if way == "CUBICSPLINE" else 1
    if not len(times) or len(values) != keys * len(times) or (np.diff(times) <= 0).any():
        raise file.error("an animation's times and values do not fit")
    if not 0 <= times[0] <= times[-1] <= _MOST_S:
        raise file.error(f"an animation lasts {times[-1]:.0f} s; an hour is the most")
    return _Track(times, values, str(way))


def _captured(
    file: GlbFile, parents: Sequence[int], names: Sequence[str],
    tracks: dict[tuple[int, str], _Track], group: set[int], part: str,
) -> Captured:  # fmt: skip
    """The bones of a body, with all that they hang on."""
    wanted = sorted({n for bone in group for n in _line(bone, parents, file)},
                    key=lambda n: len(_line(n, parents, file)))  # fmt: skip
    place = {node: k for k, node in enumerate(wanted)}
    rest = np.stack([_matrix(file, file.items("nodes")[node]) for node in wanted])
    rig = Rig(
        tuple(names[node] for node in wanted),
        tuple(place.get(parents[node], -1) for node in wanted), rest, {},
    )  # fmt: skip
    end_s = max(track.times[-1] for track in tracks.values())
    times = regular(int(end_s * FRAME_RATE + 1e-4) + 1, FRAME_RATE)
    moving = {place[n]: n for n, _ in tracks if n in place}

    def local(piece: slice) -> tuple[np.ndarray, np.ndarray]:
        now = times[piece]
        turns = np.tile(rest[:, :3, :3], (len(now), 1, 1, 1))
        moves = np.tile(rest[:, :3, 3], (len(now), 1, 1))
        for k, node in moving.items():
            turns[:, k], moves[:, k] = _posed(file, node, tracks, now)
        return turns, moves

    points = positions(rig, len(times), local)
    all_names, all_parents, _ = rig.with_ends()
    return Captured("glTF animation", all_names, points, times, all_parents, part=part)


def _posed(
    file: GlbFile, node: int, tracks: dict[tuple[int, str], _Track], now: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """A node's turn with its scale, and its place, at the times."""
    own = file.items("nodes")[node]
    at = {
        path: _at(tracks[node, path], now, path == "rotation")
        if (node, path) in tracks
        else np.tile(_own(file, own, path), (len(now), 1))
        for path in _PATHS
    }
    return _turned(at["rotation"]) * at["scale"][:, None], at["translation"]


def _at(track: _Track, now: np.ndarray, is_turn: bool) -> np.ndarray:
    """Values [n, w] at the times; the specification's ways between key frames."""
    times = track.times
    now = np.clip(now + _ROUNDED_S, times[0], times[-1])
    after = np.clip(np.searchsorted(times, now, side="right"), 1, max(len(times) - 1, 1))
    if len(times) == 1:
        after = np.zeros(len(now), int)
    before = np.maximum(after - 1, 0)
    width = np.maximum(times[after] - times[before], 1e-9)
    share = np.clip((now - times[before]) / width, 0, 1)[:, None]
    if track.way == "CUBICSPLINE":
        into, value, out = (track.values[k::3] for k in range(3))
        t2, t3 = share**2, share**3
        tangent = width[:, None] * ((t3 - 2 * t2 + share) * out[before] + (t3 - t2) * into[after])
        return (2 * t3 - 3 * t2 + 1) * value[before] + (3 * t2 - 2 * t3) * value[after] + tangent
    one, two = track.values[before], track.values[after]
    if track.way == "STEP":
        return np.where(share >= 1, two, one)
    if not is_turn:
        return one + share * (two - one)
    return _slerp(one, two, share)


def _slerp(one: np.ndarray, two: np.ndarray, share: np.ndarray) -> np.ndarray:
    one, two = (q / np.maximum(np.linalg.norm(q, axis=1, keepdims=True), 1e-9) for q in (one, two))
    cosine = (one * two).sum(axis=1, keepdims=True)
    two = np.where(cosine < 0, -two, two)
    angle = np.arccos(np.clip(np.abs(cosine), 0, 1))
    sine = np.maximum(np.sin(angle), 1e-6)
    near = angle < 1e-3
    first = np.where(near, 1 - share, np.sin((1 - share) * angle) / sine)
    second = np.where(near, share, np.sin(share * angle) / sine)
    return first * one + second * two


def _turned(quaternions: np.ndarray) -> np.ndarray:
    """Rotations [n, 3, 3] of quaternions xyzw; none where a quaternion is nothing."""
    norms = np.linalg.norm(quaternions, axis=1, keepdims=True)
    return Rotation.from_quat(
        np.where(norms > 1e-9, quaternions, np.array([0.0, 0.0, 0.0, 1.0]))
    ).as_matrix()


def _matrix(file: GlbFile, node: dict) -> np.ndarray:
    """A node's place among its parent's at rest, [4, 4]."""
    out = np.eye(4)
    if "matrix" in node:
        return _numbers(file, node["matrix"], 16).reshape(4, 4).T
    turn = _turned(_own(file, node, "rotation")[None])[0]
    out[:3, :3] = turn * _own(file, node, "scale")
    out[:3, 3] = _own(file, node, "translation")
    return out


def _own(file: GlbFile, node: dict, path: str) -> np.ndarray:
    return _numbers(file, node.get(path, _DEFAULTS[path]), _PATHS[path])


def _numbers(file: GlbFile, values: object, count: int) -> np.ndarray:
    listed = values if isinstance(values, list | tuple) else ()
    if len(listed) != count or not all(_is_number(value) for value in listed):
        raise file.error("a node's place is no list of numbers")
    return np.array(listed, np.float64)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and abs(value) < 1e6  # false for NaN


def _list(inside: dict, name: str) -> list:
    found = inside.get(name, [])
    return found if isinstance(found, list) else []


def _part(
    animation: dict, number: int, animations: int, group: set[int], names: Sequence[str],
    groups: int,
) -> str:  # fmt: skip
    """What tells this body from the others in the file."""
    name = str(animation.get("name") or f"animation{number + 1}")[:60]
    own = names[min(group)][:60] if groups > 1 else ""
    return "_".join(filter(None, (name if animations > 1 else "", own)))
