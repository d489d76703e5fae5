"""A studio as a process, and Debian's Chromium on its pages; skips, with the reason, without."""

import re
import shutil
import subprocess
import sys
from contextlib import contextmanager

import pytest

from tests.helpers.sound_server import ROOT

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
_FLAGS = (
    "--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
    "--autoplay-policy=no-user-gesture-required",
)  # fmt: skip
WAIT_MS = 280_000  # for what takes seconds; long, for a busy machine


class Studio:
    """`posejockey studio` as a process; `address` is where its pages are."""

    def __init__(self, library, *options):
        command = [sys.executable, "-m", "posejockey", "studio", "--no-open", "--port", "0"]
        self.process = subprocess.Popen(
            [*command, "--library", str(library), *map(str, options)],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        assert self.process.stdout
        line = self.process.stdout.readline()
        found = re.search(r"http://\S+", line)
        assert found, line
        self.address = found[0]

    def kill(self):
        """As kill -9, or a power cut."""
        self.process.kill()
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()


@contextmanager
def studio(library, *options):
    running = Studio(library, *options)
    try:
        yield running
    finally:
        running.kill()


@contextmanager
def browser_page(width=900, height=700):
    """A page of Chromium, drawn in software; errors in its scripts fail the test."""
    sync_api = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("no Chromium (apt-get install chromium)")
    errors = []
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=_FLAGS)
        page = chromium.new_page(viewport={"width": width, "height": height})
        page.set_default_timeout(WAIT_MS)
        page.on("pageerror", lambda error: errors.append(str(error)))
        try:
            yield page
        finally:
            chromium.close()
    assert errors == []
