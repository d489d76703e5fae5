"""How well the beat clock beats: any annotated folder, or songs rendered here, native beside aubio.

Enters: a folder of audio files, each with its beat times (s) in a text file of the same name
(.beats or .txt, first column), or a number of seeds. Leaves: a table. Every tracker runs causally
on the same frames, and what is scored is the beat the clock *predicts*, HORIZON_S ahead.

Songs rendered here can also jump in tempo or pause their drums, and there are sounds without beat:
how soon the beat is found again, how far it drifted, how sure the clock was of nothing.

F-measure (+-70 ms), CMLt and AMLt as in mir_eval (Davies, Degara, Plumbley 2009), from TRIM_S after
the first beat on.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from live.audio.features import FRAME, SAMPLE_RATE, FeatureFrame, extract
from live.beat.clock import TRACKERS, TempoConfig
from live.errors import ArtifactError, ConfigError

HORIZON_S = 0.1  # projector 60 ms, one frame, and some
TRIM_S = 6.0
TOLERANCE_S = 0.07
STEADY_GENRES = (
    "house",
    "techno",
    "hiphop",
    "dnb",
    "disco",
    "pop",
    "jpop",
    "salsa",
    "chacha",
    "rumba",
    "tango",
    "reggaeton",
    "rock",
)  # 4/4, their usual tempi within 85 to 175 BPM or close
JUMP_GENRES = ("house", "pop", "rock", "disco", "jpop", "techno")
BREAK_GENRES = ("house", "pop", "disco", "rock", "techno")
JUMPS_BPM = (
    (90.0, 174.0),
    (128.0, 100.0),
    (174.0, 90.0),
    (100.0, 128.0),
    (120.0, 140.0),
    (140.0, 105.0),
    (95.0, 150.0),
    (125.0, 98.0),
    (110.0, 165.0),
    (160.0, 112.0),
)
AUDIO_SUFFIXES = (".wav", ".flac", ".ogg", ".mp3")


@dataclass(frozen=True)
class Piece:
    """name; audio: float32 [n], mono, at sample_rate; beats_s: float64 [m], true beat times."""

    name: str
    audio: np.ndarray
    sample_rate: int
    beats_s: np.ndarray


@dataclass(frozen=True)
class Trace:
    """What the clock said, frame by frame, about the moment `horizon_s` later.

    time_s: that moment; phase, bar_phase, tempo_bpm, confidence: float64 [T]; state: str [T].
    """

    time_s: np.ndarray
    phase: np.ndarray
    bar_phase: np.ndarray
    tempo_bpm: np.ndarray
    confidence: np.ndarray
    state: np.ndarray


@dataclass(frozen=True)
class Score:
    """f, cml, aml: 0..1; error_ms: signed, predicted minus true, of the beats within half a beat;
    lock_s: from the first true beat to the first of four beats in a row that fit, inf if never."""

    f: float
    cml: float
    aml: float
    error_ms: np.ndarray
    lock_s: float


def trace(frames: list[FeatureFrame], config: TempoConfig, horizon_s: float = HORIZON_S) -> Trace:
    """Push every frame and ask, after each, for the beat horizon_s ahead."""
    clock = config.make()
    rows = []
    for frame in frames:
        clock.push(frame)
        sample = frame.end + horizon_s * SAMPLE_RATE
        reading = clock.at(sample)
        rows.append((sample / SAMPLE_RATE, *vars(reading).values()))
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    return Trace(*columns[:6])


def predicted_beats(run: Trace) -> np.ndarray:
    """Times (s) at which the predicted phase passes a beat: float64 [n]."""
    steps = (np.diff(run.phase) + 0.5) % 1.0 - 0.5
    position = np.maximum.accumulate(run.phase[0] + np.concatenate([[0.0], np.cumsum(steps)]))
    position += np.arange(len(position)) * 1e-9  # strictly increasing, for the inverse
    whole = np.arange(np.ceil(position[0]), np.floor(position[-1]) + 1)
    return np.interp(whole, position, run.time_s)


def signed_errors(predicted: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Predicted minus nearest true time, in s: float64 [n]."""
    right = np.clip(np.searchsorted(true, predicted), 1, len(true) - 1)
    before, after = predicted - true[right - 1], predicted - true[right]
    return np.where(np.abs(before) < np.abs(after), before, after)


def first_lock(predicted: np.ndarray, true: np.ndarray, start_s: float | None = None) -> float:
    """Seconds from start_s (default: the first true beat) to four fitting beats in a row."""
    start_s = float(true[0]) if start_s is None else start_s
    inside = (predicted >= start_s - TOLERANCE_S) & (predicted <= true[-1])
    times = predicted[inside]
    near = np.abs(signed_errors(times, true)) <= TOLERANCE_S
    # In time and one each: at double tempo every second beat fits, at half tempo all of them do.
    index = np.searchsorted(true, times + TOLERANCE_S)
    good = near[:-1] & near[1:] & (np.diff(index) == 1)
    run = np.flatnonzero(good[:-2] & good[1:-1] & good[2:])
    return float(max(times[run[0]] - start_s, 0.0)) if len(run) else float("inf")


def score(predicted: np.ndarray, true: np.ndarray, trim_s: float = TRIM_S) -> Score:
    """Compare beat times (s). Needs mir_eval."""
    mir_eval = _mir_eval()
    lock_s = first_lock(predicted, true)
    start_s = true[0] + trim_s
    true = true[true >= start_s]
    inside = (predicted >= start_s - TOLERANCE_S) & (predicted <= true[-1] + TOLERANCE_S)
    predicted = predicted[inside]
    f = mir_eval.f_measure(true, predicted, f_measure_threshold=TOLERANCE_S)
    _, cml, _, aml = mir_eval.continuity(true, predicted)
    errors = signed_errors(predicted, true)
    close = np.abs(errors) < 0.25 * np.median(np.diff(true))
    return Score(f, cml, aml, 1000 * errors[close], lock_s)


def _mir_eval():
    try:
        from mir_eval import beat
    except ImportError as error:
        raise ConfigError("scoring beats needs mir_eval: pip install mir_eval") from error
    return beat


def read_folder(folder: Path) -> Iterator[Piece]:
    """Every audio file that has beat times beside it."""
    import soundfile

    if not folder.is_dir():
        raise ArtifactError(f"{folder} is no folder; name one with audio and beat times in it")
    found = False
    for path in sorted(folder.iterdir()):
        notes = [path.with_suffix(s) for s in (".beats", ".txt") if path.with_suffix(s).exists()]
        if path.suffix.lower() not in AUDIO_SUFFIXES or not notes:
            continue
        found = True
        try:
            audio, sample_rate = soundfile.read(path, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError as error:
            raise ArtifactError(f"{path}: {error}; convert it to WAV first") from error
        beats_s = _read_beats(notes[0])
        yield Piece(path.stem, audio.mean(axis=1), sample_rate, beats_s)
    if not found:
        raise ArtifactError(f"{folder}: no audio file with a .beats or .txt of the same name")


def _read_beats(path: Path) -> np.ndarray:
    """Beat times in seconds, one a line; what follows on a line is ignored."""
    try:
        beats_s = np.loadtxt(path, usecols=0, ndmin=1)
    except (ValueError, OSError) as error:
        raise ArtifactError(
            f"{path}: one beat time in seconds a line is needed; {error}"
        ) from error
    if len(beats_s) < 2:
        raise ArtifactError(f"{path} holds {len(beats_s)} beat times; at least 2 are needed")
    return beats_s


def render_pieces(
    seeds: range, duration_s: float, severity: float | None = None, genre: str | None = None
) -> Iterator[Piece]:
    """Songs without tempo changes, 85 to 175 BPM; severity: through a room, 0..1."""
    from model.data import room
    from model.data.music.genres import GENRES
    from model.data.music.render import render_song
    from model.data.music.song import random_song

    for seed in seeds:
        rng = np.random.default_rng(seed)
        name = genre or str(rng.choice(STEADY_GENRES))
        config = random_song(rng, name, duration_s=duration_s, tempo_change=False)
        if not 85 <= config.tempo_bpm <= 175:
            low, high = GENRES[name].tempo_bpm
            tempo_bpm = float(rng.uniform(max(low, 85), min(high, 175)))
            config = random_song(rng, name, tempo_bpm, duration_s, tempo_change=False)
        song = render_song(config, SAMPLE_RATE)
        audio = song.audio
        if severity is not None:
            audio = room.simulate(audio, SAMPLE_RATE, rng, severity)
        yield Piece(f"{seed}-{name}-{config.tempo_bpm:.0f}", audio, SAMPLE_RATE, song.beats_s)


def jump_pieces(seeds: range, severity: float | None = None) -> Iterator[tuple[Piece, float]]:
    """Songs of 40 s whose tempo jumps after about 16 s, and the time of the jump."""
    from model.data import room
    from model.data.music.render import render_song
    from model.data.music.song import SongConfig

    for seed in seeds:
        rng = np.random.default_rng(seed)
        before_bpm, after_bpm = JUMPS_BPM[seed % len(JUMPS_BPM)]
        bar = int(16 * before_bpm / 60 / 4) + 1
        config = SongConfig(
            JUMP_GENRES[seed % len(JUMP_GENRES)],
            before_bpm,
            40.0,
            int(rng.integers(2**31)),
            tempo_changes=((bar, after_bpm),),
        )
        song = render_song(config, SAMPLE_RATE)
        audio = song.audio
        if severity is not None:
            audio = room.simulate(audio, SAMPLE_RATE, rng, severity)
        name = f"{seed}-{config.genre}-{before_bpm:.0f}>{after_bpm:.0f}"
        jump_s = float(song.beats_s[np.flatnonzero(song.tempo_bpm == after_bpm)[0]])
        yield Piece(name, audio, SAMPLE_RATE, song.beats_s), jump_s


def break_pieces(first_seed: int, count: int) -> Iterator[tuple[Piece, float]]:
    """Songs of 75 s with at least six bars without drums, and the time at which they return."""
    from model.data.music.render import render_song
    from model.data.music.song import random_song

    seed, found = first_seed, 0
    while found < count:
        seed += 1
        genre = str(np.random.default_rng(seed).choice(BREAK_GENRES))
        config = random_song(seed, genre, duration_s=75.0, tempo_change=False)
        song = render_song(config, SAMPLE_RATE)
        for section, after in pairwise(song.sections):
            length_s = after.start_s - section.start_s
            long_enough = length_s > 24 * 60 / section.tempo_bpm
            if section.name == "break" and section.start_s > 12 and long_enough:
                found += 1
                name = f"{seed}-{genre}-{config.tempo_bpm:.0f}"
                yield Piece(name, song.audio, SAMPLE_RATE, song.beats_s), after.start_s
                break


def beatless_pieces(seed: int, seconds: float = 40.0) -> Iterator[Piece]:
    """Silence, white noise, a crowd, babble."""
    from model.beat.train_evidence import babble
    from model.data import room

    rng = np.random.default_rng(seed)
    size = int(seconds * SAMPLE_RATE)
    sounds = {
        "silence": np.zeros(size),
        "white noise": 0.1 * rng.standard_normal(size),
        "crowd": room.simulate(np.zeros(size), SAMPLE_RATE, rng, 1.0),
        "babble 1": babble(size, rng),
        "babble 2": babble(size, rng),
        "babble 3": babble(size, rng),
    }
    for name, audio in sounds.items():
        yield Piece(name, audio.astype(np.float32), SAMPLE_RATE, np.zeros(0))


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
        name: score(predicted_beats(trace(frames, TempoConfig(tracker=name))), piece.beats_s)
        for name in trackers
    }


def table(scores: dict[str, dict[str, Score]]) -> str:
    """One line per piece, then the means: F, CMLt, AMLt, error (median, 90 % band), lock."""
    trackers = list(next(iter(scores.values())))
    lines = [f"{'':24s}" + "".join(f"| {t:^44s} " for t in trackers)]
    head = f"{'F':>6s}{'CMLt':>6s}{'AMLt':>6s}{'ms':>8s}{'90%':>7s}{'lock s':>9s}  "
    lines.append(f"{'':24s}" + "".join(f"| {head} " for _ in trackers))
    for name, by_tracker in scores.items():
        lines.append(f"{name[:24]:24s}" + "".join(f"| {_cells([s])}" for s in by_tracker.values()))
    columns = [[row[t] for row in scores.values()] for t in trackers]
    lines.append(f"{'all':24s}" + "".join(f"| {_cells(column)}" for column in columns))
    return "\n".join(lines)


def _cells(scores: list[Score]) -> str:
    mean = [np.mean([getattr(s, key) for s in scores]) for key in ("f", "cml", "aml")]
    errors = np.concatenate([s.error_ms for s in scores])
    middle, band = (
        (np.median(errors), np.quantile(np.abs(errors), 0.9)) if len(errors) else (np.nan, np.nan)
    )
    lock_s = np.median([s.lock_s for s in scores])
    return "".join(f"{m:6.2f}" for m in mean) + f"{middle:+8.1f}{band:7.1f}{lock_s:9.1f}   "


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
    scores = {piece.name: score_of(piece) for piece in pieces}
    if scores:
        print(table(scores))
    if options.jumps:
        report_jumps(range(options.seed, options.seed + options.jumps), options.room)
    if options.breaks:
        report_breaks(options.seed, options.breaks)
    if options.beatless:
        report_beatless(options.seed)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
