"""`python -m benchmarks.studio_fuzz`: a thousand malformed requests and uploads for the studio.

Enters: a seed. Leaves: how each kind was answered; exit code 1 if one was taken, if the studio said
500, or if it, the library or its memory are not as before. Every request goes over a socket of its
own, as bytes, so that no client repairs it.
"""

import argparse
import asyncio
import io
import json
import random
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
from aiohttp import web

from live.show.memory import resident_mb
from visuals.page.app import make_app
from visuals.page.settings import StudioSettings

_ANSWER_S = 120.0  # long, for a busy machine
_UPLOAD_SHARE = 0.06  # each costs a decoder's process
CLOSED = "closed"
_POSTS = ("/api/jobs", "/api/phrases", "/api/set-list")
_PATHS = (
    "/static/../app.py", "/static/%2e%2e/%2e%2e/app.py", "/static/..%5c..%5capp.py",
    "/static/%252e%252e/app.py", "//etc/passwd", "/static//etc/passwd", "/static/a%00.js",
    "/api/files/..%2f..%2fpaired.json", "/api/songs/../../x/sound", "/api/takes/%00/rows",
    "/api/jobs/../../etc/rows", "/pair/", "/pair/" + "A" * 3000, "/api/nothing", "/%ff%fe",
    "/api/songs/' or 1=1 --/sound", "/api/files/" + "0" * 16,
)  # fmt: skip


def requests(rng: random.Random, count: int) -> Iterator[tuple[str, bytes]]:
    """(kind, bytes of a whole connection), the same for a seed."""
    kinds = (_noise, _broken_head, _stranger, _path, _body, _length)
    for number in range(count):
        if number < count * _UPLOAD_SHARE:
            yield _upload(rng, number)
        else:
            yield kinds[number % len(kinds)](rng)


def _noise(rng: random.Random) -> tuple[str, bytes]:
    return "noise", rng.randbytes(rng.randrange(1, 400)) + b"\r\n\r\n"


def _broken_head(rng: random.Random) -> tuple[str, bytes]:
    lines = rng.choice((
        b"GET / HTTP/9.9\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET /\r\n\r\n",
        b"G\x00T / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"a" * 70_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"".join(b"X%d: y\r\n" % k for k in range(40_000)) + b"\r\n",
        b"POST /api/jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\n\r\n",
        b"POST /api/songs HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"BREW /api/jobs HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\nbad header\r\n\r\n",
    ))  # fmt: skip
    return "broken head", lines


def _stranger(rng: random.Random) -> tuple[str, bytes]:
    header = rng.choice((
        "Host: evil.example", "Host: 127.0.0.1.evil.example", "Host: ", "Host: [::1",
        "Host: 127.0.0.1\r\nOrigin: http://evil.example", "Host: 127.0.0.1\r\nOrigin: null",
        "Host: 127.0.0.1:1\r\nOrigin: http://127.0.0.1:2",
        "Host: 127.0.0.1\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors",
    ))  # fmt: skip
    path = rng.choice(("/", "/api/state", "/api/events", "/static/icon.svg"))
    return "stranger", f"GET {path} HTTP/1.1\r\n{header}\r\n\r\n".encode()


def _path(rng: random.Random) -> tuple[str, bytes]:
    method = rng.choice(("GET", "GET", "DELETE", "PATCH"))
    return "path", f"{method} {rng.choice(_PATHS)} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()


def _body(rng: random.Random) -> tuple[str, bytes]:
    """JSON that no page sends."""
    values = (
        None, [], 1e308, -1, "", "../x", "\x00", {"a": {}}, True, "x" * 5000, 2**70, ["--out"],
    )  # fmt: skip
    kind = rng.choice(("dance", "film", "export", "capture", "learn", "rm", *values[:4]))
    names = ("song", "take", "takes", "options", "arrangement", "phrase", "name", "suffix", "film",
             "footage", "style", "model", "title")  # fmt: skip
    wishes = {"kind": kind} | {name: rng.choice(values) for name in rng.sample(names, 5)}
    text = rng.choice((
        json.dumps(wishes), json.dumps([wishes]), "[" * 50_000, "{", '{"kind": NaN}',
        json.dumps(wishes)[:-3], "\ufeff{}", '{"a":' + "9" * 9000 + "}",
    ))  # fmt: skip
    kind = rng.choice(("application/json", "application/json", "text/plain", "multipart/form-data"))
    return "JSON", _post(rng.choice(_POSTS), text.encode(), kind)


def _length(rng: random.Random) -> tuple[str, bytes]:
    length = rng.choice((10 << 30, 1 << 40, 600 << 20, -1, "0x10", "1e3", "9" * 40))
    path = rng.choice(("/api/songs?name=a.wav", "/api/footage?name=a.mp4", "/api/jobs"))
    if path.startswith("/api/footage"):
        length = rng.choice((10 << 30, -5, "abc"))
    if path == "/api/jobs":
        length = rng.choice((2 << 20, "abc", -1))
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    return "length", f"{head}Content-Length: {length}\r\n\r\n".encode()


def _upload(rng: random.Random, number: int) -> tuple[str, bytes]:
    """A file that is no sound, or was one."""
    makers = (
        ("zip bomb", _zip_bomb), ("SVG", lambda _: b"<svg xmlns='http://www.w3.org/2000/svg'>"
        b"<script>alert(1)</script></svg>"), ("web page", lambda _: b"<!doctype html><script>x"),
        ("playlist", lambda _: b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n"),
        ("empty", lambda _: b""), ("bytes", lambda r: r.randbytes(4000)),
        ("head of a FLAC", lambda r: _sound("FLAC")[: r.randrange(4, 60)]),
        ("head of an Ogg", lambda r: _sound("OGG")[: r.randrange(4, 60)]),
        ("short sound", lambda _: _sound("WAV", 0.1)),
    )  # fmt: skip
    name, make = makers[number % len(makers)]
    path = f"/api/songs?name={rng.choice(('a.wav', '..%2f..%2fx', 'con', '%00.mp3', 'x.svg'))}"
    return f"upload: {name}", _post(path, make(rng), "application/octet-stream")


def _zip_bomb(_: random.Random) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.wav", bytes(64 << 20))
    return file.getvalue()


def _sound(kind: str, seconds: float = 1.0) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, np.zeros(int(8000 * seconds), np.float32), 8000, format=kind)
    return file.getvalue()


def _post(path: str, body: bytes, kind: str) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {kind}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def attack(
    host: str, port: int, connections: Iterator[tuple[str, bytes]]
) -> Counter[tuple[str, str]]:
    """How often each kind was answered how: a status, or "closed"."""
    found: Counter[tuple[str, str]] = Counter()
    for kind, data in connections:
        found[kind, await _answer(host, port, data)] += 1
    return found


async def _answer(host: str, port: int, data: bytes) -> str:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(data)
        line = await asyncio.wait_for(reader.readline(), _ANSWER_S)
    except ConnectionError:
        return CLOSED
    except TimeoutError:
        return "none"
    finally:
        writer.close()
    parts = line.split()
    return parts[1].decode("ascii", "replace") if len(parts) > 1 else CLOSED


def is_refused(answer: str) -> bool:
    """Whether an answer is a refusal, and one that was meant."""
    return answer == CLOSED or ("400" <= answer < "500")


def left_behind(library: Path) -> list[str]:
    """Files that a refused request has left in the library."""
    folders = ("songs", "takes", "films", "exports", "footage", ".studio/incoming", ".studio/jobs")
    return [p.name for f in folders for p in (library / f).iterdir() if (library / f).is_dir()]


async def run(count: int, seed: int, library: Path) -> tuple[Counter[tuple[str, str]], list[str]]:
    """The answers, and what is wrong."""
    runner = web.AppRunner(make_app(StudioSettings(library, port=0)), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    try:
        found = await attack(host, port, requests(random.Random(seed), count))
        alive = await _answer(host, port, b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        wrong = [f"{kind}: {answer}" for kind, answer in found if not is_refused(answer)]
        wrong += [] if alive == "200" else ["the studio does not answer any more"]
        return found, wrong + [f"left behind: {name}" for name in left_behind(library)]
    finally:
        await runner.cleanup()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    before = resident_mb()
    with tempfile.TemporaryDirectory() as folder:
        found, wrong = asyncio.run(run(args.requests, args.seed, Path(folder)))
    grown = resident_mb() - before
    for (kind, answer), count in sorted(found.items()):
        print(f"{kind:<24} {answer:<7} {count}")
    print(f"{args.requests} requests, {len(wrong)} not refused, memory + {grown:.0f} MB")
    print(*wrong, sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
