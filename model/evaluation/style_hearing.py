"""What the network hears in music: which style it would dance to it.

Enters: a performer. Leaves: by style, shares of frames and songs in which it was heard.
"""

from collections.abc import Sequence

import numpy as np

from live.audio.features import SAMPLE_RATE, extract
from live.body.pose import FRAME_RATE
from live.dance.contract import CLOCK_DIM, CONTROL_DIM
from live.dance.performer import Performer
from live.dance.style import StyleMixer
from model.data.music.genres import genres_of
from model.data.music.render import render_song
from model.data.music.song import random_song

_SONGS_HEARD, _HEARD_S = 8, 20.0  # of each style, for the style head


def listening(
    performer: Performer, styles: Sequence[str], seed: int = 1, songs: int = _SONGS_HEARD
) -> dict[str, dict[str, float]]:
    """Is a style's music heard as that style? Songs of 20 s at their genre's own tempi.

    raw: share of frames after the first 2 s whose strongest logit is right; staged: share of songs
    at whose end the stage (`live.dance.style`, smoothed) would dance that style; fitting: as
    staged, but any style that is danced to the song's genre counts. Leaves the performer with one
    dancer.
    """
    names = performer.styles
    rows = {}
    for i, style in enumerate(styles):
        raw, staged, fitting = [], [], []
        for k in range(songs):
            rng = np.random.default_rng([900_001, seed, i, k])
            genre = str(rng.choice(genres_of(style)))
            song = render_song(random_song(rng, genre, None, _HEARD_S, False), SAMPLE_RATE)
            logits = _logits(performer, song.audio)
            mixer = StyleMixer(len(names), None)
            for row in logits:
                mixer.step()
                mixer.listen(row)
            chosen = names[int(mixer.weights.argmax())]
            raw.append(np.mean(logits[2 * FRAME_RATE :].argmax(axis=1) == names.index(style)))
            staged.append(chosen == style)
            fitting.append(genre in genres_of(chosen))
        rows[style] = {
            "raw": float(np.mean(raw)),
            "staged": float(np.mean(staged)),
            "fitting": float(np.mean(fitting)),
            "songs": float(songs),
        }
    return rows


def _logits(performer: Performer, audio: np.ndarray) -> np.ndarray:
    """Style logits [T, S] of a piece: what the network hears does not depend on the dance."""
    performer.reset(1, performer.seed)
    still = (
        np.zeros((1, CLOCK_DIM), np.float32),
        np.full((1, len(performer.styles)), 1 / len(performer.styles), np.float32),
        np.zeros((1, CONTROL_DIM), np.float32),
        np.zeros((1, performer.manifest.latent_dim), np.float32),
    )
    return np.stack([performer.step(f.features, *still)[1] for f in extract(audio, SAMPLE_RATE)])
