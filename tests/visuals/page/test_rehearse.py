"""From a song to a dance, a phrase, an arrangement and a set list, as the page asks for them."""

import asyncio
import io
import json

import numpy as np
import pytest
import soundfile

from live.control.scenes import load_scenes
from live.dance.material.phrase import read_phrase
from live.session.rows import row_width
from live.session.take import read_take
from tests.helpers.studio import with_studio
from visuals.page.settings import StudioSettings
from visuals.page.workshop import WORKSHOP

RATE = 24_000


@pytest.fixture
def settings(tmp_path):
    return StudioSettings(tmp_path / "library", port=0)


@pytest.fixture
def song(click_track):
    """A WAV of clicks, as bytes."""
    file = io.BytesIO()
    soundfile.write(file, click_track(120.0, 6.0, RATE), RATE, format="WAV")
    return file.getvalue()


async def ask(client, method, path, status=200, **options):
    async with client.request(method, path, **options) as answer:
        body = await answer.read()
        assert answer.status == status, body
        return json.loads(body) if answer.content_type == "application/json" else body


async def job_over(client, id_, seconds=120):
    """The job once it is over."""
    async with asyncio.timeout(seconds), client.get("/api/events") as events:
        async for line in events.content:
            if line.startswith(b"data:"):
                jobs = {job["id"]: job for job in json.loads(line[5:])["jobs"]}
                if jobs[id_]["state"] in ("done", "failed", "cancelled"):
                    return jobs[id_]
    raise AssertionError("the stream of events ended")


async def dance(client, song_id, **more):
    wishes = {"kind": "dance", "song": song_id, **more}
    job = await ask(client, "POST", "/api/jobs", 201, json=wishes)
    over = await job_over(client, job["id"])
    assert over["state"] == "done", over["say"]
    return (await ask(client, "GET", "/api/state"))["takes"][-1]


def test_a_song_becomes_a_dance_that_is_put_together_anew(tmp_path, tiny_model, song):
    settings = StudioSettings(tmp_path / "library", port=0, model=str(tiny_model))

    async def visit(client):
        added = await ask(client, "POST", "/api/songs?name=../My song.wav", 201, data=song)
        assert added["name"] == "My song.wav"
        outline = await ask(client, "GET", f"/api/songs/{added['id']}/outline")
        assert outline["seconds"] == pytest.approx(6.0, abs=0.05)
        assert max(outline["peaks"]) > 100
        sound = await ask(client, "GET", f"/api/songs/{added['id']}/sound")
        assert soundfile.info(io.BytesIO(sound)).duration == pytest.approx(6.0, abs=0.05)

        options = {"dancers": 2, "energy": 0.5, "seed": 3}
        take = await dance(client, added["id"], options=options)
        assert (take["title"], take["song"]) == ("Take 1", "My song.wav")
        assert take["options"] == options
        summary = await ask(client, "GET", f"/api/takes/{take['id']}/summary")
        assert summary["dancers"] == 2
        assert len(summary["counts"]) == len(summary["beats"]) > 5
        phrases = summary["phrases"]
        assert phrases[0]["first"] == 0
        rows = await ask(client, "GET", f"/api/takes/{take['id']}/rows")
        assert len(rows) % (2 * row_width(2)) == 0

        await ask(
            client, "PATCH", f"/api/items/{take['id']}", json={"star": True, "title": " A  b"}
        )
        wishes = {"take": take["id"], "phrase": len(phrases) - 1, "name": "My Hook"}
        kept = await ask(client, "POST", "/api/phrases", 201, json=wishes)
        assert kept["name"] == "my-hook"
        phrase = read_phrase(settings.library / "phrases" / "my-hook.toml")
        assert phrase.beats == phrases[-1]["beats"]
        assert phrase.controls["energy"] == pytest.approx(0.5, abs=1)

        slots = [{"phrase": 0, "mirror": True}] * len(phrases)
        slots[-1] = {"kept": kept["id"], "vary": 0.5}
        arrangement = {"take": take["id"], "slots": slots}
        again = await dance(client, added["id"], options=options, arrangement=arrangement)
        assert (again["title"], again["from"]) == ("Take 1", take["name"])  # the first is "A b" now
        folder = settings.library / "takes"
        first, second = read_take(folder / take["name"]), read_take(folder / again["name"])
        beats = phrases[0]["beats"]
        np.testing.assert_array_equal(second["score_noise"][:beats], first["score_noise"][:beats])
        assert second["score_mirrored"][0] != first["score_mirrored"][0]

        listed = await ask(
            client, "POST", "/api/set-list", 201, json={"takes": [take["id"], again["id"]]}
        )
        scenes = load_scenes(settings.library / "exports" / listed["name"], ("a", "b"))
        assert [scene.name for scene in scenes] == ["My song - A b", "My song - Take 1"]
        saved = await ask(client, "GET", f"/api/files/{listed['id']}")
        assert b"energy = 0.5" in saved

    with_studio(settings, visit)


REFUSED = [
    ({}, "kind"),
    ({"kind": "format-the-disk"}, "kind"),
    ({"kind": "dance", "song": "../x"}, ""),
    ({"kind": "export", "take": None, "suffix": ".bvh"}, "take"),
]


def test_what_no_page_asks_for_is_refused_in_a_sentence(settings, song):
    async def visit(client):
        added = await ask(client, "POST", "/api/songs?name=a", 201, data=song)
        refused = [*REFUSED]
        for options, word in (
            ({"energy": 9}, "energy"), ({"--out": "x"}, "--out"), ({"form": "A; rm"}, "form"),
            ({"style": "x" * 999}, "style"), ({"dancers": 1e9}, "dancers"), ("x", "options"),
        ):  # fmt: skip
            refused.append(({"kind": "dance", "song": added["id"], "options": options}, word))
        for wishes, word in refused:
            async with client.post("/api/jobs", json=wishes) as answer:
                assert answer.status in (400, 404), wishes
                assert word in await answer.text()
        assert client.app[WORKSHOP].jobs.all() == []
        assert list((settings.library / "takes").iterdir()) == []

    with_studio(settings, visit)


UPLOADS = {
    "text": (b"no sound at all", {}, 415),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", {}, 415),
    "zip": (b"PK\x03\x04" + bytes(2000), {}, 415),
    "nothing": (b"", {}, 400),
    "packed": (b"\x1f\x8b" + bytes(100), {"Content-Encoding": "gzip"}, 415),
}


def test_only_sound_gets_into_the_library(settings):
    async def visit(client):
        for name, (body, headers, status) in UPLOADS.items():
            path = f"/api/songs?name={name}.wav"
            async with client.post(path, data=body, headers=headers) as answer:
                assert answer.status == status, name
        reader, writer = await asyncio.open_connection(client.host, client.port)
        writer.write(
            b"POST /api/songs?name=a.wav HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            b"Content-Length: 10737418240\r\n\r\n"
        )
        assert b" 413 " in await reader.readline()  # before a byte of it has come
        writer.close()
        await writer.wait_closed()
        assert list((settings.library / "songs").iterdir()) == []
        assert list((settings.library / ".studio" / "incoming").iterdir()) == []

    with_studio(settings, visit)
