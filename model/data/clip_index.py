"""The schema of `index.json`: what is said of each clip of a folder, read, checked and written.

Enters: a folder of clips, or an entry. Leaves: entries that hold what they must, and nothing
impossible; or an error that names the clip, the field, what was expected and how to mend it.
`posejockey capture` writes by it and `posejockey prepare` reads by it. Runs in the caller's thread.

A clip has a `style` and a `tier`. What nobody may know is left out: a clip without `tempo_bpm` and
`beat_phase_at_frame0` gets the beats of its own motion. docs/capture.md lists all fields.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from live.body.pose import FRAME_RATE
from live.dance.style import AUTO
from live.errors import ArtifactError
from live.safe_read import read_file
from live.safe_write import write_text
from live.settings_file import shown

TIERS = ("open", "share", "research")
METRES = (2, 3, 4, 5, 6, 7)
"""Beats a bar."""

_MAX_STYLE = 32  # letters
_TEMPO_BPM = (30.0, 300.0)
_MAX_PHASE = 1000.0  # beats
_MAX_SONG_S = 36_000.0
_BEATS = ("tempo_bpm", "beat_phase_at_frame0")
_SONG = re.compile(r"songs/[^/\\:<>|\"?*\x00-\x1f]{1,200}")
_MAX_INDEX_BYTES = 1 << 26


class ClipError(ArtifactError):
    """A clip that is damaged, of another form, or of motion that no body makes."""


def read_index(source: Path) -> list[tuple[str, object]]:
    """The entries by name, sorted, not checked yet. A name that stands twice is told, not lost.

    ArtifactError where there is no index, or none that can be read.
    """
    path = source / "index.json"
    if not path.exists():
        raise ArtifactError(f"{source} has no index.json; --source names the folder that holds it")
    content = read_file(path, "it lists the clips", _MAX_INDEX_BYTES)
    try:
        pairs = json.loads(content.decode("utf-8-sig"), object_pairs_hook=_Pairs)
    except (ValueError, RecursionError) as error:
        reason = str(error) or "it is nested too deeply"
        raise ArtifactError(f"{path} is not valid JSON: {reason}; mend it there") from None
    if not isinstance(pairs, _Pairs):
        raise ArtifactError(
            f"{path} is {_shown(pairs)}; expected an object with an entry for each clip, as in "
            '{"first": {"style": "mine", ...}}'
        )
    twice = pairs.names_that_stand_twice()
    if twice:
        raise ArtifactError(f"{path} lists clip {twice[0]!r} twice; rename one of them")
    return sorted(pairs, key=lambda pair: pair[0])


def write_index(source: Path, entries: Mapping[str, dict]) -> None:
    """All entries, checked, whole or not at all. ClipError before anything is written."""
    for name, entry in entries.items():
        check_entry(name, entry)
    text = json.dumps(dict(sorted(entries.items())), indent=1, ensure_ascii=False)
    write_text(source / "index.json", text + "\n")


def check_entry(name: str, entry: object) -> dict:
    """A clip's entry in the index, as it is. ClipError names the field that does not fit."""
    if not is_clip_name(name):
        raise ClipError(f"clip {name[:200]!r}: that is no name for a file; rename it")
    if isinstance(entry, _Pairs):
        for field in entry.names_that_stand_twice():
            raise ClipError(f"clip {name!r}: its entry has {field!r} twice; take one of them out")
        entry = _plain(entry)
    if not isinstance(entry, dict):
        raise ClipError(
            f"clip {name!r}: its entry is {_shown(entry)}; expected an object of fields"
        )
    _check_fields(name, entry)
    check_style(name, entry["style"])
    if entry["tier"] not in TIERS:
        raise wrong(name, "tier", entry["tier"], f"one of {', '.join(TIERS)}")
    _check_beats(name, entry)
    _check_song(name, entry)
    if entry.get("fps", FRAME_RATE) != FRAME_RATE:
        raise wrong(name, "fps", entry["fps"], f"{FRAME_RATE}; resample the joints to that rate")
    return entry


def is_clip_name(name: str) -> bool:
    """Whether a clip may be called so: its file is, on any system."""
    bad = any(c in '/\\:<>|"?*' or c < " " for c in name)
    return bool(name) and len(name) <= 200 and not bad and name[0] != "."


def check_style(name: str, style: object) -> None:
    """ClipError unless it is the name of a style that a show could be asked for."""
    if not isinstance(style, str) or not 0 < len(style.strip()) == len(style) <= _MAX_STYLE:
        raise wrong(name, "style", style, f"a word of up to {_MAX_STYLE} letters")
    if style == AUTO:
        raise wrong(name, "style", style, "another word: this one asks for any style")
    if style != style.lower() or not style.isprintable() or any(c in style for c in ",="):
        raise wrong(name, "style", style, "small letters, without comma or equals sign")


def wrong(name: str, field: str, value: object, expected: str, raw: bool = False) -> ClipError:
    """The error of a field: what it is and what was expected. raw: the value is a text to show."""
    told = value if raw else _shown(value)
    return ClipError(f"clip {name!r}: {field} is {told}; expected {expected}")


def _check_fields(name: str, entry: dict) -> None:
    missing = [field for field in ("style", "tier") if field not in entry]
    if sum(field in entry for field in _BEATS) == 1:
        missing += [field for field in _BEATS if field not in entry]
    if missing:
        has = ", ".join(sorted(map(str, entry))[:12])
        both = "; give both or neither" if missing[0] in _BEATS else ""
        raise ClipError(
            f"clip {name!r}: its entry lacks {missing[0]!r}; it has {has or 'nothing'}{both}"
        )


def _check_beats(name: str, entry: dict) -> None:
    low, high = _TEMPO_BPM
    if not _is_number(entry.get("tempo_bpm", low), low, high):
        expected = f"a number of beats a minute, {low:g} to {high:g}"
        raise wrong(name, "tempo_bpm", entry["tempo_bpm"], expected)
    if not _is_number(entry.get("beat_phase_at_frame0", 0), -_MAX_PHASE, _MAX_PHASE):
        expected = "a number of beats, such as 0.25"
        raise wrong(name, "beat_phase_at_frame0", entry["beat_phase_at_frame0"], expected)
    metre = entry.get("metre", 4)
    if isinstance(metre, bool) or metre not in METRES:
        expected = f"beats a bar, {METRES[0]} to {METRES[-1]}"
        raise wrong(name, "metre", metre, expected)


def _check_song(name: str, entry: dict) -> None:
    song = entry.get("song")
    if song is None:
        return
    if not isinstance(song, str) or not _SONG.fullmatch(song) or song[6] == ".":
        raise wrong(name, "song", song, "a file in the folder's songs/, such as songs/waltz.flac")
    start_s = entry.get("song_start_s", 0.0)
    if not _is_number(start_s, -_MAX_SONG_S, _MAX_SONG_S):
        expected = "a number of seconds: where the song is in frame 0"
        raise wrong(name, "song_start_s", start_s, expected)


class _Pairs(list):
    """A JSON object with all of its names, also those that stand twice."""

    def names_that_stand_twice(self) -> list[str]:
        return [name for name, count in Counter(name for name, _ in self).items() if count > 1]


def _plain(value: object):
    """Objects as dicts again."""
    if isinstance(value, _Pairs):
        return {name: _plain(inner) for name, inner in value}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


def _is_number(value: object, low: float, high: float) -> bool:
    """NaN and infinities are none, nor is true."""
    return isinstance(value, int | float) and value is not True and low <= value <= high


def _shown(value: object) -> str:
    if isinstance(value, _Pairs):
        return "an object"
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "an object"
    return shown(value)
