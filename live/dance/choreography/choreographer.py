"""The choreographer: writes the score while it is danced, and directs the dancers by it.

Enters: a `Moment` a frame and the operator's settings. Leaves: `Directions` a frame: every dancer's
noise, and how, when and where it is danced. Engine's thread. The same moments and settings give
the same bits; what is danced on a beat does not depend on the frames it takes.

The network takes noise on the beat only, so that noise by beat is all there is to write. It is
contractive: dancers with the same noise, clock and style are together within seconds, and a phrase
whose noise returns comes back.
"""

import math
from collections.abc import Sequence

import numpy as np

from live.beat.section import UNKNOWN
from live.body.pose import FRAME_RATE
from live.body.staging import Staging
from live.dance.choreography.ensemble import order_of
from live.dance.choreography.formation import AUTO, Formations, chosen
from live.dance.choreography.moment import Directions, Moment
from live.dance.choreography.phrase import Phrase
from live.dance.choreography.score import Entry, Score
from live.dance.choreography.settings import ChoreographySettings
from live.dance.contract import BEAT_EDGE
from live.osc.schema import MAX_CANON_BEATS, MAX_DANCERS

_PHRASES_A_SCENE = 16  # without sections, in a formation
_LONGEST_JUMP = 64  # beats; more is another count
_KEPT = MAX_CANON_BEATS * MAX_DANCERS + 8  # beats, for the last of a canon
_CATCH_UP = 0.01  # beats a frame by which a dancer falls back or catches up in a canon
_EASE_S = 0.5  # time constant of the energy


class Choreographer:
    """Owns the score, who is how late, and the formation. width: Z of the network's noise.
    formation: in which they begin."""

    def __init__(self, width: int, dancers: int = 1, seed: int = 0, formation: str = AUTO):
        self._score = Score(width, seed)
        self._formations = Formations(dancers, chosen(formation, UNKNOWN, 0))
        self.reset(dancers, seed)

    def reset(self, dancers: int, seed: int) -> None:
        """As at the start, with the phrases of this seed; who stands somewhere stays there."""
        self.seed = seed
        self._score.reset(seed)
        self._entries: dict[int, Entry] = {}
        self._newest: int | None = None  # index of the newest entry
        self._phase = 0.0
        self._offset = 0  # of the index from the dancers' beats
        self._delays: np.ndarray | None = None
        self._energy: np.ndarray | None = None
        self._staged = -1  # number of the phrase for which a formation was chosen
        self.set_dancers(dancers)

    def set_dancers(self, dancers: int) -> None:
        """More or fewer from the next frame on; those who stay dance on undisturbed."""
        self.dancers = dancers
        if dancers != len(self._formations.places):
            self._formations.set_dancers(dancers)

    @property
    def places(self) -> np.ndarray:
        """Everybody's place now (x, z), float64 [N, 2], metres."""
        return self._formations.places

    def play(self, phrases: Sequence[Phrase], loop: bool = False, at_once: bool = False) -> None:
        """From the next phrase on dance these, once or again and again; none: compose again.
        at_once: from the next beat on."""
        self._score.play(phrases, loop, at_once)

    @property
    def newest(self) -> int:
        """Index of the newest beat; -1 before the first."""
        return -1 if self._newest is None else self._newest

    @property
    def phase(self) -> float:
        """How much of the newest beat has passed, 0..1."""
        return self._phase

    def keep_history(self) -> None:
        """From now on remember all that is danced: 2 kB a beat."""
        self._score.history = []

    @property
    def danced(self) -> list[Phrase]:
        """What was danced since then, phrase by phrase."""
        return self._score.danced

    @property
    def playing(self) -> str:
        """The name of the kept phrase that is danced; "" for one of the choreographer's own."""
        return self._score.playing

    @property
    def last_phrase(self) -> Phrase | None:
        """What was danced in the last whole phrase; None before there is one."""
        return self._score.last_phrase

    def step(self, moment: Moment, settings: ChoreographySettings) -> Directions:
        """One frame of 1/30 s."""
        self._write(moment, settings)
        self._phase = moment.beats % 1.0
        delays = self._late(settings)
        entries = self._of_dancers(moment, delays)
        n = self.dancers
        first = entries[0]
        if all(entry is first for entry in entries):
            noise, energy, mirrored = first.noise[:n], first.energy[:n], first.mirrored[:n]
        else:
            noise = np.stack([entry.noise[d] for d, entry in enumerate(entries)])
            energy = np.array([entry.energy[d] for d, entry in enumerate(entries)], np.float32)
            mirrored = np.array([entry.mirrored[d] for d, entry in enumerate(entries)])
        if not (moment.is_frozen or moment.is_idle):
            self._formations.step()
        return Directions(
            noise=noise,
            delays=delays,
            energy=self._eased(energy, first.openness),
            openness=np.full(n, first.openness, np.float32),
            anew=np.array([entry.anew for entry in entries]),
            staging=Staging(self._formations.places, mirrored, first.together),
        )

    def at_rest(self) -> Directions:
        """The likeliest dance at everybody's place: for a frame for which nothing is written."""
        n = self.dancers
        return Directions(
            noise=np.zeros((n, self._score.width), np.float32),
            delays=np.zeros(n),
            energy=np.zeros(n, np.float32),
            openness=np.zeros(n, np.float32),
            anew=np.zeros(n, bool),
            staging=Staging(self._formations.places, np.zeros(n, bool)),
        )

    def _write(self, moment: Moment, settings: ChoreographySettings) -> None:
        """Entries for the beats that have begun since the last frame."""
        beat = math.floor(moment.beats + BEAT_EDGE)
        index, newest = beat + self._offset, self._newest
        cut = newest is None or not -1 <= index - newest <= _LONGEST_JUMP
        if cut:  # half time, or the count began anew: the dance goes on from where it is
            index = 0 if newest is None else newest + 1
            self._offset, newest = index - beat, index - 1
        assert newest is not None
        for new in range(newest + 1, index + 1):
            self._entries[new] = self._score.beat(new, moment, settings, self.dancers, cut)
            self._entries.pop(new - _KEPT, None)
            self._newest = new
        passage = self._score.passage
        if passage is not None and passage.number != self._staged:
            self._staged = passage.number
            section = passage.place[1] if passage.place else passage.position // _PHRASES_A_SCENE
            self._formations.change(chosen(settings.formation, passage.kind, section))

    def _of_dancers(self, moment: Moment, delays: np.ndarray) -> list[Entry]:
        """The entry of each dancer. Who comes in a canon before there was anything to follow dances
        what is danced now."""
        assert self._newest is not None
        now = self._entries[self._newest]
        if not delays.any():
            return [now] * self.dancers
        beats = np.floor(moment.beats - delays + BEAT_EDGE).astype(int) + self._offset
        return [self._entries.get(int(index), now) for index in beats]

    def _late(self, settings: ChoreographySettings) -> np.ndarray:
        """Dancers' beats by which each is late, float64 [N]. Whole beats change at once, for they
        leave the phase of the beat alone; the rest is danced a little slower or faster."""
        wanted = settings.canon * order_of(settings.ensemble)[: self.dancers].astype(float)
        before = self._delays
        if before is None or len(before) != len(wanted):
            kept = wanted.copy()
            if before is not None:
                stay = min(len(before), len(wanted))
                kept[:stay] = before[:stay]
            before = kept
        left = wanted - before
        whole = np.trunc(left)
        self._delays = before + whole + np.clip(left - whole, -_CATCH_UP, _CATCH_UP)
        return self._delays

    def _eased(self, energy: np.ndarray, openness: float) -> np.ndarray:
        before = self._energy
        if before is None or len(before) != len(energy):
            self._energy = energy.copy()
        else:
            share = np.float32(1 / (_EASE_S * FRAME_RATE))
            self._energy = before + share * (energy - before)
        return self._energy
