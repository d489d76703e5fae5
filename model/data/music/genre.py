"""What a genre is: the tables of `model.data.music.genres` hold one for each."""

from dataclasses import dataclass

Pattern = dict[str, str]  # a line of strokes for each drum

MAJOR = ((1, 5, 6, 4), (1, 6, 4, 5), (4, 5, 3, 6), (1, 4, 5, 4), (6, 4, 1, 5), (2, 5, 1, 6))
MINOR = ((1, 6, 3, 7), (1, 4, 7, 3), (1, 7, 6, 7), (1, 6, 4, 5), (1, 1, 4, 5), (1, 3, 7, 6))
LATIN = ((1, 4, 5, 4), (1, 5, 5, 1), (2, 5, 1, 1), (1, 4, 5, 5), (1, 6, 2, 5))
MODAL = ((1, 1, 1, 1), (1, 1, 7, 7), (1, 1, 6, 7), (1, 1, 4, 1))


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
