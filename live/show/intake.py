"""What the show hears, and when: sound in its place in time, whatever the source does.

Enters: a source's ring and the times of its blocks. Leaves: what the engine is to be given next
(sound, silence that stands in for it, or so many samples lost), and the moment it is, in samples.
Also watches the source, and has it opened anew. Runs in the engine's thread; needs no engine.

All counts are in samples at the source's rate unless said otherwise. `samples_in` of them have been
handed on: heard, silent or lost. The sample clock runs on that count.
"""

import logging
import math
from dataclasses import dataclass

import numpy as np

from live.audio.features import SAMPLE_RATE
from live.audio.sample_clock import SampleClock
from live.audio.source import AudioSource

log = logging.getLogger(__name__)

_REJOIN_S = 0.5  # a frozen sound server hands over its backlog within this
_AHEAD_S = 0.01  # audio that comes further ahead of its time is of that backlog
_MISSING_S = 0.3  # audio missing for longer than this is silence
_JUMP_S = 2.0  # what is missing beyond this at once is lost: after a pause nobody waits for silence
_REOPEN_AFTER_S = 1.0
# A sound server whose source is gone may move us to another one without a word, which then says
# nothing but zeros. Opening the device anew finds the right one, and loses a moment of silence.
_DEAF_AFTER_S, _DEAF_AT_MOST_S = 5.0, 60.0
_SAID_AFTER_S = _DEAF_AFTER_S / 2

NO_SOUND = "no sound"
NO_SOUND_AT_ALL = "no sound at all: muted, or no permission"


@dataclass(frozen=True)
class Sound:
    """start: of its first sample. block: float32 [n]. is_heard: False for silence that stands in
    for what is missing."""

    start: int
    block: np.ndarray
    is_heard: bool = True


@dataclass(frozen=True)
class Lost:
    """count samples from `start` on that nobody has, and that took their time all the same."""

    start: int
    count: int


class Intake:
    """Owns the sample clock, and where in the source's sound the show is.

    position: when `take` was asked last, in 24 kHz samples since the start; never goes back.
    samples_in: handed on so far. silence: of those, what stood in for missing sound. losses: times
    that sound was lost or given up.
    """

    def __init__(self, source: AudioSource):
        self.source = source
        self.position = 0.0
        self.samples_in = 0
        self.silence = 0
        self.losses = 0
        self._clock = SampleClock(source.rate)
        self._taken = 0  # samples that left the ring
        self._dropped = 0  # of those, lost
        self._rejoining_until = -math.inf  # inf while silence stands in
        self._sounded_s = math.inf  # when the newest sample came that was not 0
        self._has_sounded = False
        self._patience_s = _DEAF_AFTER_S
        self._hoping_since = math.inf  # it was opened anew, or sounded
        self._pieces: list[Sound | Lost] = []
        self._next_reopen = -math.inf

    def start(self, now: float) -> None:
        """The show begins. Until the first block arrives the clock starts here, so that the figure
        stands at once."""
        self._clock.observe(0, now)
        self._sounded_s = self._hoping_since = now

    @property
    def end(self) -> float:
        """Up to where there is sound, in 24 kHz samples."""
        return self.samples_in * SAMPLE_RATE / self.source.rate

    @property
    def is_over(self) -> bool:
        """A file has ended, and all of it was handed on."""
        return self.source.finished and not self.source.ring.unread

    # Sound ----------------------------------------------------------------------------------

    def take(self, now: float) -> list[Sound | Lost]:
        """What is to be handed to the engine now, in order."""
        self._pieces = []
        newest = self.source.last_block_s
        if newest.samples > self._taken:
            self._rejoin(now)
            block = self.source.ring.read(self.source.rate)
            self._follow_losses()  # they lie before the block
            if len(block):
                self._hear(block, newest.time_s)
                self._clock.observe(self.samples_in + newest.samples - self._taken, newest.time_s)
        self._fill(now)
        return self._pieces

    def _hear(self, block: np.ndarray, time_s: float) -> None:
        self._taken += len(block)
        self._hand_on(Sound(self.samples_in, block), len(block))
        if block.any():
            self._sounded_s = self._hoping_since = time_s
            self._patience_s = _DEAF_AFTER_S
            self._has_sounded = True

    def _follow_losses(self) -> None:
        """Samples the ring overwrote are gone; the time they took is not."""
        lost = self.source.ring.dropped - self._dropped
        if lost > 0:
            self._dropped += lost
            self._taken += lost
            self.losses += 1
            self._hand_on(Lost(self.samples_in, lost), lost)

    def _rejoin(self, now: float) -> None:
        """Sound that is back after silence stood in for it goes on where it belongs in time.

        What is missing up to it is silence too; of the backlog that a frozen sound server hands
        over in a burst, all that is older than its time is dropped.
        """
        newest = self.source.last_block_s
        waiting = newest.samples - self._taken
        if waiting <= 0 or now > self._rejoining_until:
            return
        self._rejoining_until = min(self._rejoining_until, now + _REJOIN_S)
        ahead = int(self.samples_in + waiting - self._clock.sample_at(newest.time_s))
        if ahead < 0:
            self._be_silent(-ahead)
        elif ahead > _AHEAD_S * self.source.rate:
            self.source.ring.drop_oldest(max(waiting - ahead, 0))
            dropped = self.source.ring.dropped
            self._taken += dropped - self._dropped
            self._dropped = dropped
            self.losses += 1

    def _fill(self, now: float) -> None:
        """After a while without sound silence stands in, and from then on every tick of it."""
        unread = max(self.source.last_block_s.samples - self._taken, 0)
        sample = self._clock.sample_at(now)
        self.position = sample * SAMPLE_RATE / self.source.rate
        missing = sample - self.samples_in - unread
        if missing > _MISSING_S * self.source.rate:
            self._rejoining_until = math.inf
        if missing > 0 and self._rejoining_until == math.inf:
            self._be_silent(math.ceil(missing))

    def _be_silent(self, count: int) -> None:
        self.silence += count
        if count > _JUMP_S * self.source.rate:
            self._hand_on(Lost(self.samples_in, count), count)
        else:
            silence = np.zeros(count, np.float32)
            self._hand_on(Sound(self.samples_in, silence, is_heard=False), count)

    def _hand_on(self, piece: Sound | Lost, count: int) -> None:
        self._pieces.append(piece)
        self.samples_in += count

    # The source -----------------------------------------------------------------------------

    def trouble(self, now: float) -> str:
        """NO_SOUND, NO_SOUND_AT_ALL where none came since the start, or "" where all is well."""
        if self._rejoining_until == math.inf:
            return NO_SOUND
        if not self.source.listens or now - self._sounded_s < _SAID_AFTER_S:
            return ""
        return NO_SOUND if self._has_sounded else NO_SOUND_AT_ALL

    def watch(self, now: float) -> None:
        """Open the source anew where nothing comes from it; zeros alone, more and more rarely."""
        if self.source.finished or now < self._next_reopen:
            return
        missing_s = now - self.source.last_block_s.time_s
        if not self.source.active or missing_s > _REOPEN_AFTER_S:
            self._next_reopen = now + _REOPEN_AFTER_S
            self.source.reopen()
        elif self.source.seeks and now - self._hoping_since > self._patience_s:
            if self.trouble(now) == NO_SOUND_AT_ALL and self._patience_s == _DEAF_AFTER_S:
                log.warning("%s: %s; it is opened anew", self.source.name, NO_SOUND_AT_ALL)
            self._hoping_since = now
            self._patience_s = min(2 * self._patience_s, _DEAF_AT_MOST_S)
            self.source.reopen()
