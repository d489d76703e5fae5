"""Who is let in: addresses, names, origins, paired devices; and which files there are."""

import asyncio
import io
import sys
from dataclasses import replace

import pytest
from aiohttp import web

from live.errors import ConfigError, DeviceError
from tests.helpers.studio import with_studio
from visuals.page import studio
from visuals.page.pairing import COOKIE, Pairing
from visuals.page.security import PAIRING
from visuals.page.settings import StudioSettings

EVIL = "http://evil.example"


@pytest.fixture
def settings(tmp_path):
    return StudioSettings(tmp_path, port=0)


def statuses(settings, *requests):
    """What the studio answers to (method, path, headers) each."""
    found = []

    async def visit(client):
        for method, path, headers in requests:
            async with client.request(method, path, headers=headers) as answer:
                found.append(answer.status)

    with_studio(settings, visit)
    return found


def test_this_machine_is_let_in_and_other_pages_are_not(settings):
    asked = [
        ("GET", "/", {}),
        ("GET", "/", {"Host": "127.0.0.1:7410"}),
        ("GET", "/", {"Host": "localhost:7410"}),
        ("GET", "/", {"Host": "evil.example"}),  # a name made to mean this address
        ("GET", "/", {"Host": "x" * 1000}),
        ("GET", "/", {"Origin": EVIL}),
        ("POST", "/", {"Origin": EVIL}),
        ("POST", "/", {"Origin": "null"}),
        ("GET", "/static/nothing.js", {"Sec-Fetch-Site": "cross-site"}),
        ("GET", "/", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}),  # a link
    ]
    assert statuses(settings, *asked) == [200, 200, 200, 403, 403, 403, 403, 403, 403, 200]


def test_only_files_of_the_pages_are_served(settings):
    paths = ("../app.py", "%2e%2e/app.py", "..%2fapp.py", "%2fetc%2fpasswd", "a%00b", ".")
    asked = [("GET", f"/static/{path}", {}) for path in paths]
    assert set(statuses(settings, *asked)) <= {404, 400}


def test_answers_keep_a_page_to_itself(settings):
    async def visit(client):
        for path in ("/", "/nothing"):
            async with client.get(path) as answer:
                assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
                assert answer.headers["X-Content-Type-Options"] == "nosniff"

    with_studio(settings, visit)


def test_listening_to_others_needs_to_say_to_whom(tmp_path):
    with pytest.raises(ConfigError, match="--allow"):
        StudioSettings(tmp_path, host="0.0.0.0")
    assert not StudioSettings(tmp_path, host="0.0.0.0", allow=("10.0.0.0/8",)).is_local


@pytest.mark.skipif(sys.platform != "linux", reason="needs a second address of this machine")
def test_this_machine_needs_no_pairing_where_others_are_listened_to(tmp_path, monkeypatch):
    monkeypatch.setattr(StudioSettings, "is_local", False)
    settings = StudioSettings(tmp_path, host="127.0.0.2", port=0, allow=("10.0.0.0/8",))
    elsewhere = replace(settings, host="203.0.113.7")  # an address that is not ours

    async def listen():
        runner = web.AppRunner(web.Application())
        await runner.setup()
        try:
            port = await studio._listen(runner, settings)
            assert {*runner.addresses} == {("127.0.0.2", port), ("127.0.0.1", port)}
            with pytest.raises(DeviceError, match="--port"):
                await studio._listen(runner, elsewhere)
        finally:
            await runner.cleanup()

    asyncio.run(listen())


def test_the_code_of_a_link_is_drawn_and_written(monkeypatch):
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(io.BytesIO(), "utf-8"))
    text = studio._link_text("http://192.168.1.5:7410/pair/abc")
    assert text.endswith("http://192.168.1.5:7410/pair/abc")
    assert text.count("█") > 50
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(io.BytesIO(), "cp1252"))
    assert "█" not in studio._link_text("http://192.168.1.5:7410/pair/abc")


def test_a_link_pairs_once_and_its_cookie_lasts(tmp_path):
    shown = []
    pairing = Pairing(tmp_path / "paired.json", shown.append)
    link = pairing.token
    assert pairing.pair("guess") is None
    cookie = pairing.pair(link)
    assert cookie
    assert pairing.pair(link) is None
    assert shown == [pairing.token]  # the next one is shown
    again = Pairing(tmp_path / "paired.json")
    assert again.knows(cookie)
    assert not again.knows("guess")
    assert not again.knows("")


def test_a_damaged_list_of_paired_devices_is_nobodys(tmp_path):
    path = tmp_path / "paired.json"
    for content in (b"", b"\xff", b"{}", b"[1, 2]", b"[" * 50_000):
        path.write_bytes(content)
        assert not Pairing(path).knows("x")


def test_another_device_is_paired_before_it_sees_anything(settings, monkeypatch):
    monkeypatch.setattr("visuals.page.security.is_local", lambda _: False)

    async def visit(client):
        async with client.get("/") as answer:
            assert answer.status == 403
        link = client.app[PAIRING].token
        async with client.get(f"/pair/{link}", allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (303, "/play")
            assert answer.cookies[COOKIE]["httponly"]
        async with client.get("/") as answer:  # the cookie is with the client now
            assert answer.status == 200
        async with client.get(f"/pair/{link}", allow_redirects=False) as answer:
            assert answer.status == 403

    with_studio(settings, visit)
