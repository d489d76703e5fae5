"""Which node of a file is which bone: from VRM's own table, else from names.

Enters: a file. Leaves: node by bone of `live.body.humanoid`, and which way the avatar looks.
"""

import re

from live.body.humanoid import BONE
from live.glb_file import GlbFile

REQUIRED = (
    "Hips", "Spine", "Head",
    *(f"{side}{part}" for side in ("Left", "Right") for part in (
        "UpperArm", "LowerArm", "Hand", "UpperLeg", "LowerLeg", "Foot")),
)  # fmt: skip

# Names as programs give them, in lower case, without prefix, side and signs.
_TRUNK = {
    "Hips": ("hips", "pelvis", "hip"),
    "Spine": ("spine", "spine01", "spine1", "abdomen", "torso"),
    "Chest": ("chest", "spine2", "spine02", "upperchest", "spine3", "spine03"),
    "Neck": ("neck", "neck1", "neck01"),
    "Head": ("head",),
}
_LIMBS = {
    "Shoulder": ("shoulder", "clavicle", "collar"),
    "UpperArm": ("upperarm", "arm", "uparm"),
    "LowerArm": ("lowerarm", "forearm", "lowarm"),
    "Hand": ("hand", "wrist"),
    "UpperLeg": ("upperleg", "upleg", "thigh"),
    "LowerLeg": ("lowerleg", "leg", "calf", "shin", "knee"),
    "Foot": ("foot", "ankle"),
    "Toes": ("toes", "toe", "toebase", "ball"),
}
_PREFIX = re.compile(r"^(mixamorig\d*|bip0*1|bip|def|org|cc_base|j_bip_[clr]|armature)[:_ .|-]*")


def bones_of(file: GlbFile) -> dict[str, int]:
    """Node by bone name, those of REQUIRED at least. ArtifactError if they are not found."""
    found = _by_vrm(file) or _by_names(file)
    missing = [name for name in REQUIRED if name not in found]
    if missing:
        raise file.error(
            f"it has no bone {missing[0]}, nor {len(missing) - 1} more of a body's; "
            "name them as VRM, Mixamo or Unity do"
        )
    if len(set(found.values())) < len(found):
        raise file.error("two of its bones are one node")
    return found


def _by_vrm(file: GlbFile) -> dict[str, int]:
    """Of VRM 1.0's table or VRM 0's list; nothing without either."""
    table = file.find(file.extension("VRMC_vrm"), "humanoid", "humanBones")
    pairs = []
    if isinstance(table, dict):
        pairs = [(name, file.find(bone, "node")) for name, bone in table.items()]
    listed = file.find(file.extension("VRM"), "humanoid", "humanBones")
    if isinstance(listed, list):
        pairs = [(file.find(bone, "bone"), file.find(bone, "node")) for bone in listed]
    found = {}
    for name, node in pairs:
        bone = name[:1].upper() + name[1:] if isinstance(name, str) else ""
        if bone in BONE:
            file.item("nodes", node)
            found[bone] = node
    return found


def _by_names(file: GlbFile) -> dict[str, int]:
    found: dict[str, int] = {}
    by_key: dict[tuple[str, str], int] = {}
    for index, node in enumerate(file.items("nodes")):
        by_key.setdefault(_key(str(node.get("name", ""))[:80]), index)
    for bone, names in _TRUNK.items():
        _take(found, bone, [by_key[("", n)] for n in names if ("", n) in by_key])
    if ("", "spine2") in by_key and ("", "spine1") in by_key:  # Mixamo: spine, spine1, spine2
        found["Spine"], found["Chest"] = by_key[("", "spine1")], by_key[("", "spine2")]
    for part, names in _LIMBS.items():
        for side in ("Left", "Right"):
            keys = [(side, n) for n in names if (side, n) in by_key]
            _take(found, f"{side}{part}", [by_key[key] for key in keys])
    return found


def _take(found: dict[str, int], bone: str, nodes: list[int]) -> None:
    for node in nodes:
        if node not in found.values():
            found[bone] = node
            return


def _key(name: str) -> tuple[str, str]:
    """("Left", "Right" or "", the rest in lower case): of LeftUpLeg, upper_arm.L, l_thigh ..."""
    plain = _PREFIX.sub("", name.lower())
    for side, marks in (("Left", "left|l"), ("Right", "right|r")):
        long = marks.partition("|")[0]
        if long in plain:
            return side, _plain(plain.replace(long, "", 1))
        short = re.fullmatch(rf"(?:{marks})[_. -](.+)|(.+)[_. -](?:{marks})", plain)
        if short:
            return side, _plain(short.group(1) or short.group(2))
    return "", _plain(plain)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name)
