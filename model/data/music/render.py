"""Random synthetic dance music with exact beat annotation, to train and judge on.

Enters: a `SongConfig`, or a seed from which `random_song` draws one. Leaves: a `Song`, audio
(mono float32 [T]) with the true times of its beats, bars and sections. Everything follows from
the config: equal configs give equal samples. Players swing, push and drag by milliseconds;
the annotation is the grid they have in mind, which never moves.

A song is built in four steps: grid (tempo map) -> form (sections) -> parts (drums, bass,
chords, figures, lead, each from the genre's patterns) -> master (EQ, reverb, drive, level).
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from live.audio.synth import (
    TIMBRES,
    BeatGrid,
    Drum,
    Section,
    Timbre,
    drum_shot,
    duck,
    fast_length,
    held,
    hits,
    note_shot,
    place,
    riser,
    shelf_gain,
    swing,
    vary,
)

Array = np.ndarray
Pattern = dict[str, str]

STEPS_PER_BEAT = 4
TEMPO_RANGE_BPM = (70.0, 180.0)


# ---- genres ----------------------------------------------------------------------------------
#
# Patterns count sixteenths and may span several bars. Drums: X accent, x stroke, o ghost note,
# "." rest. Bass and figures: digits are scale steps above the chord's root (1 root, 5 fifth,
# 8 octave). Chords: x. "=" holds a note. Each tuple lists variants; a song picks among them.

MAJOR = ((1, 5, 6, 4), (1, 6, 4, 5), (4, 5, 3, 6), (1, 4, 5, 4), (6, 4, 1, 5), (2, 5, 1, 6))
MINOR = ((1, 6, 3, 7), (1, 4, 7, 3), (1, 7, 6, 7), (1, 6, 4, 5), (1, 1, 4, 5), (1, 3, 7, 6))
LATIN = ((1, 4, 5, 4), (1, 5, 5, 1), (2, 5, 1, 1), (1, 4, 5, 5), (1, 6, 2, 5))
MODAL = ((1, 1, 1, 1), (1, 1, 7, 7), (1, 1, 6, 7), (1, 1, 4, 1))

SCALES: dict[str, tuple[int, ...]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "harmonic_minor": (0, 2, 3, 5, 7, 8, 11),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "bhairav": (0, 1, 4, 5, 7, 8, 11),
    "kafi": (0, 2, 3, 5, 7, 9, 10),
}


@dataclass(frozen=True)
class Genre:
    """What makes a genre: tempi (BPM, lowest and highest), metre, patterns, instruments.

    swing: usual range of the amount (0 straight .. 1 triplet), of notes `swing_unit` beats
    long. pump: how often the kick ducks the mix. builds: has rises into drops. lead: onset
    probability of a melody's eighth. drums may be an empty dict: a variant without any.
    """

    tempo_bpm: tuple[float, float]
    drums: tuple[Pattern, ...]
    bass: tuple[str, ...]
    chords: tuple[str, ...]
    bass_timbres: tuple[str, ...]
    chord_timbres: tuple[str, ...]
    lead_timbres: tuple[str, ...]
    figures: tuple[str, ...] = ("",)
    figure_timbres: tuple[str, ...] = ("synth_pluck", "marimba", "guitar")
    progressions: tuple[tuple[int, ...], ...] = MAJOR + MINOR
    scales: tuple[str, ...] = ("major", "minor")
    metre: int = 4
    swing: tuple[float, float] = (0.0, 0.15)
    swing_unit: float = 0.25
    fill_voices: tuple[str, ...] = ("snare", "tom_hi", "tom_lo")
    lead: float = 0.45
    pump: float = 0.0
    builds: bool = False
    sevenths: float = 0.2
    break_share: float = 0.2


_SYNTH_CHORDS = ("super_saw", "warm_pad", "synth_pluck", "piano", "organ")
_SYNTH_LEADS = ("pulse_lead", "super_saw", "synth_pluck", "bell", "singer")
_BAND_CHORDS = ("piano", "guitar", "electric_piano", "organ", "strings")
_BAND_LEADS = ("singer", "singer", "flute", "brass", "guitar", "pulse_lead")
_LATIN_CHORDS = ("piano", "guitar", "piano")
_LATIN_LEADS = ("brass", "singer", "flute", "brass")
_FOUR = "x...x...x...x..."
_BACK = "....x.......x..."
_EIGHTHS = "x.o.x.o.x.o.x.o."
_SIXTEENTHS = "xoxoxoxoxoxoxoxo"
_OFFBEAT = "..x...x...x...x."
_CLAVE_32 = "x.....x.....x.......x...x......."
_CLAVE_23 = "....x...x.......x.....x.....x..."
_RUMBA_CLAVE = "x.....x.......x.....x...x......."
_TUMBAO = "o.o.X.o.o.o.o.o."

GENRES: dict[str, Genre] = {
    "house": Genre(
        (116, 130),
        (
            {"kick": _FOUR, "clap": _BACK, "open_hat": _OFFBEAT, "hat": _SIXTEENTHS},
            {"kick": _FOUR, "clap": _BACK, "hat": "..x...x...x...xo", "shaker": _SIXTEENTHS},
            {"kick": _FOUR, "snare": _BACK, "open_hat": _OFFBEAT, "rim": "...x..x....x..x."},
            {"kick": _FOUR, "clap": _BACK, "conga_hi": "..x..x....x..x.o", "open_hat": _OFFBEAT},
        ),
        ("..1...1...1...1.", "1..1..1...1.5...", "1=..8.1.1=..7.8.", "..11..11..11..18"),
        ("..x...x...x..x..", "x..x..x...x..x..", "x===============", "...x..x....x..x."),
        ("synth_bass", "square_bass", "sub_bass", "acid_bass"),
        _SYNTH_CHORDS,
        _SYNTH_LEADS,
        ("1.3.5.8.5.3.1.3.", "1..5..8..5..3..5"),
        swing=(0.0, 0.4),
        pump=0.8,
        builds=True,
        sevenths=0.5,
    ),
    "techno": Genre(
        (124, 146),
        (
            {"kick": _FOUR, "hat": _OFFBEAT, "clap": _BACK, "ride": "..x...x...x...x."},
            {"kick": _FOUR, "open_hat": _OFFBEAT, "rim": "..x..x.x..x..x.x"},
            {"kick": _FOUR, "hat": _SIXTEENTHS, "tom_lo": "..x..x....x..x.."},
        ),
        ("..1...1...1...1.", ".111.111.111.111", "1.1.8.1.1.1.7.1."),
        ("...x..x.........", "x...............", "...x..x..x..x..."),
        ("acid_bass", "synth_bass", "reese_bass", "square_bass"),
        ("warm_pad", "synth_pluck", "super_saw"),
        ("synth_pluck", "pulse_lead", "bell"),
        ("1.1.3.1.1.5.1.2.", "8..7..5..3..1..5", "1158115811581157"),
        ("acid_bass", "synth_pluck", "bell"),
        progressions=MODAL,
        scales=("minor", "dorian"),
        lead=0.25,
        pump=0.6,
        builds=True,
    ),
    "hiphop": Genre(
        (72, 106),
        (
            {"kick": "x......x..x.....", "snare": _BACK, "hat": _EIGHTHS},
            {"kick": "x..x......x..x..", "snare": _BACK, "hat": "x.xox.x.x.xox.xx"},
            {
                "kick": "x.x.......xx....",
                "clap": _BACK,
                "hat": _SIXTEENTHS,
                "rim": "......x........x",
            },
            {
                "kick": "x.........x..x..",
                "snare": _BACK,
                "hat": "x.x.x.x.x.x.xxxx",
                "shaker": _EIGHTHS,
            },
        ),
        ("1=====....1=5=..", "1=..1.......1=7=", "1=======....1.1.", "1===....8.7.5==="),
        ("x===....x===....", "x===============", "x.....x...x.....", "....x.......x..."),
        ("sub_bass", "finger_bass", "synth_bass", "upright_bass"),
        ("electric_piano", "piano", "strings", "organ", "choir"),
        ("singer", "bell", "flute", "pulse_lead", "singer"),
        ("5...8...7...5...", "8.5.3.5.8.5.3.5."),
        ("bell", "piano", "guitar", "marimba"),
        scales=("minor", "dorian", "minor", "major"),
        progressions=MINOR + MODAL,
        swing=(0.0, 0.9),
        sevenths=0.6,
        lead=0.5,
    ),
    "dnb": Genre(
        (160, 180),
        (
            {"kick": "x.........x.....", "snare": _BACK, "hat": _EIGHTHS},
            {"kick": "x.x.......x.....", "snare": "....x..o.o..x..o", "ride": _EIGHTHS},
            {
                "kick": "x.x.......xx....x.x.......x.....",
                "snare": "....x..o.o..x......ox..o.o....x.",
                "hat": "x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.",
            },
        ),
        ("1=====......1===", "1=======7=======", "1=1=....1==.3==."),
        ("x===============", "x=====..........", "......x.......x."),
        ("reese_bass", "sub_bass", "synth_bass"),
        ("warm_pad", "strings", "electric_piano", "choir"),
        ("singer", "pulse_lead", "flute", "bell"),
        ("1.5.8.5.1.5.8.5.",),
        scales=("minor", "dorian"),
        progressions=MINOR + MODAL,
        builds=True,
        lead=0.3,
    ),
    "disco": Genre(
        (108, 130),
        (
            {"kick": _FOUR, "snare": _BACK, "open_hat": _OFFBEAT, "hat": "xx.xxx.xxx.xxx.x"},
            {"kick": _FOUR, "clap": _BACK, "open_hat": _OFFBEAT, "tambourine": _SIXTEENTHS},
            {"kick": _FOUR, "snare": _BACK, "hat": _SIXTEENTHS, "conga_hi": "x..x..x.x..x.xx."},
        ),
        ("1.8.1.8.1.8.1.8.", "1=1.8.1.5=5.8.5.", "1..18.1.5..57.8.", "1.5.8.5.1.5.8.7."),
        ("x..x..x...x..x..", "..x...x...x...x.", "x===============", "..x.x.....x.x..."),
        ("finger_bass", "synth_bass", "square_bass"),
        ("strings", "electric_piano", "guitar", "piano"),
        ("brass", "singer", "strings", "flute"),
        ("8.8858.78.8858.7", "..5...8...5...8."),
        ("muted_guitar", "strings", "brass"),
        sevenths=0.6,
    ),
    "pop": Genre(
        (84, 132),
        (
            {"kick": "x.......x.......", "snare": _BACK, "hat": _EIGHTHS},
            {"kick": "x.....x.x.......", "snare": _BACK, "hat": _EIGHTHS, "tambourine": _BACK},
            {"kick": "x..x..x.x..x....", "clap": _BACK, "hat": _SIXTEENTHS},
            {"kick": _FOUR, "clap": _BACK, "open_hat": _OFFBEAT},
        ),
        ("1=1=1=1=1=1=1=1=", "1=====1=1=====5=", "1===....1=..1...", "1==1==1=1==1==5="),
        ("x===============", "x=======x=======", "x.x.x.x.x.x.x.x.", "x=====x===x====="),
        ("finger_bass", "synth_bass", "sub_bass"),
        (*_BAND_CHORDS, "warm_pad", "super_saw"),
        _BAND_LEADS,
        ("1.5.8.5.1.5.8.5.", "5.8.5.3.5.8.5.3."),
        progressions=MAJOR,
        scales=("major", "major", "minor"),
        lead=0.6,
    ),
    "jpop": Genre(
        (120, 170),
        (
            {"kick": "x.x.....x.x.....", "snare": _BACK, "hat": "x.x.x.x.x.x.x.x."},
            {"kick": _FOUR, "snare": _BACK, "open_hat": _OFFBEAT},
            {"kick": "x..x..x.x..x..x.", "snare": "....x.......x..x", "ride": "x.x.x.x.x.x.x.x."},
            {"kick": "x...x...x...x.x.", "snare": "..x...x...x...x.", "hat": "x.x.x.x.x.x.x.x."},
        ),
        ("1=1=1=1=1=1=1=1=", "1=8=1=8=1=8=1=8=", "1==1==1=5==5==7="),
        ("x===============", "x=====x=====x===", "x...x...x...x...", "x.x.x.x.x.x.x.x."),
        ("finger_bass", "synth_bass"),
        ("drive_guitar", "piano", "super_saw", "strings"),
        ("singer", "singer", "pulse_lead", "super_saw"),
        ("8.5.8.3.8.5.2.3.", "1.3.5.8.1.3.5.8.", "8785878587858785"),
        ("bell", "pulse_lead", "strings", "piano"),
        progressions=((4, 5, 3, 6), (4, 5, 6, 1), (6, 4, 5, 1), (1, 5, 6, 3), (2, 5, 1, 6)),
        lead=0.7,
        sevenths=0.4,
    ),
    "salsa": Genre(
        (144, 180),
        (
            {
                "clave": _CLAVE_23,
                "conga_hi": _TUMBAO,
                "conga_lo": "............x.x.",
                "cowbell": "x...x.x.x...x.x.",
            },
            {
                "clave": _CLAVE_32,
                "conga_hi": _TUMBAO,
                "conga_lo": "............x.x.",
                "timbale": "x...x.x...x.x...x.x...x.x.x...x.",
                "bongo_hi": "x.o.x.o.x.o.x.o.",
            },
            {
                "clave": _CLAVE_23,
                "bongo_hi": "X.o.x.o.x.o.x.o.",
                "guiro": "x...x.x.x...x.x.",
                "kick": "......x.....x...",
            },
        ),
        ("......5=====8===", "1=====5=====8===", "1=====..5===1==="),
        ("x.xx..x...x.x...", "..x...x...x.x.x.", "x...............", "....x.......x..."),
        ("upright_bass", "finger_bass"),
        _LATIN_CHORDS,
        _LATIN_LEADS,
        ("1.3.5.8...5.8.5...8.5.8...5.8.3.", "8...5.8.5.8...5...5.8.5...8.5.8."),
        ("piano",),
        progressions=LATIN,
        scales=("minor", "major", "harmonic_minor"),
        swing=(0.0, 0.05),
        fill_voices=("timbale", "timbale", "conga_lo"),
        lead=0.4,
    ),
    "chacha": Genre(
        (104, 130),
        (
            {
                "cowbell": _FOUR,
                "guiro": "x.o.x.o.x.o.x.o.",
                "conga_hi": "....x.......o...",
                "conga_lo": "............x.x.",
            },
            {
                "kick": "x.....x.x.......",
                "guiro": "X.ooX.ooX.ooX.oo",
                "timbale": _BACK,
                "conga_lo": "............x.x.",
            },
            {"kick": _FOUR, "snare": _BACK, "cowbell": _FOUR, "shaker": _EIGHTHS},
            {"cowbell": "X...x...X...x.x.", "bongo_hi": "X.o.x.o.x.o.x.o.", "clave": _CLAVE_32},
        ),
        ("1=....5=....8=5=", "1===..1=5===....", "1=......5=..5.5.", "1=..1.5=..5.8=.."),
        ("..x...x...x...x.", "....x.......x.x.", "x...x...x...x.x.", "x=====x=...x===."),
        ("upright_bass", "finger_bass", "synth_bass"),
        (*_LATIN_CHORDS, "organ"),
        _LATIN_LEADS,
        ("8.5.8.5...5.8.5.", "1.5.3.5.8.5.3.5."),
        ("piano", "marimba", "guitar"),
        progressions=LATIN,
        scales=("minor", "major", "mixolydian"),
        fill_voices=("timbale", "conga_hi", "conga_lo"),
    ),
    "rumba": Genre(
        (92, 116),
        (
            {"clave": _RUMBA_CLAVE, "bongo_hi": "X.o.x.o.x.o.x.o.", "shaker": _EIGHTHS},
            {
                "clave": _CLAVE_32,
                "conga_hi": "x.o.X.o.x.o.o.o.",
                "conga_lo": "............x.x.",
                "shaker": "x.oox.oox.oox.oo",
            },
            {"kick": "x.....x.x.....x.", "rim": _CLAVE_32, "shaker": _SIXTEENTHS, "snare": _BACK},
            {"kick": "x.....x.....x...", "conga_lo": "......x.....x.x.", "hat": _EIGHTHS},
        ),
        ("1=====5=8=======", "1=====5=....8=5=", "1=======5===5=8="),
        ("x===============", "x=====x=====x===", "..x=x=..x=x=..x=", "x===x===x===x==="),
        ("upright_bass", "finger_bass", "sub_bass"),
        ("guitar", "piano", "strings", "electric_piano"),
        ("singer", "guitar", "flute", "strings"),
        ("1.5.8.5.3.5.8.5.", "1=5=8=5=8=5=8=5="),
        ("guitar", "piano"),
        progressions=LATIN + MINOR,
        scales=("minor", "major", "harmonic_minor"),
        fill_voices=("bongo_hi", "bongo_lo", "conga_lo"),
    ),
    "tango": Genre(
        (108, 138),
        (
            {},
            {"snare": "x..oxxo.x..ox.oo", "kick": "x.......x......."},
            {"snare": "X...x...X...xooo", "castanet": "x..xx.x.x..xx.x."},
            {"kick": "X...x...X...x...", "rim": "x..xx.x.x..xx.x."},
        ),
        ("1=..1=..1=..1=..", "1==51=5=1==51=5=", "1=......5=......", "1=..5=..8=..5=.."),
        ("x...x...x...x...", "x.......x.......", "x..xx.x.x..xx.x.", "x=..x.x=..x.x.x."),
        ("upright_bass", "upright_bass", "spiccato"),
        ("bandoneon", "spiccato", "piano", "accordion"),
        ("bandoneon", "strings", "singer"),
        ("8.7.8.5.3.5.2.1.", "5...5.6.5.4.3.2."),
        ("spiccato", "bandoneon", "piano"),
        progressions=((1, 5, 5, 1), (1, 4, 5, 1), (4, 1, 5, 1), (1, 6, 2, 5)),
        scales=("harmonic_minor", "harmonic_minor", "minor", "major"),
        swing=(0.0, 0.0),
        fill_voices=("snare",),
        break_share=0.1,
    ),
    "waltz": Genre(
        (84, 180),
        (
            {"kick": "x...........", "snare": "....o...o...", "hat": "x...x...x..."},
            {"kick": "x...........", "hat": "....x...x...", "ride": "x...x.x.x..."},
            {},
            {"kick": "x.......o...", "rim": "....x...x...", "shaker": "x.o.x.o.x.o."},
        ),
        ("1===........", "1===....5===", "1===========", "1=......5==."),
        ("....x=..x=..", "....x...x...", "x===========", "....x=====.."),
        ("upright_bass", "finger_bass", "sub_bass"),
        ("strings", "accordion", "piano", "spiccato", "guitar"),
        ("strings", "singer", "flute", "accordion"),
        ("1.5.8.5.8.5.", "1.3.5.8.5.3."),
        ("piano", "guitar", "flute"),
        progressions=(*MAJOR[:4], (1, 1, 5, 5), (1, 5, 5, 1), (1, 4, 5, 1)),
        scales=("major", "major", "harmonic_minor"),
        metre=3,
        swing=(0.0, 0.0),
        fill_voices=("snare",),
    ),
    "reggaeton": Genre(
        (84, 108),
        (
            {"kick": _FOUR, "snare": "...x..x....x..x.", "hat": _EIGHTHS},
            {
                "kick": _FOUR,
                "rim": "...x..x....x..x.",
                "snare": "...x.......x..x.",
                "shaker": _SIXTEENTHS,
            },
            {"kick": "x...x...x...x..x", "clap": "...x..x....x..x.", "hat": "x.oxx.oxx.oxx.ox"},
        ),
        ("1=..1=..1=..1=..", "1==1==1=1==1==1=", "1=====1=....5=8="),
        ("x..x..x.x..x..x.", "x===============", "..x...x...x...x.", "x=====..x=====.."),
        ("sub_bass", "synth_bass", "square_bass"),
        ("synth_pluck", "guitar", "super_saw", "warm_pad"),
        ("singer", "pulse_lead", "flute", "marimba"),
        ("8..5..3.8..5..3.", "1..3..5.8..5..3."),
        ("marimba", "synth_pluck", "guitar"),
        scales=("minor",),
        progressions=MINOR,
        swing=(0.0, 0.0),
        builds=True,
        pump=0.3,
    ),
    "rock": Genre(
        (96, 172),
        (
            {"kick": "x.......x.......", "snare": _BACK, "hat": "X.x.X.x.X.x.X.x."},
            {"kick": "x.x.....x.x...x.", "snare": _BACK, "ride": "X.x.X.x.X.x.X.x."},
            {"kick": "x.....x.x.x.....", "snare": _BACK, "crash": "x...x...x...x..."},
            {"kick": "x.......xx......", "snare": "....X.......X.o.", "hat": _EIGHTHS},
        ),
        ("1=1=1=1=1=1=1=1=", "1=====1=1=1=5=7=", "1=1=8=7=5=5=7=8="),
        ("x=x=x=x=x=x=x=x=", "x=====x=========", "x===============", "x.xxx.x.x.xxx.x."),
        ("finger_bass", "finger_bass", "square_bass"),
        ("drive_guitar", "drive_guitar", "guitar", "organ"),
        ("singer", "drive_guitar", "singer"),
        ("1.1.3.1.4.1.3.1.", "8.8.7.8.5.8.4.3."),
        ("drive_guitar", "muted_guitar"),
        progressions=((1, 7, 4, 1), (1, 4, 5, 4), (6, 4, 1, 5), (1, 5, 6, 4), (1, 6, 7, 1)),
        scales=("mixolydian", "minor", "major"),
        swing=(0.0, 0.3),
        swing_unit=0.5,
    ),
    "indian": Genre(
        (76, 138),
        (
            # Keherwa, eight eighths: Dha Ge Na Ti | Na Ka Dhi Na
            {"tabla_na": "x...x.x.x.o.x.x.", "tabla_ge": "x.x.........x..."},
            {"dholak": "x..xx.x.x..xx.xx", "tabla_ge": "x.....x...x.....", "tambourine": _OFFBEAT},
            {
                "kick": _FOUR,
                "dholak": "x.oxx.x.x.oxx.x.",
                "clap": _BACK,
                "tabla_ge": "x.......x.x.....",
            },
            {"tabla_na": "xoxxxoxoxoxxxoxo", "tabla_ge": "X...x.....x.x...", "tambourine": _BACK},
        ),
        ("1=......1=..5=..", "1===============", "1==1==1=1==1==5=", "1=====1=8=====5="),
        ("x===============", "x=======x=======", "..x...x...x...x."),
        ("sub_bass", "finger_bass", "synth_bass"),
        ("harmonium", "strings", "warm_pad"),
        ("singer", "sitar", "flute", "sitar", "singer"),
        ("1===5===8===8===", "5===8===8===1==="),
        ("tanpura", "tanpura", "sitar"),
        progressions=(*MODAL, (1, 7, 1, 7), (1, 4, 1, 5)),
        scales=("bhairav", "kafi", "minor", "mixolydian"),
        swing=(0.0, 0.35),
        fill_voices=("tabla_na", "dholak", "tabla_ge"),
        lead=0.6,
    ),
    "ballad": Genre(
        (70, 104),
        (
            {"kick": "x.......o.......", "snare": "........x.......", "hat": "x.o.x.o.x.o.x.o."},
            {},
            {"kick": "x.....x.........", "rim": _BACK, "shaker": _EIGHTHS},
            {"kick": "x.........x.....", "snare": _BACK, "ride": "x...x...x...x..."},
        ),
        ("1===============", "1=======5=======", "1=====1=5=======", "1=======....5==="),
        ("x===============", "x=======x=======", "x===x===x===x==="),
        ("finger_bass", "sub_bass", "upright_bass"),
        ("piano", "strings", "choir", "guitar", "electric_piano"),
        ("singer", "strings", "flute", "piano"),
        ("1.5.8.5.3.5.8.5.", "1.3.5.8.5.3.5.3."),
        ("piano", "guitar", "bell"),
        lead=0.45,
        break_share=0.35,
    ),
}

STYLE_GENRES: dict[str, tuple[str, ...]] = {
    "street": ("hiphop", "house", "disco", "techno", "dnb"),
    "salsa": ("salsa",),
    "indian": ("indian",),
    "jpop": ("jpop",),
    "kpop": ("pop", "house", "hiphop", "reggaeton"),
    "hiphop": ("hiphop", "reggaeton"),
    "chacha": ("chacha",),
    "rumba": ("rumba",),
    "tango": ("tango",),
    "waltz": ("waltz",),
    "contemporary": ("ballad", "pop", "waltz"),
    "other": ("pop", "rock", "disco", "house", "dnb", "techno"),
}


def genres_of(style: str) -> tuple[str, ...]:
    """Genres the style is danced to; a style of the user's own goes with those of "other"."""
    return STYLE_GENRES.get(style, STYLE_GENRES["other"])


# ---- configuration and result ----------------------------------------------------------------


@dataclass(frozen=True)
class SongConfig:
    """Everything a song follows from.

    genre: key of GENRES; tempo_bpm: of the first bar; duration_s: length of the audio;
    seed: all free choices; swing: 0 straight .. 1 triplet; lead_in_s: silence before the
    first beat; tempo_changes: (bar, tempo_bpm) at whose bar line the tempo jumps;
    micro_timing_ms: standard deviation of a stroke about the grid; level_dbfs: RMS.
    """

    genre: str
    tempo_bpm: float
    duration_s: float = 60.0
    seed: int = 0
    swing: float = 0.0
    lead_in_s: float = 0.0
    tempo_changes: tuple[tuple[int, float], ...] = ()
    micro_timing_ms: float = 3.0
    level_dbfs: float = -18.0

    def __post_init__(self) -> None:
        if self.genre not in GENRES:
            raise ValueError(f"no genre {self.genre!r}; known: {', '.join(GENRES)}")
        if self.duration_s <= 0 or not 0 <= self.lead_in_s < self.duration_s:
            raise ValueError("a song needs duration_s > 0 and 0 <= lead_in_s < duration_s")
        if min([self.tempo_bpm, *(bpm for _, bpm in self.tempo_changes)]) <= 0:
            raise ValueError("tempo_bpm must be positive")


@dataclass(frozen=True)
class Song:
    """Rendered audio and its truth.

    audio: float32 [T] in [-1, 1]; beats_s: float64 [n]; downbeats_s: float64 [m], each one of
    the beats; tempo_bpm: float64 [n], of the interval that a beat opens; metre: beats per bar.
    Sections named "break" have no drums.
    """

    audio: Array
    sample_rate: int
    beats_s: Array
    downbeats_s: Array
    tempo_bpm: Array
    metre: int
    genre: str
    sections: tuple[Section, ...]


def random_song(
    rng: np.random.Generator | int,
    genre: str | None = None,
    tempo_bpm: float | None = None,
    duration_s: float = 60.0,
    tempo_change: bool | None = None,
) -> SongConfig:
    """Draw a song: of any genre and of any tempo of that genre unless given.

    rng: a generator or a seed; tempo_change: one abrupt change at a bar line (None: one song
    in ten). Equal arguments give equal songs.
    """
    rng = np.random.default_rng(rng)
    name = genre or str(rng.choice(list(GENRES)))
    if name not in GENRES:
        raise ValueError(f"no genre {name!r}; known: {', '.join(GENRES)}")
    kind = GENRES[name]
    drawn_bpm = round(float(rng.uniform(*kind.tempo_bpm)), 2)
    first_bpm = drawn_bpm if tempo_bpm is None else float(tempo_bpm)
    jumps = rng.random() < 0.1 if tempo_change is None else tempo_change
    lead_in_s = float(rng.choice([0.0, rng.uniform(0, min(1.0, duration_s / 4))]))
    return SongConfig(
        genre=name,
        tempo_bpm=first_bpm,
        duration_s=duration_s,
        seed=int(rng.integers(2**31)),
        swing=float(rng.uniform(*kind.swing)) * bool(rng.random() < 0.6),
        lead_in_s=lead_in_s,
        tempo_changes=_draw_tempo_change(rng, kind, first_bpm, duration_s) if jumps else (),
        micro_timing_ms=float(rng.uniform(0, 5)),
        level_dbfs=float(rng.uniform(-30, -13)),
    )


def _draw_tempo_change(
    rng: np.random.Generator, genre: Genre, tempo_bpm: float, duration_s: float
) -> tuple[tuple[int, float], ...]:
    bars = duration_s * tempo_bpm / 60 / genre.metre
    bar = max(int(bars * rng.uniform(0.3, 0.7)), 1)
    factor = rng.choice([rng.uniform(0.75, 0.93), rng.uniform(1.07, 1.33)])
    return ((bar, round(float(np.clip(tempo_bpm * factor, *TEMPO_RANGE_BPM)), 2)),)


# ---- grid and form ---------------------------------------------------------------------------


@dataclass(frozen=True)
class _Bar:
    """One bar of the form: section name and energy 0..1, position in its section."""

    index: int
    section: str
    energy: float
    in_section: int
    to_end: int


def _beat_tempi(config: SongConfig, metre: int) -> Array:
    """Tempo of every beat, enough whole bars of them to outlast the song: float64 [n]."""
    room_s = config.duration_s - config.lead_in_s
    changes = dict(config.tempo_changes)
    tempi: list[float] = []
    tempo_bpm, spent_s = config.tempo_bpm, 0.0
    while spent_s < room_s:
        tempo_bpm = changes.get(len(tempi) // metre, tempo_bpm)
        tempi += [tempo_bpm] * metre
        spent_s += metre * 60 / tempo_bpm
    return np.array(tempi)


ENERGY = {"intro": 0.5, "verse": 0.75, "chorus": 1.0, "break": 0.4, "build": 0.7, "drop": 1.0}


def _section_names(rng: np.random.Generator, genre: Genre) -> Iterator[tuple[str, int]]:
    """Endless form: (section, bars). Breaks lead into builds and drops where the genre does."""
    if rng.random() < 0.4:
        yield "intro", int(rng.choice([2, 4, 4, 8]))
    while True:
        yield "verse", int(rng.choice([4, 8, 8]))
        yield "chorus", int(rng.choice([4, 8, 8]))
        if rng.random() < 2 * genre.break_share:
            yield "break", int(rng.choice([2, 4, 4, 8]))
            if genre.builds:
                yield "build", int(rng.choice([2, 4]))
                yield "drop", int(rng.choice([8, 8, 16]))


def _form(rng: np.random.Generator, genre: Genre, n_bars: int) -> list[_Bar]:
    """Sections cut into bars. A song may join the form midway, but never in a break or build:
    before a first drum stroke there is nothing a listener could count."""
    bars: list[_Bar] = []
    skip = int(rng.choice([0, int(rng.integers(0, 32))]))
    for name, length in _section_names(rng, genre):
        for i in range(length):
            skip -= 1
            if skip < 0 and (bars or name not in ("break", "build")):
                bars.append(_Bar(len(bars), name, ENERGY[name], i, length - 1 - i))
        if len(bars) >= n_bars:
            return bars[:n_bars]
    raise AssertionError("the form is endless")


def _sections(bars: list[_Bar], grid: BeatGrid, tempi: Array, metre: int) -> tuple[Section, ...]:
    """Sections as the listener meets them; a tempo jump inside one splits it."""
    found: list[Section] = []
    for bar in bars:
        tempo_bpm = float(tempi[bar.index * metre])
        if bar.in_section == 0 or not found or found[-1].tempo_bpm != tempo_bpm:
            found.append(Section(float(grid.beats_s[bar.index * metre]), tempo_bpm, bar.section))
    return tuple(found)


# ---- parts -----------------------------------------------------------------------------------


@dataclass
class _Band:
    """What all players share: the score they read and the tape they are recorded on."""

    config: SongConfig
    genre: Genre
    grid: BeatGrid
    bars: list[_Bar]
    sample_rate: int
    drums: Array
    tonal: Array
    rng: np.random.Generator
    kicks: list[Array] = field(default_factory=list)

    @property
    def steps_per_bar(self) -> int:
        return STEPS_PER_BEAT * self.genre.metre

    def pick(self, options: tuple):
        """One of the options, evenly."""
        return options[int(self.rng.integers(len(options)))]

    def samples(self, beat: Array) -> Array:
        """Start samples of beat positions as played: swung, and off by a few milliseconds."""
        swung = swing(beat, self.config.swing, self.genre.swing_unit)
        spread_s = self.config.micro_timing_ms / 1000
        off_s = np.clip(self.rng.normal(0, spread_s, len(swung)), -3 * spread_s, 3 * spread_s)
        return np.rint((self.grid.at(swung) + off_s) * self.sample_rate).astype(np.int64)

    def velocity(self, count: int) -> Array:
        return np.exp(self.rng.normal(0, 0.12, count))


def _slice(pattern: str, bar: _Bar, steps: int) -> str:
    """The part of a pattern of one or more bars that a bar plays."""
    first = bar.in_section * steps % len(pattern)
    return pattern[first : first + steps]


# Balance of a kit before the random mix, by ear against full kits; others play at 0.5.
DRUM_GAIN = {
    "kick": 1.0,
    "snare": 0.75,
    "clap": 0.7,
    "hat": 0.28,
    "open_hat": 0.3,
    "ride": 0.22,
    "crash": 0.35,
    "shaker": 0.25,
    "tambourine": 0.3,
    "clave": 0.4,
    "cowbell": 0.35,
    "guiro": 0.35,
    "timbale": 0.45,
    "tabla_na": 0.6,
    "tabla_ge": 0.8,
    "conga_lo": 0.6,
}


def _kit(band: _Band) -> dict[str, tuple[Drum, float]]:
    """A random kit: every voice of the genre's patterns with its sound and its gain."""
    rng, genre = band.rng, band.genre
    voices = {v for p in genre.drums for v in p} | set(genre.fill_voices) | {"crash", "snare"}
    kit = {}
    for name in sorted(voices):
        drum = Drum(
            name,
            tune=float(np.exp(rng.uniform(-0.25, 0.25))),
            decay=float(np.exp(rng.uniform(-0.6, 0.4))),
            tone=float(rng.random()),
            seed=int(rng.integers(2**31)),
        )
        kit[name] = (drum, DRUM_GAIN.get(name, 0.5) * 10 ** (rng.uniform(-5, 4) / 20))
    return kit


def _drum_bar(bar: _Bar, pattern: Pattern, steps: int) -> Iterator[tuple[str, float, float]]:
    """Strokes of a plain bar: (voice, step, velocity). An intro holds voices back."""
    for order, (voice, line) in enumerate(pattern.items()):
        if bar.section == "intro" and order >= 2:
            continue
        for step, velocity in hits(_slice(line, bar, steps)):
            yield voice, step, velocity * (0.6 + 0.4 * bar.energy)


def _fill(band: _Band, bar: _Bar) -> list[tuple[str, float, float]]:
    """A fill over the last beat or two of a bar, going down the drums and getting louder."""
    rng, steps = band.rng, band.steps_per_bar
    length = int(rng.choice([2, 4, 4, 8]))
    voices = band.genre.fill_voices
    strokes = []
    for i in range(length):
        if rng.random() < 0.75 or i == 0:
            voice = voices[min(i * len(voices) // length, len(voices) - 1)]
            strokes.append((voice, float(steps - length + i), 0.5 + 0.5 * i / length))
    return strokes


def _roll(band: _Band, bar: _Bar) -> list[tuple[str, float, float]]:
    """Snare roll of a build: quarters, then eighths, then sixteenths, ever louder."""
    total = bar.in_section + bar.to_end + 1
    spacing = (4, 2, 1)[min(3 * bar.in_section // total, 2)] if total > 2 else 2
    steps = np.arange(0, band.steps_per_bar, spacing)
    done = (bar.in_section + steps / band.steps_per_bar) / total
    return [("snare", float(s), float(0.25 + 0.6 * d)) for s, d in zip(steps, done, strict=True)]


def _drum_strokes(band: _Band) -> Iterator[tuple[str, float, float]]:
    """All strokes of the song: (voice, beat, velocity)."""
    rng, genre, steps = band.rng, band.genre, band.steps_per_bar
    verse, chorus = band.pick(genre.drums), band.pick(genre.drums)
    fill_every = int(rng.choice([4, 8]))
    fills = rng.random() < 0.85
    for bar in band.bars:
        if bar.section == "break":
            continue
        if bar.section == "build":
            strokes = _roll(band, bar)
        else:
            pattern = chorus if bar.section in ("chorus", "drop") else verse
            strokes = list(_drum_bar(bar, pattern, steps))
            ends = bar.to_end == 0 or bar.in_section % fill_every == fill_every - 1
            if strokes and fills and ends:
                fill = _fill(band, bar)
                keep = ("kick", "hat", "clave", "ride", "shaker")
                strokes = [s for s in strokes if s[0] in keep or s[1] < fill[0][1]] + fill
            if strokes and bar.in_section == 0 and bar.section in ("chorus", "drop"):
                strokes.append(("crash", 0.0, 0.8))
        for voice, step, velocity in strokes:
            yield voice, bar.index * genre.metre + step / STEPS_PER_BEAT, velocity


def _play_drums(band: _Band) -> None:
    kit = _kit(band)
    played: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for voice, beat, velocity in _drum_strokes(band):
        played[voice].append((beat, velocity))
    for voice, strokes in played.items():
        drum, level = kit[voice]
        beat, velocity = np.array(strokes).T
        starts = band.samples(beat)
        gains = level * velocity * band.velocity(len(beat))
        place(band.drums, drum_shot(drum, band.sample_rate), starts, gains)
        if voice == "kick":
            band.kicks.append(starts)


@dataclass(frozen=True)
class _Harmony:
    """Key (MIDI note 48..59 of degree 1), scale, and the chord degree of every bar."""

    key: int
    scale: tuple[int, ...]
    degrees: tuple[int, ...]
    sevenths: bool

    def pitch(self, degree: int) -> int:
        """MIDI note of a scale degree counted from 0 at the key."""
        octave, step = divmod(degree, len(self.scale))
        return self.key + 12 * octave + self.scale[step]

    def chord(self, bar: int, centre: int) -> tuple[int, ...]:
        """Notes of a bar's chord, each folded into the octave about a centre pitch."""
        root = self.degrees[bar] - 1
        stack = (0, 2, 4, 6) if self.sevenths else (0, 2, 4)
        pitches = {(self.pitch(root + s) - centre + 6) % 12 + centre - 6 for s in stack}
        return tuple(sorted(pitches))


def _harmony(band: _Band) -> _Harmony:
    rng, genre = band.rng, band.genre
    verse, chorus = band.pick(genre.progressions), band.pick(genre.progressions)
    bars_per_chord = int(rng.choice([1, 1, 1, 2]))
    degrees = []
    for bar in band.bars:
        progression = chorus if bar.section in ("chorus", "drop") else verse
        degrees.append(progression[bar.in_section // bars_per_chord % len(progression)])
    return _Harmony(
        key=int(rng.integers(48, 60)),
        scale=SCALES[band.pick(genre.scales)],
        degrees=tuple(degrees),
        sevenths=bool(rng.random() < genre.sevenths),
    )


@dataclass(frozen=True)
class _Note:
    """A note of a part: beat, length in beats, MIDI pitch, velocity 0..1."""

    beat: float
    beats: float
    pitch: int
    velocity: float


def _play(band: _Band, notes: list[_Note], timbre: Timbre, level: float, legato: float) -> None:
    """Record notes on the tonal track; equal pitch and length share one rendered shot."""
    if not notes:
        return
    starts = band.samples(np.array([n.beat for n in notes]))
    gains = level * np.array([n.velocity for n in notes]) * band.velocity(len(notes))
    ends = band.grid.at(np.array([n.beat + n.beats * legato for n in notes]))
    begins = band.grid.at(np.array([n.beat for n in notes]))
    lengths_ms = np.maximum(np.rint((ends - begins) * 100), 4).astype(int) * 10
    alike: dict[tuple[int, int], list[int]] = defaultdict(list)
    for i, note in enumerate(notes):
        alike[note.pitch, int(lengths_ms[i])].append(i)
    for (pitch, length_ms), which in alike.items():
        shot = note_shot(timbre, pitch, length_ms, band.sample_rate)
        place(band.tonal, shot, starts[which], gains[which])


def _line(band: _Band, harmony: _Harmony, pattern: str, low: int, bar: _Bar) -> list[_Note]:
    """A bar of a digit pattern over its chord, every note folded to low .. low + 18."""
    notes = []
    root = harmony.degrees[bar.index] - 1
    folded = (harmony.pitch(root) - low) % 12 + low - harmony.pitch(root)
    for step, length, symbol in held(_slice(pattern, bar, band.steps_per_bar)):
        pitch = harmony.pitch(root + int(symbol) - 1) + folded
        beat = bar.index * band.genre.metre + step / STEPS_PER_BEAT
        accent = 1.0 if step % STEPS_PER_BEAT == 0 else 0.85
        notes.append(_Note(beat, length / STEPS_PER_BEAT, pitch, accent))
    return notes


def _play_line(
    band: _Band,
    harmony: _Harmony,
    patterns: tuple[str, ...],
    timbres: tuple[str, ...],
    low: int,
    level: float,
    silent: tuple[str, ...],
) -> None:
    """Bass or figure: one pattern for quiet sections and one for loud ones."""
    verse, chorus = band.pick(patterns), band.pick(patterns)
    notes: list[_Note] = []
    for bar in band.bars:
        pattern = chorus if bar.section in ("chorus", "drop") else verse
        if pattern and bar.section not in silent:
            notes += _line(band, harmony, pattern, low, bar)
    legato = float(band.rng.uniform(0.6, 1.0))
    _play(band, notes, vary(TIMBRES[band.pick(timbres)], band.rng), level, legato)


def _play_chords(band: _Band, harmony: _Harmony, level: float) -> None:
    """Accompaniment in the genre's rhythm; breaks and intros hold the chord instead."""
    genre, steps = band.genre, band.steps_per_bar
    rhythm, centre = band.pick(genre.chords), int(band.rng.integers(57, 67))
    pad = "x" + "=" * (steps - 1)
    notes: list[_Note] = []
    for bar in band.bars:
        pattern = pad if bar.section in ("break", "build") else rhythm
        for step, length, _ in held(_slice(pattern, bar, steps)):
            beat = bar.index * genre.metre + step / STEPS_PER_BEAT
            notes += [
                _Note(beat, length / STEPS_PER_BEAT, pitch, 0.9)
                for pitch in harmony.chord(bar.index, centre)
            ]
    timbre = vary(TIMBRES[band.pick(genre.chord_timbres)], band.rng)
    _play(band, notes, timbre, level, float(band.rng.uniform(0.5, 0.95)))


def _motif(band: _Band) -> list[tuple[int, int]]:
    """Rhythm and contour of a bar of melody: (eighth, move in scale steps)."""
    eighths = 2 * band.genre.metre
    strong = np.where(np.arange(eighths) % 2 == 0, 1.3, 0.75)
    played = band.rng.random(eighths) < band.genre.lead * strong
    played[0] |= not played.any()
    moves = band.rng.choice([-2, -1, -1, 0, 1, 1, 2], eighths)
    return [(int(i), int(moves[i])) for i in np.flatnonzero(played)]


def _melody_bar(
    band: _Band, harmony: _Harmony, motif: list[tuple[int, int]], bar: _Bar, degree: int
) -> tuple[list[_Note], int]:
    """Sing a motif over a bar's chord, landing on chord notes on the beat."""
    notes = []
    root = harmony.degrees[bar.index] - 1
    stops = [eighth for eighth, _ in motif[1:]] + [2 * band.genre.metre]
    for (eighth, move), stop in zip(motif, stops, strict=True):
        degree = int(np.clip(degree + move, 4, 13))
        if eighth % 2 == 0 and (degree - root) % 7 not in (0, 2, 4):
            degree += 1 if degree < 9 else -1
        beat = bar.index * band.genre.metre + eighth / 2
        notes.append(_Note(beat, (stop - eighth) / 2, harmony.pitch(degree), 0.9))
    return notes, degree


def _play_lead(band: _Band, harmony: _Harmony, level: float) -> None:
    """A melody of motifs in the form A A' A B, in choruses and breaks, often in verses."""
    first, answer, last = _motif(band), _motif(band), _motif(band)
    phrase = (first, answer, first, last)
    sings = {"chorus", "drop"} | set(band.pick((("verse",), ("verse", "break"), ("break",))))
    notes: list[_Note] = []
    degree = 7
    for bar in band.bars:
        if bar.section in sings:
            new, degree = _melody_bar(band, harmony, phrase[bar.in_section % 4], bar, degree)
            notes += new
    timbre = vary(TIMBRES[band.pick(band.genre.lead_timbres)], band.rng)
    _play(band, notes, timbre, level, float(band.rng.uniform(0.7, 1.0)))


def _play_risers(band: _Band) -> None:
    """Rising noise through each build."""
    seed = int(band.rng.integers(2**31))
    for bar in band.bars:
        if bar.section == "build" and bar.in_section == 0:
            first = bar.index * band.genre.metre
            last = first + (bar.to_end + 1) * band.genre.metre
            start_s, end_s = band.grid.at(np.array([first, last]))
            shot = riser(float(end_s - start_s), band.sample_rate, seed)
            start = np.array([int(start_s * band.sample_rate)])
            place(band.tonal, shot, start, np.array([0.25]))


def _play_tonal(band: _Band) -> None:
    """All pitched parts; a song leaves some out so that no part can be relied upon."""
    rng, genre = band.rng, band.genre
    harmony = _harmony(band)
    levels = 10 ** (rng.uniform(-6, 4, 4) / 20) * np.array([0.9, 0.4, 0.4, 0.55])
    plays = rng.random(4) < np.array([0.92, 0.88, 0.45, 0.7])
    plays[1] |= not plays.any()
    if plays[0]:
        low = int(rng.integers(33, 39))
        _play_line(band, harmony, genre.bass, genre.bass_timbres, low, levels[0], ("break",))
    if plays[1]:
        _play_chords(band, harmony, levels[1] * (0.7 if harmony.sevenths else 0.8))
    if plays[2]:
        low = int(rng.integers(52, 64))
        quiet = band.pick(((), ("verse",), ("intro", "verse"), ("break",)))
        _play_line(band, harmony, genre.figures, genre.figure_timbres, low, levels[2], quiet)
    if plays[3]:
        _play_lead(band, harmony, levels[3])
    if genre.builds:
        _play_risers(band)


# ---- master ----------------------------------------------------------------------------------


def _space(rng: np.random.Generator, sample_rate: int) -> Array:
    """Impulse response of the mix's reverb: the dry sound at 0, then a decaying tail."""
    decay_s = float(np.exp(rng.uniform(np.log(0.05), np.log(0.5))))
    t = np.arange(int(4 * decay_s * sample_rate)) / sample_rate
    tail = rng.standard_normal(len(t)) * np.exp(-t / decay_s)
    wet = 10 ** (rng.uniform(-30, -8) / 20)
    response = np.concatenate([np.zeros(int(0.008 * sample_rate)), tail])
    response *= wet / np.sqrt(np.sum(response**2))
    response[0] = 1.0
    return response.astype(np.float32)


def _master(band: _Band) -> Array:
    """Balance, duck, equalise and reverberate both tracks, drive the sum, set its level."""
    rng, sample_rate = band.rng, band.sample_rate
    total = len(band.drums)
    if band.kicks and rng.random() < band.genre.pump:
        recover = int(rng.uniform(0.15, 0.4) * sample_rate)
        band.tonal *= duck(total, band.kicks[0], float(rng.uniform(0.3, 0.9)), recover)
    balance = 10 ** (rng.uniform(-7, 7) / 40)
    response = _space(rng, sample_rate)
    size = fast_length(total + len(response))
    freq = np.fft.rfftfreq(size, 1 / sample_rate).astype(np.float32)
    spectrum = np.fft.rfft(band.tonal, size) * np.fft.rfft(response, size) * np.float32(1 / balance)
    spectrum += np.fft.rfft(band.drums, size) * np.float32(balance)
    spectrum *= shelf_gain(freq, rng.uniform(-6, 4), rng.uniform(-8, 6))
    mixed = np.fft.irfft(spectrum, size)[:total]
    return _level(mixed, float(rng.uniform(0.3, 2.0)), band.config.level_dbfs)


def _level(audio: Array, drive: float, level_dbfs: float) -> Array:
    """Saturate softly and bring to an RMS level, as far as the peaks leave room for it."""
    rms = np.sqrt(np.mean(audio**2)) + 1e-9
    driven = np.tanh(audio * (0.25 * drive / rms))
    gain = 10 ** (level_dbfs / 20) / (np.sqrt(np.mean(driven**2)) + 1e-9)
    peak = np.abs(driven).max() + 1e-9
    return (driven * min(gain, 0.97 / peak)).astype(np.float32)


def render(config: SongConfig, sample_rate: int = 24_000) -> Song:
    """Play a song: audio float32 [round(duration_s * sample_rate)] and its annotation."""
    genre = GENRES[config.genre]
    rng = np.random.default_rng(config.seed)
    tempi = _beat_tempi(config, genre.metre)
    grid = BeatGrid.from_tempo(tempi, config.lead_in_s)
    bars = _form(rng, genre, len(tempi) // genre.metre)
    total = round(config.duration_s * sample_rate)
    tapes = np.zeros((2, total), np.float32)
    band = _Band(config, genre, grid, bars, sample_rate, tapes[0], tapes[1], rng)
    _play_drums(band)
    _play_tonal(band)
    beats_s = grid.beats_s[:-1]
    inside = beats_s < config.duration_s
    return Song(
        audio=_master(band),
        sample_rate=sample_rate,
        beats_s=beats_s[inside],
        downbeats_s=beats_s[:: genre.metre][beats_s[:: genre.metre] < config.duration_s],
        tempo_bpm=tempi[inside],
        metre=genre.metre,
        genre=config.genre,
        sections=tuple(
            s for s in _sections(bars, grid, tempi, genre.metre) if s.start_s < config.duration_s
        ),
    )
