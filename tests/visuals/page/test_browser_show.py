"""The running show in a real browser: a transparent stage, two surfaces and a desk, a restart."""

import io
import json
import socket
import threading
from contextlib import closing, contextmanager

import numpy as np
import pytest

from live.body.skeleton import REST_POSE
from live.osc.encoding import encode_message
from tests.helpers.browser import browser_page, studio
from tests.helpers.sound_server import wait_until
from tests.visuals.page.show import FakeShow, free_udp_port

pytestmark = pytest.mark.slow
LIT = "canvas[style='opacity: 1;']"


@contextmanager
def running_show():
    """One that goes on by itself, 30 frames a second."""
    over = threading.Event()
    with closing(FakeShow()) as show:

        def run():
            frame = 0
            while not over.wait(1 / 30):
                frame += 1
                show.step(frame / 30)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield show
        finally:
            over.set()
            thread.join()


@contextmanager
def stage(library):
    """(show, studio)"""
    with running_show() as show, studio(library, "--control-port", show.port) as running:
        yield show, running


def picture(page):
    """What the page lets through: uint8 [H, W, 4]."""
    from PIL import Image

    return np.array(Image.open(io.BytesIO(page.screenshot(omit_background=True))).convert("RGBA"))


def test_the_stage_is_transparent_and_somebody_dances(tmp_path):
    with stage(tmp_path) as (_, running), browser_page(320, 240) as page:
        page.goto(f"{running.address}/stage?look=bodies")
        page.wait_for_selector(LIT)
        seen = picture(page)
        assert seen[0, 0, 3] == 0
        assert seen[-1, -1, 3] == 0
        assert 0.01 < (seen[..., 3] > 200).mean() < 0.5
        page.goto(f"{running.address}/stage?background=%23204060")
        page.wait_for_selector(LIT)
        assert picture(page)[0, 0].tolist() == [0x20, 0x40, 0x60, 255]
        page.goto(f"{running.address}/stage?avatar=nobody.vrm")
        page.wait_for_selector("#message:not([hidden])")


def another(page):
    """A second phone, in the same browser."""
    return page.context.browser.new_context(viewport={"width": 390, "height": 844}).new_page()


def pressed(control):
    return f"[data-control='{control}'][aria-pressed='true']"


def energy(value):
    return f"label.fader:has([name=energy]) output:text-is('{value}')"


def test_two_surfaces_and_a_desk_agree(tmp_path):
    with (
        stage(tmp_path) as (show, running),
        browser_page(390, 844) as one,
        closing(another(one)) as two,
    ):
        for page in (one, two):
            page.goto(f"{running.address}/play")
            page.wait_for_selector("body:not(.alone)")
        one.click("[data-control='freeze']")
        two.click("[data-control='look=ribbons']")
        for page in (one, two):
            page.wait_for_selector(pressed("freeze"))
            page.wait_for_selector(pressed("look=ribbons"))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as desk:
            desk.sendto(encode_message("/pj/control/energy", "f", (1.5,)), ("127.0.0.1", show.port))
        for page in (one, two):
            page.wait_for_selector(energy(1.5))
        two.locator("[name=energy]").fill("-1")
        one.wait_for_selector(energy(-1))
        two.click("[data-control='panic']", delay=900)
        wait_until(lambda: ("panic", None) in show.played, "panic")
        assert two.locator(".waiting").count() == 0


def test_a_page_goes_on_when_the_studio_is_there_again(tmp_path):
    with running_show() as show, browser_page(390, 844) as page:
        with studio(tmp_path, "--control-port", show.port) as running:
            port = running.address.rpartition(":")[2]
            page.goto(f"{running.address}/play")
            page.wait_for_selector("body:not(.alone)")
        page.wait_for_selector("body.alone")
        with studio(tmp_path, "--control-port", show.port, "--port", port):
            page.wait_for_selector("body:not(.alone)")
            page.click("[data-control='mirror']")
            page.wait_for_selector(pressed("mirror"))


def test_what_was_found_in_a_file_is_looked_at(tmp_path):
    motion = tmp_path / "clips" / "mine" / "motion"
    motion.mkdir(parents=True)
    joints = np.repeat(REST_POSE[None], 90, 0) + np.linspace(0, 0.2, 90)[:, None, None]
    np.savez(motion / "kick.npz", joints=joints.astype(np.float32))
    entry = {"style": "mine", "tier": "open", "source": "kick.bvh"}
    (motion.parent / "index.json").write_text(json.dumps({"kick": entry}))
    with studio(tmp_path, "--control-port", free_udp_port()) as running, browser_page() as page:
        page.goto(f"{running.address}/learn")
        page.click("#clips button:text-is('kick')")
        page.wait_for_selector("#shown:text('kick.bvh')")
        page.wait_for_timeout(300)
        seen = picture(page.locator("#figure"))
        assert len(np.unique(seen.reshape(-1, 4), axis=0)) > 20  # somebody stands on a grid
        assert page.locator("#from").input_value() == "mine"
        assert page.locator("#learn").is_enabled()
        page.goto(f"{running.address}/play")
        page.wait_for_selector("#banner button")  # no show: one may be started here
