"""Let a trained network dance freely to music it never heard, on the true clock.

Enters: a network and the styles and tempi asked for. Leaves: takes. The music is rendered here, and
no stage stands between: that is `model.evaluation.on_stage`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from live.audio.features import SAMPLE_RATE, extract
from live.body.pose import FRAME_RATE, decode
from live.dance.contract import BEATS_A_BAR, CONTROL_DIM, clock_vector, dance_ratio
from live.errors import ArtifactError
from model.data.music.genres import genres_of
from model.data.music.render import render_song
from model.data.music.song import Song, random_song
from model.data.prepare import beat_position
from model.evaluation.take import Take
from model.network.config import TrainConfig
from model.network.dance_network import DanceNetwork

TEMPI_BPM = (95.0, 120.0, 140.0)
_HELD_OUT_SEED = 900_000  # songs of `prepare` follow from small seeds
_HEARD_AT_ONCE = 1024  # frames
_MUSIC_LAG = TrainConfig().music_lag


@dataclass(frozen=True)
class _Piece:
    """Music as the network meets it. features: float32 [T, 83]; beats: float64 [T], in the dancer's
    beats at the moment each pose is seen; tempo_bpm: of the dancer's beats."""

    name: str
    features: np.ndarray
    beats: np.ndarray
    tempo_bpm: float


def held_out_song(
    style: str, tempo_bpm: float, seconds: float, seed: int, metre: int = BEATS_A_BAR
) -> Song:
    """A rendered song that no training saw, in a genre the style is danced to, at one tempo. metre:
    beats in a bar of the style."""
    rng = np.random.default_rng([_HELD_OUT_SEED, seed])
    genre = str(rng.choice(genres_of(style, metre)))
    return render_song(random_song(rng, genre, tempo_bpm, seconds, tempo_change=False), SAMPLE_RATE)


@lru_cache(maxsize=64)
def piece(
    style: str,
    tempo_bpm: float,
    seconds: float,
    seed: int,
    lag: float = _MUSIC_LAG,
    metre: int = BEATS_A_BAR,
) -> _Piece:
    """What the network meets of such a song; lag: frames from the music heard to the pose seen.

    Kept, for the same songs are danced to again and again: its arrays are not to be changed.
    """
    song = held_out_song(style, tempo_bpm, seconds + 1.0, seed, metre)
    frames = extract(song.audio, SAMPLE_RATE)[: round(seconds * FRAME_RATE)]
    seen_s = np.array([f.end for f in frames]) / SAMPLE_RATE + lag / FRAME_RATE
    ratio = dance_ratio(tempo_bpm)
    return _Piece(
        f"{song.genre} {tempo_bpm:.0f} seed {seed}",
        np.stack([f.features for f in frames]),
        beat_position(seen_s, song.beats_s, song.downbeats_s) * ratio,
        tempo_bpm * ratio,
    )


def rollout(
    network: DanceNetwork,
    styles: Iterable[str],
    tempi_bpm: Iterable[float] = TEMPI_BPM,
    seconds: float = 40.0,
    seed: int = 1,
    dancers: int = 2,
    temperature: float = 1.0,
    control: Sequence[float] = (0.0,) * CONTROL_DIM,
    energy: Mapping[str, float] | None = None,
    lag: float = _MUSIC_LAG,
) -> list[Take]:
    """Free-running takes of every style at every tempo, `dancers` of them to the same song.

    The clock is the true one, the music rendered here; control float [4] is held, `energy` is
    what a style's own offset (`model.evaluation.offsets`) adds to its first; lag: frames from the
    music heard to the pose seen (`TrainConfig.music_lag`). All takes are stepped together as
    dancers of one batch. Styles the network does not know raise ArtifactError.
    """
    known = network.config.styles
    wanted = list(styles)
    if unknown := [s for s in wanted if s not in known]:
        raise ArtifactError(f"no style {', '.join(unknown)}; the network knows {', '.join(known)}")
    tempi = list(tempi_bpm)
    of_piece = [s for s in wanted for _ in tempi]
    metres = [network.config.metre(s) for s in of_piece]
    pieces = [
        piece(s, tempo, seconds, seed, lag, metre)
        for s, tempo, metre in zip(of_piece, tempi * len(wanted), metres, strict=True)
    ]
    one_hot = np.eye(len(known), dtype=np.float32)[[known.index(s) for s in of_piece]]
    controls = np.tile(np.asarray(control, np.float32), (len(pieces), 1))
    controls[:, 0] += [(energy or {}).get(s, 0.0) for s in of_piece]
    poses = _dance(
        network,
        np.stack([p.features for p in pieces]),
        np.stack(
            [
                clock_vector(p.beats, np.asarray(p.tempo_bpm), metre=metre)
                for p, metre in zip(pieces, metres, strict=True)
            ]
        ),
        one_hot,
        controls,
        dancers,
        temperature,
        seed,
    )
    return [
        Take(
            f"{style} {p.tempo_bpm:.0f} #{d + 1}",
            style,
            p.tempo_bpm,
            decode(poses[i, d]),
            p.beats,
            p.name,
        )
        for i, (p, style) in enumerate(zip(pieces, of_piece, strict=True))
        for d in range(dancers)
    ]


def _dance(
    network: DanceNetwork,
    features: np.ndarray,
    clock: np.ndarray,
    style: np.ndarray,
    control: np.ndarray,
    dancers: int,
    temperature: float,
    seed: int,
) -> np.ndarray:
    """features [P, T, 83], clock [P, T, 8], style [P, S], control [P, 4] -> poses [P, D, T, 60]."""
    count, length = clock.shape[:2]
    generator = torch.Generator().manual_seed(seed)

    def each(values: np.ndarray) -> Tensor:
        return torch.as_tensor(values).repeat_interleave(dancers, dim=0)

    with torch.inference_mode():
        music = torch.stack([_hear(network, torch.as_tensor(f)) for f in features], dim=1)
        shape = (count * dancers, network.config.decoder.latent_dim)
        noise = torch.stack([torch.randn(shape, generator=generator) for _ in range(length)])
        poses = network.dance_to(
            music.repeat_interleave(dancers, dim=1),
            each(clock).transpose(0, 1),
            each(style),
            each(control).expand(length, -1, -1),
            temperature * noise,
        )
    return poses.numpy().reshape(length, count, dancers, -1).transpose(1, 2, 0, 3)


def _hear(network: DanceNetwork, features: Tensor) -> Tensor:
    """Music context [T, C] of features [T, 83], piece by piece: attention over an hour at once
    would need T^2 memory, and no output depends on more than the receptive field. An encoder that
    has none hears all at once."""
    if network.encoder.receptive_field is None:
        return network.hear(features[None])[0][0]
    before = network.encoder.receptive_field - 1
    heard = []
    for start in range(0, len(features), _HEARD_AT_ONCE):
        context = min(start, before)
        part = features[start - context : start + _HEARD_AT_ONCE]
        heard.append(network.hear(part[None])[0][0, context:])
    return torch.cat(heard)
