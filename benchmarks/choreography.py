"""What comes back in a dance, and who dances with whom: the choreographer measured on whole songs.

    python -m benchmarks.choreography
    python -m benchmarks.choreography --songs 1 --real CLIP.npz BPM PHASE --matrices OUT.png

Enters: songs of known form that no training saw, rendered here, danced by the engine of `perform`.
Leaves: a table on the console and, with --matrices, a picture of self-similarity matrices.

Poses are compared joint by joint with the pelvis' floor point at the origin and the hips facing
forward: where a dancer stands and which way they turn is not part of a movement that returns.
Stretches are four beats of the true beat, 12 poses a beat, one stretch after the other. "before" is
the dance without a choreographer: all phrases new, no section known, nobody together.
"""

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path

import numpy as np

from live.audio.features import SAMPLE_RATE, FeatureFrame
from live.beat.estimate import BeatReading
from live.beat.section import BREAK, BUILD, DROP, INTRO, NEW, VERSE, SectionReading
from live.body.pose import FRAME_RATE, POSE_DIM
from live.body.safe_motion import SafeMotion
from live.body.skeleton import JOINT, REST_POSE
from live.dance.choreography.choreographer import Choreographer
from live.dance.choreography.formation import slots
from live.dance.choreography.moment import Moment
from live.dance.choreography.settings import ChoreographySettings
from live.dance.performer import Performer
from live.session.take import take_of
from live.show.controls import Controls
from live.show.engine import Engine, EngineConfig
from live.show.offline import EMISSION_RATE, RECEIVE_MARGIN_S, stage_frames
from live.show.timing import lead_samples
from model.data.music.form import ENERGY, beat_tempi, draw_form
from model.data.music.genres import GENRES, genres_of
from model.data.music.render import render_song
from model.data.music.song import Song, SongConfig, random_song

RETURNS_M = 0.12
STRETCH = 4  # beats
PER_BEAT = 12
SETTLE_S = 8.0
BEFORE = {"form": "free", "recall": False, "unison": 0.0, "formation": "rows"}
_HELD_OUT = 900_019


@dataclass(frozen=True)
class Dance:
    """joints: float32 [T, N, 19, 3], 60 a second, to a song."""

    song: Song
    joints: np.ndarray

    @property
    def time_s(self) -> np.ndarray:
        return np.arange(len(self.joints)) / EMISSION_RATE


def songs_of_form(style: str, tempo_bpm: float, seconds: float) -> Iterator[Song]:
    """Songs with two verses, two choruses and a break, the shortest form that says anything."""
    for seed in count():
        rng = np.random.default_rng([_HELD_OUT, seed])
        config = random_song(rng, str(rng.choice(genres_of(style))), tempo_bpm, seconds, False)
        names = _form(config)
        if min(names.count("verse"), names.count("chorus")) >= 2 and "break" in names[:-1]:
            yield render_song(config, SAMPLE_RATE)


def _form(config: SongConfig) -> list[str]:
    genre = GENRES[config.genre]
    bars = len(beat_tempi(config, genre.metre)) // genre.metre
    form = draw_form(np.random.default_rng(config.seed), genre, bars)
    return [bar.section for bar in form if bar.in_section == 0]


class TrueSections:
    """In place of `live.beat.section.Sections`: what ears would say that err in nothing."""

    def __init__(self, song: Song):
        self._song = song
        self._starts = np.array([s.start_s for s in song.sections])
        self._heard: tuple[float, BeatReading] | None = None

    def push(self, frame: FeatureFrame, reading: BeatReading) -> None:
        self._heard = frame.end / SAMPLE_RATE, reading

    def at(self, reading: BeatReading) -> SectionReading:
        if self._heard is None:
            return SectionReading()
        end_s, heard = self._heard
        now_s = end_s + (reading.beats - heard.beats) * 60 / reading.tempo_bpm
        index = max(int(np.searchsorted(self._starts, now_s, side="right")) - 1, 0)
        names = [s.name for s in self._song.sections]
        first = names.index(names[index])
        beats_s = self._song.beats_s
        age = np.interp([self._starts[index], now_s], beats_s, np.arange(len(beats_s)))
        return SectionReading(
            index, first if first < index else NEW, _KINDS[names[index]], float(age[1] - age[0])
        )


_KINDS = {"intro": INTRO, "verse": VERSE, "chorus": DROP, "drop": DROP, "break": BREAK,
          "build": BUILD}  # fmt: skip


def danced(
    song: Song, style: str, model: str, dancers: int = 1, told: bool = False, **controls
) -> Dance:
    """As `posejockey perform` does. told: by who knows the song, instead of by its ears."""
    performer = Performer(model, "cpu", dancers, 1)
    lead = lead_samples(EMISSION_RATE, RECEIVE_MARGIN_S)
    engine = Engine(EngineConfig(SAMPLE_RATE, lead, style), performer, Controls(**controls))
    if told:
        engine.__dict__["_sections"] = TrueSections(song)
    return Dance(song, take_of(stage_frames(engine, song.audio), performer.styles)["joints"])


# ---- what returns --------------------------------------------------------------------------------


def facing_forward(joints: np.ndarray) -> np.ndarray:
    """float [..., 19, 3] about the pelvis' floor point, the left hip at +x."""
    hips = joints[..., JOINT["l_hip"], :] - joints[..., JOINT["r_hip"], :]
    angle = np.arctan2(hips[..., 2], hips[..., 0])[..., None]
    x = joints[..., 0] - joints[..., :1, 0]
    z = joints[..., 2] - joints[..., :1, 2]
    cos, sin = np.cos(angle), np.sin(angle)
    return np.stack([cos * x + sin * z, joints[..., 1], cos * z - sin * x], axis=-1)


def by_beat(joints: np.ndarray, beats_s: np.ndarray, rate: float) -> np.ndarray:
    """Poses [beats, PER_BEAT, 19, 3] of one dancer, joints [T, 19, 3] at `rate`, as they face."""
    local = facing_forward(joints)
    inside = beats_s[(beats_s >= 0) & (beats_s < (len(joints) - 1) / rate)]
    at = np.interp(np.arange((len(inside) - 1) * PER_BEAT) / PER_BEAT, range(len(inside)), inside)
    frame = np.minimum((at * rate).astype(int), len(local) - 2)
    share = (at * rate - frame)[:, None, None]
    poses = local[frame] + share * (local[frame + 1] - local[frame])
    return poses.reshape(-1, PER_BEAT, *local.shape[1:])


def apart(a: np.ndarray, b: np.ndarray) -> float:
    """Mean distance of the joints, metres."""
    return float(np.linalg.norm(a - b, axis=-1).mean())


def matrix(beats: np.ndarray) -> np.ndarray:
    """Distance of every stretch from every other, metres [S, S]."""
    whole = len(beats) // STRETCH
    stretches = beats[: whole * STRETCH].reshape(whole, -1, *beats.shape[2:])
    return np.array([[apart(a, b) for b in stretches] for a in stretches])


def return_share(distances: np.ndarray) -> float:
    """Of the stretches, those that were danced before within RETURNS_M."""
    earlier = np.where(np.tri(len(distances), k=-1, dtype=bool), distances, np.inf)
    return float((earlier[1:].min(axis=1) < RETURNS_M).mean())


def sections(song: Song) -> list[tuple[str, float, float]]:
    """(name, start, end) in seconds of all but what is cut off at the end."""
    starts = [s.start_s for s in song.sections]
    return [
        (s.name, a, b)
        for s, a, b in zip(song.sections[:-1], starts[:-1], starts[1:], strict=True)
        if a >= SETTLE_S / 2
    ]


def chorus_ratio(dance: Dance) -> tuple[float, float]:
    """(chorus to chorus, chorus to verse), metres, by the beat since each began; the first bar,
    before the ears can know, left out."""
    beats_s = dance.song.beats_s
    beats = by_beat(dance.joints[:, 0], beats_s, EMISSION_RATE)
    parts: dict[str, list[np.ndarray]] = {"chorus": [], "verse": []}
    for name, start, end in sections(dance.song):
        first, last = np.searchsorted(beats_s, [start - 1e-3, end - 1e-3])
        if name in parts:
            parts[name].append(beats[first + 4 : last])
    same = [_aligned(a, b) for i, a in enumerate(parts["chorus"]) for b in parts["chorus"][:i]]
    other = [_aligned(a, b) for a in parts["chorus"] for b in parts["verse"]]
    return float(np.mean(same)), float(np.mean(other))


def _aligned(a: np.ndarray, b: np.ndarray) -> float:
    n = min(len(a), len(b))
    return apart(a[:n], b[:n])


# ---- how much, and who with whom ----------------------------------------------------------------


def speeds(dance: Dance) -> tuple[float, float]:
    """Mean speed in choruses over that in breaks; correlation with the sections' energy."""
    joints = dance.joints[:, 0]
    speed = EMISSION_RATE * np.linalg.norm(np.diff(joints, axis=0), axis=-1).mean(axis=1)
    by_name: dict[str, list[float]] = {}
    energy, measured = [], []
    for name, start, end in sections(dance.song):
        part = speed[round(start * EMISSION_RATE) : round(end * EMISSION_RATE)]
        by_name.setdefault(name, []).append(float(part.mean()))
        energy.append(ENERGY[name])
        measured.append(float(part.mean()))
    loud = np.mean(by_name.get("chorus", []) + by_name.get("drop", []))
    return float(loud / np.mean(by_name["break"])), float(np.corrcoef(energy, measured)[0, 1])


def together(dance: Dance, formation: str) -> tuple[float, float]:
    """Settled: mean distance of the others' joints from the first dancer's, and the largest
    distance of a root from its slot about the first dancer's, metres."""
    joints = dance.joints[round(SETTLE_S * EMISSION_RATE) :]
    local = facing_forward(joints)
    away = joints[:, :, 0, ::2] - slots(formation, joints.shape[1])
    about = np.linalg.norm(away - away[:, :1], axis=-1)
    return apart(local[:, 1:], local[:, :1]), float(np.quantile(about, 0.99))


def canon_error(dance: Dance, beats: float) -> float:
    """Frames of 1/30 s by which the peak of the correlation lies off, the worst of the dancers."""
    local = facing_forward(dance.joints[round(SETTLE_S * EMISSION_RATE) :])
    moved = np.diff(local, axis=0).reshape(len(local) - 1, local.shape[1], -1)
    moved = moved - moved.mean(axis=0)
    period = 60 / float(np.median(dance.song.tempo_bpm))
    worst = 0.0
    for d in range(1, moved.shape[1]):
        expected = beats * d * period * EMISSION_RATE
        lags = np.arange(round(expected * 0.4), round(expected * 1.6) + 8)
        like = [(moved[lag:, d] * moved[: len(moved) - lag, 0]).mean() for lag in lags]
        best = lags[int(np.argmax(like))]
        worst = max(worst, abs(best - expected) * FRAME_RATE / EMISSION_RATE)
    return worst


def nearest_in_an_hour(joints: np.ndarray, dancers: int = 8, hours: float = 1.0) -> float:
    """The nearest two roots, metres, while formations change on every phrase and the dancers take
    the steps of a take (joints [T, 19, 3], 60 a second), each from another place of it on."""
    roots = _root_velocities(joints[::2])
    starts = np.linspace(0, len(roots), dancers, endpoint=False).astype(int)
    motion, choreographer = SafeMotion(dancers), Choreographer(4, dancers, 1)
    names = ("line", "wedge", "circle", "grid", "columns", "scatter", "rows")
    pose = np.zeros((dancers, POSE_DIM), np.float32)
    pose[:, :-3] = REST_POSE.ravel()
    least, before = np.inf, motion.body.position
    for frame in range(round(hours * 3600 * FRAME_RATE)):
        beat = frame / 15
        settings = ChoreographySettings(formation=names[int(beat // 8) % len(names)], unison=0.0)
        said = choreographer.step(Moment(beat, bar_beat=beat % 4), settings)
        pose[:, -3:] = roots[(starts + frame) % len(roots)]
        after = motion.step(pose, 0.0, False, False, said.staging).position
        for shown in (after, (before + after) / 2):
            between = np.linalg.norm(shown[:, None] - shown, axis=2)
            least = min(least, between[np.triu_indices(dancers, 1)].min())
        before = after
    return float(least)


def _root_velocities(joints: np.ndarray) -> np.ndarray:
    """(x, z, turn) a second in the dancer's own heading, float32 [T, 3]."""
    hips = joints[:, JOINT["l_hip"]] - joints[:, JOINT["r_hip"]]
    heading = np.unwrap(np.arctan2(-hips[:, 2], hips[:, 0]))
    step = FRAME_RATE * np.diff(joints[:, 0, ::2], axis=0)
    cos, sin = np.cos(heading[1:]), np.sin(heading[1:])
    x, z = cos * step[:, 0] - sin * step[:, 1], sin * step[:, 0] + cos * step[:, 1]
    return np.stack([x, z, FRAME_RATE * np.diff(heading)], axis=1).astype(np.float32)


def cost_ms(dancers: int = 16, frames: int = 3000) -> tuple[float, float]:
    """Processor time of a frame of the choreographer: mean and 99th percentile, ms."""
    choreographer = Choreographer(32, dancers, 1)
    settings = ChoreographySettings()
    took = []
    for frame in range(frames):
        moment = Moment(frame / 15, bar_beat=(frame / 15) % 4)
        start = time.process_time_ns()
        choreographer.step(moment, settings)
        took.append(time.process_time_ns() - start)
    return float(np.mean(took)) / 1e6, float(np.percentile(took, 99)) / 1e6


# ---- the table -----------------------------------------------------------------------------------


def picture(matrices: dict[str, np.ndarray], path: Path) -> None:
    """Matrices side by side: dark is near, white 30 cm and more."""
    from PIL import Image, ImageDraw

    size, margin = 320, 24
    sheet = Image.new("L", (len(matrices) * (size + margin) + margin, size + 2 * margin), 255)
    draw = ImageDraw.Draw(sheet)
    for i, (name, distances) in enumerate(matrices.items()):
        grey = np.clip(distances / 0.3, 0, 1) * 255
        tile = Image.fromarray(grey.astype(np.uint8)).resize((size, size), Image.Resampling.NEAREST)
        left = margin + i * (size + margin)
        sheet.paste(tile, (left, margin))
        draw.text((left, 6), name, fill=0)
    sheet.save(path)


def row(name: str, value: str, target: str = "") -> None:
    print(f"| {name} | {value} | {target} |", flush=True)


def main(argv: Sequence[str] | None = None) -> None:
    args = _parser().parse_args(argv)
    row("figure", "measured", "target")
    row("---", "---", "---")
    matrices: dict[str, np.ndarray] = {}
    for clip, bpm, phase in args.real or []:
        joints = np.load(clip)["joints"]
        beats_s = (np.arange(1000) - float(phase)) * 60 / float(bpm)
        distances = matrix(by_beat(joints, beats_s, FRAME_RATE))
        matrices.setdefault("real", distances)
        row(f"returns, {Path(clip).stem}", f"{return_share(distances):.0%}")
    first = None
    songs = songs_of_form(args.style, args.bpm, args.seconds)
    for number, song in enumerate(islice(songs, args.songs)):
        after = danced(song, args.style, args.model)
        first = first or after
        what = f"song {number + 1} ({song.genre})"
        seen = {"after": after}
        if args.told:
            seen["told"] = danced(song, args.style, args.model, told=True)
        if number == 0 or args.before:
            seen["before"] = danced(song, args.style, args.model, **BEFORE)
        for name, dance in seen.items():
            distances = matrix(by_beat(dance.joints[:, 0], song.beats_s, EMISSION_RATE))
            matrices.setdefault(name, distances)
            same, other = chorus_ratio(dance)
            loud, correlated = speeds(dance)
            row(f"{what}, {name}: returns", f"{return_share(distances):.0%}", "20-60 %")
            ratio = f"{same:.3f} m / {other:.3f} m = {same / other:.2f}"
            row(f"{what}, {name}: chorus to chorus / to verse", ratio, "<= 0.7")
            row(f"{what}, {name}: chorus over break, speed", f"{loud:.2f}", ">= 1.4")
            row(f"{what}, {name}: energy and speed correlate", f"{correlated:.2f}", ">= 0.5")
    if args.matrices:
        picture(
            {k: matrices[k] for k in ("real", "before", "after") if k in matrices}, args.matrices
        )
    assert first is not None
    song = first.song
    for unison in (1.0, 0.0):
        dance = danced(song, args.style, args.model, 4, unison=unison, formation="line")
        joints_m, root_m = together(dance, "line")
        row(f"unison {unison:.0f}: joints apart", f"{100 * joints_m:.1f} cm", "<= 5 cm at 1")
        row(f"unison {unison:.0f}: roots off", f"{100 * root_m:.0f} cm", "<= 15 cm at 1")
    dance = danced(song, args.style, args.model, 3, unison=1.0, canon=2.0, formation="line")
    row("canon of 2 beats: peak off by", f"{canon_error(dance, 2.0):.1f} frames", "<= 1")
    row("8 dancers, an hour: nearest", f"{nearest_in_an_hour(first.joints[:, 0]):.2f} m", ">= 0.40")
    mean, p99 = cost_ms()
    row("16 dancers: a frame", f"{mean:.3f} ms, p99 {p99:.3f} ms", "<= 0.3 ms")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="benchmarks.choreography", description=__doc__)
    parser.add_argument("--model", default="open")
    parser.add_argument("--style", default="jpop")
    parser.add_argument("--bpm", type=float, default=120.0)
    parser.add_argument("--seconds", type=float, default=100.0)
    parser.add_argument("--songs", type=int, default=3)
    parser.add_argument(
        "--told", action="store_true", help="also with the true sections instead of the ears'"
    )
    parser.add_argument("--before", action="store_true", help="of every song, not the first alone")
    parser.add_argument("--real", nargs=3, action="append", metavar=("NPZ", "BPM", "PHASE"))
    parser.add_argument("--matrices", type=Path, metavar="PNG")
    return parser


if __name__ == "__main__":
    main()
