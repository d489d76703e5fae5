"""The very songs that clips were danced to, as music to learn with.

Enters: clips that came with their song (`model.data.clips.RawClip`), and the beats of each clip.
Leaves: the stretch of the song that was danced to, with those beats. Rendered songs have beats that
are known better, but nobody's own sound.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from live.audio.features import SAMPLE_RATE
from live.body.pose import FRAME_RATE
from model.data.beat_grid import Grid
from model.data.clips import RawClip
from model.data.prepare import Clip
from model.data.recordings import Recording, decode_audio

_LEAST_S = 8.0  # a window with what is heard before it, and room to move


def own_songs(
    raw: Sequence[RawClip], clips: Sequence[Clip], genre: str
) -> Iterator[tuple[Recording, np.ndarray]]:
    """Each song as far as its clip was danced to it, float32 [T] at 24 kHz. clips: of `raw`, in
    their order, whose beats count; genre: of those that are known, what it is to go with."""
    for came, clip in zip(raw, clips, strict=True):
        if came.song is None:
            continue
        audio = decode_audio(came.song)
        first = max(round(came.song_start_s * SAMPLE_RATE), 0)
        seconds = len(clip.pose) / FRAME_RATE + min(came.song_start_s, 0.0)
        part = audio[first : first + round(seconds * SAMPLE_RATE)]
        skipped_s = max(-came.song_start_s, 0.0)
        song = _with_beats(clip, skipped_s, len(part) / SAMPLE_RATE, genre)
        if len(part) >= _LEAST_S * SAMPLE_RATE and len(song.downbeats_s):
            yield song, part


def _with_beats(clip: Clip, skipped_s: float, seconds: float, genre: str) -> Recording:
    """The clip's beats in a stretch that begins so many seconds after the clip."""
    per_s = clip.tempo_bpm / 60
    begin = clip.phase + per_s * skipped_s
    beats = np.arange(np.ceil(begin), begin + per_s * seconds)
    beats_s = (beats - begin) / per_s
    downbeats = beats % clip.metre == 0
    return Recording(
        clip.name, genre, beats_s, beats_s[downbeats], Grid(clip.tempo_bpm, begin, 1, 1)
    )
