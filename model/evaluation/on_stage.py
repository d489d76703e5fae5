"""Shipped weights judged as the stage runs them, beside the real dances: `posejockey evaluate`.

Enters: ONNX files, the prepared data, and songs rendered here that no training saw. Each song goes
through the whole engine (`live.show.offline`): features, tracked beat, network, safe motion.
Leaves: a table a style, what the network hears in music, and how the dance fares over an hour.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from live.audio.features import SAMPLE_RATE
from live.body.pose import FRAME_RATE
from live.dance.performer import Performer
from live.errors import ArtifactError
from live.show.offline import EMISSION_RATE, run_offline
from model.data.music.genres import GENRES, genres_of
from model.data.music.song import Song
from model.data.prepare import beat_position
from model.data.recordings import Track, held_out_tracks
from model.evaluation import frechet as variety
from model.evaluation import metrics
from model.evaluation.figures import accent_off_ms, summarise
from model.evaluation.rollout import held_out_song
from model.evaluation.style_classifier import StyleJudge, style_judge
from model.evaluation.style_hearing import listening
from model.evaluation.take import Take, at_octave_of, mean_speed, real_takes

TEMPI_BPM = (90.0, 120.0, 150.0)
_SETTLE_S = 6.0  # the clock locks on within 4 s; not judged
_EVERY_OTHER = EMISSION_RATE // FRAME_RATE
_TRACKS_A_STYLE = 4


@dataclass(frozen=True)
class RealStyle:
    """The real dances of a style. figures: of `summarise`; tempo_bpm: the median of its clips;
    clips: features of the first and second half of each, float64 [n, 32]."""

    figures: dict[str, float]
    tempo_bpm: float
    clips: tuple[tuple[np.ndarray, np.ndarray], ...]

    @property
    def features(self) -> np.ndarray:
        return np.concatenate([half for clip in self.clips for half in clip])

    def halves(self, by: str) -> tuple[np.ndarray, np.ndarray]:
        """Features of two halves that share no frame: every other "clip", or by "time" the first
        and second halves of all clips, which is also how the only clip of a style is halved."""
        if by == "time" or len(self.clips) == 1:
            sides = zip(*self.clips, strict=True)
        else:
            whole = [np.concatenate(clip) for clip in self.clips]
            sides = (whole[::2], whole[1::2])
        first, second = (np.concatenate(side) for side in sides)
        return first, second


@dataclass(frozen=True)
class Reference:
    """All there is to know of the prepared data."""

    styles: dict[str, RealStyle]
    judge: StyleJudge

    def distance(self, made: variety.ByStyle, by: str = "clip") -> variety.Distance:
        """Of made dances to the real ones of their styles, beside that of two real halves."""
        halves = {name: style.halves(by) for name, style in self.styles.items()}
        first, second = ({name: pair[i] for name, pair in halves.items()} for i in (0, 1))
        return variety.distance(made, first, second)


@dataclass(frozen=True)
class Trial:
    """Of one set of weights. rows: figures by style, "all" for all together; heard: by style,
    shares of songs and frames in which that style was heard; takes: the dances made to rendered
    songs; recorded: as rows, of dances to recordings."""

    name: str
    rows: dict[str, dict[str, float]]
    heard: dict[str, dict[str, float]] = field(default_factory=dict)
    takes: tuple[Take, ...] = ()
    recorded: dict[str, dict[str, float]] = field(default_factory=dict)


# ---- real dances -----------------------------------------------------------------------------


def reference(data: Path, judge: StyleJudge | None = None) -> Reference:
    """Measure the real dances of the data. Raises ArtifactError where there are none."""
    judge = judge or style_judge(data)
    takes = real_takes(data)
    styles = {}
    for name in judge.styles:
        own = [t for t in takes if t.style == name]
        styles[name] = RealStyle(
            summarise(own, mean_speed(own)),
            float(np.median([t.tempo_bpm for t in own])),
            tuple(_halves_judged(judge, t.joints) for t in own),
        )
    return Reference(styles, judge)


def _halves_judged(judge: StyleJudge, joints: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    middle = len(joints) // 2
    return judge.judge(joints[:middle]).features, judge.judge(joints[middle:]).features


# ---- the stage -------------------------------------------------------------------------------


def dances(
    performer: Performer, audio: np.ndarray, song: Song | Track, style: str, name: str
) -> list[Take]:
    """Every dancer's take to a song, as the stage shows it, 30 poses a second, settled.

    audio: float32 [T] at 24 kHz; song: its beats.
    """
    performer.reset(performer.dancers, performer.seed)
    shown = run_offline(audio, SAMPLE_RATE, performer, style)
    time_s, joints = (shown[key][::_EVERY_OTHER] for key in ("time_s", "joints"))
    beats = beat_position(time_s, song.beats_s, song.downbeats_s)
    tempo = float(np.median(song.tempo_bpm))
    return [
        Take(f"{style} {tempo:.0f} #{d + 1}", style, tempo, joints[:, d], beats, name).after(
            _SETTLE_S
        )
        for d in range(performer.dancers)
    ]


def trial(
    model: str,
    ref: Reference,
    styles: Sequence[str] = (),
    seconds: float = 120.0,
    tempi_bpm: Sequence[float] = TEMPI_BPM,
    dancers: int = 2,
    seed: int = 1,
    listen: bool = True,
    recordings: Path | None = None,
) -> Trial:
    """Let a file of weights dance every style it shares with the data, and judge it.

    styles: only these (all by default); dancers: to each song, the same music with other dice;
    recordings: a folder of `model.data.recordings`, to dance to those it was not trained on as
    well. Raises ArtifactError where the file and the data share no style asked for.
    """
    torch.set_num_threads(1)
    performer = Performer(model, "cpu", dancers, seed)
    shared = shared_styles(performer, ref, styles)
    takes = [
        take
        for i, style in enumerate(shared)
        for j, tempo in enumerate(tempi_bpm)
        for song in [held_out_song(style, tempo, seconds, 1000 * seed + 10 * i + j)]
        for take in dances(performer, song.audio, song, style, f"{style} {tempo:.0f}")
    ]
    recorded = {}
    if recordings:
        trained_on = "research" in performer.manifest.raw.get("tiers", ())
        tracks = held_out_tracks(recordings, trained_on)
        to_tracks = [
            take
            for style in shared
            for track, audio in _suiting(tracks, style)
            for take in dances(
                performer, audio[: round(seconds * SAMPLE_RATE)], track, style, track.name
            )
        ]
        recorded = judge(to_tracks, ref)
    heard = listening(performer, shared, seed) if listen else {}
    return Trial(Path(model).stem, judge(takes, ref), heard, tuple(takes), recorded)


def _suiting(
    tracks: Sequence[tuple[Track, np.ndarray]], style: str
) -> list[tuple[Track, np.ndarray]]:
    """At most `_TRACKS_A_STYLE` recordings a style is danced to, spread over those there are. If
    there is none of its genres: recordings of its metre, as somebody might play them to it."""
    genres = genres_of(style)
    suiting = [pair for pair in tracks if pair[0].genre in genres]
    if not suiting:
        metres = {GENRES[genre].metre for genre in genres}
        suiting = [pair for pair in tracks if GENRES[pair[0].genre].metre in metres]
    return suiting[:: -(-len(suiting) // _TRACKS_A_STYLE) or 1]


def shared_styles(performer: Performer, ref: Reference, styles: Sequence[str]) -> list[str]:
    """The styles of file and data, of those asked for."""
    asked = styles or performer.styles
    if unknown := [s for s in styles if s not in performer.styles or s not in ref.styles]:
        known = [s for s in performer.styles if s in ref.styles]
        raise ArtifactError(f"no style {', '.join(unknown)}; both have {', '.join(known)}")
    if not (shared := [s for s in asked if s in ref.styles]):
        raise ArtifactError("the weights and the data share no style")
    return shared


def judge(takes: Sequence[Take], ref: Reference) -> dict[str, dict[str, float]]:
    """Figures of made dances by style, and of all together under "all"."""
    opinions = [ref.judge.judge(t.joints) for t in takes]
    rows: dict[str, dict[str, float]] = {}
    made: dict[str, np.ndarray] = {}
    songs: dict[tuple[str, str], list[np.ndarray]] = {}
    for take, opinion in zip(takes, opinions, strict=True):
        songs.setdefault((take.style, take.music), []).append(opinion.features)
    for style in dict.fromkeys(t.style for t in takes):
        own = [i for i, t in enumerate(takes) if t.style == style]
        made[style] = np.concatenate([opinions[i].features for i in own])
        named = np.concatenate([opinions[i].style for i in own])
        figures = _beside_real([takes[i] for i in own], ref.styles[style])
        rows[style] = figures | {
            **_distances(ref, {style: made[style]}),
            "style_accuracy": float(np.mean(named == ref.judge.styles.index(style))),
            "diversity": metrics.diversity(made[style]),
            "multimodality": variety.multimodality([f for k, f in songs.items() if k[0] == style]),
        }
    return rows | {"all": _together(rows, made, ref, list(songs.values()))}


def _together(
    rows: Mapping[str, Mapping[str, float]],
    made: Mapping[str, np.ndarray],
    ref: Reference,
    songs: Sequence[Sequence[np.ndarray]],
) -> dict[str, float]:
    return {
        **_distances(ref, made),
        "style_accuracy": float(np.mean([r["style_accuracy"] for r in rows.values()])),
        "diversity": variety.diversity(made),
        "diversity_real": variety.diversity({s: ref.styles[s].features for s in made}),
        "multimodality": variety.multimodality(songs),
        "frozen_longest": max(r["frozen_longest"] for r in rows.values()),
    }


def _distances(ref: Reference, made: variety.ByStyle) -> dict[str, float]:
    apart, strict = ref.distance(made), ref.distance(made, "time")
    return {
        "fid": apart.made,
        "fid_floor": apart.floor,
        "fid_ratio": apart.ratio,
        "fid_floor_time": strict.floor,
        "fid_ratio_time": strict.ratio,
    }


def _beside_real(takes: Sequence[Take], real: RealStyle) -> dict[str, float]:
    """Figures of one style's takes, on the grid its real dances are measured on."""
    on_grid = [at_octave_of(t, real.tempo_bpm) for t in takes]
    there = real.figures
    here = summarise(on_grid, there["speed"], there["harmonic"])
    return here | {
        "coherence_of_null": here["coherence"] / max(here["null"], 1e-9),
        "coherence_of_real": here["coherence_15s"] / max(there["coherence_15s"], 1e-9),
        "accent_off_ms": accent_off_ms(takes, on_grid, there["accent_beats"], there["harmonic"]),
        "skate_ratio": here["skate"] / max(there["skate"], 1e-9),
        "pfc_ratio": here["pfc"] / max(there["pfc"], 1e-9),
    }


# ---- what it hears ---------------------------------------------------------------------------


# ---- an hour ---------------------------------------------------------------------------------


# ---- printing --------------------------------------------------------------------------------
