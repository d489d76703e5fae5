"""Clips and lessons of the library, as /learn is told of them; shows started from a page."""

import asyncio
import json
from contextlib import closing

import numpy as np
import pytest

from live.body.skeleton import REST_POSE
from tests.helpers.studio import with_studio
from tests.visuals.page.show import FakeShow, free_udp_port
from visuals.page.settings import StudioSettings

PNG = b"\x89PNG\r\n\x1a\n" + bytes(50)


@pytest.fixture
def library(tmp_path):
    """A folder of clips, one of them damaged, and a lesson that has ended."""
    motion = tmp_path / "clips" / "mine" / "motion"
    motion.mkdir(parents=True)
    rng = np.random.default_rng(3)
    moving = REST_POSE + rng.normal(0, 0.05, (300, 19, 3))
    still = np.repeat(REST_POSE[None], 60, 0)
    np.savez(motion / "kick.npz", joints=moving.astype(np.float32))
    np.savez(motion / "stand.npz", joints=still.astype(np.float32))
    (motion / "broken.npz").write_bytes(b"PK\3\4 nothing")
    entry = {"style": "mine", "tier": "open", "source": "kick.mp4", "tempo_bpm": 120.0}
    index = {"kick": entry, "stand": entry, "broken": entry, "gone": entry, "odd": [1]}
    (tmp_path / "clips" / "mine" / "index.json").write_text(json.dumps(index))
    (tmp_path / "clips" / "junk").mkdir()
    lesson = tmp_path / "models" / "mine-lesson"
    (lesson / "pictures").mkdir(parents=True)
    for name in ("pictures/000200.png", "pictures/000100.png", "before-after.png"):
        (lesson / name).write_bytes(PNG)
    (lesson / "pictures" / "page.png").write_text("<script>alert(1)</script>")
    report = {"called_by_its_name": 0.9, "advice": ["More material."], "dances": {"a": 1}}
    (lesson / "report.json").write_text(json.dumps(report))
    (tmp_path / "models" / "mine.onnx").write_bytes(b"network")
    (tmp_path / "secret.npz").write_bytes(b"secret")
    return tmp_path


def visit(library, do):
    settings = StudioSettings(library=library, control_port=free_udp_port(), model="no-such.onnx")
    with_studio(settings, do)


def test_what_was_found_in_each_file_is_told(library):
    async def do(client):
        (folder,) = await (await client.get("/api/clips")).json()
        clips = {clip["name"]: clip for clip in folder["clips"]}
        assert folder["name"] == "mine"
        assert clips.keys() == {"kick", "stand", "broken"}
        assert clips["kick"]["seconds"] == 10.0
        assert clips["kick"]["tempo_bpm"] == 120.0
        assert clips["kick"]["held"] == 0.0
        assert clips["stand"]["held"] == 1.0
        assert "cannot read" in clips["broken"]["error"]

    visit(library, do)


def test_poses_come_in_millimetres_and_only_by_name(library):
    async def do(client):
        answer = await client.get("/api/clips/mine/stand/poses")
        rows = np.frombuffer(await answer.read(), "<i2").reshape(-1, 19, 3)
        np.testing.assert_allclose(rows[30] / 1000, REST_POSE, atol=6e-4)
        assert (await client.get("/api/clips/mine/broken/poses")).status == 400
        for path in ("mine/gone", "junk/kick", "..%2F..%2F/secret", "mine/..%2F..%2F..%2Fsecret"):
            assert (await client.get(f"/api/clips/{path}/poses")).status == 404

    visit(library, do)


def test_a_lesson_shows_pictures_and_what_came_of_it(library):
    async def do(client):
        (lesson,) = await (await client.get("/api/lessons")).json()
        pictures = ["000100.png", "000200.png", "page.png", "before-after.png"]
        assert (lesson["style"], lesson["pictures"]) == ("mine", pictures)
        assert lesson["report"] == {"called_by_its_name": 0.9, "advice": ["More material."]}
        assert lesson["model"]
        answer = await client.get("/api/lessons/mine/pictures/000100.png")
        assert (await answer.read(), answer.content_type) == (PNG, "image/png")
        assert (await client.get("/api/lessons/mine/pictures/page.png")).status == 415
        for path in ("mine/pictures/..%2Freport.json", "other/pictures/000100.png"):
            assert (await client.get(f"/api/lessons/{path}")).status == 404

    visit(library, do)


def test_a_show_that_cannot_begin_says_why(library):
    async def do(client):
        assert (await client.post("/api/show", json={})).status == 200
        assert (await client.post("/api/show", json={})).status == 400  # one is enough
        told = {}
        while not told.get("error"):
            await asyncio.sleep(0.05)
            told = await (await client.get("/api/show")).json()
        assert "no-such.onnx" in told["error"]
        assert not told["ours"]
        assert (await client.delete("/api/show")).status == 400

    visit(library, do)


def test_no_second_show_beside_one_that_runs(library):
    async def do(client):
        async def is_alive():
            return (await (await client.get("/api/show")).json())["is_alive"]

        while not await is_alive():
            show.step()
            await asyncio.sleep(0.05)
        answer = await client.post("/api/show", json={})
        assert (answer.status, "running already" in await answer.text()) == (400, True)

    with closing(FakeShow()) as show:
        with_studio(StudioSettings(library=library, control_port=show.port), do)
