"""Mutated files of every format that the commands read: `python -m benchmarks.file_fuzz`.

Enters: real files (`benchmarks.fuzz_formats`), with bits flipped, cut, spliced, given huge lengths
and numbers, or made anew around values that make no sense. Leaves: a table with, for each format,
how many were read, how many refused in a sentence, and what must not happen: another exception, a
file that takes more than 5 s of the processor, or 1 GB of memory more than before it.

Each batch runs in a process of its own, which ends a hang or a crash of a library; the file that
caused it is kept in --keep.
"""

import argparse
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import zlib
from collections import Counter
from contextlib import redirect_stderr, redirect_stdout, suppress
from pathlib import Path

import numpy as np

from benchmarks.fuzz_formats import FORMATS, Files, Format
from live.errors import PerformanceError

_ROOT = Path(__file__).parents[1]
_SLOW_S = 5.0  # of the processor, which a busy machine does not change
_HANG_S = 30.0  # without a word
_START_S = 120.0  # of a process, with what it imports
_MEMORY_BYTES = 1 << 30
_BATCH = 200
_HUGE = (0, 1, -1, 127, 255, 0x7FFF, 0xFFFF, 1 << 24, (1 << 31) - 1, (1 << 32) - 1, 1 << 40,
         (1 << 63) - 1, (1 << 64) - 1)  # fmt: skip
_HUGE_TEXTS = (b"0", b"-1", b"1e999", b"NaN", b"9" * 40, b"1" * 5000, b"null", b"[]", b"{}", b"''")


def mutated(content: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    """`content` with one to four changes. other: where a splice comes from."""
    out = bytearray(content)
    for _ in range(int(rng.integers(1, 5))):
        _mutate(out, other, rng)
    return bytes(out)


def _mutate(out: bytearray, other: bytes, rng: np.random.Generator) -> None:
    at = int(rng.integers(min(len(out) + 1, 512) if rng.random() < 0.5 else len(out) + 1))
    match int(rng.integers(7)):
        case 0:
            out[at : at + 1] = (
                bytes([out[at] ^ 1 << int(rng.integers(8))]) if at < len(out) else b""
            )
        case 1:
            del out[at:]
        case 2:
            out[at:at] = rng.bytes(int(rng.integers(1, 64)))
        case 3:
            del out[at : at + int(rng.integers(1, 64))]
        case 4:
            start = int(rng.integers(len(other) + 1))
            out[at : at + int(rng.integers(256))] = other[
                start : start + int(rng.integers(1, 4096))
            ]
        case 5:
            size = 1 << int(rng.integers(4))
            number = _HUGE[int(rng.integers(len(_HUGE)))] % (1 << 8 * size)
            out[at : at + size] = number.to_bytes(size, ("little", "big")[int(rng.integers(2))])
        case 6:
            digits = [i for i in range(at, min(at + 400, len(out))) if out[i] in b"0123456789"]
            text = _HUGE_TEXTS[int(rng.integers(len(_HUGE_TEXTS)))]
            if digits:
                end = digits[0]
                while end < len(out) and out[end] in b"0123456789.e-":
                    end += 1
                out[digits[0] : end] = text


def mutant(kind: Format, seeds: list[Files], rng: np.random.Generator) -> Files:
    """One sample of a format with something wrong in it, or, once in thirty, nothing."""
    files = dict(seeds[int(rng.integers(len(seeds)))])
    if rng.random() < 1 / 30:
        return files
    if kind.remake is not None and rng.random() < 0.5:
        return kind.remake(files, rng)
    name = list(files)[int(rng.integers(len(files)))]
    other = seeds[int(rng.integers(len(seeds)))]
    files[name] = mutated(files[name], next(iter(other.values())), rng)
    return files


# One process: a batch of one format ------------------------------------------------------------


def work(name: str, seed: int, count: int) -> None:
    """Read `count` mutants; a line for each: begun, and how it ended. On standard output."""
    kind, out = FORMATS[name], sys.stdout
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        with open(os.devnull, "w", encoding="utf-8") as nowhere:
            with redirect_stdout(nowhere), redirect_stderr(nowhere):
                seeds = kind.seeds(folder)
                read = kind.reader()
                _lay(folder / "warm", seeds[0])
                with suppress(PerformanceError):
                    read(folder / "warm")
            _limit_memory()
            for number in range(seed, seed + count):
                print("begun", number, file=out, flush=True)
                files = mutant(
                    kind, seeds, np.random.default_rng([zlib.crc32(name.encode()), number])
                )
                _lay(folder / "in", files)
                with redirect_stdout(nowhere), redirect_stderr(nowhere):
                    ended = _ended(read, folder / "in")
                print("ended", number, *ended, sep="\t", file=out, flush=True)
                shutil.rmtree(folder / "in", ignore_errors=True)


def _ended(read, folder: Path) -> tuple[str, str]:
    started = time.process_time()
    try:
        read(folder)
        how, what = "read", ""
    except PerformanceError as error:
        how, what = ("refused", "") if _is_sentence(str(error)) else ("wordy", repr(str(error)))
    except BaseException as error:  # also what a library raises to end the process
        frames = traceback.extract_tb(error.__traceback__)
        own = [f for f in frames if str(_ROOT) in f.filename and "site-packages" not in f.filename]
        last = (own or frames)[-1]
        how = "raised"
        what = f"{type(error).__name__}: {str(error)[:120]!r} in {last.filename}:{last.lineno}"
    took_s = time.process_time() - started
    if took_s > _SLOW_S:
        return "slow", f"{took_s:.1f} s, {how} {what}"
    return how, what


def _is_sentence(text: str) -> bool:
    return bool(text) and len(text) < 1000 and "\n" not in text.strip()


def _limit_memory() -> None:
    """No more than 1 GB beyond what this process has now, where the system can enforce it."""
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[0])
        now = pages * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (now + _MEMORY_BYTES, resource.RLIM_INFINITY))
    except (ImportError, OSError, ValueError):
        print("note", "memory is not limited on this system", flush=True)


def _lay(folder: Path, files: Files) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


# The process that watches them ------------------------------------------------------------------


def run(name: str, count: int, seed: int, keep: Path | None) -> Counter:
    """All mutants of a format, in batches. Returns how many ended how."""
    counts: Counter = Counter()
    at = seed
    while at < seed + count:
        at = _batch(name, at, min(_BATCH, seed + count - at), counts, keep)
    return counts


def _batch(name: str, seed: int, count: int, counts: Counter, keep: Path | None) -> int:
    """Returns the number that comes next: the one after a hang or a crash, too."""
    command = [sys.executable, "-m", "benchmarks.file_fuzz", "--work", name]
    command += ["--seed", str(seed), "--runs", str(count)]
    # Libraries say much about damaged files on standard error.
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, errors="replace"
    ) as process:
        lines: queue.Queue[str | None] = queue.Queue()
        pump = threading.Thread(target=_pump, args=(process.stdout, lines), daemon=True)
        pump.start()
        number, hung = _follow(name, lines, counts, keep)
        if hung:
            process.kill()
        pump.join()
    if hung:
        return _failed(name, seed if number is None else number, "hung", "", counts, keep)
    if process.returncode == 0:
        return seed + count
    if number is None:
        raise RuntimeError(f"the process for {name} ended with {process.returncode}")
    return _failed(name, number, "crashed", f"{process.returncode}", counts, keep)


def _follow(
    name: str, lines: queue.Queue[str | None], counts: Counter, keep: Path | None
) -> tuple[int | None, bool]:
    """Count what a process says, to its end. Returns the file it was at, and whether it hung."""
    number, wait_s = None, _START_S
    while True:
        try:
            line = lines.get(timeout=wait_s)
        except queue.Empty:
            return number, True
        if line is None:
            return number, False
        said = line.rstrip("\n").split("\t")
        if said[0].startswith("begun"):
            number, wait_s = int(said[0].split()[1]), _HANG_S
        elif said[0] == "ended":
            number, wait_s = None, _START_S
            if said[2] in ("read", "refused"):
                counts[said[2]] += 1
            else:
                _failed(name, int(said[1]), said[2], said[3], counts, keep)


def _pump(stream, lines: queue.Queue) -> None:
    for line in stream:
        lines.put(line)
    lines.put(None)


def _failed(name: str, number: int, how: str, what: str, counts: Counter, keep: Path | None) -> int:
    counts[how] += 1
    print(f"{name} {number} {how}: {what}", flush=True)
    if keep is not None:
        with tempfile.TemporaryDirectory() as scratch:
            seeds = FORMATS[name].seeds(Path(scratch))
        rng = np.random.default_rng([zlib.crc32(name.encode()), number])
        _lay(keep / f"{name}-{number}", mutant(FORMATS[name], seeds, rng))
    return number + 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000, help="files in all (10000)")
    parser.add_argument("--formats", nargs="+", choices=sorted(FORMATS), default=sorted(FORMATS))
    parser.add_argument("--seed", type=int, default=0, help="number of the first file")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="folder for the files that failed")
    parser.add_argument("--work", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.work:
        work(args.work, args.seed, args.runs)
        return 0
    share = sum(FORMATS[name].share for name in args.formats)
    print(f"{'format':<12}{'files':>7}{'read':>7}{'refused':>9}{'failed':>8}{'seconds':>9}")
    failed = 0
    for name in args.formats:
        started = time.perf_counter()
        count = max(1, round(args.runs * FORMATS[name].share / share))
        counts = run(name, count, args.seed, args.keep)
        bad = sum(n for how, n in counts.items() if how not in ("read", "refused"))
        failed += bad
        took_s = time.perf_counter() - started
        print(f"{name:<12}{count:>7}{counts['read']:>7}{counts['refused']:>9}{bad:>8}{took_s:>9.0f}",
              flush=True)  # fmt: skip
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
