"""Songs out of MIDI performances: beats as the file counts them, any tempo, a form that returns."""

import json
import shutil

import mido
import numpy as np
import pytest

from live.errors import ArtifactError
from model.data.music.midi_read import Performance, read_library
from model.data.music.midi_song import TEMPO_BPM, MidiLibrary, random_midi_song
from model.data.music.midi_sound import SOUND_FONTS, Voice, play_drums, sound_fonts

RATE = 24_000
needs_fluidsynth = pytest.mark.skipif(
    shutil.which("fluidsynth") is None or not any(font.exists() for font in SOUND_FONTS),
    reason="no fluidsynth or no sound font here",
)


def write_midi(path, *, bars, quarters_per_bar, drums=True, late_ticks=0):
    """A stroke on every quarter, a kick on the first of the bar."""
    midi, track = mido.MidiFile(ticks_per_beat=480), mido.MidiTrack()
    midi.tracks.append(track)
    channel = 9 if drums else 0
    for quarter in range(int(bars * quarters_per_bar)):
        note = 36 if quarter % quarters_per_bar == 0 else 38
        gap = late_ticks if quarter == 0 else 380
        track.append(mido.Message("note_on", channel=channel, note=note, velocity=90, time=gap))
        track.append(mido.Message("note_off", channel=channel, note=note, time=100))
    path.parent.mkdir(parents=True, exist_ok=True)
    midi.save(path)


def entry(file, **changes):
    return {
        "file": file,
        "tier": "open",
        "genre": "rock",
        "bpm": 120.0,
        "metre": 4,
        "metre_unit": 4,
        **changes,
    }


@pytest.fixture
def folder(tmp_path):
    files = [
        entry("groove/a.mid", split="train", verified={"median_ms": 25.0}),
        entry("groove/b.mid", split="test"),
        entry("pop909/c.mid", tier="research"),
        entry("nottingham/jig.mid", time_signatures=[[0, 6, 8]], bpm=150.0),
        entry("freedoom/five.mid", time_signatures=[[0, 5, 4]]),
        entry("freedoom/changes.mid", time_signatures=[[0, 4, 4], [960, 3, 4]]),
    ]
    for file in files:
        three = "jig" in file["file"]
        late = 24 if file["file"] == "groove/a.mid" else 0  # 25 ms at 120 BPM
        write_midi(
            tmp_path / file["file"], bars=8, quarters_per_bar=3 if three else 4, late_ticks=late
        )
    (tmp_path / "index.json").write_text(json.dumps(files), encoding="utf-8")
    return tmp_path


def by_name(folder) -> dict[str, Performance]:
    return {performance.name: performance for performance in read_library(folder)}


def test_reads_only_what_may_be_learned_from_and_counted(folder):
    assert set(by_name(folder)) == {"groove/a.mid", "nottingham/jig.mid"}


def test_puts_the_beat_where_the_drummer_plays_it(folder):
    drums = by_name(folder)["groove/a.mid"]
    assert (drums.metre, drums.beats, drums.bpm) == (4, 32, 120.0)
    off = drums.parts[0].notes[:, 0] - np.round(drums.parts[0].notes[:, 0])
    assert np.abs(off).max() < 0.01


def test_counts_a_jig_in_two(folder):
    jig = by_name(folder)["nottingham/jig.mid"]
    assert (jig.metre, jig.bpm) == (2, 100.0)
    # Quarters are two thirds of its beat.
    assert np.allclose(np.diff(jig.parts[0].notes[:, 0]), 2 / 3)


def test_says_which_folder_holds_no_performances(tmp_path):
    with pytest.raises(ArtifactError, match="index"):
        read_library(tmp_path)
    (tmp_path / "index.json").write_text("[]", encoding="utf-8")
    with pytest.raises(ArtifactError, match="no MIDI performance"):
        read_library(tmp_path)


def test_says_what_to_install(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(FileNotFoundError, match="apt-get install fluidsynth"):
        sound_fonts()


def test_own_drums_sound_where_the_notes_are():
    notes = np.array([[0.5, 0.1, 36, 100], [1.0, 0.1, 38, 100]])
    audio = play_drums(Voice(-1, notes), np.random.default_rng(0), 2 * RATE, RATE)
    assert np.abs(audio[: int(0.49 * RATE)]).max() == 0
    assert np.abs(audio[int(0.5 * RATE) : int(0.6 * RATE)]).max() > 0.1
    assert np.abs(audio[RATE : int(1.1 * RATE)]).max() > 0.1


@needs_fluidsynth
@pytest.mark.parametrize("kind", ["drummer", "tune"])
def test_a_song_is_annotated_where_it_sounds(folder, kind):
    library = MidiLibrary.of(read_library(folder))
    song = random_midi_song(library, np.random.default_rng(3), 20.0, RATE, kind)
    again = random_midi_song(library, np.random.default_rng(3), 20.0, RATE, kind)
    assert np.array_equal(song.audio, again.audio)
    assert len(song.audio) == 20 * RATE
    assert TEMPO_BPM[0] <= song.tempo_bpm[0] <= TEMPO_BPM[1]
    assert np.allclose(song.downbeats_s, song.beats_s[:: song.metre])
    assert np.abs(song.audio).max() > 0.01


@needs_fluidsynth
def test_a_chorus_comes_back(folder):
    library = MidiLibrary.of(read_library(folder))
    song = random_midi_song(library, np.random.default_rng(1), 120.0, RATE, "drummer")
    names = [section.name for section in song.sections]
    assert names.count("chorus") >= 2
    starts = [section.start_s for section in song.sections]
    assert starts == sorted(starts)
    on_bar = np.abs(np.array(starts)[:, None] - song.downbeats_s).min(axis=1)
    assert on_bar.max() < 1e-6
