"""The words that the pages share with the wire, and the modules that come from others."""

import hashlib
import json
import re
from pathlib import Path

import pytest

from live.body.skeleton import JOINT_NAMES
from live.osc import schema
from live.palettes import PALETTES
from visuals.page.words import module_text

STATIC = Path(__file__).parents[3] / "visuals" / "page" / "static"
VENDOR = STATIC / "vendor"


def tables() -> dict:
    return {
        name: json.loads(text)
        for name, text in re.findall(r"export const (\w+) = (.*);", module_text())
    }


def test_pages_know_every_control_and_colour():
    said = tables()
    assert said["JOINTS"] == list(JOINT_NAMES)
    assert list(said["CONTROLS"]) == list(schema.PLAYED)
    assert said["CONTROLS"]["energy"]["low"] == -2
    assert said["CONTROLS"]["tap"]["kind"] == "button"
    night = said["PALETTES"]["night"]
    assert night["dancers"][0][0] == list(PALETTES["night"].dancers[0][0])


def test_every_look_on_the_wire_is_drawn():
    looks = (STATIC / "figure.js").read_text("utf-8").split("const LOOKS = {")[1]
    drawn = re.findall(r"^  (\w+): \{", looks, re.MULTILINE)
    assert set(schema.LOOKS) <= set(drawn)


def packages() -> dict:
    return json.loads((VENDOR / "versions.json").read_text("utf-8"))


@pytest.mark.parametrize("package", list(packages()))
def test_vendored_modules_are_those_that_were_taken(package):
    for name, digest in packages()[package]["sha256"].items():
        content = (VENDOR / name).read_bytes().replace(b"\r\n", b"\n")
        assert hashlib.sha256(content).hexdigest() == digest, name


def test_every_module_that_is_imported_is_there():
    missing = []
    for path in STATIC.glob("*.js"):
        own = path.read_text("utf-8")
        for name in re.findall(
            r"""^(?:import|export)[^;]*?\bfrom\s*["']([^"']+)["']""", own, re.MULTILINE
        ):
            is_there = name == "../words.js" or (path.parent / name).is_file()
            if not name.startswith(("./", "../")) or not is_there:
                missing.append(f"{path.name}: {name}")
    assert not missing
