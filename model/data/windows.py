"""Training windows: any dance laid on any music of its genre, beat on beat.

Clips are not locked to their own music (and most have none), so each window pairs a song with a
motion clip warped in time until its beat grid coincides with the song's. This locks dance to beat,
multiplies the data, and forces the network to obey the clock instead of replaying clips.

Enters: `motion.npz` and `music.npz`, as `posejockey prepare` wrote them. Leaves: batches.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from live.body.pose import FRAME_RATE, ROOT, decode
from live.body.skeleton import N_JOINTS, mirrored
from live.dance.contract import BEATS_A_BAR, clock_vector, dance_ratio
from live.errors import ArtifactError
from model.data.music.genres import GENRES, genres_of
from model.data.prepared import check_windows, metre_of, read_motion, read_music
from model.network.config import TrainConfig

# A clip bent by this much is chosen 0.6 times as often as one at its own speed.
_BENT_OCTAVES = 0.35
_TRUE_SONGS = 0.25  # of the windows whose style has clips with songs of their own are to these
_TRUE_PAIRS = 0.7  # of the dancers to such a song dance what was danced to it, where it was
_TRIES, _SONGS_IN_VAIN = 200, 40  # to place a song in a clip, and songs that found none


class Batch(NamedTuple):
    """B windows of L frames, in groups of dancers to one of M songs; C frames are heard before.

    features [M, C + L, 83]; clock [B, L, 8]; beat int64 [B, L], 0-based; style [B, S] one-hot;
    control [B, L, 4]; pose [B, L + 1, 60] in plain units, from the frame before the window on;
    danced [M, S], how likely each style is danced to such music.
    """

    features: np.ndarray
    clock: np.ndarray
    beat: np.ndarray
    style: np.ndarray
    control: np.ndarray
    pose: np.ndarray
    danced: np.ndarray


class _SongWindow(NamedTuple):
    features: np.ndarray
    beats: np.ndarray  # float64 [L + 1], in the dancer's beats
    tempo_bpm: float  # of the dancer's beats
    danced: np.ndarray  # float32 [S]
    song: int
    frames: np.ndarray  # int [L + 1], of the song


class PairedWindows:
    """Draws batches from `motion.npz` and `music.npz`, all from the generator given.

    suited: a song is danced in a style that is danced to its genre, for networks that have to hear
    the style; else in any, for those that are told it. ArtifactError if they are damaged, or no
    window fits: then there is nothing to draw.
    """

    def __init__(self, folder: Path, config: TrainConfig, suited: bool = False):
        self.motion = read_motion(folder)
        self.music = read_music(folder)
        check_windows(folder, self.motion, self.music, config)
        self.config, self.suited = config, suited
        self.styles = tuple(str(s) for s in self.motion["styles"])
        self.metres = tuple(metre_of(self.motion, i) for i in range(len(self.styles)))
        self._songs = {
            i: np.flatnonzero(np.isin(self.music["genre"], genres_of(s, self.metres[i])))
            for i, s in enumerate(self.styles)
        }
        self._danced = danced(self.styles, self.metres)
        none = np.full(len(self.motion["phase"]), -1)
        self._song = self.motion.get("song", none)
        self._song_at = self.motion.get("song_at", none)
        if self._song.max() >= len(self.music["genre"]):
            raise ArtifactError(f"{folder}: motion.npz does not belong to music.npz; prepare again")

    def fingerprint(self) -> str:
        """What the motion and the beats of the music are: other data has another one."""
        digest = hashlib.sha256()
        for arrays, names in (
            (self.motion, ("pose", "start", "split", "style", "tempo_bpm", "phase")),
            (self.music, ("beat", "start")),
        ):
            for name in names:
                digest.update(np.ascontiguousarray(arrays[name]).tobytes())
        return digest.hexdigest()

    def statistics(self) -> dict[str, np.ndarray]:
        """Mean and standard deviation of features and poses, for the graph's normalisation."""
        pose, features = self.motion["pose"], self.music["features"].astype(np.float32)
        return {
            "pose_mean": pose.mean(axis=0),
            "pose_std": np.maximum(pose.std(axis=0), 0.01),
            "feature_mean": features.mean(axis=0),
            "feature_std": np.maximum(features.std(axis=0), 0.05),
        }

    def style_spread(self) -> np.ndarray:
        """Standard deviation of the poses of each style over that of all, [S, 60], .2 to 1: a style
        whose hips hardly turn is told by less of a turn than one whose hips do."""
        pose = self.motion["pose"]
        of_frame = np.repeat(self.motion["style"], np.diff(self.motion["start"]))
        own = np.stack([pose[of_frame == s].std(axis=0) for s in range(len(self.styles))])
        return np.clip(own / self.statistics()["pose_std"], 0.2, 1.0).astype(np.float32)

    def velocity_std(self) -> np.ndarray:
        """Root mean square of the joints' velocities on the stage, m/s: [57]."""
        joints = decode(self.motion["pose"]).astype(np.float64)
        velocity = np.diff(joints, axis=0) * FRAME_RATE
        velocity = np.delete(velocity, self.motion["start"][1:-1] - 1, axis=0)  # between clips
        scale = np.sqrt((velocity**2).mean(axis=0))
        scale[:, [0, 2]] = scale[:, [0, 2]].mean(axis=1, keepdims=True)  # whatever the heading
        return np.maximum(scale.ravel(), 0.05)

    def batch(self, rng: np.random.Generator) -> Batch:
        """A batch of its own for each state of the generator. ArtifactError where clip after clip
        is too short for the window, or of a tempo too far from that of the music."""
        windows, songs, in_vain = [], [], 0
        while len(songs) < self.config.batch // self.config.dancers:
            song = self._song_window(rng)
            dancers = [self._dancer(song, rng) for _ in range(self.config.dancers)]
            if None in dancers:
                in_vain += 1
                if in_vain > _SONGS_IN_VAIN:
                    raise ArtifactError(self._no_clip(song.tempo_bpm))
                continue
            songs.append(song)
            windows.extend(dancers)
        clock, beat, style, control, pose = (np.stack(part) for part in zip(*windows, strict=True))
        return Batch(
            features=np.stack([song.features for song in songs]),
            clock=clock,
            beat=beat,
            style=style,
            control=control,
            pose=pose,
            danced=np.stack([song.danced for song in songs]),
        )

    def _song_window(self, rng: np.random.Generator) -> "_SongWindow":
        """A stretch of a song of any style's genre."""
        c = self.config
        style = int(rng.integers(len(self.styles)))
        own = np.unique(self._song[(self.motion["style"] == style) & (self._song >= 0)])
        is_own = len(own) > 0 and rng.random() < _TRUE_SONGS
        song = int(rng.choice(own if is_own else self._songs[style]))
        first, last = self.music["start"][song], self.music["start"][song + 1]
        begin = int(rng.integers(first + c.context + c.lag_max, last - c.window))
        span = slice(begin - 1, begin + c.window)
        tempo = float(np.median(self.music["tempo_bpm"][span]))
        ratio = dance_ratio(tempo)
        heard = begin - int(rng.integers(1, c.lag_max + 1))
        return _SongWindow(
            self.music["features"][heard - c.context : heard + c.window].astype(np.float32),
            self.music["beat"][span] * ratio,
            tempo * ratio,
            self._danced[str(self.music["genre"][song])],
            song,
            np.arange(span.start, span.stop) - first,
        )

    def _dancer(self, song: "_SongWindow", rng: np.random.Generator) -> tuple | None:
        """One dancer to the song: clock, beat, style, control, pose; None if no clip suits it."""
        placed = self._true_place(song, rng) or self._placed(song, rng)
        if placed is None:
            return None
        clip, speed, frames = placed
        style = int(self.motion["style"][clip])
        control = self.motion["control"][np.rint(frames[1:]).astype(int)].copy()
        control[:, [0, 2]] += np.log(speed) / 0.5  # a faster dancer has more energy
        if rng.random() < self.config.control_dropout:
            control[:] = 0.0
        confidence = 1.0 if rng.random() < 0.7 else rng.uniform(0.2, 1.0)
        beats = song.beats[1:]
        return (
            clock_vector(beats, song.tempo_bpm, confidence, self.metres[style]),
            (np.floor(beats) - np.floor(beats[0])).astype(np.int64),
            np.eye(len(self.styles), dtype=np.float32)[style],
            control,
            warp(self.motion["pose"], frames, mirror=self._mirrors(style, rng)),
        )

    def _mirrors(self, style: int, rng: np.random.Generator) -> bool:
        return rng.random() < 0.5 and self.styles[style] not in self.config.handed.split(",")

    def _true_place(
        self, song: "_SongWindow", rng: np.random.Generator
    ) -> tuple[int, float, np.ndarray] | None:
        """As `_placed`, where a clip was danced to this very song: nothing is bent."""
        clips = np.flatnonzero(self._song == song.song)
        if not len(clips) or rng.random() >= _TRUE_PAIRS:
            return None
        clip = int(rng.choice(clips))
        start, stop = self.motion["start"][clip], self.motion["split"][clip]
        frames = start + song.frames + self._song_at[clip]
        if frames[0] < start + 1 or frames[-1] > stop - 3:
            return None
        return clip, 1.0, frames

    def _placed(
        self, song: "_SongWindow", rng: np.random.Generator
    ) -> tuple[int, float, np.ndarray] | None:
        """A clip, the speed at which it is danced, and where in it the song's window lies."""
        for _ in range(_TRIES):
            clip = self._choose_clip(song, rng)
            if clip is None:
                return None
            octave = self._octave(song.tempo_bpm)[clip]
            frames = self._place(clip, song.beats / octave, rng)
            if frames is not None:
                return clip, song.tempo_bpm / octave / self.motion["tempo_bpm"][clip], frames
        return None

    def _no_clip(self, tempo_bpm: float) -> str:
        c, tempi = self.config, self.motion["tempo_bpm"]
        longest_s = (self.motion["split"] - self.motion["start"][:-1]).max() / FRAME_RATE
        need_s = (c.window * c.speed_high + 3) / FRAME_RATE + 4 * 60 / tempi.min()
        return (
            f"no clip holds a window of {c.window} frames of music at {tempo_bpm:.0f} BPM: of the "
            f"longest {longest_s:.1f} s are trained on, and {need_s:.0f} s suffice at any speed; "
            f"the clips have {tempi.min():.0f} to {tempi.max():.0f} BPM, and are bent by "
            f"{c.speed_low:g} to {c.speed_high:g}. Prepare longer clips, or set a smaller window"
        )

    def _octave(self, tempo: float) -> np.ndarray:
        """Dance beats for every beat of each clip, 1/2, 1 or 2: whichever bends the clip least.

        A waltz of 88 BPM is danced at half time to music of 150, a salsa stepped at 165 puts two
        steps on each beat of music at 90: so every style can be danced at every tempo.
        """
        return np.exp2(np.clip(np.rint(np.log2(tempo / self.motion["tempo_bpm"])), -1, 1))

    def _choose_clip(self, song: "_SongWindow", rng: np.random.Generator) -> int | None:
        """A clip of any style, or any suited one, by the clips' lengths, and the rarer the more it
        has to be bent; None if all would have to be bent too far."""
        tempo = song.tempo_bpm
        bent = np.log2(tempo / self._octave(tempo) / self.motion["tempo_bpm"])
        low, high = np.log2(self.config.speed_low), np.log2(self.config.speed_high)
        likely = np.exp(-0.5 * (bent / _BENT_OCTAVES) ** 2) * ((bent >= low) & (bent <= high))
        if self.suited:
            likely *= song.danced[self.motion["style"]] > 0
        if not likely.any():
            return None
        style = rng.choice(np.unique(self.motion["style"][likely > 0]))
        usable = self.motion["split"] - self.motion["start"][:-1]
        weight = usable * likely * (self.motion["style"] == style)
        return int(rng.choice(len(weight), p=weight / weight.sum()))

    def _place(self, clip: int, beats: np.ndarray, rng: np.random.Generator) -> np.ndarray | None:
        """Positions in the motion file for beats [L + 1] at the clip's own octave, or None if the
        clip is too short.

        Beat k of the clip falls on a beat of the same place in the bar (k modulo the metre of its
        style), or on any beat where the clip is too short for that. `warp` reads one frame before
        and two after each position: none of another clip, none held out.
        """
        start, stop = self.motion["start"][clip], self.motion["split"][clip]
        per_frame = self.motion["tempo_bpm"][clip] / 60 / FRAME_RATE
        relative = (beats - self.motion["phase"][clip]) / per_frame
        bar = self.metres[int(self.motion["style"][clip])]
        for step in (bar / per_frame, 1 / per_frame):
            low = np.ceil((1 - relative[0]) / step)
            high = np.floor((stop - start - 3 - relative[-1]) / step)
            if high >= low:
                return start + relative + step * rng.integers(low, high + 1)
        return None


def danced(styles: Sequence[str], metres: Sequence[int] = ()) -> dict[str, np.ndarray]:
    """How likely each of the styles is danced to each genre, float32 [S]: songs are drawn for a
    style, alike for each, and then of any of its genres. metres: beats in a bar of each; none for
    four."""
    share = np.zeros((len(styles), len(GENRES)), np.float32)
    genres = list(GENRES)
    for i, style in enumerate(styles):
        own = genres_of(style, metres[i] if metres else BEATS_A_BAR)
        share[i, [genres.index(genre) for genre in own]] = 1 / len(own)
    share /= np.maximum(share.sum(axis=0), 1e-9)
    return {genre: share[:, k] for k, genre in enumerate(genres)}


def warp(pose: np.ndarray, frames: np.ndarray, mirror: bool) -> np.ndarray:
    """Pose vectors at fractional frame positions [L], Catmull-Rom, velocities scaled to match.

    Linear interpolation would shave the fast extremes off arms and feet.
    """
    base = np.floor(frames).astype(int)
    t = (frames - base)[:, None].astype(np.float32)
    a, b, c, d = (pose[np.clip(base + k, 0, len(pose) - 1)] for k in (-1, 0, 1, 2))
    out = b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
    out[:, ROOT] *= np.gradient(frames)[:, None]
    return mirrored_vectors(out) if mirror else out.astype(np.float32)


def mirrored_vectors(pose: np.ndarray) -> np.ndarray:
    """Pose vectors [..., 60] with left and right swapped."""
    joints = pose[..., : N_JOINTS * 3].reshape(*pose.shape[:-1], N_JOINTS, 3)
    joints = mirrored(joints)
    root = pose[..., ROOT] * np.array([-1.0, 1.0, -1.0])
    return np.concatenate([joints.reshape(*pose.shape[:-1], -1), root], axis=-1).astype(np.float32)
