"""`/learn`: clips and lessons of the library, to look at.

Enters: folders that `posejockey capture` and `posejockey learn` have written, by name. Leaves: what
is in them, poses, pictures. The work itself is done by jobs (`job_routes`). Event loop's thread;
files are read in others.
"""

import asyncio
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from aiohttp import web

from live.body.skeleton import N_JOINTS
from live.errors import ArtifactError
from live.safe_read import read_arrays, read_file
from visuals.page.files import page
from visuals.page.library_routes import item_of
from visuals.page.names import suffix_of
from visuals.page.workshop import WORKSHOP

CLIPS, MODELS = "clips", "models"
RATE = 30  # poses a second
_AGAIN = "capture it again"
_MOST_INDEX = 16 << 20  # bytes
_MOST_CLIP = 256 << 20
_MOST_PICTURE = 32 << 20
_MOST_ROWS = RATE * 600
_PNG = b"\x89PNG\r\n\x1a\n"
_FILMS = {".mp4": "video/mp4", ".m4v": "video/mp4", ".mov": "video/mp4", ".webm": "video/webm",
          ".mkv": "video/webm"}  # fmt: skip
_TOLD = ("style", "source", "tier", "source_start_s", "tempo_bpm", "metre", "song")


def add_routes(app: web.Application) -> None:
    router = app.router
    router.add_get("/learn", page("learn.html"))
    router.add_get("/api/clips", _clips)
    router.add_get("/api/clips/{folder}/{clip}/poses", _poses)
    router.add_get("/api/lessons", _lessons)
    router.add_get("/api/lessons/{style}/pictures/{picture}", _picture)
    router.add_get("/api/footage/{id}/film", _film)


async def _clips(request: web.Request) -> web.Response:
    """[{"name", "clips": [{"name", "seconds", "speed", "held", ...}]}], newest folder first."""
    root = request.app[WORKSHOP].library.root / CLIPS
    return web.json_response(await asyncio.to_thread(_all_clips, root))


async def _poses(request: web.Request) -> web.Response:
    """int16, little-endian, 57 numbers a pose, millimetres, 30 poses a second."""
    root = request.app[WORKSHOP].library.root / CLIPS
    folder, clip = request.match_info["folder"], request.match_info["clip"]
    path = await asyncio.to_thread(lambda: _clip_files(_folders(root)[folder])[clip])
    joints = await asyncio.to_thread(_joints, path)
    rows = np.rint(joints[:_MOST_ROWS].reshape(-1, 3 * N_JOINTS) * 1000).astype("<i2")
    return web.Response(body=rows.tobytes(), content_type="application/octet-stream")


async def _lessons(request: web.Request) -> web.Response:
    """[{"style", "model": ID or "", "pictures": [NAME], "report": figures or null}]"""
    workshop = request.app[WORKSHOP]
    workshop.refresh()
    models = {item.name: item.id for item in workshop.library.items("model")}
    lessons = await asyncio.to_thread(_all_lessons, workshop.library.root / MODELS)
    told = [lesson | {"model": models.get(f"{lesson['style']}.onnx", "")} for lesson in lessons]
    return web.json_response(told)


async def _picture(request: web.Request) -> web.StreamResponse:
    root = request.app[WORKSHOP].library.root / MODELS
    lesson = await asyncio.to_thread(_lesson_folders, root)
    pictures = await asyncio.to_thread(_pictures, lesson[request.match_info["style"]])
    path = pictures[request.match_info["picture"]]
    content = await asyncio.to_thread(read_file, path, "learn again", _MOST_PICTURE)
    if not content.startswith(_PNG):
        raise web.HTTPUnsupportedMediaType(text="that is no picture")
    return web.Response(body=content, content_type="image/png")


async def _film(request: web.Request) -> web.StreamResponse:
    """A film that was captured, to be watched beside what was found in it. Its type is ours, and
    no browser looks for another one."""
    item = item_of(request, "footage")
    kind = _FILMS.get(suffix_of(item.name, frozenset(_FILMS), ""))
    if kind is None:
        raise web.HTTPUnsupportedMediaType(text="browsers do not show this kind of film")
    path = request.app[WORKSHOP].library.path(item)
    return web.FileResponse(path, headers={"Content-Type": kind})


# Folders; names are looked up, never made paths of -----------------------------------------------


def _folders(root: Path) -> dict[str, Path]:
    if not root.is_dir():
        return {}
    there = [path for path in root.iterdir() if (path / "index.json").is_file()]
    return {path.name: path for path in sorted(there, key=_age, reverse=True)}


def _age(path: Path) -> float:
    return path.stat().st_mtime


def _clip_files(folder: Path) -> dict[str, Path]:
    return {path.stem: path for path in (folder / "motion").glob("*.npz")}


def _all_clips(root: Path) -> list[dict[str, Any]]:
    return [{"name": name, "clips": _clips_of(path)} for name, path in _folders(root).items()]


def _clips_of(folder: Path) -> list[dict[str, Any]]:
    try:
        index = json.loads(read_file(folder / "index.json", _AGAIN, _MOST_INDEX))
    except (ArtifactError, ValueError, RecursionError):
        return []
    files = _clip_files(folder)
    entries = index.items() if isinstance(index, dict) else ()
    found = [(name, e) for name, e in entries if name in files and isinstance(e, dict)]
    return [{"name": name} | _told(entry) | _measured(files[name]) for name, entry in found]


def _told(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: entry[name] for name in _TOLD if isinstance(entry.get(name), str | int | float)}


def _measured(path: Path) -> dict[str, Any]:
    """seconds; speed: of hands and feet, m/s; held: share of the time nothing moved, which is a
    dancer who stands, or one that was lost."""
    try:
        joints = _joints(path)
    except ArtifactError as error:
        return {"seconds": 0.0, "error": str(error)}
    speed = np.linalg.norm(np.diff(joints, axis=0), axis=-1) * RATE
    if not len(speed):
        return {"seconds": 0.0}
    limbs = float(speed[:, _LIMBS].mean())
    held = float((speed.max(axis=1) < _HELD_M_S).mean())
    seconds = len(joints) / RATE
    return {"seconds": round(seconds, 1), "speed": round(limbs, 2), "held": round(held, 2)}


_LIMBS = [7, 10, 13, 17]  # wrists and ankles
_HELD_M_S = 0.02


def _joints(path: Path) -> np.ndarray:
    joints = read_arrays(path, _AGAIN, _MOST_CLIP).get("joints", np.zeros(0))
    if joints.ndim != 3 or joints.shape[1:] != (N_JOINTS, 3) or joints.dtype.kind != "f":
        raise ArtifactError(f"{path.name} holds no motion; {_AGAIN}")
    return np.nan_to_num(np.clip(joints, -30.0, 30.0))


def _lesson_folders(root: Path) -> dict[str, Path]:
    if not root.is_dir():
        return {}
    there = [path for path in root.iterdir() if path.name.endswith("-lesson") and path.is_dir()]
    return {path.name.removesuffix("-lesson"): path for path in sorted(there, key=_age)[::-1]}


def _all_lessons(root: Path) -> list[dict[str, Any]]:
    return [
        {"style": style, "pictures": list(_pictures(path)), "report": _report(path)}
        for style, path in _lesson_folders(root).items()
    ]


def _pictures(folder: Path) -> dict[str, Path]:
    """In the order in which they were drawn; the comparison at the end comes last."""
    drawn = [*sorted((folder / "pictures").glob("*.png")), folder / "before-after.png"]
    return {path.name: path for path in drawn if path.is_file()}


def _report(folder: Path) -> dict[str, Any] | None:
    try:
        told = json.loads(read_file(folder / "report.json", "learn again", _MOST_INDEX))
    except (ArtifactError, ValueError, RecursionError):
        return None
    if not isinstance(told, dict):
        return None
    return {name: value for name, value in told.items() if _is_shown(value)}


def _is_shown(value: object) -> bool:
    """NaN is no JSON."""
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, list):
        return all(isinstance(text, str) for text in value)
    return isinstance(value, str | int)
