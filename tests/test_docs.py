"""The documentation says what the program does."""

import re
import tomllib
from dataclasses import fields
from pathlib import Path

from live.show.config import ShowConfig
from posejockey import COMMANDS
from tools.osc_docs import PAGE, render

ROOT = Path(__file__).resolve().parent.parent


def test_osc_page_is_what_the_schema_says():
    assert PAGE.read_text(encoding="utf-8") == render(), "run `python tools/osc_docs.py`"


def test_readme_names_every_command():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    missing = [name for name in COMMANDS if f"posejockey {name}" not in readme]
    assert not missing


def test_readme_links_lead_somewhere():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#]+)\)", readme)
    local = [t for t in targets if "://" not in t]
    assert local
    assert [t for t in local if not (ROOT / t).exists()] == []


def test_example_show_file_holds_known_settings():
    example = tomllib.loads((ROOT / "docs" / "show.toml").read_text(encoding="utf-8"))
    example["osc"] = tuple(example["osc"])
    ShowConfig(**example)
    assert set(example) <= {f.name for f in fields(ShowConfig)}
