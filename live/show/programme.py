"""What is prepared for a show: the set list, the bank of phrases, a planned score; and recorded.

Enters: settings, before the show; the settings of a session. Leaves: a `Programme`, and the JSON
values from which a recorded show has it again. A mistake is a ConfigError that names the file.
"""

import base64
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from live.control.scenes import Scene, load_scenes, parse_scenes, value_of
from live.dance.material.bank import MAX_PHRASES, PhraseBank
from live.dance.material.phrase import StoredPhrase, describe, phrase_of_tables
from live.dance.material.score_file import PlannedScore, load_score, parse_score
from live.dance.material.take_score import score_of_take
from live.errors import ArtifactError, ConfigError
from live.session.take import read_take
from live.settings_file import read_text
from live.show.config import ShowConfig


@dataclass(frozen=True)
class Programme:
    """scenes: of the set list, whose text is set_list. bank: None for an empty one.
    follows_timecode: the times of scenes and score are another machine's."""

    scenes: tuple[Scene, ...] = ()
    bank: PhraseBank | None = None
    score: PlannedScore | None = None
    set_list: str = ""
    follows_timecode: bool = False


def open_programme(config: ShowConfig, styles: tuple[str, ...]) -> Programme:
    """What the settings name, for a network with these styles. The caller closes the bank."""
    set_list = read_text(Path(config.cues), "the set list") if config.cues else ""
    scenes = load_scenes(Path(config.cues), styles) if config.cues else ()
    bank = PhraseBank.read(Path(config.phrases))
    follows = bool(config.ltc) or config.mtc
    return Programme(scenes, bank, _score(config, bank, styles), set_list, follows)


def recorded(programme: Programme) -> dict[str, Any]:
    """As JSON values, by the names under which a session keeps them."""
    bank, score = programme.bank or PhraseBank(), programme.score
    phrases = {phrase.name: phrase for phrase in bank.phrases}
    phrases |= score.phrases if score else {}
    return {
        "set_list": programme.set_list,
        "follows_timecode": programme.follows_timecode,
        "score": score.text if score else "",
        "phrases": [_to_json(phrase) for phrase in phrases.values()],
    }


def programme_of(settings: dict[str, Any], where: Path, styles: tuple[str, ...]) -> Programme:
    """The inverse of `recorded`. ArtifactError for what does not fit: anybody may have made it."""
    phrases = settings.get("phrases") or []
    if not isinstance(phrases, list) or len(phrases) > 2 * MAX_PHRASES:
        raise ArtifactError(f"{where}: its phrases do not fit; record it anew")
    bank = PhraseBank([_from_json(phrase, where) for phrase in phrases])
    try:
        set_list, score = _text(settings, "set_list"), _text(settings, "score")
        scenes = parse_scenes(set_list, where, styles) if set_list else ()
        read_value = partial(value_of, styles=styles)
        planned = parse_score(score, where, bank, read_value) if score else None
    except ConfigError as error:
        raise ArtifactError(f"its set list or score does not fit: {error}") from error
    follows = settings.get("follows_timecode") is True
    return Programme(scenes, bank, planned, set_list, follows)


def _score(config: ShowConfig, bank: PhraseBank, styles: tuple[str, ...]) -> PlannedScore | None:
    """A score file; or a take, whose score is danced again."""
    if not config.score:
        return None
    path = Path(config.score)
    if path.suffix.lower() == ".npz":
        return score_of_take(read_take(path), path)
    return load_score(path, bank, partial(value_of, styles=styles))


def _text(settings: dict[str, Any], name: str) -> str:
    value = settings.get(name)
    return value if isinstance(value, str) else ""


def _to_json(phrase: StoredPhrase) -> dict[str, Any]:
    noise = base64.b64encode(np.ascontiguousarray(phrase.noise, "<f4").tobytes()).decode()
    return describe(phrase) | {"noise": noise}


def _from_json(table: Any, where: Path) -> StoredPhrase:
    try:
        said = dict(table)
        raw = np.frombuffer(base64.b64decode(said.pop("noise"), validate=True), "<f4")
        noise = raw.reshape(said["beats"], said["dancers"], -1)
    except (ValueError, TypeError, KeyError):
        raise ArtifactError(f"{where}: a phrase in it is damaged; record it anew") from None
    return phrase_of_tables(said, {"noise": noise}, str(where))
