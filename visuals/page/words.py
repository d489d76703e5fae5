"""The show's words for the pages, as an ES module: joints, colours, looks, controls.

Enters: nothing. Leaves: the text of `/words.js`, so that a page and the window can never have
different colours, and a control that is new on the wire is on the phone without a line of script.
"""

import dataclasses
import json

from live.body.skeleton import BODY_HEIGHT_M, JOINT_NAMES, PARENTS, REST_POSE
from live.osc import schema
from live.osc.schema import Control
from live.palettes import PALETTES


def module_text() -> str:
    """JavaScript: one `export const` a table. The same on every call."""
    tables = {
        "JOINTS": JOINT_NAMES,
        "PARENTS": PARENTS,
        "BODY_HEIGHT_M": BODY_HEIGHT_M,
        "REST_POSE": [round(float(x), 4) for x in REST_POSE.ravel()],
        "PALETTES": {name: dataclasses.asdict(p) for name, p in PALETTES.items()},
        "LOOKS": schema.LOOKS,
        "CAMERAS": schema.CAMERAS,
        "LINEUPS": schema.LINEUPS,
        "FORMS": schema.FORMS,
        "FORMATIONS": schema.FORMATIONS,
        "ENSEMBLES": schema.ENSEMBLES,
        "PHRASE_BEATS": schema.PHRASE_BEATS,
        "STATES": schema.STATES,
        "SECTION_KINDS": schema.SECTION_KINDS,
        "SAMPLE_WRAP": schema.SAMPLE_WRAP,
        "CONTROLS": {name: _control(control) for name, control in schema.PLAYED.items()},
    }
    return "".join(f"export const {name} = {json.dumps(t)};\n" for name, t in tables.items())


def _control(control: Control) -> dict:
    kind = (
        "switch" if control.is_switch else {"": "button", "f": "number"}.get(control.types, "text")
    )
    return {
        "kind": kind,
        "low": control.low,
        "high": control.high,
        "choices": control.choices,
        "meaning": control.meaning,
    }
