"""Motion clips from anybody: `motion/*.npz` beside `index.json`, and what motion is plausible.

Enters: a folder of clips (`model.data.clip_index` has the schema of its index), or one clip's
joints. Leaves: clips that can be learned from; or a ClipError, which names the clip, the field,
what was expected and how to mend it. Runs in the caller's thread.

The limits leave room around real motion: of 151 clips (bodies of 1.4 to 1.8 m, ballet, couples,
robots, keyed figures) none comes near any of them.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from live.body.pose import FRAME_RATE
from live.body.skeleton import BONE_LENGTHS, JOINT, JOINT_NAMES, N_JOINTS, PARENTS
from live.errors import ArtifactError
from live.safe_read import read_arrays
from model.data.clip_index import ClipError, check_entry, read_index, wrong

MIN_S, MAX_S = 2.0, 3600.0
"""How long a clip may be, seconds."""
_LEG_M = (0.45, 1.4)  # hip to ankle; real ones 0.76 to 1.0
_UNITS = (
    # Where a leg of 0.45 to 1.4 m is so long, the unit is likely this.
    (1.4, 5.0, "feet", "0.3048"), (5.0, 45.0, "inches", "0.0254"),
    (45.0, 150.0, "centimetres", "0.01"), (450.0, 1500.0, "millimetres", "0.001"),
)  # fmt: skip
_MIN_BODY_M = 0.2  # from one end to the other; real ones 0.6, crouched
_PROPORTIONS = (0.2, 4.0)  # of a bone to the canonical one on legs alike; real ones 0.33 to 2
_STRETCH_M = 0.4  # of a bone in a frame beyond its usual length; real ones 0.21
_UPRIGHT = 0.5  # share of ankles-to-head that is up; real ones 0.98, with floor work
_FLOOR_M = 0.5  # from the lowest joints to y = 0; real ones 0.01
_JUMP_M = 1.5  # of a joint from frame to frame, 162 km/h; real ones 0.9
_STILL_M_S = 0.01  # mean joint speed; real ones 0.19
_FAR_M = 100.0  # from the middle of the stage
_SWAPPED = -0.2  # cosine between toes and front; real ones 0.36 to 0.95; of shoulders and hips 0.9
_LEGS = [JOINT[name] for name in ("l_knee", "l_ankle", "r_knee", "r_ankle")]
_PAIRS = ("hip", "shoulder")
_MAX_LISTED = 5
_BONES = np.array([i for i in range(N_JOINTS) if PARENTS[i] >= 0])
_MAX_CLIP_BYTES = 1 << 27  # an hour in float64 has 50 MB
_HINT = "save the joints with numpy.savez(path, joints=...)"


@dataclass(frozen=True)
class RawClip:
    """A clip as it came. joints: float32 [T, 19, 3], metres, y up, 30 a second.

    tempo_bpm and phase: of its beats, in beats at frame 0; None where nobody knows them. metre:
    beats a bar, None as well. song: the file of the very song that it was danced to; frame 0 falls
    on song_start_s. tier: of its terms.
    """

    name: str
    style: str
    joints: np.ndarray
    tempo_bpm: float | None = None
    phase: float | None = None
    metre: int | None = None
    song: Path | None = None
    song_start_s: float = 0.0
    tier: str = "research"


def read_raw_clips(
    source: Path, tiers: tuple[str, ...], style: str | None = None
) -> tuple[list[RawClip], list[ClipError]]:
    """The clips of the tiers, by name, and why others are refused. style: only those of it.

    ArtifactError where the folder has no readable index, or lists none of these tiers.
    """
    clips: list[RawClip] = []
    refused: list[ClipError] = []
    taken: dict[bytes, str] = {}
    for name, entry in read_index(source):
        try:
            fields = check_entry(name, entry)
            if fields["tier"] in tiers and style in (None, fields["style"]):
                clips.append(_read_clip(source, name, fields, taken))
        except ClipError as error:
            refused.append(error)
    if not clips and not refused:
        raise ArtifactError(f"{source / 'index.json'} lists no clip of tier {', '.join(tiers)}")
    return clips, refused


def refusal(refused: list[ClipError], clips: int) -> str:
    """Why nothing is prepared, in a sentence: the first few of the clips that were refused."""
    listed = "; ".join(str(error) for error in refused[:_MAX_LISTED])
    more = len(refused) - _MAX_LISTED
    also = f"; and {more} more" if more > 0 else ""
    if len(refused) == 1 and clips == 0:
        return listed
    return (
        f"{len(refused)} of {len(refused) + clips} clips are refused, and nothing was written; "
        f"mend them, or leave them out with --skip-bad: {listed}{also}"
    )


def check_joints(name: str, joints: np.ndarray) -> None:
    """A clip's motion, any array. ClipError says what is wrong with it, and where."""
    if joints.dtype.kind != "f":
        raise wrong(name, "joints", f"of kind {joints.dtype}", "float32 in metres", raw=True)
    if joints.ndim != 3 or joints.shape[1:] != (N_JOINTS, 3):
        expected = f"[frames, {N_JOINTS}, 3], the joints in the order {' '.join(JOINT_NAMES)}"
        raise wrong(name, "joints", f"of shape {list(joints.shape)}", expected, raw=True)
    if len(joints) < MIN_S * FRAME_RATE:
        expected = f"{MIN_S * FRAME_RATE:g} or more ({MIN_S:g} s); leave it out or join clips"
        raise wrong(name, "joints", f"of {len(joints)} frames", expected, raw=True)
    if len(joints) > MAX_S * FRAME_RATE:
        expected = f"{MAX_S * FRAME_RATE:g} at most ({MAX_S / 60:g} min); cut it into clips"
        raise wrong(name, "joints", f"of {len(joints)} frames", expected, raw=True)
    finite = np.atleast_2d(np.isfinite(joints).all(axis=-1))
    if not finite.all():
        at = JOINT_NAMES[int((~finite).any(axis=0).argmax())]
        where = _frames(np.asarray((~finite).any(axis=1)))
        raise ClipError(
            f"clip {name!r}: joints hold what is no number, first of {at} {where}; cut those "
            "frames out, or interpolate over them"
        )
    for check in (_check_size, _check_whole, _check_up, _check_proportions, _check_floor,
                  _check_speed, _check_sides):  # fmt: skip
        with np.errstate(all="ignore"):
            check(name, joints.astype(np.float64))


def _read_clip(source: Path, name: str, entry: dict, taken: dict[bytes, str]) -> RawClip:
    """taken: clips read so far by their content; a copy would count its motion twice."""
    path = source / "motion" / f"{name}.npz"
    if not path.exists():
        raise ClipError(
            f"clip {name!r}: there is no file {path}; put it there, or take the clip out of "
            "index.json"
        )
    try:
        arrays = read_arrays(path, _HINT, _MAX_CLIP_BYTES)
    except ArtifactError as error:
        raise ClipError(f"clip {name!r}: {error}") from None
    if "joints" not in arrays:
        has = ", ".join(map(repr, sorted(arrays)[:12])) or "none"
        raise ClipError(f"clip {name!r}: {path} has no array 'joints' but {has}; {_HINT}")
    joints = arrays["joints"]
    rate = arrays.get("fps", np.array(FRAME_RATE))
    if not (rate == FRAME_RATE).all():
        told = f"{FRAME_RATE} in {path.name} too; resample the joints to that rate"
        raise wrong(name, "fps", rate.tolist(), told)
    check_joints(name, joints)
    if entry.get("frames", len(joints)) != len(joints):
        expected = f"{len(joints)}, which the file holds; is it cut off, or the field old?"
        raise wrong(name, "frames", entry["frames"], expected)
    joints = joints.astype(np.float32)
    twin = taken.setdefault(hashlib.sha256(joints.tobytes()).digest(), name)
    if twin != name:
        raise ClipError(f"clip {name!r}: it is the same motion as {twin!r}; take one of them out")
    song = entry.get("song")
    if song is not None and not (source / song).is_file():
        expected = f"{source / song} to be there; put it there, or take the field out"
        raise wrong(name, "song", song, expected)
    return RawClip(
        name, entry["style"], joints, entry.get("tempo_bpm"), entry.get("beat_phase_at_frame0"),
        entry.get("metre"), None if song is None else source / song,
        float(entry.get("song_start_s", 0.0)), entry["tier"],
    )  # fmt: skip


def _check_size(name: str, joints: np.ndarray) -> None:
    leg = float(np.median(_bone_lengths(joints)[:, _LEGS].sum(axis=1))) / 2
    low, high = _LEG_M
    if low <= leg <= high:
        return
    unit = next((u for u in _UNITS if u[0] < leg <= u[1]), None)
    mend = f"these look like {unit[2]}: multiply by {unit[3]}" if unit else "give metres"
    raise ClipError(
        f"clip {name!r}: joints have a leg of {leg:.3g}, from hip to ankle; expected {low:g} to "
        f"{high:g} metres; {mend}"
    )


def _check_whole(name: str, joints: np.ndarray) -> None:
    collapsed = np.ptp(joints, axis=1).max(axis=-1) < _MIN_BODY_M
    if collapsed.any():
        raise ClipError(
            f"clip {name!r}: joints lie all in one place {_frames(collapsed)}; cut those frames "
            "out, or interpolate over them"
        )


def _check_up(name: str, joints: np.ndarray) -> None:
    ankles = (joints[:, JOINT["l_ankle"]] + joints[:, JOINT["r_ankle"]]) / 2
    up = np.median(joints[:, JOINT["head"]] - ankles, axis=0)
    if up[1] >= _UPRIGHT * np.linalg.norm(up):
        return
    axis = int(np.abs(up).argmax())
    way = f"{'-' if up[axis] < 0 else ''}{'xyz'[axis]}"
    turned = {"z": "joints[..., [0, 2, 1]] * [1, 1, -1]", "-y": "joints * [-1, -1, 1]"}.get(way)
    mend = f"turn it, as by {turned}" if turned else "turn it"
    raise ClipError(
        f"clip {name!r}: joints have the head along {way} from the feet; expected y up; {mend}"
    )


def _check_proportions(name: str, joints: np.ndarray) -> None:
    by_frame = _bone_lengths(joints)
    lengths = np.median(by_frame, axis=0)
    scale = lengths[_LEGS].sum() / BONE_LENGTHS[_LEGS].sum()
    relative = lengths[_BONES] / (scale * BONE_LENGTHS[_BONES])
    low, high = _PROPORTIONS
    if (relative < low).any() or (relative > high).any():
        worst = int(_BONES[np.abs(np.log(np.maximum(relative, 1e-9))).argmax()])
        raise ClipError(
            f"clip {name!r}: joints have {JOINT_NAMES[worst]} {lengths[worst]:.2g} m from "
            f"{JOINT_NAMES[PARENTS[worst]]}, as no body has; expected the order "
            f"{' '.join(JOINT_NAMES)}"
        )
    stretched = by_frame - lengths > _STRETCH_M
    if stretched.any():
        joint = int(stretched.any(axis=0).argmax())
        raise ClipError(
            f"clip {name!r}: joints have {JOINT_NAMES[joint]} {by_frame[:, joint].max():.2g} m "
            f"from {JOINT_NAMES[PARENTS[joint]]} {_frames(stretched[:, joint])}, else "
            f"{lengths[joint]:.2g} m; cut those frames out, or interpolate over them"
        )


def _check_floor(name: str, joints: np.ndarray) -> None:
    floor = float(np.percentile(joints[..., 1].min(axis=1), 5))
    if abs(floor) > _FLOOR_M:
        raise ClipError(
            f"clip {name!r}: joints have the floor at y = {floor:.2f} m; expected 0; subtract that "
            "from y"
        )


def _check_speed(name: str, joints: np.ndarray) -> None:
    away = np.abs(joints[..., [0, 2]]).max()
    if away > _FAR_M:
        raise ClipError(
            f"clip {name!r}: joints are {away:.0f} m away from x = z = 0; expected {_FAR_M:g} m at "
            "most; move them there"
        )
    step = np.linalg.norm(np.diff(joints, axis=0), axis=-1)
    jumps = step.max(axis=1) > _JUMP_M
    if jumps.any():
        at = int(jumps.argmax())
        joint = JOINT_NAMES[int(step[at].argmax())]
        raise ClipError(
            f"clip {name!r}: joints jump: {joint} by {step[at].max():.1f} m {_frames(jumps)}; "
            f"expected less than {_JUMP_M:g} m a frame; cut the clip in two there"
        )
    speed = float(step.mean()) * FRAME_RATE
    if speed < _STILL_M_S:
        raise ClipError(f"clip {name!r}: joints hardly move ({speed:.3f} m/s); leave it out")


def _check_sides(name: str, joints: np.ndarray) -> None:
    """The toes point to the front, if left is left and nothing is mirrored."""
    hips, shoulders = (joints[:, JOINT[f"l_{j}"]] - joints[:, JOINT[f"r_{j}"]] for j in _PAIRS)
    left, right = (joints[:, JOINT[f"{s}_toe"]] - joints[:, JOINT[f"{s}_ankle"]] for s in "lr")
    if _along(hips, shoulders) < _SWAPPED:
        raise ClipError(
            f"clip {name!r}: joints have the left shoulder over the right hip: left and right are "
            "swapped in one half of the body; expected the own left as l_"
        )
    if _along(np.cross(hips, (0.0, 1.0, 0.0)), left + right) < _SWAPPED:
        raise ClipError(
            f"clip {name!r}: joints have the toes behind the ankles: left and right are swapped, "
            "or space is mirrored; expected right-handed, the own left at +x where +z is the front"
        )


def _along(one: np.ndarray, other: np.ndarray) -> float:
    """The cosine between two directions [T, 3], as it mostly is."""
    norms = np.linalg.norm(one, axis=-1) * np.linalg.norm(other, axis=-1)
    return float(np.median((one * other).sum(axis=-1) / (norms + 1e-9)))


def _bone_lengths(joints: np.ndarray) -> np.ndarray:
    """[T, 19], of each joint from its parent; 0 for the root."""
    lengths = np.zeros(joints.shape[:2])
    parents = [PARENTS[i] for i in _BONES]
    lengths[:, _BONES] = np.linalg.norm(joints[:, _BONES] - joints[:, parents], axis=-1)
    return lengths


def _frames(bad: np.ndarray) -> str:
    """Where, of frames marked True: the first stretch of them."""
    first = int(bad.argmax())
    length = int((~bad[first:]).argmax()) or len(bad) - first
    count = int(bad.sum())
    if count == 1:
        return f"in frame {first} ({first / FRAME_RATE:.1f} s)"
    return (
        f"in {count} frames, from {first} on ({first / FRAME_RATE:.1f} s)"
        if length < count
        else (f"in frames {first} to {first + length - 1} ({first / FRAME_RATE:.1f} s)")
    )
