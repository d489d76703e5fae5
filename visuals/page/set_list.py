"""Takes as a set list: a scene for each, with its faders, for `posejockey live --cues`.

Enters: names and settings of takes. Leaves: TOML. Pure.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from live.show.config import ShowConfig

_HEAD = """\
# A set list made in the studio: posejockey live --cues FILE
# docs/control.md says what else a scene may set, and when it comes by itself.
"""
_NAMES = (
    "style", "energy", "openness", "travel", "temperature", "dancers", "seed", "form", "phrase",
    "unison", "canon", "variation", "formation", "ensemble",
)  # fmt: skip
_MOST_NAME = 40


def set_list_of(takes: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    """takes: what each is called, and what is known of it. Every scene sets all that another one
    may have set."""
    usual = ShowConfig()
    scenes, taken = [], set()
    for wanted, about in takes:
        name = _free(wanted, taken)
        options = about.get("options")
        options = options if isinstance(options, dict) else {}
        lines = ["[[cue]]", f"name = {json.dumps(name, ensure_ascii=False)}"]
        for setting in _NAMES:
            value = options.get(setting)
            if not isinstance(value, int | float | str):
                value = getattr(usual, setting)
            lines.append(f"{setting} = {json.dumps(value, ensure_ascii=False)}")
        scenes.append("\n".join(lines))
    return "\n\n".join([_HEAD.rstrip(), *scenes]) + "\n"


def _free(wanted: str, taken: set[str]) -> str:
    """A name that no scene before has."""
    base = wanted[:_MOST_NAME]
    names = (base if n == 1 else f"{base} {n}" for n in range(1, 10**6))
    name = next(name for name in names if name.lower() not in taken)
    taken.add(name.lower())
    return name
