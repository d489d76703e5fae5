"""Jobs, phrases and set lists, for the pages.

Enters: what a page asks for, as JSON. Leaves: jobs in the queue, phrases in the bank, files. Event
loop's thread; what takes long is done in others.
"""

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
from aiohttp import web

from live.dance.material.bank import PhraseBank
from live.dance.material.phrase import read_phrase
from live.errors import ConfigError
from live.safe_write import write_text
from live.session.take import write_take
from live.settings_file import as_choice, as_switch, as_table, as_text, as_whole
from visuals.page import commands
from visuals.page.arrange import MAX_SLOTS, Slot, arranged, kept_phrase, slot_of_take
from visuals.page.jobs import Job
from visuals.page.library import Item
from visuals.page.library_routes import load_take
from visuals.page.names import stem_of
from visuals.page.set_list import set_list_of
from visuals.page.uploads import read_json
from visuals.page.workshop import WORKSHOP, Workshop

_MOST_ROWS = 4 << 20  # bytes in one answer
_MOST_FILES = 200
_SEED_RANGE = 2**31 - 1


def add_routes(app: web.Application) -> None:
    router = app.router
    router.add_post("/api/jobs", _add)
    router.add_delete("/api/jobs/{id}", _cancel)
    router.add_get("/api/jobs/{id}/rows", _rows)
    router.add_post("/api/phrases", _keep)
    router.add_post("/api/set-list", _set_list)


async def _add(request: web.Request) -> web.StreamResponse:
    """{"kind": ...} and what that kind needs."""
    wishes = await read_json(request)
    kind = as_choice("kind", wishes.get("kind"), _MAKERS)
    job = await _MAKERS[kind](request.app[WORKSHOP], wishes)
    return web.json_response(job.shown(), status=201)


async def _cancel(request: web.Request) -> web.StreamResponse:
    request.app[WORKSHOP].jobs.cancel(request.match_info["id"])
    return web.json_response({})


async def _rows(request: web.Request) -> web.StreamResponse:
    """The poses so far, from byte `from` on; see `live.session.rows`."""
    jobs = request.app[WORKSHOP].jobs
    path = jobs.rows_path(jobs.find(request.match_info["id"]).id)
    start = request.query.get("from", "0")
    if not start.isdecimal() or len(start) > 12:
        raise web.HTTPBadRequest(text="from is no number of bytes")
    try:
        with path.open("rb") as file:
            file.seek(int(start))
            body = file.read(_MOST_ROWS)
    except FileNotFoundError:
        body = b""
    return web.Response(body=body, content_type="application/octet-stream")


# What a page may have made ---------------------------------------------------------------------


async def _dance(workshop: Workshop, wishes: dict[str, Any]) -> Job:
    """{"song", "options", "title", "arrangement": {"take", "slots"}}"""
    song = workshop.library.find(_id(wishes, "song"), "song")
    options = commands.checked_options(wishes.get("options", {}))
    model = workshop.model
    if wishes.get("model"):
        weights = workshop.library.find(_id(wishes, "model"), "model")
        model = str(workshop.library.path(weights))
    score, base = None, None
    if "arrangement" in wishes:
        base, score = await _arranged(workshop, as_table("arrangement", wishes["arrangement"]))
    stem = stem_of(song.name)
    out = workshop.library.free("take", f"{stem} take", ".npz")
    title = commands.as_name(wishes.get("title", ""), _next_title(workshop, song))
    jobs = workshop.jobs
    argv = commands.dance(
        workshop.library.path(song), out, options, rows=jobs.rows_path(jobs.next_id()),
        phrases=workshop.library.folder("phrase"), model=model,
    )  # fmt: skip
    if score is not None:
        path = jobs.folder / f"{jobs.next_id()}.npz"
        write_take(score, path)
        argv.append(f"--score={path}")
    about = {"song": song.name, "title": title, "options": options, "star": False}
    if wishes.get("model"):
        about["model"] = Path(model).stem
    if base is not None:
        about["from"] = base.name
    workshop.library.describe(out, about)
    dancers = options.get("dancers", 1)
    return jobs.add("dance", argv, out, {"song": song.id, "title": title, "dancers": dancers})


def _next_title(workshop: Workshop, song: Item) -> str:
    titles = {item.about.get("title") for item in workshop.library.items("take")
              if item.about.get("song") == song.name}  # fmt: skip
    titles |= {job.about.get("title") for job in workshop.jobs.all() if not job.is_over}
    return next(t for t in (f"Take {n}" for n in range(1, 10**6)) if t not in titles)


async def _arranged(workshop: Workshop, table: Any) -> tuple[Item, dict[str, np.ndarray]]:
    """{"take", "slots": [{"take", "phrase"} or {"kept"}, and "mirror", "vary"]}"""
    base = workshop.library.find(_id(table, "take"), "take")
    slots = table.get("slots")
    if not isinstance(slots, list) or not 1 <= len(slots) <= MAX_SLOTS:
        raise ConfigError(f"an arrangement has 1 to {MAX_SLOTS} phrases")
    takes = {base.id: await load_take(workshop, base)}
    found = []
    for slot in slots:
        slot = as_table("slot", slot)
        if slot.get("take", base.id) not in takes and "kept" not in slot:
            other = workshop.library.find(_id(slot, "take"), "take")
            takes[other.id] = await load_take(workshop, other)
        found.append(_slot(workshop, slot, takes, base.id))
    seed = as_whole("seed", table.get("seed", 0), 0, _SEED_RANGE)
    return base, arranged(takes[base.id], found, seed)


def _slot(workshop: Workshop, slot: Any, takes: dict[str, Any], base: str) -> Slot:
    mirror = as_switch("mirror", slot.get("mirror", False))
    vary = commands.as_vary(slot.get("vary", 0.0))
    if "kept" in slot:
        item = workshop.library.find(_id(slot, "kept"), "phrase")
        kept = read_phrase(workshop.library.path(item))
        return Slot(kept.noise, kept.mirrored ^ mirror, 0.0, vary)
    phrase = as_whole("phrase", slot.get("phrase"), 0, MAX_SLOTS)
    own = slot_of_take(takes[slot.get("take", base)], phrase)
    return Slot(own.noise, own.mirrored ^ mirror, own.energy, vary)


async def _film(workshop: Workshop, wishes: dict[str, Any]) -> Job:
    """{"take", "film": {"size", "fps", "look", "palette", "camera"}}"""
    take = workshop.library.find(_id(wishes, "take"), "take")
    out = workshop.library.free("film", _shown_name(take), ".mp4")
    song = workshop.library.named("song", str(take.about.get("song", "")))
    music = workshop.library.path(song) if song else None
    argv = commands.film(workshop.library.path(take), music, out, wishes.get("film", {}))
    workshop.library.describe(out, {"title": out.stem})
    return workshop.jobs.add("film", argv, out, {"title": out.name, "take": take.id})


async def _export(workshop: Workshop, wishes: dict[str, Any]) -> Job:
    """{"take", "suffix"}"""
    take = workshop.library.find(_id(wishes, "take"), "take")
    suffix = as_choice("suffix", wishes.get("suffix"), commands.MOTION_SUFFIXES)
    out = workshop.library.free("export", _shown_name(take), suffix)
    argv = commands.export(workshop.library.path(take), out)
    return workshop.jobs.add("export", argv, out, {"title": out.name, "take": take.id})


async def _capture(workshop: Workshop, wishes: dict[str, Any]) -> Job:
    """{"footage": [id, ...], "name"}: clips in a folder of that name, of a style of that name."""
    ids = wishes.get("footage")
    if not isinstance(ids, list) or not 1 <= len(ids) <= _MOST_FILES:
        raise ConfigError(f"give 1 to {_MOST_FILES} files of footage")
    files = [workshop.library.path(workshop.library.find(str(i), "footage")) for i in ids]
    clips = clips_folder(workshop, wishes)
    return workshop.jobs.add(
        "capture", commands.capture(files, clips, clips.name.lower()), None, {"title": clips.name}
    )


async def _learn(workshop: Workshop, wishes: dict[str, Any]) -> Job:
    """{"name": of the clips, "style", "minutes"}: a network in the library, of that name."""
    clips = clips_folder(workshop, wishes)
    if not (clips / "index.json").is_file():
        raise ConfigError(f"there are no clips called {clips.name}; capture some first")
    style = stem_of(as_text("style", wishes.get("style")), "style")
    out = workshop.library.folder("model") / f"{style}.onnx"
    argv = commands.learn(clips, style, out, wishes.get("minutes", 30))
    return workshop.jobs.add("learn", argv, None, {"title": style, "clips": clips.name})


def clips_folder(workshop: Workshop, wishes: dict[str, Any]) -> Path:
    """Where clips of this name are, or will be."""
    return workshop.library.root / "clips" / stem_of(as_text("name", wishes.get("name")), "clips")


_MAKERS = {
    "dance": _dance, "film": _film, "export": _export, "capture": _capture, "learn": _learn,
}  # fmt: skip


# Phrases and set lists --------------------------------------------------------------------------


async def _keep(request: web.Request) -> web.StreamResponse:
    """{"take", "phrase", "name"}: into the bank, which shows and scores find too."""
    workshop, wishes = request.app[WORKSHOP], await read_json(request)
    item = workshop.library.find(_id(wishes, "take"), "take")
    take = await load_take(workshop, item)
    number = as_whole("phrase", wishes.get("phrase"), 0, MAX_SLOTS)
    options = item.about.get("options")
    phrase = kept_phrase(take, number, options if isinstance(options, dict) else {})
    bank = PhraseBank.read(workshop.library.folder("phrase"))
    name = commands.as_name(wishes.get("name", "")).lower().replace(" ", "-")
    kept = bank.keep(phrase, name or None)
    await asyncio.to_thread(bank.close)
    workshop.refresh()
    found = workshop.library.named("phrase", f"{kept.name}.toml")
    return web.json_response({"id": found.id if found else "", "name": kept.name}, status=201)


async def _set_list(request: web.Request) -> web.StreamResponse:
    """{"takes": [id, ...]}: a scene for each, in a file for `posejockey live --cues`."""
    workshop, wishes = request.app[WORKSHOP], await read_json(request)
    ids = wishes.get("takes")
    if not isinstance(ids, list) or not 1 <= len(ids) <= _MOST_FILES:
        raise ConfigError(f"a set list has 1 to {_MOST_FILES} takes")
    takes = [workshop.library.find(str(id_), "take") for id_ in ids]
    path = workshop.library.free("export", "set list", ".toml")
    write_text(path, set_list_of([(_shown_name(take), take.about) for take in takes]))
    workshop.refresh()
    found = workshop.library.named("export", path.name)
    return web.json_response({"id": found.id if found else "", "name": path.name}, status=201)


def _shown_name(take: Item) -> str:
    song, title = str(take.about.get("song", "")), str(take.about.get("title", ""))
    return f"{stem_of(song)} - {title}" if song and title else stem_of(take.name)


def _id(wishes: Any, name: str) -> str:
    return as_text(name, wishes.get(name))
