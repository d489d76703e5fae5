"""How the operator wants the dance composed; a frozen value that may change from frame to frame.

Enters: faders and words, of `live.osc.schema`. Leaves: `ChoreographySettings`.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class ChoreographySettings:
    """form: see `live.dance.choreography.form`. phrase: one of PHRASE_BEATS, beats of a bar of
    four; in three-four as many bars. variation: 0..1, how far a phrase that the form brings back
    differs from its first time in that round; by its place in the form, so that a section that
    returns brings its variations back as well. recall: a section of the song that returns brings
    its phrases back, breaks are calm, drops are large. unison: 0..1, share of the dance that the
    dancers have in common. canon: each dancer so many beats after the one before,
    0..MAX_CANON_BEATS. formation: one of
    FORMATIONS. ensemble: one of ENSEMBLES: all together; pairs, of whom the second dances mirrored;
    two halves; one soloist and a crew. loop:
    the phrase is repeated that is danced."""

    form: str = "AABA"
    phrase: int = 8
    variation: float = 0.2
    recall: bool = True
    unison: float = 0.5
    canon: float = 0.0
    formation: str = "auto"
    ensemble: str = "all"
    loop: bool = False
