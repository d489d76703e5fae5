"""Jobs: sub-commands that run one after the other, and outlive the page and the studio.

Enters: command lines with the file each will write. Leaves: their state, progress and errors. Every
job is a file in the library, written before it counts: after a kill the studio begins again what
was running, and nothing that was asked for is lost. Event loop's thread.
"""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from live.errors import ArtifactError
from live.safe_read import read_file
from live.safe_write import write_text
from visuals.page.child import Child

WAITING, RUNNING, DONE, FAILED, CANCELLED = "waiting", "running", "done", "failed", "cancelled"
_MOST_KEPT = 30  # that are over
_MOST_WAITING = 200
_MOST_BYTES = 1 << 20
_PROCESS = "visuals.page.job_process"
_PATHS = ("figure", "model", "report")  # that commands tell of


@dataclass
class Job:
    """argv: of `posejockey`. out: the file it writes, a path. about: what the page is told, JSON
    values. told: the newest line of its progress. done: 0..1."""

    id: str
    kind: str
    argv: list[str]
    out: str = ""
    about: dict[str, Any] = field(default_factory=dict)
    state: str = WAITING
    done: float = 0.0
    say: str = ""
    told: dict[str, Any] = field(default_factory=dict)

    @property
    def is_over(self) -> bool:
        return self.state in (DONE, FAILED, CANCELLED)

    def shown(self) -> dict[str, Any]:
        """For the page: no paths."""
        told = {name: value for name, value in self.told.items() if name not in _PATHS}
        hidden = ("argv", "out")
        shown = {name: value for name, value in asdict(self).items() if name not in hidden}
        return shown | {"told": told}


class Jobs:
    """Owns the queue and its folder. at_once: how many run together. on_change: told each job that
    changed; on_end: each that is over, before that is shown."""

    def __init__(
        self,
        folder: Path,
        at_once: int = 1,
        on_change: Callable[[Job], object] = lambda _: None,
        on_end: Callable[[Job], object] = lambda _: None,
    ):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.on_change, self.on_end = on_change, on_end
        self._at_once = at_once
        self._jobs = {job.id: job for job in _read_all(folder)}
        self._children: dict[str, Child] = {}
        self._arrived = asyncio.Event()
        self._count = max((int(id_) for id_ in self._jobs), default=0)

    def all(self) -> list[Job]:
        return list(self._jobs.values())

    def find(self, id_: str) -> Job:
        """KeyError for none."""
        return self._jobs[id_]

    def rows_path(self, id_: str) -> Path:
        """Where a dance's poses are written while it is made."""
        return self.folder / f"{id_}.rows"

    def next_id(self) -> str:
        return f"{self._count + 1:06d}"

    def add(self, kind: str, argv: list[str], out: Path | None, about: dict[str, Any]) -> Job:
        """Queue a job; it counts once this returns. ArtifactError if too many wait already."""
        if sum(not job.is_over for job in self._jobs.values()) >= _MOST_WAITING:
            raise ArtifactError(f"{_MOST_WAITING} jobs are waiting; let some of them end first")
        job = Job(self.next_id(), kind, argv, str(out) if out else "", about)
        self._count += 1
        self._jobs[job.id] = job
        self._changed(job)
        self._arrived.set()
        return job

    def cancel(self, id_: str) -> None:
        """End a job, or take it out of the queue; one that is over is forgotten."""
        job = self.find(id_)
        if job.is_over:
            self._forget(job)
        elif id_ in self._children:
            self._children[id_].stop()
        else:
            self._end(job, CANCELLED)

    async def run(self) -> None:
        """Work until cancelled. What is running then runs again the next time."""
        workers = [asyncio.create_task(self._work()) for _ in range(self._at_once)]
        try:
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)

    async def _work(self) -> None:
        while True:
            job = self._next()
            if job is None:
                self._arrived.clear()
                await self._arrived.wait()
            else:
                await self._do(job)

    def _next(self) -> Job | None:
        return next((job for job in self._jobs.values() if job.state == WAITING), None)

    async def _do(self, job: Job) -> None:
        child = self._children[job.id] = Child(_PROCESS, job.argv, listens=True)
        job.state, job.done, job.say = RUNNING, 0.0, ""
        self._changed(job)
        try:
            code = await child.run(lambda line: self._hear(job, line))
        except OSError as error:
            child.error, code = str(error), 2
        finally:
            del self._children[job.id]
        if child.is_stopped:
            self._end(job, CANCELLED)
        elif code == 0:
            self._end(job, DONE)
        else:
            self._end(job, FAILED, _sentence(child.error) or f"it ended with the code {code}")

    def _hear(self, job: Job, line: str) -> None:
        with suppress(ValueError, TypeError, RecursionError):
            told = json.loads(line)
            if isinstance(told, dict) and "done" in told:
                job.done = min(max(float(told["done"]), 0.0), 1.0)
                job.say = str(told.get("say", ""))[:300] or job.say
                job.told = told
                self.on_change(job)

    def _end(self, job: Job, state: str, say: str = "") -> None:
        job.state, job.say = state, say
        job.done = 1.0 if state == DONE else job.done
        self.on_end(job)
        self._changed(job)
        _remove(self.rows_path(job.id))
        over = [other for other in self._jobs.values() if other.is_over]
        for other in over[:-_MOST_KEPT]:
            self._forget(other)

    def _forget(self, job: Job) -> None:
        del self._jobs[job.id]
        for path in self.folder.glob(f"{job.id}.*"):
            _remove(path)
        self.on_change(job)

    def _changed(self, job: Job) -> None:
        write_text(self.folder / f"{job.id}.json", json.dumps(asdict(job)))
        self.on_change(job)


def _remove(path: Path) -> None:
    """On Windows a file that is being read stays until it is swept with the job."""
    with suppress(OSError):
        path.unlink(missing_ok=True)


def _sentence(error: str) -> str:
    """The last line of what a command said, without its name."""
    last = error.splitlines()[-1] if error else ""
    return last.partition(": ")[2] if last.startswith("posejockey ") else last


def _read_all(folder: Path) -> list[Job]:
    """The jobs of the last time, in their order. What ran then waits again."""
    jobs = [_read(path) for path in sorted(folder.glob("*.json"))]
    return [job for job in jobs if job is not None]


def _read(path: Path) -> Job | None:
    try:
        table = json.loads(read_file(path, "", _MOST_BYTES))
        job = Job(**{f.name: table[f.name] for f in fields(Job)})
        int(job.id)
    except (ArtifactError, ValueError, TypeError, KeyError, RecursionError):
        return None
    if job.state == RUNNING:
        job.state, job.done = WAITING, 0.0
    return job
