"""`python -m benchmarks.studio SONG`: the rehearsal room in Chromium, as who opens it sees it.

Leaves: what the page weighs, how long a song takes to its first dance and to its take, and whether
what moves on the screen moves with the beat: the picture's change from frame to frame against the
phase of the beat, beside the same with the beat 15 % off. Needs Chromium and Playwright.
"""

import argparse
import io
import json
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from live.monotonic import monotonic_s

_FLAGS = (
    "--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
)  # fmt: skip
_WAIT_MS = 600_000
_STEP_S = 1 / 15
_DETUNED = 1.15


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("song", type=Path)
    parser.add_argument("--pictures", type=int, default=240, help="compared with the beat")
    args = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with tempfile.TemporaryDirectory() as library:
        command = [sys.executable, "-m", "posejockey", "studio", "--no-open", "--port", "0"]
        studio = subprocess.Popen(
            [*command, "--library", library], stdout=subprocess.PIPE, text=True
        )
        assert studio.stdout
        address = studio.stdout.readline().split()[1]
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=chromium, args=_FLAGS)
                # The page forbids scripts made from text, by which Playwright waits.
                page = browser.new_page(viewport={"width": 480, "height": 640}, bypass_csp=True)
                page.set_default_timeout(_WAIT_MS)
                _measure(page, address, args.song, args.pictures)
                browser.close()
        finally:
            studio.kill()
            studio.wait()
    return 0


def _measure(page: Page, address: str, song: Path, pictures: int) -> None:
    weights: dict[str, int] = {}
    page.on("response", lambda answer: weights.update({answer.url: _size(answer)}))
    page.goto(address)
    page.wait_for_selector("#faders input[name=energy]")
    page.wait_for_timeout(1000)
    print(f"page: {len(weights)} files, {sum(weights.values()) / 1000:.0f} kB")
    started_s = monotonic_s()
    page.set_input_files("#file", song)
    page.wait_for_selector("body[data-first]")
    print(f"first dance seen after {monotonic_s() - started_s:.1f} s")
    page.wait_for_selector("#take-list li[aria-current=true]")
    print(f"take after {monotonic_s() - started_s:.1f} s")
    page.wait_for_selector("#phrases .phrase")
    with urllib.request.urlopen(f"{address}/api/state") as answer:
        take = json.load(answer)["takes"][-1]["id"]
    with urllib.request.urlopen(f"{address}/api/takes/{take}/summary") as answer:
        summary = json.load(answer)
    times_s = 4.0 + np.arange(pictures) * _STEP_S
    moved = _moved(page, times_s[times_s < summary["seconds"] - 1], summary["seconds"])
    middle_s = times_s[: len(moved)] + _STEP_S / 2
    beats = np.array(summary["beats"])
    own, other = (_coherence(moved, _phase(middle_s, b)) for b in (beats, beats * _DETUNED))
    print(f"the picture's motion and the beat: coherence {own:.2f}; detuned {other:.2f}")


def _size(answer: Any) -> int:
    return int(answer.headers.get("content-length", 0))


def _moved(page: Page, times_s: np.ndarray, seconds: float) -> np.ndarray:
    """Mean change of the picture of the dance from each time to the next."""
    before, found = None, []
    for time_s in times_s:
        page.evaluate("t => window.room.player.seek(t)", float(time_s))
        page.wait_for_function("t => Math.abs(window.room._drawn_s - t) < 0.02", arg=float(time_s))
        seen = Image.open(io.BytesIO(page.locator("#canvas").screenshot())).convert("L")
        now = np.asarray(seen, np.float32)
        if before is not None:
            found.append(float(np.abs(now - before).mean()))
        before = now
    return np.array(found)


def _phase(times_s: np.ndarray, beats: np.ndarray) -> np.ndarray:
    """0..1 in each beat, as far as beats are known."""
    return np.interp(times_s, beats, np.arange(len(beats))) % 1.0


def _coherence(moved: np.ndarray, phase: np.ndarray) -> float:
    """How much of the variation is periodic with the beat or half of it: 0 none, 1 all."""
    centred = moved - moved.mean()
    power = float((centred**2).sum())
    sides = [abs((centred * np.exp(2j * np.pi * k * phase)).sum()) ** 2 for k in (1, 2)]
    return float(2 * max(sides) / (len(moved) * power)) if power > 0 else 0.0


if __name__ == "__main__":
    raise SystemExit(main())
