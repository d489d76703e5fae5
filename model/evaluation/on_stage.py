"""Shipped weights judged as the stage runs them, beside the real dances: `posejockey evaluate`.

Enters: ONNX files, the prepared data, and songs rendered here that no training saw. Each song goes
through the whole engine (`live.show.offline`): features, tracked beat, network, safe motion.
Leaves: a table a style, what the network hears in music, and how the dance fares over an hour.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from live.audio.features import SAMPLE_RATE, extract
from live.body.pose import FRAME_RATE
from live.dance.contract import CLOCK_DIM, CONTROL_DIM
from live.dance.performer import Performer
from live.dance.style import StyleMixer
from live.errors import ArtifactError
from live.show.engine import QUIET_S, Engine, EngineConfig, horizon_samples
from live.show.offline import ARRIVAL_S, EMISSION_RATE, emissions, perform
from model.data.music import render as music
from model.data.prepare import beat_position
from model.data.recordings import Track, held_out_tracks
from model.evaluation import frechet as variety
from model.evaluation import metrics
from model.evaluation.rollout import (
    Take,
    accent_off_ms,
    at_octave_of,
    held_out_song,
    mean_speed,
    real_takes,
    summarise,
)
from model.evaluation.style_classifier import WINDOW, StyleJudge, style_judge

TEMPI_BPM = (90.0, 120.0, 150.0)
_SETTLE_S = 6.0  # the clock locks on within 4 s; not judged
_EVERY_OTHER = EMISSION_RATE // FRAME_RATE
_SONGS_HEARD, _HEARD_S = 8, 20.0  # of each style, for the style head
_TRACKS_A_STYLE = 4
_MARATHON_SONG_S = 60.0
_SILENT = 0.003  # -50 dB
_MARATHON_HOP = 2 * FRAME_RATE


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
    performer: Performer, audio: np.ndarray, song: music.Song | Track, style: str, name: str
) -> list[Take]:
    """Every dancer's take to a song, as the stage shows it, 30 poses a second, settled.

    audio: float32 [T] at 24 kHz; song: its beats.
    """
    performer.reset(performer.dancers, performer.seed)
    shown = perform(audio, SAMPLE_RATE, performer, style)
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
    genres = music.genres_of(style)
    suiting = [pair for pair in tracks if pair[0].genre in genres]
    if not suiting:
        metres = {music.GENRES[genre].metre for genre in genres}
        suiting = [pair for pair in tracks if music.GENRES[pair[0].genre].metre in metres]
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
            genre = str(rng.choice(music.genres_of(style)))
            song = music.render(music.random_song(rng, genre, None, _HEARD_S, False), SAMPLE_RATE)
            logits = _logits(performer, song.audio)
            mixer = StyleMixer(len(names), None)
            for row in logits:
                mixer.step()
                mixer.listen(row)
            chosen = names[int(mixer.weights.argmax())]
            raw.append(np.mean(logits[2 * FRAME_RATE :].argmax(axis=1) == names.index(style)))
            staged.append(chosen == style)
            fitting.append(genre in music.genres_of(chosen))
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
    )
    return np.stack([performer.step(f.features, *still)[1] for f in extract(audio, SAMPLE_RATE)])


# ---- an hour ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Marathon:
    """Song after song, the styles in turn, a minute each. minutes: end of each round of all
    styles; distance: of the dances of that round; speed: by style, m/s, first and last minute;
    frozen_longest: s."""

    name: str
    minutes: np.ndarray
    distance: tuple[variety.Distance, ...]
    speed: dict[str, tuple[float, float]]
    frozen_longest: float

    @property
    def trend(self) -> float:
        """Distance in the last sixth over the first sixth (10 minutes of an hour)."""
        made = [d.made for d in self.distance]
        end = max(len(made) // 6, 1)
        return float(np.mean(made[-end:]) / max(np.mean(made[:end]), 1e-9))


def marathon(
    model: str,
    ref: Reference,
    styles: Sequence[str] = (),
    hours: float = 1.0,
    dancers: int = 4,
    seed: int = 1,
) -> Marathon:
    """One performance that never stops, on a simulated clock; 4 s windows of its dances against
    the real ones, round after round. One style alone, if only one is asked for.

    The last sixth dances to the songs of the first, so that its distance over the first's is a
    matter of time, not of the songs. What is danced to silence (a song's end, a break in which all
    instruments stop) is not judged: the stage idles there, as it should.
    """
    torch.set_num_threads(1)
    performer = Performer(model, "cpu", dancers, seed)
    shared = shared_styles(performer, ref, styles)
    rounds = max(round(hours * 3600 / _MARATHON_SONG_S / len(shared)), 1)
    distances, speed, frozen = [], {s: [] for s in shared}, []
    rows: dict[str, np.ndarray] = {}
    for style, stretches in _songs_danced(performer, _programme(shared, rounds, seed)):
        each = [stretch[:, d] for stretch in stretches for d in range(dancers)]
        judged = [ref.judge.judge(dance, _MARATHON_HOP).features for dance in each]
        rows[style] = np.concatenate(judged)
        speeds = [metrics.mean_speed(d, FRAME_RATE) for d in each]
        speed[style].append(np.average(speeds, weights=[len(d) for d in each]))
        real_speed = ref.styles[style].figures["speed"]
        frozen += [metrics.freezing(d, FRAME_RATE, real_speed).longest_s for d in each]
        if len(rows) == len(shared):
            distances.append(ref.distance(rows))
            rows = {}
    minutes = (1 + np.arange(rounds)) * len(shared) * _MARATHON_SONG_S / 60
    ends = {s: (float(v[0]), float(v[-1])) for s, v in speed.items()}
    return Marathon(Path(model).stem, minutes, tuple(distances), ends, float(max(frozen)))


class _Song(NamedTuple):
    style: str
    tempo_bpm: float
    seed: int

    def audio(self) -> np.ndarray:
        return held_out_song(self.style, self.tempo_bpm, _MARATHON_SONG_S, self.seed).audio


def _programme(styles: Sequence[str], rounds: int, seed: int) -> list[_Song]:
    songs = []
    for i, style in enumerate([s for _ in range(rounds) for s in styles]):
        tempo = np.random.default_rng([900_002, seed, i]).uniform(TEMPI_BPM[0], TEMPI_BPM[-1])
        songs.append(_Song(style, float(tempo), 100_000 * seed + i))
    again = rounds // 6 * len(styles)
    return songs[: len(songs) - again] + songs[:again]


def _songs_danced(
    performer: Performer, programme: Sequence[_Song]
) -> Iterator[tuple[str, list[np.ndarray]]]:
    """(style, stretches of joints [T, N, 19, 3] in which the music sounds) of every song; the
    engine goes on from song to song."""
    performer.reset(performer.dancers, performer.seed)
    horizon = horizon_samples(EMISSION_RATE, ARRIVAL_S)
    engine = Engine(EngineConfig(SAMPLE_RATE, horizon, programme[0].style), performer)
    count = round(len(programme) * _MARATHON_SONG_S * EMISSION_RATE)
    heard: list[np.ndarray] = []
    shown, number = [], 0
    for frame in emissions(engine, _music(engine, programme, heard), count):
        song = int(frame.sample / SAMPLE_RATE // _MARATHON_SONG_S)
        if song > number:
            yield programme[number].style, _sounding(np.stack(shown), heard[number])
            shown, number = [], song
        if frame.frame % _EVERY_OTHER == 0:
            shown.append(frame.joints)
    yield programme[number].style, _sounding(np.stack(shown), heard[number])


def _sounding(joints: np.ndarray, heard: np.ndarray) -> list[np.ndarray]:
    """Stretches of a song's dance [T, ...] with sound, bool [T], in the last 2 s of every frame."""
    recent = np.convolve(heard, np.ones(round(QUIET_S * FRAME_RATE)))[: len(joints)] > 0
    recent[: round(_SETTLE_S * FRAME_RATE)] = False
    edges = np.flatnonzero(np.diff(np.concatenate([[0], recent, [0]])))
    return [joints[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a > WINDOW]


def _music(
    engine: Engine, programme: Sequence[_Song], heard: list[np.ndarray]
) -> Iterator[np.ndarray]:
    """Blocks of song after song; the style is asked for as its song begins. Adds to `heard` which
    blocks of each song sound, bool [T]."""
    size = SAMPLE_RATE // FRAME_RATE
    for song in programme:
        blocks = song.audio().reshape(-1, size)
        heard.append(np.abs(blocks).max(axis=1) > _SILENT)
        engine.control("style", song.style, 0.0)
        yield from blocks
    while True:
        yield np.zeros(size, np.float32)


# ---- printing --------------------------------------------------------------------------------

_COLUMNS = (
    ("coh", "coherence", "{:.3f}"),
    ("null", "null", "{:.3f}"),
    ("/null", "coherence_of_null", "{:.1f}"),
    ("/real", "coherence_of_real", "{:.2f}"),
    ("k", "harmonic", "{:g}"),
    ("late ms", "accent_off_ms", "{:+.0f}"),
    ("BAS", "bas", "{:.2f}"),
    ("chance", "bas_chance", "{:.2f}"),
    ("shifted", "bas_shifted", "{:.2f}"),
    ("m/s", "speed", "{:.2f}"),
    ("/real", "speed_ratio", "{:.2f}"),
    ("frozen s", "frozen_longest", "{:.1f}"),
    ("FID", "fid", "{:.2f}"),
    ("/clips", "fid_ratio", "{:.1f}"),
    ("/time", "fid_ratio_time", "{:.1f}"),
    ("style", "style_accuracy", "{:.2f}"),
    ("divers", "diversity", "{:.2f}"),
    ("multim", "multimodality", "{:.2f}"),
    ("skate/r", "skate_ratio", "{:.2f}"),
    ("PFC/r", "pfc_ratio", "{:.2f}"),
)
# What a dance has to reach; marked "!" in the table where it does not.
TARGETS = {
    "coherence_of_null": lambda x: x >= 2.0,
    "coherence_of_real": lambda x: x >= 0.8,
    "accent_off_ms": lambda x: abs(x) <= 30.0,
    "speed_ratio": lambda x: 0.75 <= x <= 1.25,
    "frozen_longest": lambda x: x < 1.0,
    "fid_ratio": lambda x: x <= 2.0,
    "style_accuracy": lambda x: x >= 0.9,
    "skate_ratio": lambda x: x <= 1.5,
    "pfc_ratio": lambda x: x <= 1.5,
}


def format_trials(ref: Reference, trials: Sequence[Trial]) -> str:
    """One table: for each style the real dances, what luck reaches, and each set of weights."""
    rows: list[tuple[str, Mapping[str, float], bool]] = []
    styles = [s for s in ref.styles if any(s in t.rows for t in trials)]
    for style in styles:
        rows.append((f"{style} real", _real_row(ref, style), False))
        rows.append((f"{style} chance", _chance_row(ref, trials, style), False))
        rows += [row for t in trials for row in _made_rows(t, style)]
    rows += [row for t in trials for row in _made_rows(t, "all")]
    width = max(len(label) for label, _, _ in rows) + 1
    lines = [" " * width + "".join(f"{head:>9}" for head, _, _ in _COLUMNS)]
    for label, figures, judged in rows:
        cells = (_cell(figures, key, form, judged) for _, key, form in _COLUMNS)
        lines.append(f"{label:<{width}}" + "".join(f"{cell:>9}" for cell in cells))
    return "\n".join([*lines, "", *_heard_lines(trials)])


def _made_rows(t: Trial, style: str) -> list[tuple[str, Mapping[str, float], bool]]:
    to = {f"{style} {t.name}": t.rows, f"{style} {t.name}, recorded": t.recorded}
    return [(label, rows[style], True) for label, rows in to.items() if style in rows]


def _cell(figures: Mapping[str, float], key: str, form: str, judged: bool) -> str:
    if key not in figures:
        return "-"
    missed = judged and key in TARGETS and not TARGETS[key](figures[key])
    return form.format(figures[key]) + ("!" if missed else "")


def _real_row(ref: Reference, style: str) -> dict[str, float]:
    real = ref.styles[style]
    row = real.figures | {
        "coherence_of_null": real.figures["coherence"] / max(real.figures["null"], 1e-9),
        "fid": ref.distance({style: real.features}).floor,
        "diversity": metrics.diversity(real.features),
    }
    if style in ref.judge.accuracy:
        row["style_accuracy"] = ref.judge.accuracy[style]
    return row


def _chance_row(ref: Reference, trials: Sequence[Trial], style: str) -> dict[str, float]:
    """What a dance that heard nothing scores: the made ones, by a wrong clock."""
    made = next(t.rows[style] for t in trials if style in t.rows)
    return {
        "coherence": made["null"],
        "null": made["null"],
        "coherence_of_null": 1.0,
        "bas": made["bas_chance"],
        "style_accuracy": 1 / len(ref.judge.styles),
    }


def _heard_lines(trials: Sequence[Trial]) -> list[str]:
    lines = []
    for t in trials:
        for style, row in t.heard.items():
            lines.append(
                f"{t.name} hears {style}: {row['raw']:.0%} of the frames, {row['staged']:.0%} of "
                f"{row['songs']:.0f} songs on stage, {row['fitting']:.0%} in a style of their genre"
            )
        if t.heard:
            mean = {k: np.mean([r[k] for r in t.heard.values()]) for k in ("raw", "staged")}
            lines.append(f"{t.name} hears all styles: {mean['raw']:.0%}, {mean['staged']:.0%}")
    return lines


def format_marathon(run: Marathon, ref: Reference) -> str:
    """The hour in a few lines."""
    lines = [f"{run.name} over {run.minutes[-1]:.0f} minutes: FID by round, floor in brackets"]
    lines.append(
        "  ".join(
            f"{m:.0f} min {d.made:.2f} ({d.floor:.2f})"
            for m, d in zip(run.minutes, run.distance, strict=True)
        )
    )
    lines.append(
        f"last sixth over first {run.trend:.2f}; longest freeze {run.frozen_longest:.1f} s"
    )
    for style, (first, last) in run.speed.items():
        real = ref.styles[style].figures["speed"]
        lines.append(f"{style}: {first:.2f} m/s at first, {last:.2f} at last, real {real:.2f}")
    return "\n".join(lines)
