"""A dance for a file, on a simulated clock, as fast as the machine can: `posejockey perform`.

The same engine as on stage. Deterministic for a seed: the sample count is the only time there is.
"""

from collections.abc import Callable, Iterator

import numpy as np

from live.audio.features import SAMPLE_RATE
from live.beat.clock import TempoConfig
from live.dance.material.take_score import arrays_of
from live.dance.performer import Performer
from live.osc.encoding import StageFrame
from live.session.take import take_of
from live.show.controls import Controls
from live.show.engine import Engine, EngineConfig
from live.show.programme import Programme
from live.show.timing import lead_samples

EMISSION_RATE = 60
# As on stage, a frame is shown only after its last sample was heard; and the resampler hears 2 ms
# more of an 8 kHz file than the frame holds.
RECEIVE_MARGIN_S = 1 / EMISSION_RATE


def stage_frames(
    engine: Engine, audio: np.ndarray, block: int | None = None
) -> Iterator[StageFrame]:
    """Every emission of a whole piece, 60 a second, from time 0 to its end.

    audio: float32 [n], mono, at the engine's source rate. block: samples pushed at a time; it does
    not change the dance.
    """
    rate = engine.config.source_rate
    blocks = _blocks(audio, block or rate // 30)
    yield from emissions(engine, blocks, round(len(audio) / rate * EMISSION_RATE))


def emissions(engine: Engine, blocks: Iterator[np.ndarray], count: int) -> Iterator[StageFrame]:
    """`count` emissions, 60 a second, from an endless stream of blocks, float32 [n], at the
    engine's source rate. A block is taken only when the next emission needs it."""
    step = SAMPLE_RATE // EMISSION_RATE
    for number in range(count):
        sample = number * step
        while not engine.advance(sample):
            engine.push(next(blocks))
        frame = engine.emit(number, sample)
        if frame is not None:
            yield frame


def _blocks(audio: np.ndarray, size: int) -> Iterator[np.ndarray]:
    """The piece in blocks, then silence: its last frame is complete only after its end."""
    for start in range(0, len(audio), size):
        yield audio[start : start + size]
    while True:
        yield np.zeros(size, np.float32)


def run_offline(
    audio: np.ndarray,
    source_rate: int,
    performer: Performer,
    style: str = "auto",
    controls: Controls | None = None,
    tempo: TempoConfig | None = None,
    programme: Programme | None = None,
    watch: Callable[[StageFrame], object] = lambda _: None,
) -> dict[str, np.ndarray]:
    """The arrays of OUT.npz: time_s [T], joints [T, N, 19, 3] in stage space (metres),
    beat_phase, bar_phase, tempo_bpm, beat_confidence, level [T], onset [T, 3], style [T, S],
    section [T, 5] and phrase [T, 2] as on the wire, the names; and the score that was
    danced, see `live.dance.material.take_score`, with score_beat [T], the newest of its beats.
    watch: told every emission as it is made."""
    lead = lead_samples(EMISSION_RATE, RECEIVE_MARGIN_S)
    tempo, programme = tempo or TempoConfig(), programme or Programme()
    config = EngineConfig(source_rate, lead, style, tempo, programme)
    engine = Engine(config, performer, controls)
    engine.choreographer.keep_history()
    beats: list[int] = []
    frames = _watched(engine, stage_frames(engine, audio), watch, beats)
    take = take_of(frames, performer.styles) | {"score_beat": np.array(beats, np.int32)}
    return take | arrays_of(engine.choreographer.danced, take["joints"].shape[1])


def _watched(
    engine: Engine,
    frames: Iterator[StageFrame],
    watch: Callable[[StageFrame], object],
    beats: list[int],
) -> Iterator[StageFrame]:
    """The same frames; `beats` grows by the choreographer's newest beat with each."""
    for frame in frames:
        beats.append(engine.choreographer.newest)
        watch(frame)
        yield frame
