"""Which beat of the bar it is, and whether a bar has four beats or three.

Enters: for every tick its position in beats and the network's chances of a beat and a downbeat.
Leaves: a metre and an offset. Engine's thread.

A forward filter over the seven places a beat can have (four of 4/4, three of 3/4), one step a beat:
every beat the places move on by one, and the first place of each metre gains or loses by what was
heard (the beat-level half of the bar pointer model, see `live/beat/filter.py`).
"""

import numpy as np

METRES = (4, 3)
_FIRSTS = (0, METRES[0])  # index of each metre's downbeat among the places
_SHARES = (0.85, 0.15)  # most dance music has four
_WEIGHT = 0.5  # of the evidence: the network's opinions of successive beats are not independent
_AUDIBLE = 0.2  # beats less likely than this say nothing about the bar
_LEAK = 0.01  # per beat: finds its way back after a bar of two
_NEAR = 0.2  # of a beat: how far from the beat its downbeat may sound
_SURE = 0.7  # probability that a new place needs to displace the old one


class BarCounter:
    """Follows the beat count of the clock that owns it."""

    def __init__(self) -> None:
        self._start = np.concatenate(
            [np.full(m, share / m) for m, share in zip(METRES, _SHARES, strict=True)]
        )
        self._places = self._start.copy()
        self._beat: int | None = None
        self._heard = np.zeros(2)
        self.metre = METRES[0]
        self.offset = 0  # beat index of a downbeat, modulo metre

    def phase(self, beats: float) -> float:
        """Position in the bar, [0, 1), of a position in beats."""
        return ((beats - self.offset) % self.metre) / self.metre

    def hear(self, beats: np.ndarray, chances: np.ndarray) -> None:
        """beats: float64 [n], increasing positions; chances: float [n, 2], of beat and downbeat."""
        for position, chance in zip(beats.tolist(), chances, strict=True):
            beat = round(position)
            if beat != self._beat:
                if self._beat is not None:
                    self._close(self._beat)
                    self._turn(beat - self._beat)
                self._beat, self._heard = beat, np.zeros(2)
            if abs(position - beat) < _NEAR:
                self._heard = self._heard + chance

    def place(self, beats: float, bar_beat: float) -> None:
        """Take over a bar of four from a source that counts: `bar_beat` is where `beats` stands."""
        self.metre = METRES[0]
        self.offset = round(beats - bar_beat) % self.metre
        self._places = self._start.copy()
        self._beat = None

    def _close(self, beat: int) -> None:
        """Take the beat that ended into account."""
        if self._heard[0] < _AUDIBLE:
            return
        # Odds that this beat is the first of its bar, against one in four known beforehand.
        share = np.clip(self._heard[1] / self._heard[0], 0.02, 0.98)
        self._places[list(_FIRSTS)] *= (3 * share / (1 - share)) ** _WEIGHT
        self._places /= self._places.sum()
        self._decide(beat)

    def _turn(self, beats: int) -> None:
        four, three = self._places[: METRES[0]], self._places[METRES[0] :]
        turned = np.concatenate([np.roll(four, beats), np.roll(three, beats)])
        self._places = (1 - _LEAK) * turned + _LEAK * self._start

    def _decide(self, beat: int) -> None:
        best = int(self._places.argmax())
        if self._places[best] < _SURE:
            return
        self.metre, place = (METRES[0], best) if best < METRES[0] else (METRES[1], best - METRES[0])
        self.offset = (beat - place) % self.metre
