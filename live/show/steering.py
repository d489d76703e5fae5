"""What the operator asks of the dance, obeyed: controls, scenes, kept phrases, a planned score.

Enters: controls of `live.osc.schema.CONTROLS` with values in range, the beat, the section. Leaves:
faders and switches as they stand, and what is changed of clock, network, styles and choreographer.
Engine's thread; `value_of` only reads, so another one may ask.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from live.audio.features import SAMPLE_RATE
from live.beat.clock import BeatClock
from live.beat.estimate import BeatReading
from live.beat.section import SectionReading
from live.beat.song_position import SongPosition
from live.beat.timecode import TimecodeReading
from live.body.safe_motion import SafeMotion
from live.control.scenes import ScenePlayer
from live.dance.choreography.choreographer import Choreographer
from live.dance.choreography.form import parse_form
from live.dance.material.bank import PhraseBank
from live.dance.material.material import Material
from live.dance.material.phrase import KEPT_CONTROLS
from live.dance.performer import Performer
from live.dance.style import StyleMixer, parse_style
from live.errors import ConfigError
from live.limited_log import LimitedLog
from live.osc.schema import CONTROLS, PHRASE_BEATS, PICTURE
from live.osc.values import Value, chosen
from live.show.controls import Controls
from live.show.programme import Programme

_FADERS = (
    "energy", "openness", "travel", "temperature", "unison", "canon", "variation", "master",
)  # fmt: skip
_SWITCHES = ("mirror", "freeze", "blackout", "recall", "loop", "lights_out")
_CHOICES = ("formation", "ensemble")


@dataclass(frozen=True)
class Dance:
    """What is steered."""

    performer: Performer
    clock: BeatClock
    styles: StyleMixer
    choreographer: Choreographer
    motion: SafeMotion


class Steering:
    """style: as it was asked for last. is_cut: the dance began anew, to be cleared by who has dealt
    with it. refused: what a scene or the score asked for in vain."""

    def __init__(self, dance: Dance, controls: Controls, style: str, programme: Programme):
        self.controls = controls
        self.style = style
        self.scenes = ScenePlayer(programme.scenes)
        self.position = SongPosition(programme.follows_timecode)
        self.material = Material(
            dance.choreographer, programme.bank or PhraseBank(), programme.score
        )
        self.material.check(dance.performer.manifest.latent_dim)
        self.is_cut = False
        self.refused = 0
        self._dance = dance
        self._at_start = replace(controls), style, dance.performer.dancers, dance.performer.seed
        self._recalled: list[tuple[str, float | str]] = []
        self._reading: BeatReading | None = None
        self._refusals = LimitedLog()
        self._seen = -1  # index of the beat whose pose was seen last

    def control(self, name: str, value: Value, now: float) -> None:
        """Obey one control. value: None for a trigger, and for a switch to change over. now: the
        sample (24 kHz) at which it came, which is when a tap fell. Raises ConfigError for a style,
        a scene or a phrase that there is not."""
        self.scenes.take_over(name)
        self._set(name, value, now)

    def step(
        self,
        reading: BeatReading,
        section: SectionReading,
        ratio: float,
        seen: int,
        timecode: TimecodeReading | None = None,
    ) -> None:
        """A frame, seen at presentation time `seen`: set what scenes and the score set now. ratio:
        the dancers' beats per beat of the music. timecode: whose times count, if it comes."""
        self._reading = reading
        self.position.step(reading, seen, timecode)
        found = self.scenes.step(reading, self.controls, self.position, section)
        found += self.material.step(self.position, reading.metre, ratio)
        for name, value in found:
            try:
                if name not in PICTURE:  # the show's to pass on
                    self._set(name, value, seen)
            except ConfigError as error:
                self.refused += 1
                self._refusals.warn(seen / SAMPLE_RATE, "%s", error)
            else:
                self._recalled.append((name, value))
        weights = self.material.style
        self._dance.styles.borrowed = self._weights(weights) if weights else None

    def see(self, pose: np.ndarray) -> None:
        """The first dancer's pose in this frame, float32 [19, 3], in its heading frame."""
        choreographer = self._dance.choreographer
        if choreographer.newest != self._seen and choreographer.phase >= 0.5:
            self._seen = choreographer.newest
            self.material.see(self._seen, pose)

    def take_recalled(self) -> list[tuple[str, float | str]]:
        """What scenes and the score have set since the last time this was asked, (name, value)."""
        taken, self._recalled = self._recalled, []
        return taken

    def fader(self, name: str) -> float:
        """Where a fader is in force: the operator's, or that of the phrase that is danced."""
        stands: float = getattr(self.controls, name)
        return self.material.faders.get(name, stands)

    def value_of(self, name: str) -> float | str | None:
        """What a control has set: 0 or 1 for a switch, a scene's name; None for a trigger, and for
        what has no value of its own."""
        match name:
            case "style":
                return self.style
            case "cue":
                return self.scenes.called
            case "dancers":
                return float(self._dance.performer.dancers)
            case "seed":
                return float(self._dance.performer.seed)
            case "latency":
                return self.controls.latency_ms
            case "phrase":
                return self.material.asked or float(self.controls.phrase)
            case "keep":
                return self.material.bank.last
        value = getattr(self.controls, name, None)
        return value if value is None or isinstance(value, str) else float(value)

    def names_of(self, name: str) -> tuple[str, ...]:
        """What a control may be called with: the phrases of the bank, the scenes. Any thread."""
        match name:
            case "phrase":
                return self.material.bank.names
            case "cue":
                return tuple(scene.name for scene in self.scenes.scenes)
        return ()

    def _set(self, name: str, value: Value, now: float) -> None:
        number = float(value) if isinstance(value, int | float) else 0.0
        self.material.take_over(name)
        if name in _FADERS:
            setattr(self.controls, name, number)
        elif name in _SWITCHES:
            is_on = not getattr(self.controls, name) if value is None else number >= 0.5
            setattr(self.controls, name, is_on)
        elif name in _CHOICES:
            setattr(self.controls, name, chosen(CONTROLS[name], value, self._choice(name)))
        elif name not in CONTROLS:
            raise ConfigError(f"no control {name!r}; there are {', '.join(CONTROLS)}")
        elif not self._set_dance(name, value, number):
            self._set_clock(name, number, now)

    def _choice(self, name: str) -> str:
        return getattr(self.controls, name)

    def _set_dance(self, name: str, value: Value, number: float) -> bool:
        """Obey what is not the clock's; False for what is."""
        match name:
            case "style":
                performer = self._dance.performer
                self._dance.styles.request = parse_style(str(value), performer.styles)
                self.style = str(value).strip().lower()
            case "form":
                parse_form(str(value))
                self.controls.form = str(value).strip()
            case "phrase" if isinstance(value, str):
                self.material.play(value)
            case "phrase":
                self.controls.phrase = min(PHRASE_BEATS, key=lambda beats: abs(beats - number))
            case "keep":
                self._keep(value)
            case "start":
                self.position.start()
            case "latency":
                self.controls.latency_ms = number
            case "seed":
                self._dance.performer.reset(self._dance.performer.dancers, int(number))
                self._dance.choreographer.reset(self._dance.performer.dancers, int(number))
                self.is_cut = True
            case "dancers":
                dancers, dance = round(number), self._dance
                dance.performer.set_dancers(dancers)
                dance.choreographer.set_dancers(dancers)
                dance.motion.set_dancers(dancers, dance.choreographer.places)
            case "cue":
                self.scenes.call(value)
            case "panic":
                self._panic()
            case _:
                return False
        return True

    def _set_clock(self, name: str, number: float, now: float) -> None:
        clock = self._dance.clock
        match name:
            case "tap":
                clock.tap(now)
            case "bpm":
                clock.set_tempo(number, now)
            case "nudge":
                clock.nudge(number)
            case "sync":
                clock.sync(now)
            case "half" | "double":
                clock.scale(0.5 if name == "half" else 2.0)

    def _keep(self, value: Value) -> None:
        styles, reading = self._dance.performer.styles, self._reading
        weights = self._dance.styles.weights
        self.material.keep(
            value if isinstance(value, str) else None,
            {name: float(w) for name, w in zip(styles, weights, strict=True) if w > 0.005},
            {name: self.fader(name) for name in KEPT_CONTROLS},
            reading.tempo_bpm if reading else 120.0,
        )

    def _weights(self, style: Mapping[str, float]) -> np.ndarray | None:
        """Of the styles that this network has; None if it has none of them."""
        found = np.array([style.get(name, 0.0) for name in self._dance.performer.styles])
        return (found / found.sum()).astype(np.float32) if found.sum() > 0 else None

    def _panic(self) -> None:
        """Everything that can be played as at the start; what is heard and the dance go on."""
        controls, style, dancers, seed = self._at_start
        self.scenes.reset()
        self.material.reset()
        vars(self.controls).update(vars(controls))
        self._set("style", style, 0.0)
        if self._dance.performer.dancers != dancers:
            self._set("dancers", float(dancers), 0.0)
        if self._dance.performer.seed != seed:
            self._set("seed", float(seed), 0.0)
        self._dance.clock.release()
