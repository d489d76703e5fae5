"""Songs with known form as the stage hears them, kept so that hearing sections is quick to try.

Enters: seeds, or audio. Leaves: a `HeardSong`: every frame's features and the beat clock's reading
at its end. Both take longer than the hearing of sections, so `heard_songs` keeps them in a folder.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from live.audio.features import FRAME, SAMPLE_RATE, FeatureFrame, extract
from live.beat.clock import TempoConfig
from live.beat.estimate import BeatReading
from live.safe_write import whole_file
from model.data.music.genres import GENRES
from model.data.music.midi_song import MidiLibrary, random_midi_song
from model.data.music.render import form_of, render_song
from model.data.music.song import Song, random_song

Array = np.ndarray

SONG_S, BUILD_SONG_S = 150.0, 110.0
_BUILD_FROM_S, _BUILD_TO_S = 25.0, 80.0  # where one begins: enough before it, and a drop after it
_STATES = ("searching", "locked", "coasting", "silent")
_NO_SAMPLES = np.zeros(FRAME, np.float32)
_NO_TICKS = np.zeros((4, 3), np.float32)
_NO_MEL = np.zeros((4, 64), np.float32)


@dataclass(frozen=True)
class HeardSong:
    """features: float32 [T, 83]; level, gain_db: float64 [T]; readings: float64 [T, 7], a
    `BeatReading`'s fields, the state as a number. starts_s: float64 [n], names: [n], of the true
    sections; bars_s: float64 [m], true downbeats.
    """

    name: str
    features: Array
    level: Array
    gain_db: Array
    readings: Array
    starts_s: Array
    names: tuple[str, ...]
    bars_s: Array

    def frames(self) -> Iterator[tuple[FeatureFrame, BeatReading]]:
        """What `Sections.push` is given; samples, ticks and mel are left out."""
        for i, row in enumerate(self.readings.tolist()):
            frame = FeatureFrame(
                (i + 1) * FRAME, _NO_SAMPLES, self.features[i], _NO_TICKS, _NO_MEL,
                float(self.level[i]), float(self.gain_db[i]),
            )  # fmt: skip
            phase, bar_phase, tempo_bpm, confidence, state, beats, metre = row
            yield (
                frame,
                BeatReading(
                    phase, bar_phase, tempo_bpm, confidence, _STATES[int(state)], beats, int(metre)
                ),
            )


def hear(
    name: str,
    audio: Array,
    sample_rate: int,
    starts_s: Array,
    names: tuple[str, ...],
    bars_s: Array,
) -> HeardSong:
    """Run features and beat clock over audio, float32 [n], mono."""
    clock = TempoConfig().make()
    frames = extract(audio, sample_rate)
    readings = []
    for frame in frames:
        clock.push(frame)
        r = clock.at(frame.end)
        state = _STATES.index(r.state)
        readings.append((r.phase, r.bar_phase, r.tempo_bpm, r.confidence, state, r.beats, r.metre))
    return HeardSong(
        name,
        np.array([f.features for f in frames], np.float32),
        np.array([f.level for f in frames]),
        np.array([f.gain_db for f in frames]),
        np.array(readings, np.float64),
        starts_s,
        names,
        bars_s,
    )


def heard_song(seed: int, folder: Path) -> HeardSong:
    """The song of a seed: from `folder`, or rendered, heard and kept there. Genres take turns."""
    path = folder / f"{seed}.npz"
    if path.exists():
        return read(path)
    genre = list(GENRES)[seed % len(GENRES)]
    song = render_song(random_song(seed, genre, duration_s=SONG_S, tempo_change=False))
    heard = hear_song(f"{seed}-{genre}", song)
    write(path, heard)
    return heard


def heard_build_song(seed: int, folder: Path) -> HeardSong:
    """The same for a shorter song with a build in it, of the genres that have them."""
    path = folder / f"build-{seed}.npz"
    if path.exists():
        return read(path)
    genres = [name for name, genre in GENRES.items() if genre.builds]
    rng, genre = np.random.default_rng(seed), genres[seed % len(genres)]
    while True:
        config = random_song(rng, genre, duration_s=BUILD_SONG_S, tempo_change=False)
        builds = [s.start_s for s in form_of(config) if s.name == "build"]
        if any(_BUILD_FROM_S < start_s < _BUILD_TO_S for start_s in builds):
            break
    heard = hear_song(f"{seed}-build-{genre}", render_song(config))
    write(path, heard)
    return heard


def heard_midi_song(seed: int, library: MidiLibrary, folder: Path) -> HeardSong:
    """The same for a song that a real drummer or a drum machine plays, with a band written to it;
    they take turns. Needs FluidSynth."""
    path = folder / f"midi-{seed}.npz"
    if path.exists():
        return read(path)
    kind = ("drummer", "pattern")[seed % 2]
    song = random_midi_song(library, np.random.default_rng(seed), SONG_S, SAMPLE_RATE, kind)
    heard = hear_song(f"{seed}-midi-{kind}", song)
    write(path, heard)
    return heard


def hear_song(name: str, song: Song) -> HeardSong:
    """A rendered song as the stage hears it."""
    return hear(
        f"{name}-{song.tempo_bpm[0]:.0f}",
        song.audio,
        song.sample_rate,
        np.array([s.start_s for s in song.sections]),
        tuple(s.name for s in song.sections),
        song.downbeats_s,
    )


def write(path: Path, song: HeardSong) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as partial, open(partial, "wb") as file:
        arrays = {name: np.array(value) for name, value in vars(song).items()}
        np.savez(file, allow_pickle=False, **arrays)


def read(path: Path) -> HeardSong:
    with np.load(path) as kept:
        values = {name: kept[name] for name in kept.files}
    values["name"] = str(values["name"])
    values["names"] = tuple(values["names"].tolist())
    return HeardSong(**values)
