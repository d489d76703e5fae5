"""Which of a file's names is which of our joints, whatever the program that wrote them.

Enters: the names of a skeleton's joints or of single points, with their tree where there is one.
Leaves: for each of our joints the names that make it up. Names (mixamorig:LeftUpLeg, Bip01 L Thigh,
upperleg_l, lThigh) are cut into words, a side and a part; where one word means two things
("shoulder" is the collar bone to some, the arm's joint to others) the other names of that side
decide.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from live.body.skeleton import JOINT_NAMES
from live.errors import ArtifactError, ConfigError

_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_NOISE = frozenset((
    "mixamorig", "mixamo", "bip", "def", "org", "cc", "base", "robot", "character", "skel",
    "skeleton", "bone", "joint", "jnt", "armature", "rig", "valvebiped", "j", "b", "c", "jtr",
    "tail", "mid", "center", "centre",
))  # fmt: skip
_SIDES = {"l": "l", "left": "l", "lft": "l", "r": "r", "right": "r", "rgt": "r"}
_LIMBS = {
    "collar": "collar clavicle scapula",
    "shoulder": "upperarm uparm arm shldr shldrbend humerus upperarmbend",
    "elbow": "forearm lowerarm elbow lowarm radius forearmbend fore",
    "wrist": "hand wrist palm",
    "hip": "upleg upperleg thigh femur thighbend",
    "knee": "leg lowleg lowerleg shin calf knee tibia crus",
    "ankle": "foot ankle talus",
    "toe": "toe toes toebase ball footindex bigtoe smalltoe toeroot metatarsals toejoint",
    "toe_end": "toeend toebaseend toesend toenub toetip",
    "ear": "ear", "eye": "eye", "heel": "heel",
}  # fmt: skip
_MIDDLE = {
    "pelvis": "hips hip pelvis hipscenter root rootjoint",
    "neck": "neck neckbase necklower lowerneck",
    "head": "head skull",
    "head_end": "headtop headtopend headend headnub headtip",
    "nose": "nose",
    "spine": "spine abdomen abdomenlower abdomenupper waist chest chestlower chestupper upperchest "
    "lowerback thorax torso back spinelower spineupper upperback sternum",
}  # fmt: skip
_LIMB_OF = {word: limb for limb, words in _LIMBS.items() for word in words.split()}
_MIDDLE_OF = {word: part for part, words in _MIDDLE.items() for word in words.split()}
_SCHEMES = (  # a name that only this one has
    ("Mixamo", r"mixamorig\d*:.*"), ("CMU", r"LHipJoint"), ("3ds Max Biped", r"Bip\d+[ _].*"),
    ("VRoid", r"J_Bip_.*"), ("VRM", r"(left|right)UpperLeg"), ("Unity", r"(Left|Right)UpperLeg"),
    ("Rokoko", r"(Left|Right)(Shin|Thigh)"), ("Unreal", r"(calf_l|thigh_l)"),
    ("SMPL", r"L_Knee|left_collar"), ("Poser or Daz", r"(lShldr|lShldrBend)"),
    ("Motive or Xsens", r"(Left|Right)(Collar|Ankle)"), ("Blender's Rigify", r"DEF-.*"),
    ("MotionBuilder", r"(Left|Right)UpLeg"),
)  # fmt: skip
_NEEDED = tuple(
    f"{s}_{limb}" for limb in ("hip", "knee", "ankle", "shoulder", "elbow", "wrist") for s in "lr"
)


@dataclass(frozen=True)
class JointMapping:
    """sources: for each of our joints and helpers (ears, toe ends, the spine's chain) the indices
    of the file's points whose mean it is; chain: those between pelvis and neck, upwards."""

    scheme: str
    sources: dict[str, tuple[int, ...]]
    chain: tuple[int, ...]
    told: tuple[str, ...] = ()


def guess(
    names: Sequence[str],
    parents: Sequence[int] | None,
    told: Mapping[str, str] | None = None,
) -> JointMapping:
    """The mapping of a body. told: our joint -> the file's name, or several with + (their mean).

    ConfigError for a joint or a name that is not there; ArtifactError names what is missing.
    """
    told = dict(told or {})
    fixed = _told(names, told)
    if set(JOINT_NAMES) <= set(names):
        own = {joint: (names.index(joint),) for joint in JOINT_NAMES}
        return JointMapping("PoseJockey", own | fixed, (), JOINT_NAMES)
    parts = [_part(name) for name in names]
    found: dict[str, tuple[int, ...]] = {}
    for side in "lr":
        found |= _side(side, parts, parents)
    found |= _middle(parts, parents)
    found |= fixed
    _complete(found, parents)
    missing = [joint for joint in _NEEDED if joint not in found]
    if missing or not found.keys() & {"head", "neck", "nose", "l_ear"}:
        raise ArtifactError(_lacking((missing or ["head"])[0], names))
    return JointMapping(scheme(names), found, _chain(found, parts, parents), tuple(told))


def scheme(names: Iterable[str]) -> str:
    """Whose names these are, as far as one can say."""
    last = [name.split("|")[-1] for name in names]
    for label, pattern in _SCHEMES:
        if any(re.fullmatch(pattern, name) for name in last):
            return label
    return "unknown"


def shown(mapping: JointMapping, names: Sequence[str]) -> str:
    """The mapping in one line, for who has to judge it."""
    listed = [
        f"{joint}={'+'.join(names[i] for i in mapping.sources[joint])}"
        for joint in JOINT_NAMES
        if joint in mapping.sources
    ]
    if mapping.chain:
        listed.insert(1, f"(spine, chest)={'>'.join(names[i] for i in mapping.chain)}")
    return " ".join(listed)


def _told(names: Sequence[str], told: Mapping[str, str]) -> dict[str, tuple[int, ...]]:
    fixed = {}
    for joint, value in told.items():
        if joint not in JOINT_NAMES:
            known = ", ".join(JOINT_NAMES)
            raise ConfigError(f"--map {joint}={value}: {joint!r} is none of the joints {known}")
        wanted = value.split("+")
        for name in wanted:
            if name not in names:
                raise ConfigError(
                    f"--map {joint}={value}: the file has no {name!r}, but {_some(names)}"
                )
        fixed[joint] = tuple(names.index(name) for name in wanted)
    return fixed


def _part(name: str) -> tuple[str, str]:
    """(side, part): l, r or "" and the joined words without noise and numbers."""
    name = re.split(r"[:|]", name)[-1]
    words = [word.lower() for word in _WORDS.findall(name)]
    side = ""
    if len(words) == 1 and (split := re.fullmatch(r"(left|right)([a-z]+)", words[0])):
        words = list(split.groups())
    kept = []
    for word in words:
        if word in _SIDES and not side:
            side = _SIDES[word]
        elif not word.isdigit() and word not in _NOISE:
            kept.append(word)
    return side, "".join(kept)


def _side(
    side: str, parts: Sequence[tuple[str, str]], parents: Sequence[int] | None
) -> dict[str, tuple[int, ...]]:
    """The limbs of one side."""
    own = [(i, part) for i, (s, part) in enumerate(parts) if s == side]
    words = {part for _, part in own}
    aliases = dict(_LIMB_OF)
    has_arm = words & set(_LIMBS["shoulder"].split())
    aliases["shoulder"] = "collar" if has_arm else "shoulder"
    aliases["hip"] = "" if words & set(_LIMBS["hip"].split()) else "hip"
    knees = words & set(_LIMBS["knee"].split())
    if "leg" in knees and len(knees) > 1 and aliases["hip"] == "hip" and "hip" not in words:
        aliases["leg"] = "hip"
    if "arm" in has_arm and len(has_arm) > 1 and not words & set(_LIMBS["elbow"].split()):
        aliases["arm"] = "elbow"
    if {"ankle", "foot"} <= words:
        aliases["foot"] = "" if words & set(_LIMBS["toe"].split()) else "toe"
    if {"wrist", "hand"} <= words:
        aliases["hand"] = ""
    found: dict[str, list[int]] = {}
    for i, part in own:
        if limb := aliases.get(part):
            found.setdefault(f"{side}_{limb}", []).append(i)
    # In a tree the one nearest to the root; of single points, as of two toes, the mean.
    return {
        limb: (min(all_, key=lambda i: _depth(i, parents)),) if parents else tuple(all_)
        for limb, all_ in found.items()
    }


def _middle(
    parts: Sequence[tuple[str, str]], parents: Sequence[int] | None
) -> dict[str, tuple[int, ...]]:
    found: dict[str, list[int]] = {}
    for i, (side, part) in enumerate(parts):
        if not side and part in _MIDDLE_OF and _MIDDLE_OF[part] != "spine":
            found.setdefault(_MIDDLE_OF[part], []).append(i)
    if "pelvis" in found:  # a root above the hips is no pelvis
        real = [i for i in found["pelvis"] if not parts[i][1].startswith("root")]
        found["pelvis"] = real or found["pelvis"]
    return {part: (min(all_, key=lambda i: _depth(i, parents)),) for part, all_ in found.items()}


def _complete(found: dict[str, tuple[int, ...]], parents: Sequence[int] | None) -> None:
    """In a tree: the pelvis where the legs part, neck and head above where the arms do."""
    if parents is None:
        return
    legs = [found[f"{s}_hip"][0] for s in "lr" if f"{s}_hip" in found]
    if "pelvis" not in found and len(legs) == 2:
        common = _common(legs[0], legs[1], parents)
        if common >= 0:
            found["pelvis"] = (common,)
    arms = [found[f"{s}_shoulder"][0] for s in "lr" if f"{s}_shoulder" in found]
    if len(arms) == 2 and "head" not in found:
        above = _above(_common(arms[0], arms[1], parents), arms, parents)
        if above:
            found.setdefault("neck", (above[0],))
            if len(above) > 1:
                found["head"] = (above[-1],)


def _above(chest: int, arms: list[int], parents: Sequence[int]) -> list[int]:
    """The longest way up from the chest that is no arm."""
    taken = {i for arm in arms for i in _way(arm, parents)}
    best: list[int] = []
    for i in range(len(parents)):
        way = _way(i, parents)
        if chest in way and not taken & set(way[: way.index(chest)]):
            up = way[: way.index(chest)][::-1]
            best = up if len(up) > len(best) else best
    return best


def _chain(
    found: Mapping[str, tuple[int, ...]],
    parts: Sequence[tuple[str, str]],
    parents: Sequence[int] | None,
) -> tuple[int, ...]:
    """The points between pelvis and neck, upwards."""
    if parents is None:
        return tuple(i for i, (s, p) in enumerate(parts) if not s and _MIDDLE_OF.get(p) == "spine")
    top = found.get("neck") or found.get("head")
    if not top or "pelvis" not in found:
        return ()
    way = _way(top[0], parents)[1:]
    pelvis = found["pelvis"][0]
    return tuple(way[: way.index(pelvis)][::-1]) if pelvis in way else ()


def _way(joint: int, parents: Sequence[int]) -> list[int]:
    """From a joint to its root, both included."""
    way = []
    while joint >= 0 and len(way) <= len(parents):
        way.append(joint)
        joint = parents[joint]
    return way


def _common(one: int, other: int, parents: Sequence[int]) -> int:
    above = set(_way(one, parents))
    return next((i for i in _way(other, parents) if i in above), -1)


def _depth(joint: int, parents: Sequence[int] | None) -> int:
    return joint if parents is None else len(_way(joint, parents))


def _lacking(joint: str, names: Sequence[str]) -> str:
    return (
        f"no joint for {joint} among its names ({_some(names)}); say which it is with "
        f"--map {joint}=NAME"
    )


def _some(names: Sequence[str], most: int = 40) -> str:
    listed = ", ".join(name[:40] for name in names[:most])
    return listed + (f" and {len(names) - most} more" if len(names) > most else "")
