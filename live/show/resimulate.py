"""A recorded show resimulated: the same sound, controls and losses, in the same order.

Enters: a session file, the network it was danced with. Leaves: its stage frames, bit for bit those
of the show on the same machine, and how many of the packets recorded say the same. Runs offline.

Every message of a session carries the number of model frames danced before it, and messages stand
in the order in which the engine met them; nothing else of time is needed. What other clocks said
(Ableton Link, MIDI, OS2L) stands among them.
"""

from collections.abc import Callable, Iterator

import numpy as np

from live.beat.clock import OFFERED
from live.dance.choreography.phrase import Phrase
from live.dance.performer import Performer, shipped_models
from live.errors import ArtifactError, ConfigError
from live.osc.encoding import FrameEncoder, StageFrame, decode
from live.osc.schema import CONTROLS, FRAME
from live.osc.values import parse_arguments
from live.session.format import Record, beat_of, control_of, timecode_of
from live.session.reader import SessionReader
from live.show.config import ShowConfig
from live.show.engine import stage_engine
from live.show.programme import programme_of

# The settings that change a dance: not where it was sent, nor what it was heard or steered with.
_DANCED = (
    "dancers", "style", "seed", "energy", "openness", "travel", "temperature", "latency_ms",
    "emission_rate", "beat_tracker", "clock", "block", "unison", "canon", "form", "phrase",
    "variation", "recall", "formation", "ensemble",
)  # fmt: skip
_PIECE = 1 << 16
_MAX_LOST_S = 2 * 86_400  # in one show


def settings_of(session: SessionReader) -> ShowConfig:
    """The settings of the recorded show. ArtifactError if they are none, or cannot be danced."""
    recorded = session.settings.get("show")
    if not isinstance(recorded, dict):
        raise ArtifactError(f"{session.path} lacks the settings of its show; record it anew")
    try:
        config = ShowConfig(**{name: recorded[name] for name in _DANCED if name in recorded})
    except ConfigError as error:
        raise ArtifactError(f"{session.path}: its settings do not fit: {error}") from error
    if config.clock != "audio" and session.settings.get("offers") is not True:
        raise ArtifactError(
            f"{session.path} was danced to beats of another clock ({config.clock}), which an older "
            "PoseJockey left out of the file; `posejockey replay` sends its packets as they were"
        )
    return config


def shipped_model_of(session: SessionReader) -> str:
    """The name of the weights that ship, if the show was danced by such.

    ConfigError otherwise: a session may come from anybody, so the file of a network of one's own is
    for the user to name. On some systems, to open a path is already to tell another machine who one
    is.
    """
    recorded = session.settings.get("show")
    model = recorded.get("model") if isinstance(recorded, dict) else None
    if isinstance(model, str) and model in shipped_models():
        return model
    raise ConfigError(
        f"{session.path} was danced by a network that does not ship with PoseJockey; "
        "name its file with --model"
    )


class Resimulation:
    """Iterate over it for the stage frames of the show.

    performer: of the settings' seed and number of dancers. ArtifactError if its network is not the
    one that was recorded, or while the file turns out to be damaged. same, packets: of those
    recorded, how many say what was danced now, and how many there were.
    """

    def __init__(self, session: SessionReader, performer: Performer):
        recorded = session.settings.get("model_sha256")
        if recorded != performer.sha256:
            raise ArtifactError(
                f"{session.path} was danced by another network (SHA-256 {str(recorded)[:12]}..., "
                f"this one {performer.sha256[:12]}...); give that one with --model"
            )
        self.same = self.packets = 0
        self._session = session
        programme = programme_of(session.settings, session.path, performer.styles)
        self._engine = stage_engine(settings_of(session), session.rate, performer, programme)
        self._engine.choreographer.keep_history()
        self._samples_in = 0  # samples of sound, silence and losses so far
        self._silence = self._lost = 0  # of these
        self._messages = 0
        self._frame: StageFrame | None = None
        self._expected: list[bytes] = []

    @property
    def danced(self) -> list[Phrase]:
        """The phrases danced so far."""
        return self._engine.choreographer.danced

    def __iter__(self) -> Iterator[StageFrame]:
        handlers: dict[str, Callable[[Record], None]] = {
            "audio": self._push_audio,
            "control": self._apply_control,
            "event": self._apply_event,
        }
        for record in self._session:
            self._messages += 1
            if record.topic in handlers:
                handlers[record.topic](record)
            elif record.topic == "osc":
                frame = self._emit(record)
                if frame is not None:
                    yield frame

    def _push_audio(self, record: Record) -> None:
        self._push_silence(record.sample - self._samples_in)
        block = record.block()
        self._engine.push(block)
        self._samples_in += len(block)

    def _apply_control(self, record: Record) -> None:
        """Controls are checked as those from the network are: anybody may have written them."""
        recorded = control_of(record)
        if recorded is None or recorded[0] not in CONTROLS:
            return
        name, value = recorded
        checked = parse_arguments(CONTROLS[name], [] if value is None else [value])
        if checked is None or not checked[0]:
            return
        self._dance_to(record.frame)
        at = record.fields().get("at")
        if not isinstance(at, float) or not abs(at - record.sample) <= 1:  # NaN is not, either
            at = float(record.sample)
        try:
            self._engine.control(*checked, at)
        except ConfigError as error:
            raise ArtifactError(f"{self._session.path}: a control does not fit: {error}") from error

    def _apply_event(self, record: Record) -> None:
        event = record.fields()
        self._dance_to(record.frame)
        match event.get("name"):
            case "beat" if event.get("source") in OFFERED:
                self._engine.clock.offer(event["source"], beat_of(event))
            case "timecode":
                self._engine.timecode = timecode_of(event)
            case _:
                self._apply_gap(event)

    def _apply_gap(self, event: dict) -> None:
        count, at = event.get("count"), event.get("at")
        if type(count) is not int or type(at) is not int or not count > 0:
            return
        if event.get("name") == "skip":
            self._push_silence(at - self._samples_in)
            self._lost += count
            if self._lost > _MAX_LOST_S * self._session.rate:
                raise ArtifactError(f"{self._session.path} is damaged: it lost days of sound")
            self._engine.skip(count)
            self._samples_in += count
        elif event.get("name") == "give_up":
            while len(self._engine.waiting) < count + 1:
                self._push_silence(self._engine.missing)
            self._engine.give_up(most=count)

    def _emit(self, record: Record) -> StageFrame | None:
        """A frame at the first of its packets; the others are compared with it."""
        self.packets += 1
        if self._expected:
            self.same += record.data == self._expected.pop(0)
            return None
        self._dance_to(record.frame)
        number = _number(record.data)
        frame = self._engine.emit(number, record.sample) if number is not None else None
        if frame is None:
            return None
        first, *self._expected = FrameEncoder(len(frame.joints), len(frame.style)).encode(frame)
        self.same += record.data.startswith(first)  # the health may follow
        return frame

    def _dance_to(self, frames: int) -> None:
        while self._engine.frames < frames:
            if not self._engine.step():
                self._push_silence(self._engine.missing)

    def _push_silence(self, samples: int) -> None:
        """Hear silence where it stood in for sound that was missing; it is not recorded."""
        if samples <= 0:
            return
        self._silence += samples
        self._session.check_silence(self._silence, self._messages)
        for start in range(0, samples, _PIECE):
            self._engine.push(np.zeros(min(_PIECE, samples - start), np.float32))
        self._samples_in += samples


def _number(packet: bytes) -> int | None:
    """Of the frame in a bundle; None if there is none."""
    try:
        return next((int(a[0]) for address, a in decode(packet) if address == FRAME.address), None)
    except (ValueError, IndexError, TypeError):
        return None
