"""Weights evaluated as the stage runs them, beside the real dances: `posejockey evaluate --model`.

Enters: ONNX files, the prepared data, and songs rendered here that no training saw. Each song goes
through the whole engine (`live.show.offline`): features, tracked beat, network, safe motion.
Leaves: a `StageReport` of figures by style, and what the network hears in music.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from live.audio.features import SAMPLE_RATE
from live.body.pose import FRAME_RATE
from live.body.skeleton import N_JOINTS
from live.dance.choreography.form import FREE
from live.dance.performer import Performer
from live.show.controls import Controls
from live.show.offline import EMISSION_RATE, run_offline
from model.baselines import motion_graph
from model.baselines.motion_graph import motion_graphs
from model.data.music.genres import GENRES, genres_of
from model.data.music.song import Song
from model.data.prepare import beat_position
from model.data.recordings import Recording, held_out_recordings
from model.evaluation import frechet, metrics
from model.evaluation.contraction import Contraction, contraction
from model.evaluation.copying import copying
from model.evaluation.figures import accent_off_ms, summarise
from model.evaluation.piece import held_out_song
from model.evaluation.range_of_motion import range_of_motion
from model.evaluation.reference import SPACES, RealStyle, Reference, shared_styles
from model.evaluation.rhythm import lateness_ms, rhythm
from model.evaluation.sounding import SETTLE_S, heard_in, sounding
from model.evaluation.stage_report import StageReport
from model.evaluation.style_hearing import listening
from model.evaluation.take import Take, at_octave_of

TEMPI_BPM = (90.0, 120.0, 150.0)
EMITTED_PER_FRAME = EMISSION_RATE // FRAME_RATE
_RECORDINGS_A_STYLE = 4


def free_dance(energy: float = 0.0) -> Controls:
    """Every dancer for itself, and no phrase again: what is varied is the network's doing."""
    return Controls(energy=energy, form=FREE, unison=0.0, recall=False)


def dances(
    performer: Performer,
    audio: np.ndarray,
    song: Song | Recording,
    style: str,
    name: str,
    energy: float = 0.0,
) -> list[Take]:
    """Every dancer's takes to a song, as the stage shows it, 30 poses a second, settled; where the
    song is silent for longer, one before and one after that (`model.evaluation.sounding`).

    audio: float32 [T] at 24 kHz; song: its beats; energy: of the fader.
    """
    performer.reset(performer.dancers, performer.seed)
    shown = run_offline(audio, SAMPLE_RATE, performer, style, free_dance(energy))
    time_s, joints = (shown[key][::EMITTED_PER_FRAME] for key in ("time_s", "joints"))
    beats = beat_position(time_s, song.beats_s, song.downbeats_s)
    tempo = float(np.median(song.tempo_bpm))
    return [
        Take(f"{style} {tempo:.0f} #{d + 1}", style, tempo, joints[part, d], beats[part], name)
        for d in range(performer.dancers)
        for part in sounding(heard_in(audio), len(joints))
    ]


def evaluate_on_stage(
    model: str,
    ref: Reference,
    styles: Sequence[str] = (),
    seconds: float = 120.0,
    tempi_bpm: Sequence[float] = TEMPI_BPM,
    dancers: int = 2,
    seed: int = 1,
    listen: bool = True,
    recordings: Path | None = None,
) -> StageReport:
    """Let a file of weights dance every style it shares with the data, and score it.

    styles: only these (all by default); dancers: to each song, the same music with another seed;
    recordings: a folder of `model.data.recordings`, to dance to those it was not trained on as
    well. Raises ArtifactError where the file and the data share no style asked for.
    """
    torch.set_num_threads(1)
    performer = Performer(model, "cpu", dancers, seed)
    shared = shared_styles(performer, ref, styles)
    takes = [
        take
        for style, tempo, song in songs_for(shared, tempi_bpm, seconds, seed, performer)
        for take in dances(performer, song.audio, song, style, f"{style} {tempo:.0f}")
    ]
    recorded = {}
    if recordings:
        trained_on = "research" in performer.manifest.raw.get("tiers", ())
        held_out = held_out_recordings(recordings, trained_on)
        to_recordings = [
            take
            for style in shared
            for recording, audio in suiting(held_out, style)
            for take in dances(
                performer, audio[: round(seconds * SAMPLE_RATE)], recording, style, recording.name
            )
        ]
        recorded = score(to_recordings, ref)
    rows = score(takes, ref)
    for style in shared:
        energy = float(performer.manifest.energy_offset[performer.styles.index(style)])
        rows[style] |= contracted(contraction(performer, style, energy, seed))
    heard = listening(performer, shared, seed) if listen else {}
    return StageReport(Path(model).stem, rows, heard, tuple(takes), recorded)


def contracted(found: Contraction) -> dict[str, float]:
    """The figures of a `Contraction` by name."""
    return {
        "together_4s_m": found.together_m[1],
        "apart_m": found.apart_m,
        "phrase_again_m": found.again_m,
        "phrase_other_m": found.other_m,
    }


def evaluate_motion_graph(
    data: Path,
    ref: Reference,
    styles: Sequence[str] = (),
    seconds: float = 120.0,
    tempi_bpm: Sequence[float] = TEMPI_BPM,
    dancers: int = 2,
    seed: int = 1,
) -> StageReport:
    """The baseline: a motion graph of every style dances for as long at the same tempi, on the true
    clock, and is scored as weights are. It does not hear, so the songs do not matter."""
    graphs = motion_graphs(data)
    takes = []
    for style in [s for s in ref.styles if s in (styles or ref.styles)]:
        graph = graphs[style]
        for j, tempo in enumerate(tempi_bpm):
            beats = np.arange(round((seconds - SETTLE_S) * FRAME_RATE)) * tempo / 60 / FRAME_RATE
            blank = Take(
                "", style, tempo, np.zeros((0, N_JOINTS, 3)), beats, f"{style} {tempo:.0f}"
            )
            counted = at_octave_of(blank, graph.tempo_bpm).beats
            takes += [
                replace(
                    blank,
                    label=f"{style} {tempo:.0f} graph #{d + 1}",
                    joints=graph.dance(counted, 1000 * seed + 10 * j + d),
                )
                for d in range(dancers)
            ]
    return StageReport(motion_graph.NAME, score(takes, ref), {}, tuple(takes))


def songs_for(
    styles: Sequence[str],
    tempi_bpm: Sequence[float],
    seconds: float,
    seed: int,
    performer: Performer,
) -> Iterator[tuple[str, float, Song]]:
    """A song for every style and tempo that no training saw: (style, tempo, song)."""
    for i, style in enumerate(styles):
        metre = int(performer.manifest.metre[performer.styles.index(style)])
        for j, tempo in enumerate(tempi_bpm):
            number = 1000 * seed + 10 * i + j
            yield style, tempo, held_out_song(style, tempo, seconds, number, metre)


def suiting(
    recordings: Sequence[tuple[Recording, np.ndarray]], style: str
) -> list[tuple[Recording, np.ndarray]]:
    """At most `_RECORDINGS_A_STYLE` recordings a style is danced to, spread over those there are.
    If there is none of its genres: recordings of its metre, as somebody might play them to it."""
    genres = genres_of(style)
    suiting = [pair for pair in recordings if pair[0].genre in genres]
    if not suiting:
        metres = {GENRES[genre].metre for genre in genres}
        suiting = [pair for pair in recordings if GENRES[pair[0].genre].metre in metres]
    return suiting[:: -(-len(suiting) // _RECORDINGS_A_STYLE) or 1]


def score(takes: Sequence[Take], ref: Reference) -> dict[str, dict[str, float]]:
    """Figures of generated dances by style, and of all together under "all"."""
    styles = list(dict.fromkeys(t.style for t in takes))
    rows = {s: _beside_real([t for t in takes if t.style == s], ref.styles[s]) for s in styles}
    together: dict[str, float] = {}
    for space in SPACES:
        by_style, all_styles = _likeness(takes, ref, space)
        for style in styles:
            rows[style] |= by_style[style]
        together |= all_styles
    together["frozen_longest"] = float(np.max([r["frozen_longest"] for r in rows.values()]))
    return rows | {"all": together}


def _likeness(
    takes: Sequence[Take], ref: Reference, space: str
) -> tuple[dict[str, dict[str, float]], dict[str, float]]:
    """How near to real dances and how varied, in the features of one space: figures by style, and
    of all together. Names end in _segment where the features are those of the segments."""
    end = "" if space == "style" else f"_{space}"
    seen = [ref.classify(t, space) for t in takes]
    features: dict[str, np.ndarray] = {}
    songs: dict[tuple[str, str], dict[str, list[np.ndarray]]] = {}
    rows: dict[str, dict[str, float]] = {}
    for take, found in zip(takes, seen, strict=True):
        to_song = songs.setdefault((take.style, take.music), {})
        to_song.setdefault(take.label, []).append(found.features)
    by_song = {k: [np.concatenate(parts) for parts in d.values()] for k, d in songs.items()}
    for style in dict.fromkeys(t.style for t in takes):
        own = [s for s, t in zip(seen, takes, strict=True) if t.style == style]
        features[style] = np.concatenate([s.features for s in own])
        named = np.concatenate([s.style for s in own])
        real = ref.styles[style]
        varied = metrics.diversity(features[style])
        apart = frechet.multimodality([f for k, f in by_song.items() if k[0] == style])
        rows[style] = _distances(ref, {style: features[style]}, space, end) | {
            f"style_accuracy{end}": float(np.mean(named == ref.classifier.styles.index(style))),
            f"diversity{end}": varied,
            f"multimodality{end}": apart,
            f"diversity_of_real{end}": varied / max(metrics.diversity(real.features(space)), 1e-9),
            f"multimodality_of_real{end}": apart / max(real.apart(space), 1e-9),
        }
    accuracy = [r[f"style_accuracy{end}"] for r in rows.values()]
    return rows, _distances(ref, features, space, end) | {
        f"style_accuracy{end}": float(np.mean(accuracy)),
        f"diversity{end}": frechet.diversity(features),
        f"diversity_real{end}": frechet.diversity({s: ref.styles[s].features(space) for s in rows}),
        f"multimodality{end}": frechet.multimodality(list(by_song.values())),
    }


def _distances(ref: Reference, features: frechet.ByStyle, space: str, end: str) -> dict[str, float]:
    apart, strict = (ref.frechet(features, by, space) for by in ("clip", "time"))
    return {
        f"fid{end}": apart.generated,
        f"fid_floor{end}": apart.floor,
        f"fid_ratio{end}": apart.ratio,
        f"fid_floor_time{end}": strict.floor,
        f"fid_ratio_time{end}": strict.ratio,
    }


def _beside_real(takes: Sequence[Take], real: RealStyle) -> dict[str, float]:
    """Figures of one style's takes, on the grid its real dances are measured on."""
    on_grid = [at_octave_of(t, real.tempo_bpm) for t in takes]
    there = real.figures
    here = summarise(on_grid, there["speed"], there["harmonic"])
    wide = range_of_motion(on_grid, there["speed"]) | rhythm(on_grid, real.window_s)
    wide |= lateness_ms(takes, on_grid, there) | copying(on_grid, real.windows)
    return (
        here
        | wide
        | {
            "coherence_of_null": here["coherence"] / max(here["null"], 1e-9),
            "coherence_of_real": wide["beat_braking_short"]
            / max(there["beat_braking_short"], 1e-9),
            "accent_off_ms": accent_off_ms(
                takes, on_grid, there["accent_beats"], there["harmonic"]
            ),
            "skate_ratio": here["skate"] / max(there["skate"], 1e-9),
            "pfc_ratio": here["pfc"] / max(there["pfc"], 1e-9),
        }
    )
