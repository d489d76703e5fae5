"""The order of the stages: sound in, stage frames out, on the time of the samples alone.

Enters: mono blocks of any size, the operator's controls. Leaves: a StageFrame for any presentation
time that the last two model frames enclose. No wall clock, no sockets, no threads in here: the show
runs it against a sound card, `perform` as fast as it can, and both get the same dance.

    blocks → features (30 Hz) → beat clock → network → safe motion → key frames → emission

A key frame made from the music up to sample t is presented at t + `horizon`; the network is driven
with the beat phase of the moment it will be seen, `horizon` + output latency later.
"""

import math
from collections import deque
from dataclasses import dataclass, field

import numpy as np

from live.audio.features import FRAME, LOUDNESS, SAMPLE_RATE, FeatureFrame, FeatureStream
from live.beat.clock import BeatReading, TempoConfig
from live.body.safe_motion import Body, SafeMotion, interpolate
from live.control.scenes import Scene, ScenePlayer
from live.dance.contract import CONTROL_DIM, clock_vector
from live.dance.dancer_clock import DancersBeat
from live.dance.manifest import MAX_MUSIC_LAG
from live.dance.performer import Performer
from live.dance.style import StyleMixer, parse_style
from live.errors import ConfigError
from live.osc.encoding import StageFrame
from live.osc.schema import CONTROLS, PICTURE
from live.show.controls import Controls

QUIET_LEVEL = 0.2  # -64 dB: quieter than any room with music in it
QUIET_S = 2.0
_BAD_FRAMES_BEFORE_RESET = 15
_LOUDNESS_SMOOTHING_S = 0.4
_LOUDEST = 0.5
_LOUDNESS_TO_ENERGY = 2.0  # 15 dB below the music's own level takes one unit of energy away
# The gain follows the peaks, so that music is below its own level most of the time, by so much on
# average (24 rendered songs .19, the median .16; four recordings .19): there it takes nothing away.
_USUAL_LOUDNESS = -0.17


@dataclass(frozen=True)
class KeyFrame:
    """One model frame. sample: its presentation time, 24 kHz."""

    sample: int
    body: Body
    onset: np.ndarray
    level: float
    style: np.ndarray


@dataclass(frozen=True)
class EngineConfig:
    """source_rate in Hz; horizon in 24 kHz samples, see `horizon_samples`."""

    source_rate: int
    horizon: int
    style: str = "auto"
    tempo: TempoConfig = field(default_factory=TempoConfig)
    scenes: tuple[Scene, ...] = ()


def horizon_samples(emission_rate: int, arrival_s: float = 0.0) -> int:
    """How long after its last sample a key frame is presented, in 24 kHz samples.

    A frame that is complete `arrival_s` after its samples (block and compute) can be shown from the
    next emission on if the one before it ends just then: one frame less one emission period.
    """
    return round((arrival_s + 1 / 30 - 1 / emission_rate) * SAMPLE_RATE)


class Engine:
    """Owns the state of everything between the sound and the wire."""

    def __init__(
        self, config: EngineConfig, performer: Performer, controls: Controls | None = None
    ):
        self.config = config
        self.performer = performer
        self.controls = controls or Controls()
        self.clock = config.tempo.make()
        self._features = FeatureStream(config.source_rate)
        self._motion = SafeMotion(performer.dancers)
        self._styles = StyleMixer(
            len(performer.styles), parse_style(config.style, performer.styles)
        )
        self.style = config.style.strip().lower()  # as it was asked for last
        self._heard: deque[FeatureFrame] = deque()
        self._recent: deque[np.ndarray] = deque(maxlen=1 + round(MAX_MUSIC_LAG))
        self._keys: deque[KeyFrame] = deque(maxlen=4)
        self._beats = DancersBeat()
        self._scenes = ScenePlayer(config.scenes)
        self._recalled: list[tuple[str, float | str]] = []
        self._loudness = 0.0
        self._quiet_s = QUIET_S
        self.frames = 0
        self.resets = 0

    @property
    def position(self) -> int:
        """24 kHz samples heard and danced to so far."""
        return self._keys[-1].sample - self.config.horizon if self._keys else 0

    @property
    def newest(self) -> int:
        """Presentation time of the newest key frame, 24 kHz samples; -1 before the first."""
        return self._keys[-1].sample if self._keys else -1

    @property
    def level(self) -> float:
        """Loudness of the newest key frame, 0..1."""
        return self._keys[-1].level if self._keys else 0.0

    @property
    def is_idle(self) -> bool:
        return self._quiet_s >= QUIET_S

    @property
    def state(self) -> str:
        """One of `live.osc.schema.STATES`."""
        if self.controls.blackout:
            return "blackout"
        if self.controls.freeze:
            return "frozen"
        if self._motion.bad_frames.any():
            return "holding"
        if not self._keys:
            return "starting"
        return "idle" if self.is_idle else "dancing"

    @property
    def waiting(self) -> int:
        """Frames heard and not yet danced to."""
        return len(self._heard)

    @property
    def missing(self) -> int:
        """Samples (source rate) to be pushed until the next frame is heard."""
        return self._features.missing

    def push(self, block: np.ndarray) -> None:
        """Hear a block, float32 [n] at the source rate; `advance` dances what it completes."""
        self._heard.extend(self._features.push(block))

    def advance(self, until: float = math.inf) -> bool:
        """Dance what was heard, up to the first key frame presented at sample `until` or later.

        False when there is nothing left to dance to before that. Stopping there makes an emission
        depend on its time alone, and not on how much was pushed at once.
        """
        while self.newest < until:
            if not self.step(until):
                return False
        return True

    def step(self, until: float = math.inf) -> bool:
        """Dance one frame of what `advance` would; False if there is none."""
        if self.newest >= until or not self._heard:
            return False
        self._dance(self._heard.popleft())
        return True

    def give_up(self, before: float = math.inf, most: float = math.inf) -> int:
        """Do not dance frames presented before sample `before` (24 kHz); returns how many.

        The newest that was heard is danced in any case. The beat clock hears them all; the network
        does not, and goes on from its last pose as if no time had passed.
        """
        given_up = 0
        while (
            given_up < most
            and len(self._heard) > 1
            and self._heard[0].end + self.config.horizon < before
        ):
            frame = self._heard.popleft()
            self.clock.push(frame)
            self._follow_level(frame)
            given_up += 1
        return given_up

    def skip(self, samples: int) -> None:
        """Advance the time by samples (source rate) that were lost; the pose coasts over them."""
        self._features.skip(samples)

    def _dance(self, frame: FeatureFrame) -> None:
        self.clock.push(frame)
        self._follow_level(frame)
        seen = frame.end + self.config.horizon
        reading = self.clock.at(seen + self._latency_samples)
        for name, value in self._scenes.step(reading, self.controls):
            if name not in PICTURE:  # the show's to pass on
                self._set(name, value, seen)
            self._recalled.append((name, value))
        pose, logits = self.performer.step(
            self._held_back(frame.features),
            self._clock_inputs(reading),
            np.repeat(self._styles.step()[None], self.performer.dancers, axis=0),
            self._control_inputs(),
            self.controls.temperature,
        )
        self._styles.listen(logits)
        body = self._motion.step(pose, self.is_idle, self.controls.mirror, self.controls.freeze)
        self._heal()
        self.frames += 1
        self._keys.append(KeyFrame(seen, body, frame.onset, frame.level, self._styles.weights))

    def _held_back(self, features: np.ndarray) -> np.ndarray:
        """What the network hears now: these features, or earlier ones, so that music comes as long
        before its pose as it did in training.

        The clock tells the network when a pose will be seen, but what it hears moves its accents as
        well: one frame sooner than in training, and they come up to 18 ms early. A late picture
        (`Controls.latency_ms`) takes up some of it.
        """
        self._recent.append(features)
        ahead = (self.config.horizon + self._latency_samples) / FRAME
        held = max(round(self.performer.manifest.music_lag - ahead), 0)
        return self._recent[-1 - min(held, len(self._recent) - 1)]

    def emit(self, number: int, sample: int) -> StageFrame | None:
        """The stage at presentation time `sample` (24 kHz); None before the first key frame.

        Outside the key frames at hand the nearest one holds: a late network coasts.
        """
        if not self._keys:
            return None
        before, after = self._around(sample)
        span = max(after.sample - before.sample, 1)
        share = min(max((sample - before.sample) / span, 0.0), 1.0)
        body = interpolate(before.body, after.body, share)
        beat = self.clock.at(sample + self._latency_samples)
        return StageFrame(
            frame=number,
            sample=sample,
            joints=body.on_stage(),
            heading=body.heading.astype(np.float32),
            beat=(beat.phase, beat.bar_phase, beat.tempo_bpm, beat.confidence),
            onset=after.onset,
            level=after.level,
            style=after.style,
        )

    def control(self, name: str, value: float | str | None, now: float) -> None:
        """Obey one control of `live.osc.schema.CONTROLS`, its value already in range.

        value: None for a trigger, and for a switch to change over. now: the sample (24 kHz) at
        which it came, which is when a tap fell. Raises ConfigError for a style this model does not
        have, or a scene that the set list has not.
        """
        self._scenes.take_over(name)
        self._set(name, value, now)

    def take_recalled(self) -> list[tuple[str, float | str]]:
        """What scenes have set since the last time this was asked, (name, value)."""
        taken, self._recalled = self._recalled, []
        return taken

    def _set(self, name: str, value: float | str | None, now: float) -> None:
        number = float(value) if isinstance(value, int | float) else 0.0
        match name:
            case "style":
                self._styles.request = parse_style(str(value), self.performer.styles)
                self.style = str(value).strip().lower()
            case "energy" | "openness" | "travel" | "temperature":
                setattr(self.controls, name, number)
            case "mirror" | "freeze" | "blackout":
                was = getattr(self.controls, name)
                setattr(self.controls, name, not was if value is None else number >= 0.5)
            case "latency":
                self.controls.latency_ms = number
            case "seed":
                self.performer.reset(self.performer.dancers, int(number))
            case "dancers":
                self.performer.set_dancers(round(number))
                self._motion.set_dancers(round(number))
            case "cue":
                self._scenes.call(value)
            case "tap":
                self.clock.tap(now)
            case "bpm":
                self.clock.set_tempo(number, now)
            case "nudge":
                self.clock.nudge(number)
            case "sync":
                self.clock.sync(now)
            case "half":
                self.clock.scale(0.5)
            case "double":
                self.clock.scale(2.0)
            case _:
                raise ConfigError(f"no control {name!r}; there are {', '.join(CONTROLS)}")

    def setting(self, name: str, value: float | str | None) -> float | str | None:
        """What a control that was just obeyed has set: where a switch stands, a scene's name."""
        if name == "cue":
            return self._scenes.called
        stands = getattr(self.controls, name, value)
        return float(stands) if isinstance(stands, bool) else value

    def stand(self, name: str) -> float | None:
        """Where a control stands now, 0 or 1 for a switch; None for what has no such value.

        Only reads, so another thread may ask.
        """
        if name == "dancers":
            return float(self.performer.dancers)
        stands = getattr(self.controls, "latency_ms" if name == "latency" else name, None)
        return None if stands is None else float(stands)

    @property
    def _latency_samples(self) -> float:
        return self.controls.latency_ms * SAMPLE_RATE / 1000

    def _around(self, sample: int) -> tuple[KeyFrame, KeyFrame]:
        """The two key frames that enclose a time, or twice the nearest."""
        if sample <= self._keys[0].sample:
            return self._keys[0], self._keys[0]
        for i in range(len(self._keys) - 1, 0, -1):
            if self._keys[i - 1].sample < sample:
                return self._keys[i - 1], self._keys[i]
        return self._keys[-1], self._keys[-1]

    def _clock_inputs(self, reading: BeatReading) -> np.ndarray:
        """float32 [N, 8]: every dancer on the same beat, at half or double time where it suits, as
        much later as the style danced needs it (`model.evaluation.offsets.accent_delays`)."""
        beats, tempo_bpm = self._beats.follow(reading)
        late_ms = float(self.performer.manifest.accent_delay_ms @ self._styles.weights)
        beats -= late_ms / 60_000 * tempo_bpm
        vector = clock_vector(beats, tempo_bpm, reading.confidence)
        return np.repeat(vector[None], self.performer.dancers, axis=0)

    def _control_inputs(self) -> np.ndarray:
        control = np.zeros((self.performer.dancers, CONTROL_DIM), np.float32)
        own = float(self.performer.manifest.energy_offset @ self._styles.weights)
        loud = min(_LOUDNESS_TO_ENERGY * (self._loudness - _USUAL_LOUDNESS), _LOUDEST)
        control[:, 0] = self.controls.energy + own + loud
        control[:, 1] = self.controls.openness
        control[:, 2] = self.controls.travel
        return control

    def _follow_level(self, frame: FeatureFrame) -> None:
        self._quiet_s = 0.0 if frame.level > QUIET_LEVEL else self._quiet_s + FRAME / SAMPLE_RATE
        relative = float(frame.features[LOUDNESS][1])
        self._loudness += (relative - self._loudness) * FRAME / SAMPLE_RATE / _LOUDNESS_SMOOTHING_S

    def _heal(self) -> None:
        """A dancer whose poses stay bad gets a fresh state."""
        bad = self._motion.bad_frames
        if bad.any() and bad.max() % _BAD_FRAMES_BEFORE_RESET == 0:
            self.performer.revive(bad > 0)
            self.resets += 1
