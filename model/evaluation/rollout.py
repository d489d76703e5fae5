"""Let a trained network dance freely to music it never heard, and judge it beside the real dances.

Enters: a checkpoint and the prepared data, or a take written by `posejockey perform`. Leaves: a
`Report` of figures per style, real dances measured by the same code, and the takes themselves for
a contact sheet. Loss says nothing about freezing or the beat; these rollouts do.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from live.audio.features import SAMPLE_RATE, extract
from live.body.pose import FRAME_RATE, decode
from live.dance.contract import CONTROL_DIM, clock_vector, dance_ratio
from live.errors import ArtifactError
from model.data.music import render as music
from model.data.prepare import beat_position
from model.evaluation import metrics
from model.network.dance_network import DanceNetwork
from model.training.trainer import load_checkpoint, network_of

TEMPI_BPM = (95.0, 120.0, 140.0)
_LAG = 2  # frames from the music heard to the pose seen; training draws 1 to 4
_WARM_UP_S = 2.0  # from the mean pose into the dance: not judged
_HELD_OUT_SEED = 900_000  # songs of `prepare` follow from small seeds
_END_S = 20.0  # of the first and last stretch whose speeds are compared
_WINDOW_S = 15.0  # coherence of short real clips is compared over windows of this length
_FEATURE_WINDOW_S = 4.0
_DRAWN_WINDOWS = 400
_HEARD_AT_ONCE = 1024  # frames


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


@dataclass(frozen=True)
class Report:
    """rows: figures by row label, real dances among them; overall: figures of all styles together;
    takes: the dances made."""

    rows: dict[str, dict[str, float]]
    overall: dict[str, float] = field(default_factory=dict)
    takes: tuple[Take, ...] = ()
    iteration: int = 0


@dataclass(frozen=True)
class _Piece:
    """Music as the network meets it. features: float32 [T, 83]; beats: float64 [T], in the dancer's
    beats at the moment each pose is seen; tempo_bpm: of the dancer's beats."""

    name: str
    features: np.ndarray
    beats: np.ndarray
    tempo_bpm: float


# ---- rollouts --------------------------------------------------------------------------------


def held_out_song(style: str, tempo_bpm: float, seconds: float, seed: int) -> music.Song:
    """A rendered song that no training saw, in a genre the style is danced to, at one tempo."""
    rng = np.random.default_rng([_HELD_OUT_SEED, seed])
    genre = str(rng.choice(music.genres_of(style)))
    return music.render(
        music.random_song(rng, genre, tempo_bpm, seconds, tempo_change=False), SAMPLE_RATE
    )


def piece(style: str, tempo_bpm: float, seconds: float, seed: int) -> _Piece:
    """What the network meets of such a song."""
    song = held_out_song(style, tempo_bpm, seconds + 1.0, seed)
    frames = extract(song.audio, SAMPLE_RATE)[: round(seconds * FRAME_RATE)]
    seen_s = np.array([f.end for f in frames]) / SAMPLE_RATE + _LAG / FRAME_RATE
    ratio = dance_ratio(tempo_bpm)
    return _Piece(
        f"{song.genre} {tempo_bpm:.0f} seed {seed}",
        np.stack([f.features for f in frames]),
        beat_position(seen_s, song.beats_s, song.downbeats_s) * ratio,
        tempo_bpm * ratio,
    )


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
) -> list[Take]:
    """Free-running takes of every style at every tempo, `dancers` of them to the same song.

    The clock is the true one, the music rendered here; control float [4] is held, `energy` is
    what a style's own offset (`model.evaluation.offsets`) adds to its first. All takes are
    stepped together as dancers of one batch. Styles the network does not know raise ArtifactError.
    """
    known = network.config.styles
    asked = list(styles)
    if unknown := [s for s in asked if s not in known]:
        raise ArtifactError(f"no style {', '.join(unknown)}; the network knows {', '.join(known)}")
    tempi = list(tempi_bpm)
    pieces = [piece(s, tempo, seconds, seed) for s in asked for tempo in tempi]
    of_piece = [s for s in asked for _ in tempi]
    wanted = np.eye(len(known), dtype=np.float32)[[known.index(s) for s in of_piece]]
    controls = np.tile(np.asarray(control, np.float32), (len(pieces), 1))
    controls[:, 0] += [(energy or {}).get(s, 0.0) for s in of_piece]
    poses = _dance(
        network,
        np.stack([p.features for p in pieces]),
        np.stack([clock_vector(p.beats, np.asarray(p.tempo_bpm)) for p in pieces]),
        wanted,
        controls,
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
    dancers: int,
    temperature: float,
    seed: int,
) -> np.ndarray:
    """features [P, T, 83], clock [P, T, 8], style [P, S], control [P, 4] -> poses [P, D, T, 60]."""
    count, length = clock.shape[:2]
    generator = torch.Generator().manual_seed(seed)

    def each(values: np.ndarray) -> Tensor:
        return torch.as_tensor(values).repeat_interleave(dancers, dim=0)

    decoder = network.decoder
    with torch.inference_mode():
        heard = torch.stack([_hear(network, torch.as_tensor(f)) for f in features])
        heard = heard.repeat_interleave(dancers, dim=0)
        clocks, styles, controls = each(clock), each(style), each(control)
        state = decoder.initial_state(count * dancers)
        poses = []
        for t in range(length):
            noise = torch.randn(len(heard), decoder.config.latent_dim, generator=generator)
            condition = decoder.conditions(heard[:, t], clocks[:, t], styles, controls)
            pose, state = network.dance_one(condition, clocks[:, t], temperature * noise, state)
            poses.append(pose)
        made = torch.stack(poses, dim=1).numpy()
    return made.reshape(count, dancers, length, -1)


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


# ---- real dances -----------------------------------------------------------------------------


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


# ---- figures ---------------------------------------------------------------------------------


def judge(take: Take, reference_m_s: float, harmonic: float | None = None) -> dict[str, float]:
    """All figures of one take.

    reference_m_s: mean speed of the real dances of the style; harmonic: where the accent is
    measured, the take's own best by default. Lengths in m, speeds in m/s, times in s, accent in ms.
    """
    joints, fps = take.joints, float(FRAME_RATE)
    coherence = metrics.phase_coherence(joints, fps, take.beats)
    short, short_null = _windowed_coherence(take)
    by_harmonic = phasors_of(take)
    at = harmonic or coherence.harmonic
    beats_s = metrics.beat_times(take.beats, fps)
    motion_s = metrics.kinematic_beats(joints, fps)
    frozen = metrics.freezing(joints, fps, reference_m_s)
    end = min(round(_END_S * fps), len(joints) // 2)
    distance = metrics.stage_distance(joints)
    sunk, deepest = metrics.floor_penetration(joints)
    return {
        "seconds": len(joints) / fps,
        "speed": metrics.mean_speed(joints, fps),
        "speed_ratio": metrics.mean_speed(joints, fps) / reference_m_s,
        "speed_first": metrics.mean_speed(joints[:end], fps),
        "speed_last": metrics.mean_speed(joints[-end:], fps),
        "frozen_longest": frozen.longest_s,
        "frozen_share": frozen.total_s / (len(joints) / fps),
        "coherence": coherence.score,
        "null": coherence.null,
        "coherence_15s": short,
        "null_15s": short_null,
        **{f"coherence_k{k:g}": abs(phasor) for k, phasor in by_harmonic.items()},
        "harmonic": at,
        "accent_ms": _milliseconds(by_harmonic[at], at, take.tempo_bpm),
        "accent_ms_k1": _milliseconds(by_harmonic[1.0], 1.0, take.tempo_bpm),
        "bas": metrics.beat_alignment(motion_s, beats_s),
        "bas_chance": metrics.chance_alignment(beats_s),
        "bas_shifted": metrics.shifted_alignment(motion_s, beats_s),
        "coverage": metrics.beat_coverage(motion_s, beats_s),
        "hit_rate": metrics.hit_rate(motion_s, beats_s),
        "grounded": metrics.grounded_share(joints),
        "skate": metrics.foot_skate(joints, fps),
        "pfc": metrics.physical_foot_contact(joints, fps),
        "bone_error": metrics.bone_error(joints),
        "sunk": sunk,
        "deepest": deepest,
        "distance": float(distance.mean()),
        "distance_end": float(distance[-1]),
    }


def _windowed_coherence(take: Take) -> tuple[float, float]:
    """Mean coherence and null over windows of 15 s: a score and its floor both shrink with length,
    so dances of unlike lengths compare only so."""
    length = min(round(_WINDOW_S * FRAME_RATE), len(take.joints))
    found = [
        metrics.phase_coherence(take.joints[i : i + length], FRAME_RATE, take.beats[i : i + length])
        for i in range(0, len(take.joints) - length + 1, length)
    ]
    return float(np.mean([c.score for c in found])), float(np.mean([c.null for c in found]))


def summarise(
    takes: Sequence[Take], reference_m_s: float, harmonic: float | None = None
) -> dict[str, float]:
    """Figures of several takes: means weighted by length, but the longest freeze and the deepest
    foot of all. The harmonic, unless given, is the one with the strongest mean phasor, and the
    accents are the mean phasors' too, so that takes either side of half a beat do not cancel."""
    figures = [judge(t, reference_m_s) for t in takes]
    weight = np.array([f["seconds"] for f in figures])
    mean = {k: float(np.average([f[k] for f in figures], weights=weight)) for k in figures[0]}
    mean["frozen_longest"] = max(f["frozen_longest"] for f in figures)
    mean["deepest"] = max(f["deepest"] for f in figures)
    mean["seconds"] = float(weight.sum())
    of_takes = [phasors_of(t) for t in takes]
    phasors = {k: np.average([p[k] for p in of_takes], weights=weight) for k in metrics.HARMONICS}
    best = harmonic or max(phasors, key=lambda k: abs(phasors[k]))
    tempo = float(np.average([t.tempo_bpm for t in takes], weights=weight))
    mean["harmonic"] = best
    mean["accent_beats"] = metrics.accent_of(phasors[best], best)
    mean["accent_ms"] = _milliseconds(phasors[best], best, tempo)
    mean["accent_ms_k1"] = _milliseconds(phasors[1.0], 1.0, tempo)
    return mean


def _milliseconds(phasor: complex, harmonic: float, tempo_bpm: float) -> float:
    return metrics.accent_of(phasor, harmonic) * 60_000 / tempo_bpm


def phasors_of(take: Take) -> dict[float, complex]:
    """The phasor of each harmonic, over the whole take."""
    envelope = metrics.levelled(metrics.kinematic_envelope(take.joints, FRAME_RATE), FRAME_RATE)
    return {k: metrics.phasor(envelope, take.beats, k) for k in metrics.HARMONICS}


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


def accent_off_ms(
    takes: Sequence[Take], on_grid: Sequence[Take], accent_beats: float, harmonic: float
) -> float:
    """How much later than in the real dances the accent falls, ms; circular mean of the takes.

    on_grid: the same takes, counted as the real dances are, whose accent falls `accent_beats` after
    the beat. Which of two beats of the music is the first is not known: where the accent comes less
    than once a beat of the music, it is taken against the nearest beat.
    """
    total, periods, weights = 0j, [], []
    for take, counted in zip(takes, on_grid, strict=True):
        phasor = phasors_of(counted)[harmonic]
        period = min(1 / harmonic, counted.tempo_bpm / take.tempo_bpm)
        late = metrics.accent_of(phasor, harmonic) - accent_beats
        total += abs(phasor) * np.exp(2j * np.pi * late / period)
        periods.append(period * 60_000 / counted.tempo_bpm)
        weights.append(abs(phasor) + 1e-12)
    return float(np.angle(total) / (2 * np.pi) * np.average(periods, weights=weights))


def evaluate(
    checkpoint: Path,
    data: Path,
    seconds: float = 40.0,
    seed: int = 1,
    tempi_bpm: Sequence[float] = TEMPI_BPM,
    dancers: int = 2,
    temperature: float = 1.0,
    energy: Mapping[str, float] | None = None,
) -> Report:
    """Real dances and free-running ones, style by style; `format_table` prints it.

    Two dancers to each song show how much the latent alone varies. The Frechet distances use
    `metrics.kinetic_features` of 4 s windows, with two halves of the real clips as their floor.
    energy: each style's offset, as the stage adds it.
    """
    torch.set_num_threads(1)
    loaded = load_checkpoint(checkpoint)
    network = network_of(loaded)
    real = real_takes(data)
    styles = [s for s in network.config.styles if any(t.style == s for t in real)]
    made = rollout(network, styles, tempi_bpm, seconds, seed, dancers, temperature, energy=energy)
    judged = [t.after(_WARM_UP_S) for t in made]
    rows = {}
    for style in styles:
        own = [t for t in real if t.style == style]
        speed = mean_speed(own)
        rows[f"{style} real"] = summarise(own, speed)
        harmonic = rows[f"{style} real"]["harmonic"]
        for tempo in dict.fromkeys(t.tempo_bpm for t in judged):
            group = [t for t in judged if t.style == style and t.tempo_bpm == tempo]
            rows[f"{style} {tempo:.0f}"] = summarise(group, speed, harmonic)
    overall = _variety(real, judged)
    return Report(rows, overall, tuple(made), int(loaded["progress"]["iteration"]))


def mean_speed(takes: Sequence[Take]) -> float:
    """Mean joint speed over all frames of all takes, m/s."""
    speeds = [metrics.mean_speed(t.joints, FRAME_RATE) for t in takes]
    return float(np.average(speeds, weights=[len(t.joints) for t in takes]))


def _variety(real: Sequence[Take], made: Sequence[Take]) -> dict[str, float]:
    """Frechet distance with its floor, diversity and multimodality, in kinetic features of 4 s
    windows scaled by the real dances' spread. Every style counts alike; the floor sets the first
    half of every clip against its second."""
    scale = np.concatenate([_windows(t) for t in real]).std(axis=0) + 1e-9
    of_real = [(t.style, _windows(t) / scale) for t in real]
    of_made = [(t.style, _windows(t) / scale) for t in made]
    every_real, every_made = _equal_shares(of_real), _equal_shares(of_made)
    first = _equal_shares([(s, w[: len(w) // 2]) for s, w in of_real])
    second = _equal_shares([(s, w[len(w) // 2 :]) for s, w in of_real])
    pieces: dict[str, list[np.ndarray]] = {}
    for take, (style, windows) in zip(made, of_made, strict=True):
        pieces.setdefault(f"{style} to {take.music}", []).append(windows)
    return {
        "frechet": metrics.frechet_distance(every_made, every_real),
        "frechet_real": metrics.frechet_distance(first, second),
        "diversity": metrics.diversity(every_made),
        "diversity_real": metrics.diversity(every_real),
        "multimodality": float(
            np.mean([metrics.multimodality(np.stack(dances, axis=1)) for dances in pieces.values()])
        ),
    }


def _equal_shares(windows: Sequence[tuple[str, np.ndarray]]) -> np.ndarray:
    """As many rows of each style, drawn with replacement: [styles * 400, d]."""
    rng = np.random.default_rng(0)
    rows = []
    for style in sorted({s for s, _ in windows}):
        own = np.concatenate([w for s, w in windows if s == style])
        rows.append(own[rng.integers(len(own), size=_DRAWN_WINDOWS)])
    return np.concatenate(rows)


def _windows(take: Take) -> np.ndarray:
    return metrics.kinetic_features(take.joints, FRAME_RATE, _FEATURE_WINDOW_S)


# ---- takes of the stage ----------------------------------------------------------------------


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


def evaluate_take(
    path: Path, beats_s: np.ndarray, reference_m_s: float | None = None, style: str = ""
) -> Report:
    """Judge a performed take (see `read_take`), a row for each dancer.

    reference_m_s: mean real speed of the style, for freezing; the take's own by default.
    """
    with np.load(path) as data:
        dancers = data["joints"].shape[1]
    takes = tuple(read_take(path, beats_s, style, d) for d in range(dancers))
    rows = {}
    for take in takes:
        settled = take.after(_WARM_UP_S)
        speed = reference_m_s or metrics.mean_speed(settled.joints, FRAME_RATE)
        rows[take.label] = judge(settled, speed)
    return Report(rows, takes=takes)


# ---- printing --------------------------------------------------------------------------------

_RHYTHM = (
    ("coh", "coherence", "{:.3f}"),
    ("null", "null", "{:.3f}"),
    ("coh15", "coherence_15s", "{:.3f}"),
    ("null15", "null_15s", "{:.3f}"),
    ("k=1/2", "coherence_k0.5", "{:.3f}"),
    ("k=1", "coherence_k1", "{:.3f}"),
    ("k=2", "coherence_k2", "{:.3f}"),
    ("at k", "harmonic", "{:g}"),
    ("accent ms", "accent_ms", "{:+.0f}"),
    ("at k=1", "accent_ms_k1", "{:+.0f}"),
    ("BAS", "bas", "{:.2f}"),
    ("chance", "bas_chance", "{:.2f}"),
    ("shifted", "bas_shifted", "{:.2f}"),
    ("Bk/Bm", "coverage", "{:.2f}"),
    ("Ba/Bk", "hit_rate", "{:.2f}"),
)
_BODY = (
    ("m/s", "speed", "{:.2f}"),
    ("of real", "speed_ratio", "{:.2f}"),
    ("first", "speed_first", "{:.2f}"),
    ("last", "speed_last", "{:.2f}"),
    ("frozen s", "frozen_longest", "{:.1f}"),
    ("share", "frozen_share", "{:.2f}"),
    ("grounded", "grounded", "{:.2f}"),
    ("skate", "skate", "{:.2f}"),
    ("PFC", "pfc", "{:.2f}"),
    ("bone m", "bone_error", "{:.4f}"),
    ("sunk m", "sunk", "{:.4f}"),
    ("deepest", "deepest", "{:.3f}"),
    ("dist m", "distance", "{:.1f}"),
    ("end m", "distance_end", "{:.1f}"),
)


def format_table(report: Report) -> str:
    """The report as plain text: rhythm, then body, a row for each style and tempo."""
    parts = [_table(report.rows, _RHYTHM), _table(report.rows, _BODY)]
    if report.overall:
        parts.append("\n".join(f"{k:<16}{v:9.3f}" for k, v in report.overall.items()))
    return "\n\n".join(parts)


def _table(rows: dict[str, dict[str, float]], columns: tuple[tuple[str, str, str], ...]) -> str:
    width = max(len(label) for label in rows) + 1
    lines = [" " * width + "".join(f"{head:>10}" for head, _, _ in columns)]
    for label, figures in rows.items():
        cells = (form.format(figures[key]) for _, key, form in columns)
        lines.append(f"{label:<{width}}" + "".join(f"{cell:>10}" for cell in cells))
    return "\n".join(lines)
