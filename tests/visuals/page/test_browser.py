"""The rehearsal room in a real browser: from a song to a BVH; and a studio that is killed."""

import json
import urllib.request

import numpy as np
import pytest
import soundfile

from live.audio.files import read_audio
from live.session.take import read_take
from tests.helpers.browser import browser_page, studio
from tests.helpers.sound_server import ROOT, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
SECONDS = 10.0


@pytest.fixture
def song(tmp_path):
    """The first seconds of the demo, at 100 BPM."""
    audio, rate = read_audio(ROOT / "live" / "audio" / "demo.ogg")
    path = tmp_path / "a song.flac"
    soundfile.write(path, audio[: round(SECONDS * rate)], rate)
    return path


def state(running):
    with urllib.request.urlopen(f"{running.address}/api/state", timeout=30) as answer:
        return json.loads(answer.read())


def post(running, path, body, kind="application/json"):
    request = urllib.request.Request(running.address + path, body, {"Content-Type": kind})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read())


def test_a_song_is_danced_changed_and_exported_in_a_browser(tmp_path, song):
    library = tmp_path / "library"
    with studio(library) as running, browser_page() as page:
        page.on("dialog", lambda dialog: dialog.accept("hook"))
        page.goto(running.address)
        page.set_input_files("#file", song)
        page.wait_for_selector("body[data-first]")  # seen while it is still danced
        page.wait_for_selector("#take-list li[aria-current=true]")
        page.wait_for_selector("#phrases .phrase")

        seen = []
        for second in (2.0, 2.3):
            page.mouse.click(*place_in_song(page, second))
            page.wait_for_timeout(400)
            seen.append(page.locator("#canvas").screenshot())
        assert seen[0] != seen[1]  # somebody moves
        page.keyboard.press("Space")
        page.wait_for_selector("#play[aria-label=pause]")
        page.keyboard.press("Space")
        page.wait_for_selector("#play[aria-label=play]")

        page.click("#phrases .phrase:nth-child(1)")
        page.keyboard.press("k")
        page.wait_for_selector("#kept-list li")
        page.keyboard.press("v")
        assert page.locator("#phrases .edited").count() == 1
        page.keyboard.press("Control+z")
        assert page.locator("#phrases .edited").count() == 0
        first, second = (f"#phrases .phrase:nth-child({n})" for n in (1, 2))
        page.drag_and_drop(first, second)  # is danced there, too
        page.wait_for_selector(f"{second}.edited")
        page.keyboard.press("Control+z")
        page.click(first)
        page.keyboard.press("x")
        page.click("#dance-edit")
        page.wait_for_selector("#take-list li:nth-child(2)")  # and the newest is open
        page.wait_for_selector("#take-list li:nth-child(1)[aria-current=true]")
        page.click("#exports button:text-is('BVH')")
        page.wait_for_selector("#file-list a")

    first, second = (read_take(path) for path in sorted((library / "takes").glob("*.npz")))
    assert first["score_mirrored"][0] != second["score_mirrored"][0]
    assert (library / "phrases" / "hook.toml").is_file()
    (bvh,) = (library / "exports").glob("*.bvh")
    frames = motion_of(bvh)
    assert len(frames) > 0.9 * 30 * SECONDS
    assert np.ptp(frames, axis=0).max() > 5  # degrees: it dances


def place_in_song(page, second):
    box = page.locator("#wave").bounding_box()
    return box["x"] + box["width"] * second / SECONDS, box["y"] + box["height"] / 2


def motion_of(path):
    """The numbers of a BVH's frames, by a reader of others where there is one."""
    bvhio = pytest.importorskip("bvhio", reason="no reader of others for BVH (pip install bvhio)")
    root = bvhio.readAsBvh(str(path)).Root
    return np.array([[*key.Position, *key.Rotation] for key in root.Keyframes])


def test_nothing_is_lost_when_the_studio_is_killed_amid_a_job(tmp_path, song):
    library = tmp_path / "library"
    with studio(library) as running:
        added = post(running, "/api/songs?name=song.flac", song.read_bytes(), "audio/flac")
        for seed in (1, 2):
            wishes = {"kind": "dance", "song": added["id"], "options": {"seed": seed}}
            post(running, "/api/jobs", json.dumps(wishes).encode())
        wait_until(lambda: state(running)["jobs"][0]["state"] == "running", "job that runs", 60)
        running.kill()
    with studio(library) as running:
        told = state(running)
        assert {job["state"] for job in told["jobs"]} <= {"running", "waiting"}
        assert told.get("takes", []) == []
        wait_until(lambda: len(state(running).get("takes", [])) == 2, "two takes", 300)
        assert [take["options"]["seed"] for take in state(running)["takes"]] == [1, 2]
    assert len(list((library / "takes").glob("*.npz"))) == 2
