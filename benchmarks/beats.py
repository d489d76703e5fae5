"""How well the beat clock beats: any annotated folder, or songs rendered here, native beside aubio.

Enters: a folder of annotated music (`model/beat/annotated_music.py`), or a number of seeds
(`benchmarks/beat_pieces.py`). Leaves: a table a piece, a genre, and in all
(`benchmarks/beat_scores.py` says what is measured). Every tracker runs causally on the same frames.

Songs rendered here can also jump in tempo or pause their drums, and there are sounds without beat:
how soon the beat is found again, how far it drifted, how sure the clock was of nothing.
"""

import argparse
from pathlib import Path

import numpy as np

from benchmarks.beat_pieces import beatless_pieces, break_pieces, jump_pieces, render_pieces
from benchmarks.beat_scores import (
    CONFIDENT,
    TRIM_S,
    Score,
    first_lock,
    predicted_beats,
    score,
    signed_errors,
    trace,
)
from live.audio.features import FRAME, SAMPLE_RATE, extract
from live.beat.clock import TRACKERS, TempoConfig
from model.beat.annotated_music import Piece, read_folder

# Published, causal, on GTZAN (beat F, downbeat F, of 100): another data set, quoted as such.
PUBLISHED = (
    "published for causal trackers on GTZAN, not measured here: BeatNet+ 80.6 beat / 56.5 downbeat "
    "F, BEAST 80.0 / 52.7, RNN-PLP 74.7 beat F"
)


def relock_s(piece: Piece, jump_s: float, tracker: str) -> float:
    """Seconds from a tempo jump to four fitting beats in a row; inf if never."""
    frames = extract(piece.audio, piece.sample_rate)
    predicted = predicted_beats(trace(frames, TempoConfig(tracker=tracker)))
    return first_lock(predicted, piece.beats_s, jump_s)


def return_error_ms(piece: Piece, return_s: float, tracker: str) -> float:
    """Signed error of the predicted beat nearest to where the drums come back."""
    frames = extract(piece.audio, piece.sample_rate)
    predicted = predicted_beats(trace(frames, TempoConfig(tracker=tracker)))
    nearest = predicted[np.abs(predicted - return_s).argmin()]
    return float(1000 * signed_errors(np.array([nearest]), piece.beats_s)[0])


def false_confidence(piece: Piece, tracker: str) -> tuple[float, float]:
    """Mean confidence, and the longest time spent "locked", s, on something without a beat."""
    run = trace(extract(piece.audio, piece.sample_rate), TempoConfig(tracker=tracker))
    edges = np.flatnonzero(np.diff(np.concatenate([[0], run.state == "locked", [0]])))
    longest = max(np.diff(edges)[::2], default=0)
    return float(run.confidence.mean()), float(longest) * FRAME / SAMPLE_RATE


def score_of(piece: Piece, trackers: tuple[str, ...] = TRACKERS) -> dict[str, Score]:
    """Score of each tracker on one piece."""
    frames = extract(piece.audio, piece.sample_rate)
    return {
        name: score(trace(frames, TempoConfig(tracker=name)), piece.beats_s, piece.downbeats_s)
        for name in trackers
    }


Scores = dict[str, dict[str, Score]]  # by piece, by tracker
_COLUMNS = (
    ("F", 6, lambda s: _mean(s, "f")),
    ("down", 6, lambda s: _mean(s, "downbeat_f")),
    ("oct", 6, lambda s: _mean(s, "octave")),
    ("CMLt", 6, lambda s: _mean(s, "cml")),
    ("AMLt", 6, lambda s: _mean(s, "aml")),
    ("ms", 7, lambda s: _quantile(_errors(s), 0.5)),
    ("90%", 6, lambda s: _quantile(np.abs(_errors(s)), 0.9)),
    ("lock s", 8, lambda s: float(np.median([one.lock_s for one in s]))),
)


def table(scores: Scores) -> str:
    """A line a piece, then the means: F, downbeat F, tempo right, CMLt, AMLt, error (median, 90 %
    band), lock."""
    lines = _head(scores)
    lines += [_line(name, {t: [s] for t, s in row.items()}) for name, row in scores.items()]
    return "\n".join([*lines, _line("all", _by_tracker(list(scores.values())))])


def genre_table(scores: Scores, genres: dict[str, str]) -> str:
    """A line a genre, the mean of its pieces."""
    lines = _head(scores)
    for genre in sorted(set(genres.values())):
        rows = [row for name, row in scores.items() if genres[name] == genre]
        lines.append(_line(f"{genre or '?'} ({len(rows)})", _by_tracker(rows)))
    return "\n".join(lines)


def confidence_lines(scores: Scores) -> str:
    """How often a tracker is sure, how often it is then right, and how near while locked."""
    lines = []
    for tracker, rows in _by_tracker(list(scores.values())).items():
        moments, sure, right = (
            sum(getattr(s, key) for s in rows)
            for key in ("moments", "confident", "confident_right")
        )
        locked = np.concatenate([s.locked_error_ms for s in rows])
        lines.append(
            f"{tracker}: confidence over {CONFIDENT} in {sure / max(moments, 1):.0%} of moments, "
            f"right in {right / max(sure, 1):.1%} of those; locked: median "
            f"{_quantile(locked, 0.5):+.1f} ms, 90 % within {_quantile(np.abs(locked), 0.9):.1f} ms"
        )
    return "\n".join(lines)


def _by_tracker(rows: list[dict[str, Score]]) -> dict[str, list[Score]]:
    return {tracker: [row[tracker] for row in rows] for tracker in rows[0]}


def _head(scores: Scores) -> list[str]:
    trackers = list(next(iter(scores.values())))
    head = "".join(f"{title:>{width}s}" for title, width, _ in _COLUMNS)
    names = "".join(f"| {tracker:^{len(head)}s} " for tracker in trackers)
    return [f"{'':28s}{names}", f"{'':28s}" + f"| {head} " * len(trackers)]


def _line(name: str, by_tracker: dict[str, list[Score]]) -> str:
    cells = ""
    for rows in by_tracker.values():
        cells += (
            "| "
            + "".join(
                f"{value(rows):{width}.{1 if width > 6 or title == '90%' else 2}f}"
                for title, width, value in _COLUMNS
            )
            + " "
        )
    return f"{name[:28]:28s}{cells}"


def _mean(rows: list[Score], key: str) -> float:
    values = np.array([getattr(s, key) for s in rows], float)
    return float(np.mean(values[~np.isnan(values)])) if not np.isnan(values).all() else float("nan")


def _errors(rows: list[Score]) -> np.ndarray:
    return np.concatenate([s.error_ms for s in rows])


def _quantile(values: np.ndarray, share: float) -> float:
    return float(np.quantile(values, share)) if len(values) else float("nan")


def report_jumps(seeds: range, severity: float | None) -> None:
    pieces = list(jump_pieces(seeds, severity))
    for tracker in TRACKERS:
        times = np.array([relock_s(piece, jump_s, tracker) for piece, jump_s in pieces])
        print(f"tempo jumps, {tracker}: {np.sum(times <= 4)} of {len(times)} within 4 s, ", end="")
        print(f"median {np.median(times):.1f} s")


def report_breaks(seed: int, count: int) -> None:
    pieces = list(break_pieces(seed, count))
    for tracker in TRACKERS:
        errors = np.abs([return_error_ms(piece, end_s, tracker) for piece, end_s in pieces])
        print(f"breaks, {tracker}: {np.sum(errors <= 60)} of {len(errors)} within 60 ms, ", end="")
        print(f"median {np.median(errors):.0f} ms")


def report_beatless(seed: int) -> None:
    for piece in beatless_pieces(seed):
        for tracker in TRACKERS:
            confidence, locked_s = false_confidence(piece, tracker)
            print(f"{piece.name}, {tracker}: confidence {confidence:.2f}, ", end="")
            print(f"locked for {locked_s:.1f} s at most")


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="posejockey bench --beats", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="audio with .beats or .txt beside it")
    parser.add_argument("--songs", type=int, default=24, help="without a folder: songs to render")
    parser.add_argument("--seed", type=int, default=900_000, help="of the first rendered song")
    parser.add_argument("--seconds", type=float, default=40.0, help="length of a rendered song")
    parser.add_argument("--room", type=float, help="through a room of this severity, 0..1")
    parser.add_argument("--genre", help="only this genre")
    parser.add_argument("--jumps", type=int, default=0, help="songs with a tempo jump to add")
    parser.add_argument("--breaks", type=int, default=0, help="songs with a break to add")
    parser.add_argument("--beatless", action="store_true", help="also noise, babble and silence")
    options = parser.parse_args(argv)
    if options.folder:
        pieces = read_folder(options.folder)
    else:
        seeds = range(options.seed, options.seed + options.songs)
        pieces = render_pieces(seeds, options.seconds, options.room, options.genre)
    scores, genres = {}, {}
    for piece in pieces:
        scores[piece.name], genres[piece.name] = score_of(piece), piece.genre
    if scores:
        print(f"from {TRIM_S:.0f} s after the first beat on; oct: share of time at the right tempo")
        print(table(scores))
        if len(set(genres.values())) > 1:
            print(genre_table(scores, genres))
        print(confidence_lines(scores))
    if options.folder:
        print(PUBLISHED)
    if options.jumps:
        report_jumps(range(options.seed, options.seed + options.jumps), options.room)
    if options.breaks:
        report_breaks(options.seed, options.breaks)
    if options.beatless:
        report_beatless(options.seed)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
