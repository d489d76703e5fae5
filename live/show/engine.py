"""The order of the stages: sound in, stage frames out, on the time of the samples alone.

Enters: mono blocks of any size, the operator's controls. Leaves: a StageFrame for any presentation
time that the last two model frames enclose. No wall clock, no sockets, no threads in here: the show
runs it against a sound card, `perform` as fast as it can, and both get the same dance.

    blocks → features (30 Hz) → beat clock → network → safe motion → key frames → emission

A key frame made from the music up to sample t is presented at t + the lead (`live.show.timing`);
the network is driven with the beat phase of the moment it will be seen, the lead + output latency
later.
"""

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np

from live.audio.features import FRAME, SAMPLE_RATE, FeatureFrame, FeatureStream
from live.beat.clock import TempoConfig
from live.beat.section import SectionReading, Sections
from live.beat.timecode import TimecodeReading
from live.body.pose import POSE_DIM
from live.body.safe_motion import Body, SafeMotion
from live.body.staging import Staging
from live.dance.choreography.choreographer import Choreographer
from live.dance.choreography.moment import Directions, moment_of
from live.dance.contract import ANEW, CONTROL_DIM, clock_vector
from live.dance.dancer_clock import DancersBeat
from live.dance.manifest import MAX_MUSIC_LAG
from live.dance.music_energy import MusicEnergy
from live.dance.performer import Performer
from live.dance.presence import Presence
from live.dance.style import StyleMixer, parse_style
from live.osc.encoding import StageFrame
from live.show.config import ShowConfig
from live.show.controls import Controls
from live.show.faults import Faults
from live.show.key_frames import KeyFrame, KeyFrames
from live.show.loudness import Loudness
from live.show.programme import Programme
from live.show.steering import Dance, Steering
from live.show.timing import lead_samples, receive_margin_s

T = TypeVar("T")
_BAD_FRAMES_BEFORE_RESET = 15


@dataclass(frozen=True)
class EngineConfig:
    """source_rate in Hz; lead in 24 kHz samples, see `live.show.timing.lead_samples`."""

    source_rate: int
    lead: int
    style: str = "auto"
    tempo: TempoConfig = field(default_factory=TempoConfig)
    programme: Programme = field(default_factory=Programme)


class Engine:
    """Owns the state of everything between the sound and the wire.

    waiting: frames heard and not yet danced to. frames: danced. newest: presentation time of the
    newest key frame, 24 kHz samples, -1 before the first. resets: of a dancer's network. faults:
    what becomes of a stage that raises; here it comes through, a show survives it. timecode: where
    another machine says that the song is, for the frames from now on; None where none does.
    """

    def __init__(
        self, config: EngineConfig, performer: Performer, controls: Controls | None = None
    ):
        self.config = config
        self.performer = performer
        self.controls = controls or Controls()
        self.faults = Faults(survives=False)
        self.clock = config.tempo.make()
        self.timecode: TimecodeReading | None = None
        self.waiting: deque[FeatureFrame] = deque()
        self.frames = 0
        self.newest = -1
        self.resets = 0
        self._features = FeatureStream(config.source_rate)
        self._samples_in = 0  # source samples pushed or skipped
        self._is_deaf = False  # the features raised, and have to begin anew
        self._loudness = Loudness()
        self._music_energy = MusicEnergy()
        self._reading = self.clock.at(0.0)
        self._sections = Sections()
        self.section = SectionReading()  # when the newest key frame is seen
        self._recent: deque[np.ndarray] = deque(maxlen=1 + round(MAX_MUSIC_LAG))
        self._beats = DancersBeat()
        self._presence = Presence()
        style = config.style.strip().lower()
        self._styles = StyleMixer(len(performer.styles), parse_style(style, performer.styles))
        who = (performer.manifest.latent_dim, performer.dancers, performer.seed)
        self.choreographer = Choreographer(*who, self.controls.formation)
        self._motion = SafeMotion(performer.dancers, self.choreographer.places)
        dance = Dance(performer, self.clock, self._styles, self.choreographer, self._motion)
        self.steering = Steering(dance, self.controls, style, config.programme)
        self._is_cut = False  # the next pose does not follow from the last one
        self._keys = KeyFrames()

    # What it says of itself -----------------------------------------------------------------

    @property
    def position(self) -> int:
        """24 kHz samples heard and danced to so far."""
        return self.newest - self.config.lead if self.newest >= 0 else 0

    @property
    def level(self) -> float:
        """Loudness of the newest key frame, 0..1."""
        return self._keys.newest.level if self.newest >= 0 else 0.0

    @property
    def is_idle(self) -> bool:
        return self._loudness.is_idle

    @property
    def state(self) -> str:
        """One of `live.osc.schema.STATES`."""
        if self.controls.blackout:
            return "blackout"
        if self.controls.freeze:
            return "frozen"
        if self._motion.bad_frames.any():
            return "holding"
        if self.newest < 0:
            return "starting"
        return "idle" if self.is_idle else "dancing"

    @property
    def missing(self) -> int:
        """Samples (source rate) to be pushed until the next frame is heard."""
        return self._features.missing

    # Sound in -------------------------------------------------------------------------------

    def push(self, block: np.ndarray) -> None:
        """Hear a block, float32 [n] at the source rate; `advance` dances what it completes."""
        heard = self._run("features", self._hear, block)
        self._is_deaf = heard is None
        self._samples_in += len(block)
        self.waiting.extend(heard or ())

    def skip(self, samples: int) -> None:
        """Advance the time by samples (source rate) that were lost; the pose coasts over them."""
        self._features.skip(samples)
        self._samples_in += samples

    def _hear(self, block: np.ndarray) -> list[FeatureFrame]:
        if self._is_deaf:  # what it was asked meanwhile is as good as lost
            self._features = FeatureStream(self.config.source_rate)
            self._features.skip(self._samples_in)
        return self._features.push(block)

    # Dancing --------------------------------------------------------------------------------

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
        if self.newest >= until or not self.waiting:
            return False
        self._dance(self.waiting.popleft())
        return True

    def give_up(self, before: float = math.inf, most: float = math.inf) -> int:
        """Do not dance frames presented before sample `before` (24 kHz); returns how many.

        The newest that was heard is danced in any case. The beat clock hears them all; the network
        does not, and goes on from its last pose as if no time had passed.
        """
        given_up = 0
        while (
            given_up < most
            and len(self.waiting) > 1
            and self.waiting[0].end + self.config.lead < before
        ):
            self._listen(self.waiting.popleft())
            given_up += 1
        return given_up

    def _dance(self, frame: FeatureFrame) -> None:
        seen = frame.end + self.config.lead
        self._listen(frame)
        self._recall_scenes(seen)
        directions, beats, tempo_bpm = self._direct()
        pose = self._perform(frame, directions, beats, tempo_bpm)
        body = self._move(pose, directions.staging)
        self._run("material", self.steering.see, body.local[0])
        self.frames += 1
        self.newest = seen
        self._keys.add(KeyFrame(seen, body, frame.onset, frame.level, self._styles.weights))

    def _listen(self, frame: FeatureFrame) -> None:
        self._run("beat clock", self.clock.push, frame)
        heard = self._run("beat clock", self.clock.at, frame.end)
        if heard is not None:
            self._run("sections", self._sections.push, frame, heard)
            self._presence.hear(frame, heard.phase, self.clock.active_source != "audio")
        self._loudness.step(frame)
        self._music_energy.step(frame, self.is_idle)

    def _recall_scenes(self, seen: int) -> None:
        """Set what a scene sets now, seen at presentation time `seen`."""
        reading = self._run("beat clock", self.clock.at, seen + self._latency_samples)
        self._reading = reading or self._reading
        self.section = self._run("sections", self._sections.at, self._reading) or self.section
        if self.config.tempo.confidence_tells_noise:
            self._presence.step(self._reading.confidence, self._reading.state == "silent")
        place = (self._reading, self.section, self._beats.ratio, seen, self.timecode)
        self._run("scenes", self.steering.step, *place)

    def _perform(
        self, frame: FeatureFrame, directions: Directions, beats: float, tempo_bpm: float
    ) -> np.ndarray:
        """Pose vectors, float32 [N, 60]; NaN where the network raised, or begins anew."""
        if self.steering.is_cut:  # its first pose has nothing to do with the last
            self._is_cut, self.steering.is_cut = self.newest >= 0, False
        said = self._run(
            "network",
            self.performer.step,
            self._delayed(frame.features),
            self._clock_of(beats - directions.delays, tempo_bpm),
            np.repeat(self._styles.step()[None], self.performer.dancers, axis=0),
            self._control_inputs(directions),
            directions.noise,
            self.steering.fader("temperature"),
        )
        if said is not None:
            pose, logits = said
            self._styles.listen(logits, self.is_idle, self.section.index)
            if not self._is_cut:
                return pose
        self._is_cut = False  # safe motion holds the last pose, and blends from there to the next
        return np.full((self.performer.dancers, POSE_DIM), np.nan, np.float32)

    def _clock_of(self, beats: np.ndarray, tempo_bpm: float) -> np.ndarray:
        """Clock vectors [N, 8] of dancers at these beats, in bars of the style danced most."""
        metre = int(self.performer.manifest.metre[self._styles.weights.argmax()])
        beats = beats + self._beats.to_bars(self._reading, metre)
        return clock_vector(beats, tempo_bpm, self._reading.confidence, metre)

    def _move(self, pose: np.ndarray, staging: Staging) -> Body:
        controls = self.controls
        idle = 1.0 if self.is_idle else self._presence.sway
        asked = (idle, controls.mirror, controls.freeze, staging)
        moved = self._run("motion", self._motion.step, pose, *asked)
        if moved is None:
            self._is_cut = True
            return self._motion.body
        bad = self._motion.bad_frames
        if bad.any() and bad.max() % _BAD_FRAMES_BEFORE_RESET == 0:
            self.performer.revive(bad > 0)  # a dancer whose poses stay bad gets a fresh state
            self.resets += 1
        return moved

    def _delayed(self, features: np.ndarray) -> np.ndarray:
        """What the network hears now: these features, or earlier ones, so that music comes as long
        before its pose as it did in training.

        The clock tells the network when a pose will be seen, but what it hears moves its accents as
        well: one frame sooner than in training, and they come up to 18 ms early. A late picture
        (`Controls.latency_ms`) takes up some of it.
        """
        self._recent.append(features)
        ahead = (self.config.lead + self._latency_samples) / FRAME
        delay = max(round(self.performer.manifest.music_lag - ahead), 0)
        return self._recent[-1 - min(delay, len(self._recent) - 1)]

    def _direct(self) -> tuple[Directions, float, float]:
        """What the dancers are to do, their position in beats, and their tempo, BPM: at half or
        double time where it suits, as much later as the style danced needs it
        (`model.evaluation.offsets.accent_delays`)."""
        beats, tempo_bpm = self._beats.follow(self._reading)
        late_ms = float(self.performer.manifest.accent_delay_ms @ self._styles.weights)
        moment = moment_of(self._reading, self.section, beats, self._beats.ratio, late_ms)
        moment = replace(moment, is_idle=self.is_idle, is_frozen=self.controls.freeze)
        directions = self._run(
            "choreography", self.choreographer.step, moment, self.controls.choreography
        )
        return directions or self.choreographer.at_rest(), moment.beats, tempo_bpm

    def _control_inputs(self, directions: Directions) -> np.ndarray:
        control = np.zeros((self.performer.dancers, CONTROL_DIM), np.float32)
        fader = self.steering.fader
        own = float(self.performer.manifest.energy_offset @ self._styles.weights)
        heard = self._music_energy.energy + self._presence.energy
        control[:, 0] = directions.energy + np.float32(fader("energy") + own + heard)
        control[:, 1] = directions.openness + np.float32(fader("openness"))
        control[:, 2] = fader("travel")
        control[:, ANEW] = directions.anew
        return control

    # The stage ------------------------------------------------------------------------------

    def emit(self, number: int, sample: int) -> StageFrame | None:
        """The stage at presentation time `sample` (24 kHz); None before the first key frame."""
        if self.newest < 0:
            return None
        body, after = self._keys.at(sample)
        beat = self.clock.at(sample + self._latency_samples)
        section = self._run("sections", self._sections.at, beat) or self.section
        return StageFrame(
            frame=number,
            sample=sample,
            joints=body.on_stage(),
            heading=body.heading.astype(np.float32),
            beat=(beat.phase, beat.bar_phase, beat.tempo_bpm, beat.confidence),
            onset=after.onset,
            level=after.level,
            style=after.style,
            section=section.section,
            phrase=section.phrase,
        )

    # The operator ---------------------------------------------------------------------------

    def control(self, name: str, value: float | str | None, now: float) -> None:
        """Obey one control of `live.osc.schema.CONTROLS`, see `Steering.control`."""
        self.steering.control(name, value, now)

    def take_recalled(self) -> list[tuple[str, float | str]]:
        """What scenes and the score have set since the last time this was asked, (name, value)."""
        return self.steering.take_recalled()

    def value_of(self, name: str) -> float | str | None:
        """See `Steering.value_of`. Only reads, so another thread may ask."""
        return self.steering.value_of(name)

    @property
    def style(self) -> str:
        """As it was asked for last."""
        return self.steering.style

    @property
    def _latency_samples(self) -> float:
        return self.controls.latency_ms * SAMPLE_RATE / 1000

    def _run(self, stage: str, do: Callable[..., T], *args: object) -> T | None:
        return self.faults.run(stage, self._samples_in / self.config.source_rate, do, *args)


def stage_engine(
    config: ShowConfig, rate: int, performer: Performer, programme: Programme | None = None
) -> Engine:
    """The engine of a show that hears sound at `rate` Hz."""
    lead = lead_samples(config.emission_rate, receive_margin_s(config.block, rate))
    tempo = TempoConfig(tracker=config.beat_tracker)
    engine_config = EngineConfig(rate, lead, config.style, tempo, programme or Programme())
    return Engine(engine_config, performer, config.controls)
