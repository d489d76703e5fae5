"""Genres as tables: drum patterns, harmony, sounds, tempi."""

from dataclasses import dataclass

Pattern = dict[str, str]


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
