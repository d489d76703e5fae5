"""An hour of dancing, song after song: does it freeze, shrink or repeat?

Enters: a file of weights and the `Reference`. Leaves: a `Marathon`, and it as text.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from live.audio.features import SAMPLE_RATE
from live.body.pose import FRAME_RATE
from live.dance.performer import Performer
from live.show.engine import Engine, EngineConfig
from live.show.offline import EMISSION_RATE, RECEIVE_MARGIN_S, emissions
from live.show.timing import lead_samples
from model.evaluation import metrics
from model.evaluation.frechet import Frechet
from model.evaluation.on_stage import EMITTED_PER_FRAME, TEMPI_BPM, free_dance
from model.evaluation.piece import held_out_song
from model.evaluation.reference import Reference, shared_styles
from model.evaluation.returning import longest_return_s
from model.evaluation.sounding import heard_in, sounding

_SONG_S = 60.0
_HOP = 2 * FRAME_RATE


@dataclass(frozen=True)
class Marathon:
    """Song after song, the styles in turn, a minute each. minutes: end of each round of all
    styles; distance: of the dances of that round; speed: by style, m/s, first and last minute;
    frozen_longest: s; returns: by style, the first dancer's longest stretch that went the way of an
    earlier one, s (`longest_return_s`)."""

    name: str
    minutes: np.ndarray
    distance: tuple[Frechet, ...]
    speed: dict[str, tuple[float, float]]
    frozen_longest: float
    returns: dict[str, float]

    @property
    def trend(self) -> float:
        """Distance in the last sixth over the first sixth (10 minutes of an hour)."""
        found = [d.generated for d in self.distance]
        end = max(len(found) // 6, 1)
        return float(np.mean(found[-end:]) / max(np.mean(found[:end]), 1e-9))


def marathon(
    model: str,
    ref: Reference,
    styles: Sequence[str] = (),
    hours: float = 1.0,
    dancers: int = 4,
    seed: int = 1,
) -> Marathon:
    """One performance that never stops, on a simulated clock; 4 s windows of its dances against
    the real ones, round after round. One style alone, if only one is asked for.

    The last sixth dances to the songs of the first, so that its distance over the first's is a
    matter of time, not of the songs. What is danced to silence is not scored.
    """
    torch.set_num_threads(1)
    performer = Performer(model, "cpu", dancers, seed)
    shared = shared_styles(performer, ref, styles)
    rounds = max(round(hours * 3600 / _SONG_S / len(shared)), 1)
    distances, speed, frozen = [], {s: [] for s in shared}, []
    first_dancer: dict[str, list[np.ndarray]] = {s: [] for s in shared}
    rows: dict[str, np.ndarray] = {}
    for style, stretches in _songs_danced(performer, programme(shared, rounds, seed)):
        each = [stretch[:, d] for stretch in stretches for d in range(dancers)]
        frames = ref.styles[style].frames
        features = [ref.classifier.classify(dance, _HOP, frames).features for dance in each]
        rows[style] = np.concatenate(features)
        speeds = [metrics.mean_speed(d, FRAME_RATE) for d in each]
        speed[style].append(np.average(speeds, weights=[len(d) for d in each]))
        first_dancer[style] += [stretch[:, 0] for stretch in stretches]
        real_speed = ref.styles[style].figures["speed"]
        frozen += [metrics.freezing(d, FRAME_RATE, real_speed).longest_s for d in each]
        if len(rows) == len(shared):
            distances.append(ref.frechet(rows))
            rows = {}
    minutes = (1 + np.arange(rounds)) * len(shared) * _SONG_S / 60
    ends = {s: (float(v[0]), float(v[-1])) for s, v in speed.items()}
    returns = {
        s: longest_return_s(np.concatenate(d), ref.styles[s].figures["speed"])
        for s, d in first_dancer.items()
    }
    return Marathon(
        Path(model).stem, minutes, tuple(distances), ends, float(np.max(frozen)), returns
    )


class _Song(NamedTuple):
    style: str
    tempo_bpm: float
    seed: int

    def audio(self) -> np.ndarray:
        return held_out_song(self.style, self.tempo_bpm, _SONG_S, self.seed).audio


def programme(styles: Sequence[str], rounds: int, seed: int) -> list[_Song]:
    songs = []
    for i, style in enumerate([s for _ in range(rounds) for s in styles]):
        tempo = np.random.default_rng([900_002, seed, i]).uniform(TEMPI_BPM[0], TEMPI_BPM[-1])
        songs.append(_Song(style, float(tempo), 100_000 * seed + i))
    again = rounds // 6 * len(styles)
    return songs[: len(songs) - again] + songs[:again]


def _songs_danced(
    performer: Performer, programme: Sequence[_Song]
) -> Iterator[tuple[str, list[np.ndarray]]]:
    """(style, stretches of joints [T, N, 19, 3] in which the music sounds) of every song; the
    engine goes on from song to song."""
    performer.reset(performer.dancers, performer.seed)
    lead = lead_samples(EMISSION_RATE, RECEIVE_MARGIN_S)
    config = EngineConfig(SAMPLE_RATE, lead, programme[0].style)
    engine = Engine(config, performer, free_dance())
    count = round(len(programme) * _SONG_S * EMISSION_RATE)
    heard: list[np.ndarray] = []
    shown, number = [], 0
    for frame in emissions(engine, _music(engine, programme, heard), count):
        song = int(frame.sample / SAMPLE_RATE // _SONG_S)
        if song > number:
            yield programme[number].style, _scored(shown, heard[number])
            shown, number = [], song
        if frame.frame % EMITTED_PER_FRAME == 0:
            shown.append(frame.joints)
    yield programme[number].style, _scored(shown, heard[number])


def _scored(shown: list[np.ndarray], heard: np.ndarray) -> list[np.ndarray]:
    joints = np.stack(shown)
    return [joints[stretch] for stretch in sounding(heard, len(joints))]


def _music(
    engine: Engine, programme: Sequence[_Song], heard: list[np.ndarray]
) -> Iterator[np.ndarray]:
    """Blocks of song after song; the style is asked for as its song begins. Adds to `heard` which
    blocks of each song sound, bool [T]."""
    size = SAMPLE_RATE // FRAME_RATE
    for song in programme:
        audio = song.audio()
        heard.append(heard_in(audio))
        engine.control("style", song.style, 0.0)
        yield from audio.reshape(-1, size)
    while True:
        yield np.zeros(size, np.float32)


def format_marathon(run: Marathon, ref: Reference) -> str:
    """The hour in a few lines."""
    lines = [f"{run.name} over {run.minutes[-1]:.0f} minutes: FID by round, floor in brackets"]
    lines.append(
        "  ".join(
            f"{m:.0f} min {d.generated:.2f} ({d.floor:.2f})"
            for m, d in zip(run.minutes, run.distance, strict=True)
        )
    )
    lines.append(
        f"last sixth over first {run.trend:.2f}; longest freeze {run.frozen_longest:.1f} s"
    )
    for style, (first, last) in run.speed.items():
        real = ref.styles[style].figures["speed"]
        lines.append(
            f"{style}: {first:.2f} m/s at first, {last:.2f} at last, real {real:.2f}; "
            f"longest return {run.returns[style]:.1f} s"
        )
    return "\n".join(lines)
