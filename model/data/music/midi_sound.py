"""From notes to sound: FluidSynth with a General MIDI sound font, or our own drums.

Enters: notes in seconds. Leaves: audio, mono float32. FluidSynth is a program of its own and is
started once a piece; only training needs it (Debian: fluidsynth, timgm6mb-soundfont,
fluid-soundfont-gm).
"""

import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from live.errors import ConfigError
from model.data.music.midi_read import DRUM_CHANNEL, Array
from model.data.music.score import place
from model.data.music.synth import Drum, drum_shot

SOUND_FONTS = tuple(
    Path("/usr/share/sounds/sf2") / name for name in ("TimGM6mb.sf2", "FluidR3_GM.sf2")
)
_TICKS_PER_S = 1000
_TIMEOUT_S = 120
_SPARE_CHANNELS = tuple(c for c in range(16) if c != DRUM_CHANNEL)
# Notes of the General MIDI drum map, and of electronic kits beside it, to our drums.
OWN_DRUMS = {
    **dict.fromkeys((35, 36), "kick"),
    **dict.fromkeys((38, 40), "snare"),
    37: "rim",
    39: "clap",
    **dict.fromkeys((22, 42, 44), "hat"),
    **dict.fromkeys((26, 46), "open_hat"),
    **dict.fromkeys((49, 52, 55, 57), "crash"),
    **dict.fromkeys((51, 53, 59), "ride"),
    **dict.fromkeys((41, 43, 45, 58), "tom_lo"),
    **dict.fromkeys((47, 48, 50), "tom_hi"),
    54: "tambourine",
    56: "cowbell",
    60: "bongo_hi",
    61: "bongo_lo",
    **dict.fromkeys((62, 63), "conga_hi"),
    64: "conga_lo",
    **dict.fromkeys((65, 66), "timbale"),
    **dict.fromkeys((69, 70, 82), "shaker"),
    **dict.fromkeys((73, 74), "guiro"),
    **dict.fromkeys((75, 76, 77), "clave"),
}
_KIT_NOTES = {22: 42, 26: 46, 58: 43}  # of electronic kits, to what a sound font knows
_DRUM_GAIN = {"kick": 1.0, "snare": 0.75, "clap": 0.7, "crash": 0.3, "open_hat": 0.3}
_OTHER_GAIN = 0.35


@dataclass(frozen=True)
class Voice:
    """What one instrument plays in seconds. program: General MIDI, or -1 and the number of a drum
    kit in `kit`; notes: float64 [n, 4]: start_s, length_s, pitch, velocity; gain 0..1."""

    program: int
    notes: Array
    gain: float = 0.8
    kit: int = 0


def sound_fonts() -> list[Path]:
    """The sound fonts that are here; FileNotFoundError says what to install where none is."""
    found = [path for path in SOUND_FONTS if path.exists()]
    if not found or shutil.which("fluidsynth") is None:
        raise FileNotFoundError(
            "playing MIDI needs fluidsynth and a sound font: "
            "apt-get install fluidsynth timgm6mb-soundfont fluid-soundfont-gm"
        )
    return found


def play(voices: list[Voice], font: Path, duration_s: float, sample_rate: int) -> Array:
    """Voices through FluidSynth, mixed to mono: float32 [round(duration_s * sample_rate)]."""
    import soundfile

    with tempfile.TemporaryDirectory() as folder:
        score, sound = Path(folder, "score.mid"), Path(folder, "sound.wav")
        _write_score(score, voices, duration_s)
        command = ["fluidsynth", "-niq", "-R0", "-C0", "-g0.6", f"-r{sample_rate}", "-Os16"]
        done = subprocess.run(
            [*command, "-F", str(sound), str(font), str(score)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=_TIMEOUT_S,
        )
        if done.returncode != 0 or not sound.exists():
            raise ConfigError(f"fluidsynth failed: {done.stderr.decode(errors='replace')[-300:]}")
        audio, _ = soundfile.read(sound, dtype="float32", always_2d=True)
    size = round(duration_s * sample_rate)
    mono = audio.mean(axis=1)[:size]
    return np.pad(mono, (0, size - len(mono))).astype(np.float32)


def play_drums(voice: Voice, rng: np.random.Generator, size: int, sample_rate: int) -> Array:
    """A drum voice on a kit of our own, its sounds drawn anew: float32 [size]."""
    audio = np.zeros(size, np.float32)
    names = {pitch: OWN_DRUMS.get(int(pitch)) for pitch in np.unique(voice.notes[:, 2])}
    kit = {}
    for name in sorted({name for name in names.values() if name}):
        tune, decay = np.exp(rng.uniform(-0.25, 0.25)), np.exp(rng.uniform(-0.6, 0.4))
        drum = Drum(name, float(tune), float(decay), float(rng.random()), int(rng.integers(2**31)))
        gain = _DRUM_GAIN.get(name, _OTHER_GAIN) * 10 ** (rng.uniform(-5, 4) / 20)
        kit[name] = (drum_shot(drum, sample_rate), gain)
    for pitch, name in names.items():
        if name is None:
            continue
        shot, gain = kit[name]
        strokes = voice.notes[voice.notes[:, 2] == pitch]
        starts = np.rint(strokes[:, 0] * sample_rate).astype(np.int64)
        place(audio, shot, starts, gain * voice.gain * (strokes[:, 3] / 127) ** 1.5)
    return audio


def _write_score(path: Path, voices: list[Voice], duration_s: float) -> None:
    import mido

    midi = mido.MidiFile(ticks_per_beat=_TICKS_PER_S)
    midi.tracks.append(_track([(0, mido.MetaMessage("set_tempo", tempo=1_000_000))], duration_s))
    channels = iter(_SPARE_CHANNELS)
    for voice in voices:
        drums = voice.program < 0
        channel = DRUM_CHANNEL if drums else next(channels, None)
        if channel is None:  # fifteen instruments are enough
            break
        program = voice.kit if drums else voice.program
        events = [
            (0, mido.Message("program_change", channel=channel, program=program)),
            (0, mido.Message("control_change", channel=channel, control=7, value=_volume(voice))),
        ]
        for start_s, length_s, pitch, velocity in voice.notes:
            first = round(max(start_s, 0.0) * _TICKS_PER_S)
            last = first + max(round(length_s * _TICKS_PER_S), 20)
            note = int(pitch)
            note = _KIT_NOTES.get(note, note) if drums else note
            loud = int(np.clip(velocity, 1, 127))
            events.append(
                (first, mido.Message("note_on", channel=channel, note=note, velocity=loud))
            )
            events.append((last, mido.Message("note_off", channel=channel, note=note)))
        midi.tracks.append(_track(events, duration_s))
    midi.save(path)


def _volume(voice: Voice) -> int:
    return int(np.clip(round(127 * voice.gain), 1, 127))


def _track(events: list, duration_s: float):
    """Events at absolute ticks, cut at the end of the piece, as a track."""
    import mido

    end = round(duration_s * _TICKS_PER_S)
    track, now = mido.MidiTrack(), 0
    for tick, message in sorted(events, key=lambda event: event[0]):
        if tick > end and message.type == "note_on":
            continue
        tick = min(tick, end)  # a note that is never let go would sound for ever
        track.append(message.copy(time=tick - now))
        now = tick
    track.append(mido.MetaMessage("end_of_track", time=end - now))
    return track
