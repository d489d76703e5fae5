"""GDTF fixture profiles and MVR plans to a patch file that an operator can read and edit.

Enters: the path of a .gdtf or .mvr file, from anybody. Leaves: the text of a patch (TOML). Needs
pygdtf and pymvr, the extra `dmx`; the show itself reads the patch alone. Nothing in a file is
believed: sizes are bounded, entities refused, no name in it becomes a path. Before the show.

After GDTF 1.2 and MVR 1.6 (DIN SPEC 15800 and 15801): a channel's offsets count from 1, coarse
first; a plan is in millimetres, z up, y to the back of the stage.
"""

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from live.errors import ArtifactError, ConfigError
from live.outputs.colour import GROUPS
from live.safe_read import open_file

SUFFIXES = (".gdtf", ".mvr")
_HINT = "export it again"
_MOST_XML_BYTES = 32 << 20
_MOST_FILE_BYTES = 256 << 20
_MOST_MEMBERS = 20_000
_MOST_FIXTURES = 4_000

LEVEL_OF = {
    "Dimmer": "intensity", "Pan": "pan", "Tilt": "tilt",
    "ColorAdd_R": "red", "ColorAdd_G": "green", "ColorAdd_B": "blue", "ColorAdd_W": "white",
    "ColorAdd_A": "amber", "ColorRGB_Red": "red", "ColorRGB_Green": "green",
    "ColorRGB_Blue": "blue", "ColorSub_C": "cyan", "ColorSub_M": "magenta", "ColorSub_Y": "yellow",
}  # fmt: skip
"""What drives a channel, by the attribute that GDTF calls it; any other keeps its default."""


@dataclass(frozen=True)
class ProfileChannel:
    """offsets: from 1, coarse first. level: one of `live.outputs.signals.NAMES`, '' for a channel
    that stays at `value`, 0 to 255. attribute: as GDTF calls it."""

    offsets: tuple[int, ...]
    level: str
    value: float
    attribute: str


@dataclass(frozen=True)
class Profile:
    """One mode of a fixture. ranges: degrees of pan and tilt, where it moves."""

    name: str
    mode: str
    channels: tuple[ProfileChannel, ...]
    ranges: tuple[float, float] | None


@dataclass(frozen=True)
class Placed:
    """A fixture of a plan. position: metres, stage space; None where the plan has none."""

    name: str
    universe: int
    address: int
    group: int
    profile: Profile
    position: tuple[float, float, float] | None = None


def read_gdtf(path: Path, mode: str = "") -> Profile:
    """One mode of a profile, the first unless named. ArtifactError, ConfigError."""
    with open_file(path, _HINT, "the profile") as file:
        return _profile(file.read(_MOST_FILE_BYTES), str(path), mode)


def read_mvr(path: Path) -> list[Placed]:
    """The fixtures of a plan that have an address, by it. ArtifactError."""
    pymvr = _library("pymvr")
    with open_file(path, _HINT, "the plan") as file:
        content = file.read(_MOST_FILE_BYTES)
    archive = _archive(content, "GeneralSceneDescription.xml", str(path))
    try:
        with pymvr.GeneralSceneDescription(io.BytesIO(content)) as plan:
            found = list(_placed(plan.scene.layers, archive, str(path)))
    except (ArtifactError, ConfigError):
        raise
    except Exception as error:  # the library stumbles over whatever is in it
        raise _damaged(path, error) from None
    if not found:
        raise ArtifactError(f"cannot read the plan {path}: no fixture in it has an address")
    return sorted(found, key=lambda one: (one.universe, one.address))


def patch_text(fixtures: list[Placed], source: str, protocol: str = "sacn", host: str = "") -> str:
    """The patch file of these fixtures."""
    lines = [
        f"# Made from {_plain(source)}; yours to edit. docs/lights.md says what may stand here.",
        "rate = 40",
    ]
    before = None
    for one in fixtures:
        if one.universe != before:
            before = one.universe
            lines += ["", "[[universe]]", f'protocol = "{protocol}"', f"universe = {before}"]
            if host:
                lines.append(f"host = {json.dumps(host)}")
        lines += ["", *_fixture_lines(one)]
    return "\n".join(lines) + "\n"


def _fixture_lines(one: Placed) -> Iterator[str]:
    yield "[[universe.fixture]]"
    yield f"name = {_quoted(one.name)}  # {_plain(one.profile.name)}, {_plain(one.profile.mode)}"
    yield f"address = {one.address}"
    yield f"group = {one.group}"
    levels = {channel.level for channel in one.profile.channels}
    moves = bool({"pan", "tilt"} & levels) and one.profile.ranges
    if moves:
        yield "dancers = [1]"
    yield "channels = ["
    for channel in one.profile.channels:
        if channel.level and (moves or channel.level not in ("pan", "tilt")):
            what = f'level = "{channel.level}"'
        else:
            what = f"value = {round(channel.value, 3):g}"
        yield f"  {{ {what}, offsets = {list(channel.offsets)} }},  # {_plain(channel.attribute)}"
    yield "]"
    if moves and one.profile.ranges:
        pan, tilt = one.profile.ranges
        yield "[universe.fixture.head]  # not calibrated: posejockey lights FILE --aim NAME"
        yield f"pan_range = {pan:g}"
        yield f"tilt_range = {tilt:g}"
        x, y, z = one.position or (0.0, 5.0, 4.0)
        yield f"position = [{x:.3f}, {y:.3f}, {z:.3f}]"


def _profile(content: bytes, named: str, mode: str) -> Profile:
    pygdtf = _library("pygdtf")
    _archive(content, "description.xml", named)
    try:
        with pygdtf.FixtureType(io.BytesIO(content)) as kind:
            modes = {str(one.name): one for one in kind.dmx_modes}
            if not modes:
                raise ArtifactError(f"cannot read the profile {named}: it has no modes; {_HINT}")
            if mode and mode not in modes:
                raise ConfigError(f"{named} has no mode {mode!r}; there are {', '.join(modes)}")
            chosen = modes[mode or next(iter(modes))]
            channels = [_channel(channel) for channel in chosen.dmx_channels if channel.offset]
            if not channels:
                raise ArtifactError(f"cannot read the profile {named}: no channels; {_HINT}")
            ranges = _ranges(chosen.dmx_channels)
            return Profile(str(kind.name), str(chosen.name), tuple(channels), ranges)
    except (ArtifactError, ConfigError):
        raise
    except Exception as error:  # the library stumbles over whatever is in it
        raise _damaged(Path(named), error) from None


def _channel(channel: Any) -> ProfileChannel:
    offsets = tuple(int(offset) for offset in channel.offset[:3])
    if not all(1 <= offset <= 512 for offset in offsets):
        raise ValueError(f"a channel at {offsets}")
    attribute = str(channel.attribute)
    value = _share(channel.default, len(channel.offset))
    if attribute.startswith("Shutter"):
        value = _open(channel, value)
    return ProfileChannel(offsets, LEVEL_OF.get(attribute, ""), 255 * value, attribute)


def _share(value: Any, size: int) -> float:
    """A DMX value of GDTF, 0 to 1 of its bytes."""
    if value is None:
        return 0.0
    size = max(int(value.byte_count), 1)
    return min(max(int(value.value) / (256**size - 1), 0.0), 1.0)


def _open(channel: Any, default: float) -> float:
    """Where a shutter lets light through: what is called open, from its beginning on."""
    for logical in channel.logical_channels:
        for function in logical.channel_functions:
            for one in (*function.channel_sets, function):
                if "open" in str(one.name).lower():
                    return _share(one.dmx_from, len(channel.offset))
    return default


def _ranges(channels: Any) -> tuple[float, float] | None:
    """Degrees of pan and tilt; None where it does not turn both ways."""
    found = {}
    for channel in channels:
        attribute = str(channel.attribute)
        if attribute in ("Pan", "Tilt"):
            function = channel.logical_channels[0].channel_functions[0]
            degrees = abs(float(function.physical_to.value) - float(function.physical_from.value))
            found[attribute] = min(max(degrees, 90.0 if attribute == "Pan" else 45.0), 720.0)
    return (found["Pan"], found["Tilt"]) if len(found) == 2 else None


def _placed(layers: Any, archive: zipfile.ZipFile, named: str) -> Iterator[Placed]:
    profiles: dict[tuple[str, str], Profile] = {}
    for number, layer in enumerate(layers):
        for count, fixture in enumerate(_fixtures(layer.child_list)):
            if count >= _MOST_FIXTURES:
                raise ArtifactError(f"cannot read the plan {named}: more than {count} fixtures")
            addresses = fixture.addresses.addresses
            if not addresses or not fixture.gdtf_spec:
                continue
            key = (str(fixture.gdtf_spec), str(fixture.gdtf_mode or ""))
            if key not in profiles:
                profiles[key] = _inner_profile(archive, *key)
            x, y, z = (float(metre) / 1000 for metre in fixture.matrix.matrix[3][:3])
            yield Placed(
                str(fixture.name or fixture.fixture_id or "fixture"),
                int(addresses[0].universe), int(addresses[0].address), 1 + number % GROUPS,
                profiles[key], (x, z, -y),
            )  # fmt: skip


def _fixtures(children: Any, depth: int = 0) -> Iterator[Any]:
    if children is None or depth > 32:
        return
    yield from children.fixtures
    for inner in (*children.group_objects, *children.scene_objects, *children.trusses):
        yield from _fixtures(inner.child_list, depth + 1)


def _inner_profile(archive: zipfile.ZipFile, spec: str, mode: str) -> Profile:
    """The profile that a plan brings along."""
    names = (spec, f"{spec}.gdtf")
    member = next((info for info in archive.infolist() if info.filename in names), None)
    if member is None:
        raise ArtifactError(f"the plan has no profile {spec!r}; export it with its GDTF files")
    if member.file_size > _MOST_FILE_BYTES:
        raise ArtifactError(f"the profile {spec!r} in the plan is larger than any is")
    with archive.open(member) as file:
        return _profile(file.read(_MOST_FILE_BYTES), spec, mode)


def _archive(content: bytes, description: str, named: str) -> zipfile.ZipFile:
    """The zip, once its description may be given to a parser."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        if len(archive.infolist()) > _MOST_MEMBERS:
            raise ValueError("it holds too many files")
        member = archive.getinfo(description)
        if member.file_size > _MOST_XML_BYTES:
            raise ValueError(f"{description} claims {member.file_size >> 20} MB")
        with archive.open(member) as file:
            text = file.read(_MOST_XML_BYTES + 1)
        if b"<!DOCTYPE" in text or b"<!ENTITY" in text or b"\0" in text[:-1]:
            raise ValueError(f"its {description} defines entities, or is not UTF-8")
        ElementTree.fromstring(text.rstrip(b"\0"))  # pygdtf makes up a lamp of what is broken
    except Exception as error:  # a zip lies in as many ways as it has fields
        raise _damaged(Path(named), error) from None
    return archive


def _library(name: str) -> Any:
    from importlib import import_module

    try:
        return import_module(name)
    except ImportError as error:
        raise ConfigError(
            f"GDTF and MVR need {name}: pip install -c constraints.txt -e .[dmx]"
        ) from error


def _damaged(path: Path, error: Exception) -> ArtifactError:
    reason = str(error).split("\n")[0][:200] or type(error).__name__
    return ArtifactError(f"cannot read {path}: {reason}; {_HINT}")


def _plain(text: str) -> str:
    """Fit for a comment."""
    return "".join(c if c.isprintable() else " " for c in text)[:80]


def _quoted(text: str) -> str:
    return json.dumps(_plain(text), ensure_ascii=False)
