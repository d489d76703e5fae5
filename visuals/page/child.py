"""A child process, read line by line without blocking the pages.

Enters: a module of this program and its options. Leaves: its lines as they come, its exit code, the
end of what it said on standard error. Event loop's thread.
"""

import asyncio
import os
import subprocess
from collections.abc import Callable

from live.child_process import child_command

_LOW = getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0)  # on Windows
_LINE_BYTES = 1 << 20
_KEPT_BYTES = 4000
_PATIENCE_S = 8.0


class Child:
    """One run of a module. stop() may be called at any time, also before it has begun. listens:
    whether it ends by itself when its standard input closes; else it is killed. is_urgent: it does
    not give way to others."""

    def __init__(
        self, module: str, options: list[str], listens: bool = False, is_urgent: bool = False
    ):
        self._command = child_command(module, *options)
        self._priority = 0 if is_urgent else _LOW
        self._patience_s = _PATIENCE_S if listens else 0.0
        self._stopped = asyncio.Event()
        self.error = ""

    def stop(self) -> None:
        self._stopped.set()

    @property
    def is_stopped(self) -> bool:
        return self._stopped.is_set()

    async def run(self, on_line: Callable[[str], object] = lambda _: None) -> int:
        """The exit code. Cancelling the task stops the process as well."""
        process = await asyncio.create_subprocess_exec(
            *self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            limit=_LINE_BYTES, env=os.environ | {"PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"},
            creationflags=self._priority,
        )  # fmt: skip
        assert process.stdout
        assert process.stderr
        readers = asyncio.gather(
            self._read_lines(process.stdout, on_line), self._read_error(process.stderr)
        )
        stopper = asyncio.create_task(self._stop_when_asked(process))
        try:
            await readers
            return await process.wait()
        finally:
            stopper.cancel()
            if process.returncode is None:
                await asyncio.shield(self._end(process))

    async def _read_lines(
        self, stream: asyncio.StreamReader, on_line: Callable[[str], object]
    ) -> None:
        while True:
            try:
                line = await stream.readline()
            except ValueError:  # a line without end
                continue
            if not line:
                return
            on_line(line.decode("utf-8", "replace").rstrip())

    async def _read_error(self, stream: asyncio.StreamReader) -> None:
        kept = b""
        while piece := await stream.read(4096):
            kept = (kept + piece)[-_KEPT_BYTES:]
            self.error = kept.decode("utf-8", "replace").strip()

    async def _stop_when_asked(self, process: asyncio.subprocess.Process) -> None:
        await self._stopped.wait()
        await self._end(process)

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        """Ask the process to end, as `job_process` understands it; kill it if it does not."""
        assert process.stdin
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), self._patience_s)
        except TimeoutError:
            process.kill()
            await process.wait()
