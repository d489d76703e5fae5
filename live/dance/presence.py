"""How much of the dance there is: less of it while there is sound without a beat to dance to.

Enters: the confidence of the beat clock, and what is struck when, once a frame. Leaves: what to add
to the energy, and the share of the idle sway. Engine's thread.

Noise, speech and alarms are unlike anything the network was trained on, and may excite it more than
music does (pink noise danced at 0.94 m/s, songs at 0.43 to 0.68). Three things tell them apart:

- *Confidence.* On noise it stays below 0.02; on six synthetic voices its median over seconds is
  0.05 to 0.37; in 14 recordings 0.39 to 1. Where the two overlap, music is danced: a dancer who
  rests in a song is worse than one who dances to a speaker.
- *Pulse*: how much of what is struck falls on one place of the beat or half beat, in the band where
  it is most. Over six seconds 0.04 to 0.18 on those voices and on applause, 0.28 to 0.89 in songs.
- *Body*: an alarm of two tones has a perfect beat. It has no bass (30 to 56 dB below its tone) and
  hardly a stroke (0.04 to 0.2); of 49 songs and recordings none lacks both for six seconds.

A clock that is told the beat, by Link, MIDI or taps, needs neither pulse nor body.
"""

import cmath
import math

from live.audio.features import N_BANDS, N_MELS, ONSET, FeatureFrame
from live.body.pose import FRAME_RATE

_FULL, _NONE = 0.22, 0.1  # averaged confidence of a full dance, and of none
_CERTAIN, _LIKELY = 0.38, 0.26  # averaged confidence that needs no pulse
_RISE_S, _FALL_S = 1.5, 4.0  # a beat counts soon; a break has to last before it does
_BEGIN = 0.6  # as if a beat had just ended: a song is given some four seconds to be understood
_LOWEST_ENERGY = -1.5
_MOST_SWAY = 0.6

_HEARD_OVER_S = 6.0
_PULSE_NONE, _PULSE_FULL = 0.17, 0.26
_PULSE_BEGIN = 0.5  # falls to nothing within six seconds
_BASS_NONE_DB, _BASS_FULL_DB = -26.0, -20.0
_STROKES_NONE, _STROKES_FULL = 0.2, 0.28
_BASS_MELS = 6  # below 250 Hz
_MEL_DB = 60.0
_SOUNDING = 0.2  # level; a beeper says nothing between its beeps
_SOME_STROKES = 0.5  # a mean to begin with


class Presence:
    """Full with a beat, and in silence, which has its own rest; low in sound without a beat."""

    def __init__(self) -> None:
        self._confidence = _BEGIN
        self._is_told = False
        # As if it had been music so far: share of the strokes on the beat and on the half beat.
        self._strokes = [_SOME_STROKES / N_BANDS] * N_BANDS
        self._turning = [[s * _PULSE_BEGIN + 0j] * 2 for s in self._strokes]
        self._bass_db = _BASS_FULL_DB

    def hear(self, frame: FeatureFrame, phase: float, is_told: bool = False) -> None:
        """One frame, and the phase of the beat at its end. is_told: the clock follows no sound."""
        self._is_told = is_told
        if frame.level <= _SOUNDING:
            return
        share = 1.0 / (_HEARD_OVER_S * FRAME_RATE)
        once = cmath.exp(2j * math.pi * phase)
        turns = (once, once * once)
        onset = frame.features[ONSET].tolist()
        for band, (stroke, turning) in enumerate(zip(onset, self._turning, strict=True)):
            self._strokes[band] += share * (stroke - self._strokes[band])
            for k, turn in enumerate(turns):
                turning[k] += share * (stroke * turn - turning[k])
        mel = frame.features[:N_MELS]
        bass_db = _MEL_DB * float(mel[:_BASS_MELS].max() - mel.max())
        self._bass_db += share * (bass_db - self._bass_db)

    def step(self, confidence: float, silent: bool) -> None:
        """One frame. confidence: of the beat, 0..1. silent: nothing to hear a beat in."""
        now = _BEGIN if silent else confidence
        time_s = _RISE_S if now > self._confidence else _FALL_S
        self._confidence += (now - self._confidence) / (time_s * FRAME_RATE)

    @property
    def pulse(self) -> float:
        """0..1: how much of what is struck falls on one place of the beat."""
        bands = zip(self._turning, self._strokes, strict=True)
        return max(max(map(abs, turning)) / (strokes + 1e-3) for turning, strokes in bands)

    @property
    def body(self) -> float:
        """0 for a thin tone that hardly strikes, 1 for music."""
        bass = _between(self._bass_db, _BASS_NONE_DB, _BASS_FULL_DB)
        return max(bass, _between(sum(self._strokes), _STROKES_NONE, _STROKES_FULL))

    @property
    def absence(self) -> float:
        """0 with a beat, 1 after seconds without."""
        present = _between(self._confidence, _NONE, _FULL)
        if not self._is_told:
            present *= _between(self.pulse, _PULSE_NONE, _PULSE_FULL)
            present = max(present, _between(self._confidence, _LIKELY, _CERTAIN)) * self.body
        return 1.0 - present * present * (3.0 - 2.0 * present)

    @property
    def energy(self) -> float:
        """To be added to the energy that the network is asked for, 0 or less."""
        return _LOWEST_ENERGY * self.absence

    @property
    def sway(self) -> float:
        """Share of the idle sway in the dance, 0..1."""
        return _MOST_SWAY * self.absence


def _between(value: float, none: float, full: float) -> float:
    return min(max((value - none) / (full - none), 0.0), 1.0)
