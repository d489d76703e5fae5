"""Recorded music as songs to learn beats from, beside those rendered (`evidence_songs.py`).

Enters: annotated pieces. Leaves: a file a piece, of stretches of SONG_S that overlap by half: the
piece as it is, and four times faster or slower, two of them in a room. Its genre and the tier of
its licence stand beside it, so that a network can be kept from hearing either.
"""

import zlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from live.audio.features import SAMPLE_RATE, TICKS_PER_FRAME, extract
from live.beat.evidence import N_BANDS, paired
from live.safe_write import whole_file
from model.beat.annotated_music import Piece
from model.beat.evidence_songs import N_TICKS, TICK_RATE_HZ, in_a_room, labels

Array = np.ndarray

SPEEDS = (0.8, 1.25)
VERSIONS = 5  # of a piece; the first is as it was recorded, the third and fifth in a room
_STEP = N_TICKS // 2
_AROUND_S = 0.2  # before the first and after the last marked beat: the labels are known so far


def write_real_songs(folder: Path, pieces: Iterable[Piece], versions: int = VERSIONS) -> None:
    """mel, label: as `evidence_songs.write_songs`; known: bool [N, T, 2], where a beat and a
    downbeat would be marked; genre, tier: str. What is there already is not made again."""
    folder.mkdir(parents=True, exist_ok=True)
    for piece in pieces:
        file = folder / f"songs-{piece.name}.npz"
        if file.exists():
            continue
        rng = np.random.default_rng(zlib.crc32(piece.name.encode()))
        stretches = [s for version in range(versions) for s in _stretches(piece, version, rng)]
        mel, label, known = (np.stack(column) for column in zip(*stretches, strict=True))
        with whole_file(file) as partial, partial.open("wb") as out:
            np.savez(out, mel=mel, label=label, known=known, genre=piece.genre, tier=piece.tier)
        print(f"{file.name}: {len(mel)} songs", flush=True)


def _stretches(
    piece: Piece, version: int, rng: np.random.Generator
) -> list[tuple[Array, Array, Array]]:
    """mel float16 [T, 32], label float16 [T, 2], known bool [T, 2] of every stretch."""
    speed = float(np.exp(rng.uniform(*np.log(SPEEDS)))) if version else 1.0
    rate_hz = round(piece.sample_rate * speed)  # heard as if it had been recorded at this rate
    audio = piece.audio
    if version in (2, 4):
        moments = np.arange(int(len(audio) * SAMPLE_RATE / rate_hz)) * (rate_hz / SAMPLE_RATE)
        audio = np.interp(moments, np.arange(len(audio)), audio).astype(np.float32)
        audio, rate_hz = in_a_room(audio, rng, 1.0), SAMPLE_RATE
    pairs = paired(np.concatenate([frame.mel for frame in extract(audio, rate_hz)]))
    beats_s, downbeats_s = piece.beats_s / speed, piece.downbeats_s / speed
    late = int(rng.integers(_STEP // 2)) if version else 0
    starts = list(range(late, len(pairs) - N_TICKS + 1, _STEP)) or [0]
    return [_stretch(pairs, n - n % TICKS_PER_FRAME, beats_s, downbeats_s) for n in starts]


def _stretch(
    pairs: Array, start: int, beats_s: Array, downbeats_s: Array
) -> tuple[Array, Array, Array]:
    mel = np.zeros((N_TICKS, N_BANDS), np.float16)
    here = pairs[start : start + N_TICKS]
    mel[: len(here)] = here
    start_s = start / TICK_RATE_HZ
    label = np.stack([labels(times_s - start_s) for times_s in (beats_s, downbeats_s)], axis=1)
    tick_s = start_s + (np.arange(N_TICKS) + 1) / TICK_RATE_HZ
    sounds = np.arange(N_TICKS) < len(here)
    known = [
        sounds & (len(t) > 1) & (tick_s > t[0] - _AROUND_S) & (tick_s < t[-1] + _AROUND_S)
        if len(t)
        else np.zeros(N_TICKS, bool)
        for t in (beats_s, downbeats_s)
    ]
    return mel, label.astype(np.float16), np.stack(known, axis=1)
