"""The music that all dance to, and how dancers of every kind are asked for their dances.

Enters: prepared data and the recipe's `Judging`. Leaves: `Music`, and `Dancer`s for it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from live.audio.features import SAMPLE_RATE
from live.body.pose import FRAME_RATE, decode
from live.dance.contract import ANEW, CONTROL_DIM, clock_vector, dance_ratio, is_anew
from live.dance.performer import Performer
from live.errors import ArtifactError
from live.show.offline import run_offline
from model.baselines.pose_space import danced
from model.baselines.system import System, TrainedSystem
from model.comparison.recipe import Judging
from model.data.music.song import Song
from model.data.prepare import beat_position
from model.data.prepared import metre_of, read_motion
from model.evaluation.on_stage import EMITTED_PER_FRAME, free_dance
from model.evaluation.piece import MUSIC_LAG, Piece, held_out_song, piece
from model.evaluation.take import FlatTake, Take


@dataclass(frozen=True)
class Music:
    """A song that no training saw. metre: beats in a bar of the style it is to be danced in."""

    style: str
    tempo_bpm: float
    seconds: float
    seed: int
    metre: int

    def piece(self) -> Piece:
        return piece(self.style, self.tempo_bpm, self.seconds, self.seed, metre=self.metre)

    def song(self) -> Song:
        """The song that the piece is made of, a second longer."""
        return held_out_song(self.style, self.tempo_bpm, self.seconds + 1.0, self.seed, self.metre)


# A dance for every seed. Those of systems in a picture are flat.
Dancer = Callable[[Music, Sequence[int]], list[Take | FlatTake]]


def programme(data: Path, judging: Judging) -> tuple[Music, ...]:
    """A song for each style at each tempo. ArtifactError for a style the data lacks."""
    motion = read_motion(data)
    known = [str(s) for s in motion["styles"]]
    if unknown := [s for s in judging.styles if s not in known]:
        raise ArtifactError(f"no style {', '.join(unknown)}; {data} has {', '.join(known)}")
    return tuple(
        Music(style, tempo, judging.seconds, 1000 * judging.seed + 10 * i + j, metre)
        for i, style in enumerate(known)
        for metre in (metre_of(motion, i),)
        for j, tempo in enumerate(judging.tempi_bpm)
        if style in (judging.styles or known)
    )


def of_system(system: System | TrainedSystem) -> Dancer:
    return lambda music, seeds: [system.dance(music.piece(), seed) for seed in seeds]


def on_true_clock(model: str) -> Dancer:
    """A file for the stage, the network alone: told the beat and the style, with what the file
    asks for that style: its energy, and how much later than the beat it is to be driven."""
    performer = Performer(model, "cpu")
    manifest = performer.manifest

    def dance(music: Music, seeds: Sequence[int]) -> list[Take | FlatTake]:
        heard, count = music.piece(), len(seeds)
        performer.reset(count, seeds[0])
        number = performer.styles.index(music.style)
        style = np.zeros((count, len(performer.styles)), np.float32)
        style[:, number] = 1.0
        control = np.zeros((count, CONTROL_DIM), np.float32)
        control[:, 0] = manifest.energy_offset[number]
        late = manifest.accent_delay_ms[number] * heard.tempo_bpm / 60_000
        tempo = np.asarray(heard.tempo_bpm)
        clocks = clock_vector(heard.beats - late, tempo, metre=int(manifest.metre[number]))
        draws = [np.random.default_rng([seed, 0x5D]) for seed in seeds]
        poses = []
        anew = is_anew(heard.beats - late, int(manifest.metre[number]))
        for features, clock, begins in zip(heard.features, clocks, anew, strict=True):
            control[:, ANEW] = begins
            noise = np.stack([rng.standard_normal(manifest.latent_dim) for rng in draws])
            everyone = np.repeat(clock[None], count, axis=0)
            poses.append(performer.step(features, everyone, style, control, noise)[0])
        return [
            danced(decode(np.stack(poses)[:, d]), heard, f"{music.style} #{seed}")
            for d, seed in enumerate(seeds)
        ]

    return dance


def on_stage(model: str) -> Dancer:
    """A file for the stage as it is seen there: tracked beat, network, safe motion."""
    performer = Performer(model, "cpu")

    def dance(music: Music, seeds: Sequence[int]) -> list[Take | FlatTake]:
        song, heard = music.song(), music.piece()
        performer.reset(len(seeds), seeds[0])
        audio = song.audio[: round(music.seconds * SAMPLE_RATE)]
        shown = run_offline(audio, SAMPLE_RATE, performer, music.style, free_dance())
        time_s, joints = (shown[key][::EMITTED_PER_FRAME] for key in ("time_s", "joints"))
        beats = beat_position(time_s, song.beats_s, song.downbeats_s)
        beats *= dance_ratio(music.tempo_bpm)
        return [
            Take(
                f"{music.style} #{s}", music.style, heard.tempo_bpm, joints[:, d], beats, heard.name
            )
            for d, s in enumerate(seeds)
        ]

    return dance


def frames_at(take: Take, music: Music, seconds: np.ndarray) -> np.ndarray:
    """Which frames of a dance to the music are seen at these moments of it, int [n]."""
    seen = music.piece()
    at = np.interp(seconds, (np.arange(len(seen.beats)) + 1 + MUSIC_LAG) / FRAME_RATE, seen.beats)
    return np.searchsorted(take.beats, at).clip(0, len(take.joints) - 1)
