"""A dance to be measured: joints with the beat they were danced to."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from live.body.pose import FRAME_RATE, decode
from live.errors import ArtifactError
from model.data.prepare import beat_position
from model.evaluation import metrics


@dataclass(frozen=True)
class Take:
    """One dance. joints: float32 [T, 19, 3] at 30 fps; beats: float64 [T], the true position in
    the dancer's beats at each frame; music: which piece, the same for dances to the same one."""

    label: str
    style: str
    tempo_bpm: float
    joints: np.ndarray
    beats: np.ndarray
    music: str = ""

    def after(self, seconds: float) -> "Take":
        skip = round(seconds * FRAME_RATE)
        return Take(
            self.label,
            self.style,
            self.tempo_bpm,
            self.joints[skip:],
            self.beats[skip:],
            self.music,
        )


def real_takes(data: Path) -> list[Take]:
    """Every clip of `motion.npz` with its own beat grid, at its own tempo."""
    try:
        motion = dict(np.load(data / "motion.npz"))
    except OSError as error:
        raise ArtifactError(f"{data} holds no prepared data ({error})") from error
    takes = []
    for i, (start, stop) in enumerate(zip(motion["start"], motion["start"][1:], strict=False)):
        tempo = float(motion["tempo_bpm"][i])
        name = str(motion["names"][i])
        beats = motion["phase"][i] + tempo / 60 / FRAME_RATE * np.arange(stop - start)
        style = str(motion["styles"][motion["style"][i]])
        takes.append(Take(name, style, tempo, decode(motion["pose"][start:stop]), beats, name))
    return takes


def at_octave_of(take: Take, tempo_bpm: float) -> Take:
    """The take counted at half, whole or double the music's beat, whichever is nearest to a tempo:
    a style stepped at 165 does two steps to a beat of 90, and is measured by the step."""
    octave = 2.0 ** float(np.clip(np.rint(np.log2(tempo_bpm / take.tempo_bpm)), -1, 1))
    return Take(
        take.label,
        take.style,
        take.tempo_bpm * octave,
        take.joints,
        take.beats * octave,
        take.music,
    )


def mean_speed(takes: Sequence[Take]) -> float:
    """Mean joint speed over all frames of all takes, m/s."""
    speeds = [metrics.mean_speed(t.joints, FRAME_RATE) for t in takes]
    return float(np.average(speeds, weights=[len(t.joints) for t in takes]))


def read_take(path: Path, beats_s: np.ndarray, style: str = "", dancer: int = 0) -> Take:
    """A take written by `posejockey perform`, brought to 30 fps, with the music's true beats.

    path: .npz with time_s [T] and joints [T, N, 19, 3]; beats_s: float [n], true times in s on the
    same clock. Beats are the music's own: a dance at half or double time shows at k = 1/2 or 2.
    """
    try:
        with np.load(path) as data:
            time_s, joints = data["time_s"], data["joints"][:, dancer]
    except (OSError, KeyError, IndexError) as error:
        raise ArtifactError(f"{path} is no take of this program with dancer {dancer}") from error
    frames_s = np.arange(time_s[0], time_s[-1], 1 / FRAME_RATE)
    index = np.searchsorted(time_s, frames_s).clip(1, len(time_s) - 1)
    share = ((frames_s - time_s[index - 1]) / (time_s[index] - time_s[index - 1])).clip(0, 1)
    share = share[:, None, None]
    thinned = joints[index - 1] * (1 - share) + joints[index] * share
    tempo = 60 / float(np.median(np.diff(beats_s)))
    beats = beat_position(frames_s, beats_s, beats_s[:1])
    return Take(f"{path.stem} #{dancer + 1}", style, tempo, thinned, beats, path.stem)
