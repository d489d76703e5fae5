"""A build: the music rises, step by step, from below the fullest it has been.

Enters: how every beat sounded. Leaves: whether it builds up, and whether what follows is the drop.
Engine's thread.

What builds have in common, however they are made: over three to six bars strokes become denser (a
roll that doubles) or the high end opens (a riser, a filter), by small steps. A part that comes in
is one large step. Intros rise as well, but nothing fuller was before them.
"""

from collections import deque

import numpy as np

from live.beat.beat_sound import BANDS, LEVEL, RHYTHM, SLOTS, TIMBRE, Array

_WINDOWS = (12, 16, 24)  # beats over which it rises
_QUARTERS = 4
_STEP = 3  # beats before and after a step
_LARGEST = 0.6  # step, of all the rise: one that is larger is a part that comes in
_BELOW = 0.5  # 3 dB of level under the fullest, where the rise begins
_BRIGHT, _SOME_STROKES = 1.0, 0.06  # 6 dB of the high end, with strokes that become hardly denser
_DENSE, _SOME_BRIGHT = 0.16, 0.25  # or strokes that do, with hardly any
_FALL = np.array([0.03, 0.1])  # of strokes and high end, that is no fall
_IDLE = 8  # beats without a further rise that end a build
_THINNED = 0.7  # strokes against the densest of the build: it is over
_DULLED = 0.7  # or 4 dB of the high end, against the brightest
_KICKED, _KICKLESS = 0.7, 0.4  # strokes of the kick: it plays on every beat, it does not play
_STRUCK = 0.85  # stroke of a kick, which need not play on every beat
_AWAITED = 16  # beats in which the drop may come
_LEAST, _MOST = 8, 64  # beats of a drop that no change, and that nothing but time ends
_FULLEST = 8  # beats

_STROKES, _HIGH, _LOUD, _KICK, _FULL = range(5)


class Build:
    """Follows one piece. building: it rises now; dropped: a build led here."""

    def __init__(self) -> None:
        self._beats: deque[Array] = deque(maxlen=max(_WINDOWS))
        self._fullest = -np.inf
        self._since_rise = 0  # beats
        self._since_build = _AWAITED + 1
        self._since_drop = 0
        self._highest = np.zeros(2)  # of strokes and high end, in this build
        self.building = self.dropped = False

    def add(self, sound: Array) -> None:
        """One more beat."""
        strokes = sound[RHYTHM].reshape(SLOTS, 3)
        high = sound[TIMBRE][BANDS - 6 :].mean()
        self._beats.append(
            np.array(
                [strokes[:, 1:].mean(), high, sound[LEVEL], strokes[:, 0].max(), self._fullest]
            )
        )
        beats = np.array(self._beats)
        if len(beats) >= _FULLEST:
            self._fullest = max(self._fullest, float(beats[-_FULLEST:, _LOUD].mean()))
        if any(_rises(beats[-n:]) for n in _WINDOWS if len(beats) >= n):
            if not self.building:
                self._highest = np.full(2, -np.inf)
            self.building, self.dropped, self._since_rise = True, False, 0
        if self.building:
            self._go_on(beats)
        elif self.dropped:
            self._since_drop += 1
            self.dropped = self._since_drop < _MOST
        elif self._since_build <= _AWAITED:
            self._since_build += 1
            self.dropped = bool(beats[-2:, _KICK].max() > _STRUCK)
            if self.dropped:
                self._since_build, self._since_drop = _AWAITED + 1, 0

    def _go_on(self, beats: Array) -> None:
        """Does the build last?"""
        self._since_rise += 1
        rising = beats[:, : _HIGH + 1]
        self._highest = np.maximum(self._highest, rising[-4:].mean(axis=0))
        strokes, high = rising[-2:].mean(axis=0)
        thinned = strokes < _THINNED * self._highest[_STROKES]
        dulled = high < self._highest[_HIGH] - _DULLED
        kicks = beats[-2:, _KICK].min() > _KICKED and beats[-8:-2, _KICK].mean() < _KICKLESS
        if thinned or dulled or kicks or self._since_rise > _IDLE:
            self.building, self._since_build = False, 0
            self._beats.clear()  # another begins from here

    def change(self) -> None:
        """A section began: what a build led to is over, unless it only now began."""
        self.dropped = self.dropped and self._since_drop < _LEAST


def _rises(beats: Array) -> bool:
    """By small steps, in strokes or in its high end, and from well below the fullest of before."""
    quarters = beats.reshape(_QUARTERS, -1, beats.shape[1]).mean(axis=1)
    if quarters[0, _LOUD] > beats[0, _FULL] - _BELOW:
        return False
    rising = quarters[:, : _HIGH + 1]
    total = rising[-1] - rising[0]
    means = np.lib.stride_tricks.sliding_window_view(beats[:, : _HIGH + 1], _STEP, axis=0).mean(-1)
    step = (means[_STEP:] - means[:-_STEP]).max(axis=0)
    steady = (np.diff(rising, axis=0) > -_FALL).all(axis=0) & (step < _LARGEST * total)
    strokes, high = total
    opens = steady[_HIGH] and high > _BRIGHT and strokes > _SOME_STROKES
    thickens = steady[_STROKES] and strokes > _DENSE and high > _SOME_BRIGHT
    return bool(opens or thickens)
