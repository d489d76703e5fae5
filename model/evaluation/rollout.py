"""Let a trained network dance freely to music it never heard, on the true clock.

Enters: a network and the styles and tempi asked for. Leaves: takes. No stage stands between: that
is `model.evaluation.on_stage`.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from live.body.pose import decode
from live.dance.contract import ANEW, CONTROL_DIM, clock_vector, is_anew
from live.errors import ArtifactError
from model.evaluation.piece import MUSIC_LAG, piece
from model.evaluation.take import Take
from model.network.dance_network import DanceNetwork

TEMPI_BPM = (95.0, 120.0, 140.0)
_HEARD_AT_ONCE = 1024  # frames


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
    lag: float = MUSIC_LAG,
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
        np.stack([is_anew(p.beats, metre) for p, metre in zip(pieces, metres, strict=True)]),
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
    anew: np.ndarray,
    dancers: int,
    temperature: float,
    seed: int,
) -> np.ndarray:
    """features [P, T, 83], clock [P, T, 8], style [P, S], control [P, 4], anew bool [P, T] -> poses
    [P, D, T, 60]."""
    count, length = clock.shape[:2]
    control = np.repeat(control[None], length, axis=0)
    control[..., ANEW] = anew.T
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
            torch.as_tensor(control).repeat_interleave(dancers, dim=1),
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
