"""The show: the engine against real time, and the policy of degrading instead of stopping.

Enters: a sound source, control messages. Leaves: OSC bundles at a steady rate, a summary.
Everything here runs in the main thread; only the sound card's callback runs elsewhere, and hands
its blocks over through the source's ring.

What goes wrong is counted and danced over: a late step coasts, lost samples advance the clock, no
samples at all become silence (and the dancer stands and sways), a burst of stale ones is dropped.
"""

import gc
import logging
import math
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from live.audio.features import SAMPLE_RATE
from live.audio.sample_clock import SampleClock
from live.audio.source import AudioSource
from live.beat.clock import TempoConfig
from live.beat.sources import ClockSource
from live.control.osc_in import ControlIn
from live.control.scenes import Scene
from live.dance.performer import Performer
from live.errors import ConfigError
from live.monotonic import monotonic_s
from live.osc.encoding import FrameEncoder, HealthReport, StageFrame, encode_picture, encode_styles
from live.osc.schema import PICTURE
from live.osc.values import Value
from live.outputs.feeds import Feeds
from live.outputs.udp import OscOut, UdpTarget
from live.session.writer import SessionWriter
from live.show.config import ShowConfig
from live.show.engine import Engine, EngineConfig, horizon_samples
from live.show.health import Health
from live.show.memory import MemoryWatch
from live.show.status import Glance

log = logging.getLogger(__name__)

# How long a thread may keep the interpreter from the sound card's callback. With Python's own 5 ms
# a block waited 28 ms (median) beside a busy thread, with this 0.7 ms.
_SWITCH_S = 0.0005
_ARRIVAL_MARGIN_S = 0.005  # a block's jitter and the step that dances to it
_POLL_S = 0.002
_YIELD_S = 0.0003
_GRACE_S = 0.008  # half an emission: how long a bundle waits for its pose
_REJOIN_S = 0.5  # a frozen sound server hands over its backlog within this
_AHEAD_S = 0.01  # audio that comes further ahead of its time is of that backlog
_MISSING_S = 0.3  # audio missing for longer than this is silence
_REOPEN_AFTER_S = 1.0
_GIVE_UP_S = 0.3  # a frame that comes this long after its time is not danced any more
# A sound server whose source is gone may move us to another one without a word, which then says
# nothing but zeros. Opening the device anew finds the right one, and loses a moment of silence.
_DEAF_AFTER_S, _DEAF_AT_MOST_S = 5.0, 60.0
_LATE_EMISSIONS = 3  # this far behind, the emissions that nobody needs any more are left out
_HEALTH_EVERY_S = 1.0
_STYLES_EVERY_S = 1.0


def arrival_s(block: int, rate: int) -> float:
    """How long after a sample was heard its key frame is surely ready, but for the horizon."""
    return block / rate + _ARRIVAL_MARGIN_S


def stage_engine(
    config: ShowConfig, rate: int, performer: Performer, scenes: tuple[Scene, ...] = ()
) -> Engine:
    """The engine of a show that hears sound at `rate` Hz."""
    arrival = arrival_s(config.block, rate)
    return Engine(
        EngineConfig(
            rate,
            horizon_samples(config.emission_rate, arrival),
            config.style,
            TempoConfig(tracker=config.beat_tracker),
            scenes,
        ),
        performer,
        config.controls,
    )


@dataclass(frozen=True)
class Outputs:
    """Where a show goes. recorder: None unless recorded. feeds: None where everyone gets all.
    visualizers: who also gets the picture's controls and the styles' names; None for nobody."""

    osc: OscOut
    control: ControlIn
    recorder: SessionWriter | None = None
    feeds: Feeds | None = None
    visualizers: OscOut | None = None

    @property
    def packets(self) -> int:
        return self.osc.sent + (self.feeds.sent if self.feeds else 0)

    @property
    def errors(self) -> int:
        return self.osc.errors + (self.feeds.errors if self.feeds else 0)

    @property
    def targets(self) -> list[UdpTarget]:
        return self.osc.targets + (self.feeds.targets if self.feeds else [])


class Controller(Protocol):
    """What the operator plays on besides OSC: controls, checked, (name, value)."""

    def poll(self) -> list[tuple[str, Value]]: ...


class Show:
    """Owns the loop. Build it, then `run` it until it is told to stop."""

    def __init__(
        self,
        engine: Engine,
        source: AudioSource,
        outputs: Outputs,
        emission_rate: int,
        arrival: float,
        clock: Callable[[], float] = monotonic_s,
        sleep: Callable[[float], None] = time.sleep,
        beats: Sequence[ClockSource] = (),
        controllers: Sequence[Controller] = (),
    ):
        self.engine, self.source, self.outputs = engine, source, outputs
        self.health = Health()
        self.memory = MemoryWatch()
        self._started = 0.0
        self._now, self._sleep = clock, sleep
        self._beats = beats  # sources besides sound
        self._controllers = controllers  # besides OSC
        self._rate = source.rate
        self._step = SAMPLE_RATE // emission_rate  # 24 kHz samples from emission to emission
        self._offset = round(arrival * SAMPLE_RATE)
        self._timeline = SampleClock(source.rate)
        self._heard = 0  # source samples on the engine's timeline: heard, skipped or silent
        self._taken = 0  # source samples that left the ring
        self._lost = 0  # of those, overwritten before they were read
        self._emission = 0
        self._busy_s = 0.0
        self._danced = 0
        self._sounded_s = math.inf  # when the newest sample came that was not 0
        self._patience_s = _DEAF_AFTER_S
        self._silence = 0  # source samples of it that stood in for missing ones
        self._rejoining_until = -math.inf  # inf while silence stands in
        self._refused = 0  # controls that this model cannot obey
        self._latencies = np.zeros(1024)
        self._encoder: FrameEncoder | None = None
        self._sent: StageFrame | None = None  # the newest
        self._last_state = ""
        self._told_style = ""
        self._next_styles = -math.inf
        self._next_health = -math.inf
        self._next_reopen = -math.inf

    def run(self, keep_going: Callable[[], bool], seconds: float = math.inf) -> dict:
        """Dance until `keep_going` says no, the time is over or the file has ended.

        Returns the summary: everything counted, step times, latency.
        """
        gc.collect()
        gc.freeze()  # what was loaded stays: no collection has to walk it during the show
        before = sys.getswitchinterval()
        sys.setswitchinterval(_SWITCH_S)
        try:
            return self._run(keep_going, seconds)
        finally:
            sys.setswitchinterval(before)

    def _run(self, keep_going: Callable[[], bool], seconds: float) -> dict:
        self._started = started = self._now()
        # Until the first block arrives the clock starts here, so that the figure stands at once.
        self._timeline.observe(0, started)
        self._next_health = started + _HEALTH_EVERY_S
        while keep_going() and self._now() - started < seconds and not self._is_over():
            self._tick()
        return self.summary(self._now() - started)

    def _tick(self) -> None:
        now = self._now()
        self._obey(now)
        self._ask_for_beats(now)
        self._hear(now)
        position = self._position(now)
        if self._is_due(position):
            self._emit(now, position)
        self._watch_source(now)
        pause_s = (self._next_sample - self._position(self._now())) / SAMPLE_RATE
        self._sleep(min(max(pause_s, _YIELD_S), _POLL_S))

    def _is_due(self, position: float) -> bool:
        """Whether to emit now: it is time, and the pose is there or has been waited for enough.

        A bundle says when it is to be seen, so a few milliseconds of lateness do less harm than a
        pose that stands still.
        """
        late_s = (position - self._next_sample) / SAMPLE_RATE
        return late_s >= 0 and (self.engine.newest >= self._next_sample or late_s > _GRACE_S)

    def summary(self, seconds: float) -> dict:
        """What the show counted; latency is from the end of a frame's sound to its first packet."""
        self._count()
        self.memory.look(seconds)
        n = min(self._danced, len(self._latencies))
        latency = float(np.median(self._latencies[:n])) if n else 0.0
        return {
            "seconds": round(seconds, 2),
            **self.health.summary(),
            "latency_ms": round(latency, 1),
            "silence_s": round(self._silence / self._rate, 2),
            "reopened": self.source.reopens,
            "packets": self.outputs.packets,
            "recorder_lost": self.outputs.recorder.lost if self.outputs.recorder else 0,
            **self.memory.summary(),
        }

    def glance(self) -> Glance:
        """How it is going. Only reads, so another thread may ask."""
        now = self._now()
        frame, targets = self._sent, self.outputs.targets
        deaf_s = now - self._sounded_s if self.source.listens else 0.0
        recorder = self.outputs.recorder
        return Glance(
            time_s=now,
            source=self.source.name,
            hears=self._rejoining_until < math.inf and deaf_s < _DEAF_AFTER_S / 2,
            level=self.engine.level,
            beat=frame.beat[2:] if frame else None,
            active_source=self.engine.clock.active_source,
            state=self.engine.state,
            style=self.engine.performer.styles[int(frame.style.argmax())] if frame else "",
            frames=self.health.frames,
            counted={
                "late": self.health.late,
                "dropped": self.health.dropped,
                "skipped": self.health.skipped,
                "xruns": self.source.xruns,
                "resets": self.engine.resets,
                "refused": self.outputs.errors,
                "rejected": self.outputs.control.rejected + self._refused,
                "not recorded": recorder.lost if recorder else 0,
            },
            errors={target.name: target.errors for target in targets},
        )

    # Time -----------------------------------------------------------------------------------

    @property
    def _next_sample(self) -> int:
        """Presentation time of the next emission: just when a frame's sound has been danced to."""
        return self._emission * self._step + self._offset

    @property
    def position(self) -> float:
        """Now, in 24 kHz samples since the start of the show."""
        return self._position(self._now())

    def _position(self, now: float) -> float:
        """The moment `now` on the engine's timeline, in 24 kHz samples."""
        return self._timeline.sample_at(now) * SAMPLE_RATE / self._rate

    def _is_over(self) -> bool:
        """A file has ended and its last sound has been danced to."""
        if not self.source.finished or self.source.ring.unread:
            return False
        return self._next_sample > self._heard * SAMPLE_RATE / self._rate

    # Sound ----------------------------------------------------------------------------------

    def _hear(self, now: float) -> None:
        """Move what has arrived into the engine, and dance what is due."""
        started = self._now()
        self._follow_losses()
        self._rejoin(now)
        block = self.source.ring.read(self._rate)
        self._follow_losses()
        if len(block):
            self._take(block)
            self._observe()
        self._fill_silence(now)
        self._dance(now, started)

    def _take(self, block: np.ndarray) -> None:
        if self.outputs.recorder:
            self.outputs.recorder.audio(self._heard, block)
        self.engine.push(block)
        self._taken += len(block)
        self._heard += len(block)
        if block.any():
            self._sounded_s = self.source.last_block_s.time_s
            self._patience_s = _DEAF_AFTER_S

    def _observe(self) -> None:
        """Tell the clock when the newest block was heard, on the engine's timeline."""
        newest = self.source.last_block_s
        self._timeline.observe(self._heard + newest.samples - self._taken, newest.time_s)

    def _follow_losses(self) -> None:
        """Samples the ring overwrote are gone; the time they took is not."""
        lost = self.source.ring.dropped - self._lost
        if lost > 0:
            self._lost += lost
            self._taken += lost
            self._note_event("skip", lost)
            self._heard += lost
            self.engine.skip(lost)
            self.health.dropped += 1

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
        ahead = int(self._heard + waiting - self._timeline.sample_at(newest.time_s))
        if ahead < 0:
            self._push_silence(-ahead)
        elif ahead > _AHEAD_S * self._rate:
            self._taken += self.source.ring.drop_oldest(max(self.source.ring.unread - ahead, 0))
            self._lost = self.source.ring.dropped
            self.health.dropped += 1

    def _fill_silence(self, now: float) -> None:
        """After a while without sound silence stands in, and from then on every tick of it."""
        missing = self._timeline.sample_at(now) - self._heard - self.source.ring.unread
        if missing > _MISSING_S * self._rate:
            self._rejoining_until = math.inf
        if missing > 0 and self._rejoining_until == math.inf:
            self._push_silence(math.ceil(missing))

    def _push_silence(self, count: int) -> None:
        self.engine.push(np.zeros(count, np.float32))
        self._heard += count
        self._silence += count

    def _dance(self, now: float, started: float) -> None:
        """Step the network for every frame whose presentation comes within the next frame.

        A network that is too slow stops for every emission, and for good where it is hopelessly
        late: what nobody would see any more is not danced.
        """
        before = self.engine.frames
        until = self._position(now) + self.engine.config.horizon
        given_up = self.engine.give_up(until - _GIVE_UP_S * SAMPLE_RATE)
        if given_up:
            self.health.skipped += given_up
            self._note_event("give_up", given_up)
        while self.engine.step(until) and not self._is_due(self.position):
            pass
        for name, value in self.engine.take_recalled():
            if name in PICTURE:
                self._play_picture(now, name, value)
            self.outputs.control.answer(name, True, value)
        if self.outputs.recorder:
            self.outputs.recorder.frame = self.engine.frames
        self._busy_s += self._now() - started
        stepped = self.engine.frames - before
        if stepped:
            self.health.add_step(1000 * self._busy_s / stepped)
            self._busy_s = 0.0

    def _note_event(self, name: str, count: int) -> None:
        """Record what else than sound and controls changes the dance."""
        if self.outputs.recorder:
            self.outputs.recorder.event(self._heard, name, count)

    def _watch_source(self, now: float) -> None:
        if self.source.finished or now < self._next_reopen:
            return
        silent_s = now - self.source.last_block_s.time_s
        if not self.source.active or silent_s > _REOPEN_AFTER_S:
            self._next_reopen = now + _REOPEN_AFTER_S
            self.source.reopen()
        elif self.source.listens and now - self._sounded_s > self._patience_s:
            self._sounded_s = now
            self._patience_s = min(2 * self._patience_s, _DEAF_AT_MOST_S)
            self.source.reopen()

    # Control --------------------------------------------------------------------------------

    def _obey(self, now: float) -> None:
        played = [control for controller in self._controllers for control in controller.poll()]
        for name, value in (*self.outputs.control.poll(), *played):
            if name in PICTURE:
                self._play_picture(now, name, value)
                self.outputs.control.answer(name, True, value)
                continue
            sample = self._position(now)
            try:
                self.engine.control(name, value, sample)
            except ConfigError as error:
                self._refused += 1
                log.warning("%s", error)
                self.outputs.control.answer(name, False, value)
                continue
            self.outputs.control.answer(name, True, self.engine.setting(name, value))
            if self.outputs.recorder:
                self.outputs.recorder.control(sample, name, value)

    def _ask_for_beats(self, now: float) -> None:
        for source in self._beats:
            self.engine.clock.offer(source.name, source.poll(self._position(now), now))

    # Out ------------------------------------------------------------------------------------

    def _emit(self, now: float, position: float) -> None:
        started = self._now()
        behind = int((position - self._next_sample) / self._step)
        if behind >= _LATE_EMISSIONS:
            self._emission += behind
            self.health.late += behind
        sample = self._next_sample
        if sample > self.engine.newest >= 0:
            self.health.late += 1  # the network is behind: the newest pose holds
        frame = self.engine.emit(self._emission, sample)
        self._emission += 1
        if frame is None:
            return
        self._note_latency(now)
        self._send(frame, now)
        self._name_styles(now)
        self._busy_s += self._now() - started

    def _send(self, frame: StageFrame, now: float) -> None:
        health = self._health_due(now)
        packets = self._encoder_for(frame).encode(frame, health)
        self.outputs.osc.send(packets)
        if self.outputs.feeds:
            self.outputs.feeds.send(frame, health)
        self.health.add_frame(now)
        self._sent = frame
        if self.outputs.recorder:
            for packet in packets:
                self.outputs.recorder.osc(frame.sample, packet)

    def _name_styles(self, now: float) -> None:
        """Tell visualizers what the styles are called, again and again: one may have just begun."""
        if now < self._next_styles and self.engine.style == self._told_style:
            return
        self._next_styles, self._told_style = now + _STYLES_EVERY_S, self.engine.style
        self._tell_visualizers(encode_styles(self.engine.style, self.engine.performer.styles))

    def _play_picture(self, now: float, name: str, value: Value) -> None:
        """Pass on what is the visualizers' business; recorded, so that a film can show it."""
        self._tell_visualizers(encode_picture(name, value))
        if self.outputs.recorder:
            self.outputs.recorder.control(self._position(now), name, value)

    def _tell_visualizers(self, packet: bytes) -> None:
        if self.outputs.visualizers:
            self.outputs.visualizers.send([packet])

    def _encoder_for(self, frame: StageFrame) -> FrameEncoder:
        dancers = len(frame.joints)
        if self._encoder is None or self._encoder.n_dancers != dancers:
            self._encoder = FrameEncoder(dancers, len(frame.style))
        return self._encoder

    def _note_latency(self, now: float) -> None:
        if self.engine.frames != self._danced:
            self._danced = self.engine.frames
            end = self.engine.position * self._rate / SAMPLE_RATE
            latency_ms = 1000 * (now - self._timeline.time_of(end))
            self._latencies[self._danced % len(self._latencies)] = latency_ms

    def _count(self) -> None:
        """Gather what the other parts count for themselves."""
        self.health.xruns = self.source.xruns
        self.health.resets = self.engine.resets
        self.health.send_errors = self.outputs.errors
        self.health.rejected = self.outputs.control.rejected + self._refused

    def _health_due(self, now: float) -> HealthReport | None:
        state = self.engine.state
        if now < self._next_health and state == self._last_state:
            return None
        self._count()
        if now >= self._next_health:
            self._next_health += _HEALTH_EVERY_S * math.ceil(now - self._next_health + 1e-9)
            self.memory.look(now - self._started)
        self._last_state = state
        times = self.health.recent()
        n = min(self._danced, len(self._latencies))
        report = HealthReport(
            fps=self.health.fps(now),
            step_p50_ms=times.p50,
            step_p99_ms=times.p99,
            xruns=self.health.xruns,
            dropped=self.health.dropped,
            latency_ms=float(np.median(self._latencies[:n])) if n else 0.0,
            state=state,
        )
        if self.outputs.recorder:
            self.outputs.recorder.health(self._next_sample, vars(report))
        return report
