"""How much of the dance there is: less of it while there is sound without a beat.

Enters: the confidence of the beat clock, once a frame. Leaves: what to add to the energy, and the
share of the idle sway. Engine's thread.

Noise and speech are unlike anything the network was trained on, and may excite it more than music
does (pink noise danced at 0.94 m/s, songs at 0.43 to 0.68). That no beat is found for seconds tells
them from music: on noise the confidence stays below 0.04; on speech, twelve voices, its median is
0.02 to 0.19, with peaks of 0.4 for a second; in 13 of 14 recordings and 17 songs it is 0.5 or more.
"""

from live.body.pose import FRAME_RATE

_FULL, _NONE = 0.36, 0.15  # averaged confidence of a full dance, and of none
_RISE_S, _FALL_S = 1.5, 4.0  # a beat counts soon; a break has to last before it does
_BEGIN = 0.6  # as if a beat had just ended: a song is given some four seconds to be understood
_LOWEST_ENERGY = -1.5
_MOST_SWAY = 0.6


class Presence:
    """Full with a beat, and in silence, which has its own rest; low in sound without a beat."""

    def __init__(self) -> None:
        self._confidence = _BEGIN

    def step(self, confidence: float, silent: bool) -> None:
        """One frame. confidence: of the beat, 0..1. silent: nothing to hear a beat in."""
        now = _BEGIN if silent else confidence
        time_s = _RISE_S if now > self._confidence else _FALL_S
        self._confidence += (now - self._confidence) / (time_s * FRAME_RATE)

    @property
    def absence(self) -> float:
        """0 with a beat, 1 after seconds without."""
        present = min(max((self._confidence - _NONE) / (_FULL - _NONE), 0.0), 1.0)
        return 1.0 - present * present * (3.0 - 2.0 * present)

    @property
    def energy(self) -> float:
        """To be added to the energy that the network is asked for, 0 or less."""
        return _LOWEST_ENERGY * self.absence

    @property
    def sway(self) -> float:
        """Share of the idle sway in the dance, 0..1."""
        return _MOST_SWAY * self.absence
