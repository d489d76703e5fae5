"""How tests make films, and open them again."""

import numpy as np
import pytest

from visuals.draw.surfaces import pygame

av = pytest.importorskip("av")

from visuals.film import render  # noqa: E402


def run(*arguments) -> int:
    return render.main([str(a) for a in arguments])


def decoded(path, decoder=None):
    """(pictures, their times in s) of a film; decoder: another than the file's own choice."""
    with av.open(str(path)) as file:
        stream = file.streams.video[0]
        codec = stream.codec_context
        if decoder:
            codec = av.CodecContext.create(decoder, "r")
            codec.extradata = stream.codec_context.extradata
        frames = [f for packet in file.demux(stream) for f in codec.decode(packet)]
        return frames, [float(f.pts * stream.time_base) for f in frames]


def heard(path) -> tuple[np.ndarray, int]:
    """(float [n, channels], rate) of a film's sound."""
    with av.open(str(path)) as file:
        stream = file.streams.audio[0]
        blocks = []
        for frame in file.decode(stream):
            data = frame.to_ndarray().astype(np.float64)
            if not frame.format.is_planar:
                data = data.reshape(-1, len(frame.layout.channels)).T
            if frame.format.name.startswith("s16"):
                data /= 32768
            blocks.append(data.T)
        return np.concatenate(blocks), stream.rate


def onset_s(sound: np.ndarray, rate: int) -> tuple[float, float]:
    """When the tone is first and last heard."""
    loud = np.flatnonzero(np.abs(sound[:, 0]) > 0.1)
    return loud[0] / rate, loud[-1] / rate


def png(path) -> np.ndarray:
    """uint8 [height, width, 4], or 3 where the file has no transparency."""
    picture = pygame.image.load(path)
    channels = [*pygame.surfarray.array3d(picture).T]
    if picture.get_masks()[3]:
        channels.append(pygame.surfarray.array_alpha(picture).T)
    return np.stack(channels, axis=-1)
