"""The show in browsers: frames, what is in force, controls; slow pages, nonsense, restarts."""

import asyncio
import json
import struct
from contextlib import closing

import numpy as np
import pytest
from aiohttp import WSMsgType

from live.osc.encoding import encode_message, encode_picture
from tests.helpers.studio import with_studio
from tests.visuals.page.show import FakeShow, free_udp_port, until
from visuals.page import show_link
from visuals.page.relay import Client, Relay
from visuals.page.settings import StudioSettings


class Page:
    """A WebSocket of the studio, read in the background."""

    def __init__(self, socket):
        self.socket, self.frames, self.texts = socket, [], []
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def visit(cls, client):
        return cls(await client.ws_connect("/show"))

    async def _read(self):
        async for message in self.socket:
            if message.type == WSMsgType.BINARY:
                self.frames.append(message.data)
            else:
                self.texts.append(json.loads(message.data))

    @property
    def show(self):
        """What it was told last of everything at once."""
        return next(text for text in reversed(self.texts) if text["type"] == "show")

    def acks(self):
        return [(t["name"], t["obeyed"], t["value"]) for t in self.texts if t["type"] == "ack"]

    async def play(self, name, value=None):
        await self.socket.send_str(json.dumps({"name": name, "value": value}))


def with_show(tmp_path, visit):
    """Run visit(client, show) with a studio that looks for this show."""
    with closing(FakeShow()) as show:
        settings = StudioSettings(library=tmp_path, control_port=show.port)
        with_studio(settings, lambda client: visit(client, show))


def test_a_page_sees_the_dancers_and_what_is_in_force(tmp_path):
    async def visit(client, show):
        page = await Page.visit(client)
        show.values["energy"] = 1.5
        await until(lambda: len(page.frames) > 3 and page.show["names"], show.step, asyncio.sleep)
        version, dancers, _, section, sample = struct.unpack_from("<BBBBI", page.frames[-1])
        assert (version, dancers, section, sample % 400) == (1, 2, 4, 0)
        beat = struct.unpack_from("<4f", page.frames[-1], 8)
        assert beat == pytest.approx((0.25, 0.5, 120.0, 0.9))
        body = np.frombuffer(page.frames[-1], "<f4", 57, 40 + 232 + 4).reshape(19, 3)
        np.testing.assert_array_equal(body, show.joints[1])
        assert page.show["is_alive"]
        assert page.show["names"]["cue"] == ["intro", "drop"]
        assert ("energy", True, 1.5) in page.acks()

    with_show(tmp_path, visit)


def test_two_pages_agree_on_what_was_played_by_either(tmp_path):
    async def visit(client, show):
        one, two = await Page.visit(client), await Page.visit(client)
        await until(lambda: one.frames and two.frames, show.step, asyncio.sleep)
        await one.play("freeze", True)
        await two.play("look", "ribbons")
        await one.play("tap")
        await two.play("cue", "no such scene")
        wanted = [
            ("freeze", True, 1.0), ("look", True, "ribbons"), ("tap", True, 0.0),
            ("cue", False, "no such scene"),
        ]  # fmt: skip

        def both_heard():
            return all(set(wanted) <= set(page.acks()) for page in (one, two))

        await until(both_heard, show.step, asyncio.sleep)
        assert set(show.played) >= {("freeze", 1.0), ("look", "ribbons"), ("tap", None)}
        late = await Page.visit(client)
        await until(lambda: late.texts, show.step, asyncio.sleep)
        assert late.show["values"]["freeze"] == 1.0
        assert late.show["values"]["look"] == "ribbons"

    with_show(tmp_path, visit)


def test_nonsense_is_refused_and_does_not_reach_the_show(tmp_path):
    async def visit(client, show):
        page = await Page.visit(client)
        await until(lambda: page.frames, show.step, asyncio.sleep)
        nonsense = [
            "", "{", "[1]", "null", '"energy"', "[" * 1500, '{"name": 3}', '{"value": 1}',
            '{"name": "energy", "value": [1]}', '{"name": "energy", "value": {}}',
        ]  # fmt: skip
        for text in nonsense:
            await page.socket.send_str(text)
        for name, value in (
            ("no such control", 1), ("energy", "much"), ("energy", None), ("look", "oil"),
            ("style", "x" * 500), ("energy", float("nan")),
        ):  # fmt: skip
            await page.play(name, value)
        await page.socket.send_bytes(b"\0" * 100)
        await page.play("energy", 99)
        await until(lambda: ("energy", True, 2.0) in page.acks(), show.step, asyncio.sleep)
        assert show.played == [("energy", 2.0)]
        assert sum(not obeyed for _, obeyed, _ in page.acks()) == 6

    with_show(tmp_path, visit)


def test_a_show_that_ends_is_missed_and_found_again(tmp_path, monkeypatch):
    monkeypatch.setattr(show_link, "_REOPEN_S", 0.3)

    async def visit(client):
        page = await Page.visit(client)
        await until(lambda: page.texts, lambda: None, asyncio.sleep)
        assert not page.show["is_alive"]  # nobody is there yet
        for _ in range(2):
            with closing(FakeShow(port)) as show:
                await until(lambda: page.show["is_alive"], show.step, asyncio.sleep)
            await until(lambda: not page.show["is_alive"], lambda: None, asyncio.sleep)

    port = free_udp_port()
    with_studio(StudioSettings(library=tmp_path, control_port=port), visit)


def test_a_ping_is_answered(tmp_path):
    async def visit(client, show):
        page = await Page.visit(client)
        await page.socket.send_str('{"ping": 1}')
        await until(lambda: {"type": "pong"} in page.texts, show.step, asyncio.sleep)

    with_show(tmp_path, visit)


def test_other_pages_may_not_listen(tmp_path):
    async def visit(client, show):
        answer = await client.get("/show", headers={"Origin": "http://evil.example"})
        assert answer.status == 403

    with_show(tmp_path, visit)


def test_avatars_are_those_of_the_folder_and_nothing_else(tmp_path):
    folder = tmp_path / "avatars"
    folder.mkdir()
    (folder / "fox.glb").write_bytes(b"glTF" + bytes(100))
    (folder / "page.vrm").write_bytes(b"<script>alert(1)</script>")
    (folder / "notes.txt").write_text("glTF")
    (tmp_path / "secret.glb").write_bytes(b"glTF")

    async def visit(client, show):
        assert await (await client.get("/avatars")).json() == ["dancer.glb", "fox.glb"]
        answer = await client.get("/avatars/fox.glb")
        assert (await answer.read())[:4] == b"glTF"
        assert answer.content_type == "model/gltf-binary"
        for name in ("page.vrm", "notes.txt", "..%2Fsecret.glb", "%2e%2e/secret.glb", "x" * 5000):
            assert (await client.get(f"/avatars/{name}")).status in (400, 404)

    with_show(tmp_path, visit)


# The relay alone ---------------------------------------------------------------------------------


def test_a_slow_page_loses_frames_and_nothing_else():
    async def run():
        relay, slow, quick = Relay(), Client(), Client()
        relay.add(slow)
        relay.add(quick)
        with closing(FakeShow()) as show:
            for number in range(20):
                for bundle in show._encoder.encode(show.frame()):
                    relay.receive(bundle, number / 60)
                relay.receive(encode_picture("look", ("neon", "chalk")[number % 2]), number / 60)
                while quick._texts or quick._frames:
                    await quick.next()
        assert quick.dropped == 0
        assert slow.dropped > 10
        waiting = [await slow.next() for _ in range(len(slow._texts) + len(slow._frames))]
        assert sum(isinstance(thing, str) for thing in waiting) == 22
        newest = [thing for thing in waiting if isinstance(thing, bytes)]
        assert len(newest) == 3
        assert struct.unpack_from("<I", newest[-1], 4) == (20 * 400,)

    asyncio.run(run())


def test_a_page_that_never_reads_has_to_begin_anew():
    async def run():
        relay, dead = Relay(), Client()
        relay.add(dead)
        for number in range(400):
            relay.receive(encode_picture("look", ("neon", "chalk")[number % 2]), number / 60)
        assert dead.is_lost
        assert len(dead._texts) < 400

    asyncio.run(run())


@pytest.mark.parametrize(
    "packet",
    [
        b"", b"#bundle\0", b"\xff" * 1000,
        encode_message("/pj/ack", "s", ("energy",)),
        encode_message("/pj/ack", "siss", ("energy", 1, "a", "b")),
        encode_message("/pj/ack", "sifs", ("energy", 1, float("nan"), "")),
        encode_message("/pj/ack", "sifs", ("nothing", 1, 1.0, "")),
        encode_message("/pj/names", "", ()),
        encode_message("/pj/names", "si", ("cue", 1)),
        encode_message("/pj/names", "s" * 100, ["x"] * 100),
    ],
)  # fmt: skip
def test_damaged_packets_change_nothing(packet):
    async def run():
        relay, client = Relay(), Client()
        relay.add(client)
        await client.next()
        relay.receive(packet, 0.0)
        assert not client._texts
        assert not client._frames

    asyncio.run(run())
