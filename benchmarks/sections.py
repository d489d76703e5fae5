"""How well phrase and section are heard: songs rendered here, whose form is known.

Enters: seeds, and a folder where what was rendered and heard is kept. Leaves: a table. Every
section is scored by when it was announced, so causally: a change counts if it was announced within
one bar of the true one, each at most once. A chorus (or drop) that was there before counts as
named if two bars after its beginning the section heard says that it returns to one that began in a
chorus.

    posejockey bench --sections FOLDER
    python -m benchmarks.sections FOLDER --midi LIBRARY

Rendering and hearing the 24 songs takes some twenty minutes on one core, once.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from live.audio.features import FRAME, SAMPLE_RATE
from live.beat.section import BUILD, DROP, NEW, SectionReading, Sections
from model.beat.heard_songs import HeardSong, heard_build_song, heard_midi_song, heard_song
from model.data.music.midi_read import read_library
from model.data.music.midi_song import MidiLibrary

FIRST_SEED, FIRST_MIDI_SEED, FIRST_BUILD_SEED = 700_000, 720_000, 770_000
Array = np.ndarray
_NAMED_AFTER_BARS = 2.0
_DROP_BARS = 1.5  # in which a drop has to be named
_FALSE_S = 1.0
_WINDOW = {"drop": "chorus"}  # the renderer plays both alike


@dataclass(frozen=True)
class FormScore:
    """found: true changes that were announced; announced, true: how many of each; late_bars: of
    those found; named, returned: choruses named as returning, and those that did; kinds: pairs of
    true name and kind said, one a section, at its end; builds: of `Builds`."""

    found: int
    announced: int
    true: int
    late_bars: tuple[float, ...]
    named: int
    returned: int
    false_named: int
    first_time: int
    kinds: tuple[tuple[str, str], ...]
    builds: "Builds"


@dataclass(frozen=True)
class Builds:
    """named, true: builds that were called one in their second half, and all of them; dropped,
    followed: what followed them and was called a drop within _DROP_BARS, and all of it; false,
    others: other sections that were called a build for _FALSE_S, and all of them."""

    named: int = 0
    true: int = 0
    dropped: int = 0
    followed: int = 0
    false: int = 0
    others: int = 0


def hear_form(song: HeardSong) -> list[SectionReading]:
    """What `Sections` says after every frame."""
    sections = Sections()
    said = []
    for frame, reading in song.frames():
        sections.push(frame, reading)
        said.append(sections.at(reading))
    return said


def score(song: HeardSong, said: list[SectionReading]) -> FormScore:
    bar_s = float(np.median(np.diff(song.bars_s)))
    at_s = (np.arange(len(said)) + 1) * FRAME / SAMPLE_RATE
    heard = [(at_s[i], b) for i, (a, b) in enumerate(pairwise(said), 1) if a.index != b.index]
    true_s = song.starts_s[1:]
    late = _match(np.array([t for t, _ in heard]), true_s, bar_s)
    named, returned, false_named, first_time = _returns(song, said, at_s, bar_s)
    return FormScore(
        len(late), len(heard), len(true_s), tuple(late / bar_s), named, returned, false_named,
        first_time, tuple(_kinds(song, said, at_s)), _builds(song, said, at_s, bar_s),
    )  # fmt: skip


def _match(heard_s: np.ndarray, true_s: np.ndarray, bar_s: float) -> np.ndarray:
    """How late (s) each true change was announced, of those that were within one bar."""
    free = list(heard_s)
    late = []
    for start in true_s:
        near = [t for t in free if abs(t - start) <= bar_s + FRAME / SAMPLE_RATE]
        if near:
            best = min(near, key=lambda t: abs(t - start))
            free.remove(best)
            late.append(best - start)
    return np.array(late)


def _returns(song, said, at_s, bar_s):
    """(choruses named as returning, choruses that returned, first-time sections that were named
    as returning to something else than their like, first-time sections)."""
    names = [_WINDOW.get(n, n) for n in song.names]
    named = returned = false_named = first_time = 0
    owner = {}  # name of the true section in which each section heard began
    for i, reading in enumerate(said):
        if reading.index not in owner:
            began_s = at_s[i] - reading.age_beats * bar_s / 4
            owner[reading.index] = names[
                max(np.searchsorted(song.starts_s, began_s + bar_s) - 1, 0)
            ]
    for k, start in enumerate(song.starts_s):
        i = int(np.searchsorted(at_s, start + _NAMED_AFTER_BARS * bar_s))
        if k == 0 or i >= len(said):
            continue
        back = said[i].returns_to
        if names[k] not in names[:k]:
            first_time += 1
            false_named += back != NEW
        elif names[k] == "chorus":
            returned += 1
            named += back != NEW and owner.get(back) == "chorus"
    return named, returned, false_named, first_time


def _kinds(song, said, at_s):
    """(true name, kind said) in the middle of each true section."""
    ends = [*song.starts_s[1:], at_s[-1]]
    for name, start, end in zip(song.names, song.starts_s, ends, strict=True):
        yield name, said[min(int(np.searchsorted(at_s, (start + end) / 2)), len(said) - 1)].name


def _builds(song: HeardSong, said: list[SectionReading], at_s: Array, bar_s: float) -> Builds:
    found = Builds()
    built = np.array([reading.kind == BUILD for reading in said])
    ends_s = [*song.starts_s[1:], at_s[-1]]
    after_build = False
    for name, start_s, end_s in zip(song.names, song.starts_s, ends_s, strict=True):
        start, middle, end = np.searchsorted(at_s, (start_s, (start_s + end_s) / 2, end_s))
        if after_build:
            drops = said[start : int(np.searchsorted(at_s, start_s + _DROP_BARS * bar_s))]
            dropped = found.dropped + any(reading.kind == DROP for reading in drops)
            found = replace(found, followed=found.followed + 1, dropped=dropped)
        after_build = name == "build"
        if after_build and end_s < at_s[-1]:
            named = found.named + bool(built[middle:end].any())
            found = replace(found, true=found.true + 1, named=named)
        elif not after_build:  # what is said in the first bar may be of the section before
            later = built[int(np.searchsorted(at_s, start_s + bar_s)) : end]
            false = found.false + bool(later.sum() > _FALSE_S * SAMPLE_RATE / FRAME)
            found = replace(found, others=found.others + 1, false=false)
    return found


def builds_summary(scores: list[FormScore]) -> str:
    named, true, dropped, followed, false, others = (
        sum(getattr(s.builds, field.name) for s in scores) for field in fields(Builds)
    )
    return (
        f"builds named {named} of {true}, drops after them {dropped} of {followed}; "
        f"other sections called a build {false} of {others}"
    )


def summary(scores: list[FormScore]) -> str:
    found, announced, true = (
        sum(getattr(s, n) for s in scores) for n in ("found", "announced", "true")
    )
    late = [bars for s in scores for bars in s.late_bars]
    named, returned = sum(s.named for s in scores), sum(s.returned for s in scores)
    false, first = sum(s.false_named for s in scores), sum(s.first_time for s in scores)
    return (
        f"F {2 * found / max(announced + true, 1):.2f}, precision {found / max(announced, 1):.2f}, "
        f"recall {found / max(true, 1):.2f}, late {np.median(late or [np.inf]):.2f} bars (median); "
        f"returning choruses named {named} of {returned} ({named / max(returned, 1):.2f}); "
        f"new ones taken for old {false} of {first}"
    )


def kinds_table(scores: list[FormScore]) -> str:
    pairs = [p for s in scores for p in s.kinds]
    said = sorted({b for _, b in pairs})
    lines = [f"{'':8s}" + "".join(f"{k:>9s}" for k in said)]
    for name in sorted({a for a, _ in pairs}):
        row = [sum(p == (name, k) for p in pairs) for k in said]
        lines.append(f"{name:8s}" + "".join(f"{n:9d}" for n in row))
    return "\n".join(lines)


def songs(options: argparse.Namespace) -> Iterator[HeardSong]:
    """The algorithmic songs, those with a build, then those from MIDI if its library is given."""
    for seed in range(FIRST_SEED, FIRST_SEED + options.songs):
        yield heard_song(seed, options.folder)
    for seed in range(FIRST_BUILD_SEED, FIRST_BUILD_SEED + options.builds):
        yield heard_build_song(seed, options.folder)
    if options.midi:
        library = MidiLibrary.of(read_library(options.midi))
        for seed in range(FIRST_MIDI_SEED, FIRST_MIDI_SEED + options.midi_songs):
            yield heard_midi_song(seed, library, options.folder)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sections", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--songs", type=int, default=24)
    parser.add_argument("--builds", type=int, default=0, help="shorter songs with a build to add")
    parser.add_argument("--midi", type=Path, help="library of MIDI performances, for more songs")
    parser.add_argument("--midi-songs", type=int, default=6)
    options = parser.parse_args(argv)
    scores: dict[str, list[FormScore]] = {}
    for song in songs(options):
        scored = score(song, hear_form(song))
        kinds = [k for k in ("MIDI", "build") if f"-{k.lower()}-" in song.name]
        scores.setdefault(kinds[0] if kinds else "algorithmic", []).append(scored)
        print(f"{song.name:24s} {summary([scored])}; {builds_summary([scored])}", flush=True)
    for kind, those in scores.items():
        print(f"{kind}: {summary(those)}\n{builds_summary(those)}\n{kinds_table(those)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
