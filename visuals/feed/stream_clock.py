"""The time of the stream on this machine's clock, from packets that come when they come.

Enters: sample counts and the times at which they arrived. Leaves: the moment of the stream to show.
No clock of its own; called by the timeline, in its thread.
"""

from live.audio.features import SAMPLE_RATE
from live.osc.schema import SAMPLE_WRAP

_JITTER_S = 0.020
_JUMP_S = 0.5  # a step of the sample count beyond this is a restart, not a late packet
_STALL_S = 0.2  # arrival this far from its time is no jitter ...
_STALLED_S = 0.5  # ... but packets held back, unless all are as late for as long as this
_CLOCK_FRAMES = 120  # over which the mean arrival is taken: 2 s at 60 Hz


class StreamClock:
    """Where the feed's sample count lies on our clock, though packets come early and late.

    The offset is a running mean of arrival minus presentation time, so that one late packet moves
    it by a hundredth of its lateness and the drift of the sender's sound card is followed. What a
    network held back and then hands over at once is not heard: were it, the picture would lag for
    seconds after every hiccup.
    """

    def __init__(self):
        self._count = 0
        self._sample = 0  # unwrapped
        self._offset_s = 0.0
        self._period_s = 1 / 60
        self._on_time_s = 0.0  # the last arrival that was not held back

    def receive(self, sample: int, now_s: float) -> tuple[float, bool]:
        """(the stream time in s of this sample, whether the stream began anew with it)."""
        step = (sample - self._sample + SAMPLE_WRAP // 2) % SAMPLE_WRAP - SAMPLE_WRAP // 2
        if self._count == 0 or abs(step) > _JUMP_S * SAMPLE_RATE:
            self._restart(sample, now_s)
            return sample / SAMPLE_RATE, True
        time_s = (self._sample + step) / SAMPLE_RATE
        if step > 0:
            self._advance(step, now_s - time_s, now_s)
        return time_s, False

    def _restart(self, sample: int, now_s: float) -> None:
        self._count = 1
        self._sample = sample
        self._offset_s = now_s - sample / SAMPLE_RATE
        self._on_time_s = now_s

    def _advance(self, step: int, offset_s: float, now_s: float) -> None:
        self._sample += step
        self._count += 1
        gain = 1 / min(self._count, _CLOCK_FRAMES)
        self._period_s += (min(step / SAMPLE_RATE, 0.05) - self._period_s) * gain
        error_s = offset_s - self._offset_s
        held_back = error_s > _STALL_S
        if held_back and now_s - self._on_time_s < _STALLED_S + error_s:
            return
        self._on_time_s = now_s
        self._offset_s += error_s if abs(error_s) > _STALL_S else gain * error_s

    def playing(self, now_s: float) -> float:
        """The stream time to show now."""
        return now_s - self._offset_s - self._period_s - _JITTER_S
