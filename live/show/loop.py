"""The show: the engine against real time, and the policy of degrading instead of stopping.

Enters: a sound source, control messages. Leaves: OSC bundles at a steady rate, a summary.
Everything here runs in the main thread; only the sound card's callback runs elsewhere, and hands
its blocks over through the source's ring.

What goes wrong is counted and danced over: a late step coasts, lost samples advance the clock, no
samples at all become silence (and the dancer stands and sways), a burst of stale ones is dropped
(`live.show.intake`); a stage that raises is done without, and tried again (`live.show.faults`).
"""

import gc
import math
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial

from live.audio.features import SAMPLE_RATE
from live.audio.source import AudioSource
from live.beat.link import LinkLeader
from live.beat.sources import ClockSource
from live.beat.timecode import TimecodeSource
from live.errors import ConfigError
from live.limited_log import LimitedLog
from live.monotonic import monotonic_s
from live.osc.encoding import FrameEncoder, HealthReport, StageFrame
from live.osc.finite import FiniteFrames
from live.osc.schema import PANIC, PICTURE
from live.osc.values import Value
from live.show.engine import Engine
from live.show.faults import Faults
from live.show.intake import Intake, Lost
from live.show.outputs import Controller, Outputs, Visualizers
from live.show.report import Report
from live.show.status import ShowStatus
from live.show.watched import Watched

# How long a thread may keep the interpreter from the sound card's callback. With Python's own 5 ms
# a block waited 28 ms (median) beside a busy thread, with this 0.7 ms.
_SWITCH_S = 0.0005
_POLL_S = 0.002
_YIELD_S = 0.0003
_GRACE_S = 0.008  # half an emission: how long a bundle waits for its pose
_GIVE_UP_S = 0.3  # a frame that comes this long after its time is not danced any more
_WATCH_EVERY_S = 0.02
_OBEY_S = 0.002  # of a tick: controls that take longer together wait for the next one
_LATE_EMISSIONS = 3  # this far behind, the emissions that nobody needs any more are left out

Played = deque[tuple[str, Value]]  # controls, (name, value)
Stage = tuple[str, Callable[[float], None]]  # its name, and what it does at a moment


class Show:
    """Owns the loop. Build it, then `run` it until it is told to stop.

    margin_s: `live.show.timing.receive_margin_s` of the source's blocks. clock, sleep: in seconds.
    beats: sources besides sound. timecodes: the first that knows counts. controllers: what the
    operator plays on besides OSC. leader: gives Link our beat.
    """

    def __init__(
        self,
        engine: Engine,
        source: AudioSource,
        outputs: Outputs,
        emission_rate: int,
        margin_s: float,
        clock: Callable[[], float] = monotonic_s,
        sleep: Callable[[float], None] = time.sleep,
        beats: Sequence[ClockSource] = (),
        controllers: Sequence[Controller] = (),
        leader: LinkLeader | None = None,
        timecodes: Sequence[TimecodeSource] = (),
    ):
        self.engine, self.source, self.outputs = engine, source, outputs
        self.faults = engine.faults = Faults()
        self.intake = Intake(source)
        self.report = Report(engine, self.intake, outputs, self.faults, beats)
        self._now, self._sleep = clock, sleep
        self._step = SAMPLE_RATE // emission_rate  # 24 kHz samples from emission to emission
        self._emission = 0
        # Presentation time of the next emission: just when a frame's sound has been danced to.
        self._next_sample = round(margin_s * SAMPLE_RATE)
        self._position = 0.0  # now, in 24 kHz samples since the start
        self._ended_s: float | None = None
        self._tick_s = 0.0  # when this tick began
        self._busy_s = 0.0
        self._next_watch = -math.inf
        self._shown = 0  # model frames that an emission has shown
        self._finite = FiniteFrames()
        self._frame: StageFrame | None = None  # the newest
        self._health: HealthReport | None = None  # that goes with it
        self._packets: list[bytes] = []  # that say them
        self._encoder: FrameEncoder | None = None
        self._visualizers = Visualizers(outputs.visualizers, outputs.watchers)
        self._watched = Watched(outputs.watchers, engine.value_of, engine.steering.names_of)
        self._refusals = LimitedLog()
        self._leader = leader
        self._offered: set[str] = set()  # sources that knew something when they were asked last
        self._stages: list[Stage] = [
            ("sound", self._hear),
            ("OSC control", partial(self._obey, outputs.control, deque())),
            *(("MIDI control", partial(self._obey, one, deque())) for one in controllers),
            *((f"{source.name} beats", partial(self._ask, source)) for source in beats),
            *([("timecode", partial(self._ask_timecode, timecodes))] if timecodes else []),
            ("dance", self._dance),
            *([("Link", self._lead)] if leader else []),
            ("emission", self._emit),
            *([("delayed feeds", self._release)] if outputs.feeds else []),
            ("sound device", self._watch),
        ]
        self._receivers: list[Stage] = [
            ("health", self._examine),
            ("encoder", self._encode),
            ("OSC out", self._send),
            ("feeds", self._feed),
            ("recorder", self._record_frame),
            ("visualizers", self._name_styles),
            ("watchers", self._show_watchers),
        ]

    def run(self, keep_going: Callable[[], bool], seconds: float = math.inf) -> dict:
        """Dance until `keep_going` says no, the time is over or the file has ended.

        Returns the summary: everything counted, step times, latency.
        """
        gc.collect()
        gc.freeze()  # what was loaded stays: no collection has to walk it during the show
        before = sys.getswitchinterval()
        sys.setswitchinterval(_SWITCH_S)
        try:
            self._run(keep_going, seconds)
        finally:
            sys.setswitchinterval(before)
            self._ended_s = self._now()
        return self.summary()

    def summary(self) -> dict:
        """What the show has counted until its end, or so far."""
        return self.report.summary(self._now() if self._ended_s is None else self._ended_s)

    def snapshot(self) -> ShowStatus:
        """How it is going. Only reads, so another thread may ask."""
        return self.report.status(self._now(), self._frame)

    # Time -----------------------------------------------------------------------------------

    def _run(self, keep_going: Callable[[], bool], seconds: float) -> None:
        self._tick_s = started = self._now()
        self.intake.start(started)
        self.report.start(started)
        while self._is_wanted(keep_going) and self._now() - started < seconds:
            if self.source.finished and self._is_over():
                return
            self._tick()

    def _is_wanted(self, keep_going: Callable[[], bool]) -> bool:
        try:
            return keep_going()
        except Exception as error:
            self.faults.note("visualizer", error, self._tick_s)
            return True

    def _is_over(self) -> bool:
        """A file has ended and its last sound has been danced to."""
        return self.intake.is_over and self._next_sample > self.intake.end

    def _tick(self) -> None:
        now = self._now()
        self._position += (now - self._tick_s) * SAMPLE_RATE  # good to a tick, if nobody knows
        self._tick_s = now
        self._do(self._stages, now)
        pause_s = (self._next_sample - self.position) / SAMPLE_RATE
        self._sleep(min(max(pause_s, _YIELD_S), _POLL_S))

    def _do(self, stages: list[Stage], now: float) -> None:
        """`Faults.run` for each stage; written out here, for it is done 3000 times a second."""
        for name, do in stages:
            if now < self.faults.again_s.get(name, now):
                continue
            try:
                do(now)
            except Exception as error:
                self.faults.note(name, error, now)

    @property
    def position(self) -> float:
        """24 kHz samples since the start: those of this tick, and what has passed of it."""
        return self._position + (self._now() - self._tick_s) * SAMPLE_RATE

    def _is_due(self, position: float) -> bool:
        """Whether to emit now: it is time, and the pose is there or has been waited for enough.

        A bundle says when it is to be seen, so a few milliseconds of lateness do less harm than a
        pose that stands still.
        """
        late_s = (position - self._next_sample) / SAMPLE_RATE
        return late_s >= 0 and (self.engine.newest >= self._next_sample or late_s > _GRACE_S)

    # In -------------------------------------------------------------------------------------

    def _hear(self, now: float) -> None:
        """Move what has arrived into the engine."""
        for piece in self.intake.take(now):
            if isinstance(piece, Lost):
                self._record("event", piece.start, "skip", piece.count)
                self.engine.skip(piece.count)
                continue
            if piece.is_heard:
                self._record("audio", piece.start, piece.block)
            self.engine.push(piece.block)
        self._position = self.intake.position

    def _watch(self, now: float) -> None:
        if now >= self._next_watch:
            self._next_watch = now + _WATCH_EVERY_S
            self.intake.watch(now)

    def _obey(self, controller: Controller, waiting: Played, now: float) -> None:
        """waiting: what was played and is not obeyed yet. No more is fetched before it is."""
        if not waiting:
            waiting.extend(controller.poll())
        until = self._now() + _OBEY_S
        while waiting and self._now() <= until:
            name, value = waiting.popleft()
            try:
                self._obey_one(name, value, now)
            except Exception as error:  # the next one may be all right
                self.faults.note(f"control {name!r}", error, now)

    def _obey_one(self, name: str, value: Value, now: float) -> None:
        if name in PICTURE:
            self._play_picture(name, value)
            in_force = self._watched.note_picture(name, value)
            self.outputs.control.answer(name, True, value if in_force is None else in_force)
            return
        try:
            self.engine.control(name, value, self._position)
        except ConfigError as error:
            self.report.refused += 1
            self._refusals.warn(now, "%s", error)
            self.outputs.control.answer(name, False, value)
            return
        self._record("control", self._position, name, value)
        if name == PANIC.name:
            self._watched.reset_picture()
            self.faults.run("visualizers", self._tick_s, self._visualizers.reset)
            if self.outputs.feeds:
                self.faults.run("feeds", self._tick_s, self.outputs.feeds.reset)
        in_force = self.engine.value_of(name)
        self.outputs.control.answer(name, True, value if in_force is None else in_force)

    def _ask(self, source: ClockSource, now: float) -> None:
        """Offer the clock what a source knows, for the frame that is to be danced."""
        if not self.engine.waiting:
            return
        estimate = source.poll(self._position, now)
        self.engine.clock.offer(source.name, estimate)
        if estimate is not None or source.name in self._offered:
            self._record("beat", self._position, source.name, estimate)
        (self._offered.discard if estimate is None else self._offered.add)(source.name)

    def _ask_timecode(self, sources: Sequence[TimecodeSource], now: float) -> None:
        """All are asked, for what has arrived waits in each; the first that knows counts."""
        if self.engine.waiting:
            known = [source.poll(self._position, now) for source in sources]
            reading = next((one for one in known if one is not None), None)
            if reading is not None or self.engine.timecode is not None:
                self._record("timecode", self._position, reading)
            self.engine.timecode = reading

    def _lead(self, now: float) -> None:
        if self._leader is not None and self.engine.frames:
            self._leader.lead(self.engine.clock.at(self._position), now)

    # The dance ------------------------------------------------------------------------------

    def _dance(self, now: float) -> None:
        """Step the network for every frame whose presentation comes within the next frame.

        A network that is too slow stops for every emission, and for good where it is hopelessly
        late: what nobody would see any more is not danced.
        """
        engine, before = self.engine, self.engine.frames
        if not engine.waiting:
            return
        until = self._position + engine.config.lead
        given_up = engine.give_up(until - _GIVE_UP_S * SAMPLE_RATE)
        if given_up:
            self.report.health.skipped += given_up
            self._record("event", self.intake.samples_in, "give_up", given_up)
        while engine.step(until) and not self._is_due(self.position):
            pass
        self._pass_on_scenes()
        if self.outputs.recorder:
            self.outputs.recorder.frame = engine.frames
        self._busy_s += self._now() - now
        stepped = engine.frames - before
        if stepped:
            self.report.health.add_step(1000 * self._busy_s / stepped)
            self._busy_s = 0.0

    def _pass_on_scenes(self) -> None:
        for name, value in self.engine.take_recalled():
            if name in PICTURE:
                self._play_picture(name, value)
                self._watched.note_picture(name, value)
            self.outputs.control.answer(name, True, value)

    # Out ------------------------------------------------------------------------------------

    def _emit(self, now: float) -> None:
        if not self._is_due(self._position):
            return
        started = self._now()
        self._leave_out_late()
        number, sample = self._emission, self._next_sample
        self._emission += 1
        self._next_sample += self._step
        if sample > self.engine.newest >= 0:
            self.report.health.late += 1  # the network is behind: the newest pose holds
        frame = self.engine.emit(number, sample)
        if frame is None:
            return
        self._frame = self._gate(frame, now)
        if self.engine.frames != self._shown:
            self._shown = self.engine.frames
            latency_s = (self._position - self.engine.position) / SAMPLE_RATE
            self.report.latencies.add(1000 * latency_s)
        self._packets, self._health = [], None
        self._do(self._receivers, now)
        self._busy_s += self._now() - started

    def _gate(self, frame: StageFrame, now: float) -> StageFrame:
        held = self._finite.held
        frame = self._finite.step(frame)
        if self._finite.held > held:
            self.faults.note("finite numbers", ValueError("NaN or infinity in a frame"), now)
        return frame

    def _leave_out_late(self) -> None:
        behind = int((self._position - self._next_sample) / self._step)
        if behind >= _LATE_EMISSIONS:
            self._emission += behind
            self._next_sample += behind * self._step
            self.report.health.late += behind

    def _examine(self, now: float) -> None:
        self._health = self.report.health_due(now)

    def _encode(self, now: float) -> None:
        if self._frame:
            self._packets = self._encoder_for(self._frame).encode(self._frame, self._health)

    def _encoder_for(self, frame: StageFrame) -> FrameEncoder:
        dancers = len(frame.joints)
        if self._encoder is None or self._encoder.n_dancers != dancers:
            self._encoder = FrameEncoder(dancers, len(frame.style))
        return self._encoder

    def _send(self, now: float) -> None:
        if self._packets:
            self.outputs.osc.send(self._packets)
            self.report.health.add_frame(now)

    def _feed(self, now: float) -> None:
        feeds, controls = self.outputs.feeds, self.engine.controls
        if feeds and self._frame:
            feeds.ask(controls.master, controls.lights_out)
            feeds.send(self._frame, self._health)

    def _release(self, now: float) -> None:
        if self.outputs.feeds:
            self.outputs.feeds.release()

    def _record_frame(self, now: float) -> None:
        recorder = self.outputs.recorder
        if recorder and self._frame:
            if self._health:
                recorder.health(self._frame.sample, vars(self._health))
            for packet in self._packets:
                recorder.osc(self._frame.sample, packet)

    def _record(self, what: str, *args: object) -> None:
        """Have the recorder, if there is one, keep a message: the name of its method."""
        if self.outputs.recorder:
            keep = getattr(self.outputs.recorder, what)
            self.faults.run("recorder", self._tick_s, keep, *args)

    def _name_styles(self, now: float) -> None:
        self._visualizers.name_styles(now, self.engine.style, self.engine.performer.styles)

    def _show_watchers(self, now: float) -> None:
        if self.outputs.watchers:
            self.outputs.watchers.send(self._packets)
            self._watched.tell(now)

    def _play_picture(self, name: str, value: Value) -> None:
        """Pass on what is the visualizers' business; recorded, so that a film can show it."""
        self._record("control", self._position, name, value)
        self.faults.run("visualizers", self._tick_s, self._visualizers.play, name, value)
        if self.outputs.feeds:
            self.faults.run("feeds", self._tick_s, self.outputs.feeds.play, name, value)
