"""All that a show needs, opened before its first sound: it fails then or never.

Enters: the settings. Leaves: a show that can run. `live` and `doctor` open it by the same steps:
the one ends with the first that fails, the other tells of all. Runs in the main thread.
"""

import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from live.audio.microphone import ChannelInput, Microphone
from live.audio.source import AudioSource
from live.audio.sources import open_source
from live.beat.link import LinkLeader
from live.beat.ltc import LtcSource
from live.beat.mtc import MtcSource
from live.beat.os2l import Os2lSource
from live.beat.sources import ClockSource, open_sources
from live.beat.timecode import TimecodeSource
from live.control import midi_map
from live.control.allow_list import AllowList
from live.control.discovery import Discovery
from live.control.midi_controller import MidiController
from live.control.osc_in import ControlIn
from live.dance.performer import Performer, files_of
from live.errors import ConfigError, PerformanceError, as_sentence
from live.midi_ports import MidiPorts
from live.osc.schema import SCHEMA_VERSION
from live.outputs.dmx import DmxOut
from live.outputs.feeds import Feeds
from live.outputs.patch import load_patch
from live.outputs.udp import OscOut
from live.safe_write import check_output
from live.session.writer import SessionWriter
from live.show import visualizer
from live.show.config import ShowConfig
from live.show.engine import Engine, stage_engine
from live.show.loop import Show
from live.show.outputs import Outputs
from live.show.programme import Programme, open_programme, recorded
from live.show.timing import receive_margin_s

Failed = Callable[[str, str], None]


@dataclass(frozen=True)
class Plan:
    """A show that is to be opened. visuals: options for the visualizer besides the settings' own;
    summary: where the counts go; settings_file: where the settings were read, for no output may
    go there."""

    config: ShowConfig
    visuals: list[str] = field(default_factory=list)
    summary: Path | None = None
    settings_file: Path | None = None


@dataclass(frozen=True)
class OpenShow:
    """What is open; None where that has failed. beats, timecodes, midi_inputs: names. visuals:
    options."""

    show: Show | None
    performer: Performer | None
    source: AudioSource | None
    control: ControlIn | None
    beats: list[str] | None
    timecodes: list[str]
    midi_inputs: list[str]
    dmx: DmxOut | None  # entered by who wants light
    visuals: list[str]


def open_show(plan: Plan, stack: ExitStack, failed: Failed | None = None) -> OpenShow:
    """Open everything, closed with the stack; nothing sounds, dances or is sent yet, but for the
    announcement on the network. The recording is begun last: what fails leaves none.

    failed: told of the topic and the mistake of each step that fails, and what does not need that
    step goes on; without it the first error is raised.
    """
    steps, config = _Steps(failed), plan.config
    files = steps("files", check_files, plan)
    pictures = steps("visuals", visualizer.options_of, config, plan.visuals)
    performer = steps("network", _performer, config)
    programme = steps("scenes", _programme, config, performer, stack)
    midi = steps("MIDI map", _midi_map, config, performer, programme)
    source = steps("input", _source, config)
    engine = steps("style", _engine, config, source, performer, programme)
    osc = steps("targets", _osc, config.targets, stack)
    visualizers = steps("targets", _osc, config.visualizers, stack)
    dmx = steps("lights", _dmx, config, stack)
    feeds = steps("targets", _feeds, config, dmx, pictures, stack)
    control = steps("ports", _control, config, stack)
    ports = stack.enter_context(MidiPorts())
    beats = steps("beats", _beats, config, stack, ports)
    leader = steps("beats", _leader, config, stack)
    timecodes = steps("timecode", _timecodes, config, source, ports, stack)
    controllers = steps("MIDI", _controllers, midi, config.midi_port, ports)
    steps("announcement", _announced, config, control, engine, beats, stack)
    recorder = steps("recording", _recorder, config, source, performer, programme, stack, files)
    show = None
    if not steps.has_failed:
        outputs = Outputs(osc, control, recorder, feeds, visualizers, control.watchers)
        margin_s = receive_margin_s(config.block, source.rate)
        show = Show(
            engine, source, outputs, config.emission_rate, margin_s,
            beats=beats, controllers=controllers, leader=leader, timecodes=timecodes,
        )  # fmt: skip
    return OpenShow(
        show=show,
        performer=performer or None,
        source=source or None,
        control=control or None,
        beats=None if beats is _FAILED else [_named(beat) for beat in beats],
        timecodes=[one.name for one in timecodes or ()],
        midi_inputs=list(ports.inputs),
        dmx=dmx or None,
        visuals=pictures or [],
    )


def check_files(plan: Plan) -> None:
    """Raise where the recording or the summary cannot be written, or would destroy what is read."""
    config = plan.config
    named = (config.input, config.cues, config.midi_map, config.dmx, config.score)
    read = [plan.settings_file, *files_of(config.model), *(Path(n) for n in named if n)]
    if config.record:
        record = Path(config.record)
        check_output(record, (".mcap",), [*read, plan.summary])
        if os.path.lexists(record):
            raise ConfigError(f"{record} exists; record to another file, or remove it")
    if plan.summary:
        check_output(plan.summary, (".json",), read)


class _Steps:
    """Takes the steps one by one; a step that needs what has failed is left out."""

    def __init__(self, failed: Failed | None):
        self._failed = failed
        self.has_failed = False

    def __call__(self, topic: str, step: Callable[..., Any], *needs: Any) -> Any:
        if any(need is _FAILED for need in needs):
            return _FAILED
        try:
            return step(*needs)
        except (PerformanceError, ImportError, OSError) as error:
            if self._failed is None:
                raise
            self.has_failed = True
            self._failed(topic, as_sentence(error))
            return _FAILED


class _Failed:
    """What comes of a step that fails. False, so that `or None` says so."""

    def __bool__(self) -> bool:
        return False


_FAILED: Any = _Failed()


def _performer(config: ShowConfig) -> Performer:
    return Performer(config.model, config.device, config.dancers, config.seed)


def _programme(config: ShowConfig, performer: Performer, stack: ExitStack) -> Programme:
    programme = open_programme(config, performer.styles)
    if programme.bank:
        stack.callback(programme.bank.close)
    return programme


def _midi_map(config: ShowConfig, performer: Performer, programme: Programme):
    path = config.midi_map
    return midi_map.load(Path(path), performer.styles, programme.scenes) if path else None


def _source(config: ShowConfig):
    return open_source(config.input, loop=config.loop, play=config.play, block=config.block)


def _engine(
    config: ShowConfig, source: AudioSource, performer: Performer, programme: Programme
) -> Engine:
    return stage_engine(config, source.rate, performer, programme)


def _osc(targets: list[tuple[str, int]], stack: ExitStack) -> OscOut:
    return stack.enter_context(OscOut(targets))


def _dmx(config: ShowConfig, stack: ExitStack) -> DmxOut | None:
    """Open, and silent until it is entered: nobody's lights go dark because somebody looks."""
    if not config.dmx:
        return None
    dmx = DmxOut(load_patch(Path(config.dmx)))
    stack.callback(dmx.close)
    return dmx


def _feeds(config: ShowConfig, dmx: DmxOut | None, pictures: list[str], stack: ExitStack) -> Feeds:
    palette = visualizer.palette_of(pictures)
    return stack.enter_context(Feeds(config.feeds, dmx, palette=palette))


def _control(config: ShowConfig, stack: ExitStack) -> ControlIn:
    allow = AllowList(config.control_allow)
    return stack.enter_context(ControlIn(config.control_bind, config.control_port, allow))


def _named(beat: ClockSource) -> str:
    return f"os2l at port {beat.port}" if isinstance(beat, Os2lSource) else beat.name


def _beats(config: ShowConfig, stack: ExitStack, ports: MidiPorts):
    def open_os2l() -> Os2lSource:
        allow = AllowList(config.control_allow)
        return Os2lSource(config.control_bind, config.os2l_port, allow)

    return open_sources(
        config.clock, config.midi_port, stack, ports, open_os2l, config.link == "lead"
    )


def _leader(config: ShowConfig, stack: ExitStack) -> LinkLeader | None:
    if config.link != "lead":
        return None
    leader = LinkLeader()
    stack.callback(leader.close)
    return leader


def _timecodes(
    config: ShowConfig, source: AudioSource, ports: MidiPorts, stack: ExitStack
) -> list[TimecodeSource]:
    """In the order in which they count."""
    found: list[TimecodeSource] = []
    if config.ltc:
        found.append(_ltc(config, source))
    if config.mtc:
        found.append(MtcSource(ports.open(config.midi_port)))
    for one in found:
        stack.callback(one.close)
    return found


def _ltc(config: ShowConfig, source: AudioSource) -> LtcSource:
    """A channel of the show's own input, or a device that is listened to from now on."""
    if config.ltc.isdecimal():
        if not isinstance(source, Microphone):
            raise ConfigError(
                f"ltc = {config.ltc!r} is a channel of the input, which has to be a sound device; "
                'name the device that hears the LTC, such as "USB Audio:2"'
            )
        return LtcSource(source.split_off(int(config.ltc)))
    name, colon, channel = config.ltc.rpartition(":")
    named = (name, int(channel)) if colon and channel.isdecimal() else (config.ltc, 1)
    feed = ChannelInput(*named, config.block)
    feed.start()
    return LtcSource(feed, is_own=True)


def _controllers(midi: midi_map.MidiMap | None, port: str, ports: MidiPorts):
    """The controller; the mapping's own port counts first, for the clock may be another."""
    return [] if midi is None else [MidiController(ports.open(midi.port or port), midi.bindings)]


def _announced(
    config: ShowConfig,
    control: ControlIn,
    engine: Engine,
    beats: list[ClockSource],
    stack: ExitStack,
) -> None:
    if config.announce:
        os2l_port = next((one.port for one in beats if isinstance(one, Os2lSource)), None)
        discovery = Discovery(
            config.control_bind,
            control.port,
            config.control_allow,
            engine.value_of,
            os2l_port,
            engine.steering.names_of,
        )
        stack.enter_context(discovery)


def _recorder(
    config: ShowConfig,
    source: AudioSource,
    performer: Performer,
    programme: Programme,
    stack: ExitStack,
    _: None,
) -> SessionWriter | None:
    if not config.record:
        return None
    settings = {
        "sample_rate": source.rate,
        "schema_version": SCHEMA_VERSION,
        "model_sha256": performer.sha256,
        "styles": list(performer.styles),
        "show": {k: v for k, v in vars(config).items()},
        "offers": True,  # what other clocks said is in the file
        **recorded(programme),
    }
    writer = SessionWriter(Path(config.record), settings)
    stack.callback(writer.close)
    return writer
