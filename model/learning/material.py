"""The clips a style is learned from: chosen, checked, and made into what training reads.

Enters: a folder of clips (`model.data.clip_index`) and the name of a style. Leaves: prepared data
of that one style, with music for it and some that it is not danced to; or an error of one
sentence before anything is computed.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.ndimage import minimum_filter1d, uniform_filter1d

from live.body.pose import FRAME_RATE
from live.body.skeleton import JOINT, N_JOINTS, mirrored
from live.errors import ArtifactError, ConfigError
from live.safe_write import whole_file
from live.settings_file import shown
from model.data.clip_index import TIERS, ClipError, check_entry, check_style, read_index
from model.data.clips import RawClip, read_raw_clips, refusal
from model.data.music.genres import genres_of
from model.data.own_songs import own_songs
from model.data.prepare import (
    ANKLE_ABOVE_TOE_M,
    Clip,
    clips_of,
    render_songs,
    write_motion,
    write_music,
)

LEAST_S = 20.0
"""Seconds of motion below which nothing is learned."""
_MUSIC_MINUTES, _OTHER_MINUTES, _SONG_S = 12.0, 8.0, 40.0  # danced to; only heard; each
_SEED = 1
_ARMS = [JOINT[name] for name in ("l_elbow", "l_wrist", "r_elbow", "r_wrist")]
_ANKLES = [JOINT["l_ankle"], JOINT["r_ankle"]]
_LEVEL_M = 0.05
_HANDED = 0.45  # waltz has .63, tango .72; indian, the next of eleven others, .25


@dataclass(frozen=True)
class Material:
    """clips: on one body, of one style; tiers: of their terms; key: of their content."""

    clips: list[Clip]
    tiers: tuple[str, ...]
    key: str

    @property
    def seconds(self) -> float:
        return sum(len(c.pose) for c in self.clips) / FRAME_RATE

    @property
    def is_handed(self) -> bool:
        """Whether its left and right have parts of their own, as in a couple's hold: then it is not
        to be mirrored. By how far the arms are, on average, from those of the mirrored dance."""
        poses = np.concatenate([clip.pose[:, : N_JOINTS * 3] for clip in self.clips])
        joints = poses.reshape(-1, N_JOINTS, 3)
        apart = (joints - mirrored(joints))[:, _ARMS]
        relative = apart.mean(axis=0) / (apart.std(axis=0) + 0.02)
        return float(np.sqrt((relative**2).mean())) > _HANDED

    @property
    def metre(self) -> int:
        """Beats in a bar, of most of the frames."""
        frames: dict[int, int] = {}
        for clip in self.clips:
            frames[clip.metre] = frames.get(clip.metre, 0) + len(clip.pose)
        return max(frames, key=lambda metre: frames[metre])


def check_name(style: str) -> None:
    """ConfigError for what cannot be the name of a style."""
    try:
        check_style("", style)
    except ClipError:
        raise ConfigError(
            f"--style {shown(style)} cannot be a style's name: take a word of up to 32 small "
            "letters, without comma or equals sign, and not auto"
        ) from None


def read_material(source: Path, style: str) -> Material:
    """The clips of `source` that are of this style; all of them where they are of one style of
    another name, for then that is what is meant.

    ArtifactError where the folder is none of clips, or they are too few, damaged, or of several
    styles, none of which is this one.
    """
    if not source.is_dir():
        raise ArtifactError(
            f"{source} is not a folder; name the one that `posejockey capture` made"
        )
    if not (source / "index.json").is_file():
        raise ArtifactError(
            f"{source} holds no index.json, so it is no folder of clips; make one with `posejockey "
            f"capture FILES -o {source}`"
        )
    wanted = _style_of(source, style)
    raw, refused = read_raw_clips(source, TIERS, wanted)
    if refused:
        raise ArtifactError(refusal(refused, len(raw)))
    _check_length(raw, style)
    tiers = tuple(t for t in TIERS if any(clip.tier == t for clip in raw))
    clips = [on_the_floor(c) for c in clips_of([replace(clip, style=style) for clip in raw])]
    return Material(clips, tiers, _key(clips))


def on_the_floor(clip: Clip) -> Clip:
    """The clip, let down (or lifted) to where its floor is: by the lowest any joint gets within
    a second of each moment. A film, or a room captured with a slope, has a floor that drifts by
    tens of centimetres; a jump is shorter than that. Less than 5 cm stays as it is.
    """
    height = clip.pose[:, 1 : N_JOINTS * 3 : 3].copy()
    height[:, _ANKLES] -= ANKLE_ABOVE_TOE_M
    around = 2 * FRAME_RATE
    lowest = minimum_filter1d(height.min(axis=1), around, mode="nearest")
    floor = uniform_filter1d(lowest, around, mode="nearest")
    if np.abs(floor).max() < _LEVEL_M:
        return clip
    pose = clip.pose.copy()
    pose[:, 1 : N_JOINTS * 3 : 3] -= floor[:, None]
    return replace(clip, pose=pose)


def write_data(material: Material, style: str, known: Sequence[str], out: Path) -> None:
    """motion.npz, music.npz and prepared.json, all or none. known: the styles that the network has,
    to whose music the new one is not danced."""
    genres = genres_of(style, material.metre)
    others = tuple(sorted({g for s in known for g in genres_of(s)} - set(genres)))
    own = own_songs(material.clips)
    songs: list = [*own, *render_songs(_MUSIC_MINUTES, _SEED, genres, _SONG_S)]
    songs += render_songs(_OTHER_MINUTES, _SEED + 1, others, _SONG_S) if others else []
    out.mkdir(parents=True, exist_ok=True)
    with (
        whole_file(out / "prepared.json") as summary,
        whole_file(out / "music.npz") as music,
        whole_file(out / "motion.npz") as motion,
    ):
        write_motion(material.clips, motion, [song.path for song, _ in own])
        count = write_music(songs, music)
        told = summary_of(material, style) | {"songs": count, "key": material.key}
        summary.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


def summary_of(material: Material, style: str) -> dict:
    """What is said of the clips, for prepared.json and the model's manifest."""
    return {
        "tiers": list(material.tiers),
        "clips": len(material.clips),
        "motion_minutes": round(material.seconds / 60, 1),
        "styles": [style],
        "metre": material.metre,
        "seed": _SEED,
    }


def is_prepared(out: Path, material: Material) -> bool:
    """Whether `out` holds the data of just these clips."""
    try:
        told = json.loads((out / "prepared.json").read_text(encoding="utf-8"))
        return told["key"] == material.key and (out / "music.npz").is_file()
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _style_of(source: Path, style: str) -> str:
    """The style of the clips that are meant."""
    styles = sorted({str(check_entry(n, e)["style"]) for n, e in read_index(source)})
    if not styles:
        raise ArtifactError(f"{source} lists no clip; add some with `posejockey capture`")
    if style in styles:
        return style
    if len(styles) > 1:
        raise ArtifactError(
            f"{source} has clips of {', '.join(styles)}, but none of {style!r}; give one of these "
            "names, or capture the clips of each style into a folder of its own"
        )
    return styles[0]


def _check_length(raw: Sequence[RawClip], style: str) -> None:
    seconds = sum(len(c.joints) for c in raw) / FRAME_RATE
    if seconds < LEAST_S:
        raise ArtifactError(
            f"the clips of {style!r} last {seconds:.0f} s; a style needs {LEAST_S:.0f} s at least, "
            "and 3 minutes or more to be danced well: capture more"
        )


def _key(clips: Sequence[Clip]) -> str:
    digest = hashlib.sha256()
    for clip in clips:
        digest.update(
            f"{clip.name} {clip.style} {clip.tempo_bpm} {clip.phase} {clip.metre}".encode()
        )
        digest.update(clip.pose.tobytes())
    return digest.hexdigest()
