"""The page to prefer blindly on, in a browser."""

import json
import re

import numpy as np
import pytest

pytest.importorskip("torch")

from live.audio.features import SAMPLE_RATE
from live.body.skeleton import REST_POSE
from model.comparison.films import Scene
from model.comparison.page import write_scenes
from tests.helpers.browser import browser_page

pytestmark = pytest.mark.slow
KEY = "`posejockey-${COMPARISON.id}`"


@pytest.fixture
def folder(tmp_path):
    still = np.repeat(REST_POSE[None], 60, axis=0).astype(np.float32)
    films = {"one": still, "other": still + np.float32([0.2, 0, 0])}
    sound = 0.1 * np.sin(np.arange(2 * SAMPLE_RATE) * 0.1).astype(np.float32)
    write_scenes([Scene("street, 120 BPM", sound, films)], tmp_path)
    return tmp_path


def answers(page):
    return json.loads(page.evaluate(f"localStorage.getItem({KEY})") or "[]")


def test_answers_by_key_and_by_touch_are_kept_and_counted(folder):
    with browser_page(390, 780) as page:
        page.goto((folder / "index.html").as_uri())
        said = page.inner_text("body")
        assert "one" not in re.findall(r"\w+", said)  # which is which stays hidden
        page.keyboard.press("1")
        page.click("#second")
        page.keyboard.press("0")
        found = answers(page)
        assert [a["preferred"] for a in found] == ["first", "second", "neither"]
        assert all({a["first"], a["second"]} == {"one", "other"} for a in found)
        page.reload()
        page.click("summary")
        won = sum(a["preferred"] != "neither" and a[a["preferred"]] == "one" for a in found) + 0.5
        row = page.inner_text("tr:has(td:text-is('one'))").split("\t")
        assert row[1:3] == [f"{won:g}", "3"]
        assert page.evaluate("wilson(8, 10)") == pytest.approx([0.4902, 0.9433], abs=1e-4)


def test_what_was_exported_comes_back_and_of_other_films_it_does_not(folder, tmp_path):
    with browser_page() as page:
        page.goto((folder / "index.html").as_uri())
        page.keyboard.press("2")
        page.click("summary")
        with page.expect_download() as download:
            page.click("#export")
        kept = tmp_path / "kept.json"
        download.value.save_as(kept)
        page.once("dialog", lambda dialog: dialog.accept())
        page.click("#forget")
        assert answers(page) == []
        page.set_input_files("#file", kept)
        page.wait_for_function("answers.length === 1")
        other = json.loads(kept.read_text(encoding="utf-8")) | {"id": "other"}
        kept.write_text(json.dumps(other), encoding="utf-8")
        page.set_input_files("#file", kept)
        page.wait_for_function("byId('said').textContent.includes('no answers')")
        assert len(answers(page)) == 1


def test_both_dances_are_drawn(folder):
    with browser_page() as page:
        page.goto((folder / "index.html").as_uri())
        page.wait_for_function("canvases.every((c) => c.width > 100)")
        drawn = page.evaluate(
            "canvases.map((c) => c.getContext('2d').getImageData(0, 0, c.width, c.height).data"
            ".some((v) => v > 200))"
        )
        assert drawn == [True, True]
