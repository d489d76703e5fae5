"""What a beat clock said, held against true beats.

Enters: what the clock predicted frame by frame, and the true beats of a piece. Leaves: a `Score`.
F-measure (+-70 ms) of beats and of downbeats, CMLt and AMLt as in mir_eval (Davies, Degara,
Plumbley 2009), from TRIM_S after the first beat on. What is scored is the beat the clock
*predicts*, HORIZON_S ahead.
"""

from dataclasses import dataclass, field

import numpy as np

from live.audio.features import SAMPLE_RATE, FeatureFrame
from live.beat.clock import TempoConfig
from live.errors import ConfigError

HORIZON_S = 0.1  # projector 60 ms, one frame, and some
TRIM_S = 8.0
TOLERANCE_S = 0.07
SAME_TEMPO = 0.08  # octaves and other ratios are further than this from right
CONFIDENT = 0.8


@dataclass(frozen=True)
class Trace:
    """What the clock said, frame by frame, about the moment `horizon_s` later.

    time_s: that moment; phase, bar_phase, tempo_bpm, confidence: float64 [T]; state: str [T].
    """

    time_s: np.ndarray
    phase: np.ndarray
    bar_phase: np.ndarray
    tempo_bpm: np.ndarray
    confidence: np.ndarray
    state: np.ndarray


@dataclass(frozen=True)
class Score:
    """f, cml, aml: 0..1; error_ms: signed, predicted minus true, of the beats within half a beat;
    lock_s: from the first true beat to the first of four beats in a row that fit, inf if never;
    downbeat_f: NaN where no downbeats are known; octave: share of moments at the right tempo;
    locked_error_ms: as error_ms, while locked; confident, confident_right: moments (frames) at a
    confidence over CONFIDENT, and those of them whose next beat is within TOLERANCE_S of a true
    one; moments: all of them."""

    f: float
    cml: float
    aml: float
    error_ms: np.ndarray
    lock_s: float
    downbeat_f: float = float("nan")
    octave: float = float("nan")
    locked_error_ms: np.ndarray = field(default_factory=lambda: np.zeros(0))
    confident: int = 0
    confident_right: int = 0
    moments: int = 0


def trace(frames: list[FeatureFrame], config: TempoConfig, horizon_s: float = HORIZON_S) -> Trace:
    """Push every frame and ask, after each, for the beat horizon_s ahead."""
    clock = config.make()
    rows = []
    for frame in frames:
        clock.push(frame)
        sample = frame.end + horizon_s * SAMPLE_RATE
        now = clock.at(sample)
        moment = (sample / SAMPLE_RATE, now.phase, now.bar_phase, now.tempo_bpm)
        rows.append((*moment, now.confidence, now.state))
    return Trace(*(np.array(column) for column in zip(*rows, strict=True)))


def predicted_beats(run: Trace) -> np.ndarray:
    """Times (s) at which the predicted phase passes a beat: float64 [n]."""
    steps = (np.diff(run.phase) + 0.5) % 1.0 - 0.5
    position = np.maximum.accumulate(run.phase[0] + np.concatenate([[0.0], np.cumsum(steps)]))
    position += np.arange(len(position)) * 1e-9  # strictly increasing, for the inverse
    whole = np.arange(np.ceil(position[0]), np.floor(position[-1]) + 1)
    return np.interp(whole, position, run.time_s)


def predicted_downbeats(run: Trace) -> np.ndarray:
    """Those of the predicted beats at which a bar begins: float64 [n]."""
    beats = predicted_beats(run)
    angle = np.exp(2j * np.pi * run.bar_phase)
    after = np.clip(np.searchsorted(run.time_s, beats), 1, len(run.time_s) - 1)
    # Within a frame the bar moves by less than a quarter, except where it is counted anew.
    there = np.angle(angle[after - 1] + angle[after]) / (2 * np.pi)
    return beats[np.abs(there) < 1 / 12]


def signed_errors(predicted: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Predicted minus nearest true time, in s: float64 [n]."""
    right = np.clip(np.searchsorted(true, predicted), 1, len(true) - 1)
    before, after = predicted - true[right - 1], predicted - true[right]
    return np.where(np.abs(before) < np.abs(after), before, after)


def first_lock(predicted: np.ndarray, true: np.ndarray, start_s: float | None = None) -> float:
    """Seconds from start_s (default: the first true beat) to four fitting beats in a row."""
    start_s = float(true[0]) if start_s is None else start_s
    inside = (predicted >= start_s - TOLERANCE_S) & (predicted <= true[-1])
    times = predicted[inside]
    near = np.abs(signed_errors(times, true)) <= TOLERANCE_S
    # In time and one each: at double tempo every second beat fits, at half tempo all of them do.
    index = np.searchsorted(true, times + TOLERANCE_S)
    good = near[:-1] & near[1:] & (np.diff(index) == 1)
    run = np.flatnonzero(good[:-2] & good[1:-1] & good[2:])
    return float(max(times[run[0]] - start_s, 0.0)) if len(run) else float("inf")


def score(run: Trace, true: np.ndarray, downbeats: np.ndarray, trim_s: float = TRIM_S) -> Score:
    """Compare with true beat times and downbeat times (s). Needs mir_eval."""
    mir_eval = _mir_eval()
    predicted = predicted_beats(run)
    lock_s = first_lock(predicted, true)
    start_s = true[0] + trim_s
    later = true[true >= start_s]
    if len(later) < 2:
        raise ConfigError(f"a piece has to go on for more than {trim_s:.0f} s after its first beat")
    heard = _between(predicted, start_s, later[-1])
    _, cml, _, aml = mir_eval.continuity(later, heard)
    errors = signed_errors(heard, later)
    close = np.abs(errors) < 0.25 * np.median(np.diff(later))
    after = np.minimum(np.searchsorted(run.time_s, heard), len(run.state) - 1)
    opening = downbeats[downbeats >= start_s]
    found = _between(predicted_downbeats(run), start_s, later[-1])
    moments, right_tempo, sure, right = _moments(run, predicted, true, start_s)
    return Score(
        f=mir_eval.f_measure(later, heard, f_measure_threshold=TOLERANCE_S),
        cml=cml,
        aml=aml,
        error_ms=1000 * errors[close],
        lock_s=lock_s,
        downbeat_f=mir_eval.f_measure(opening, found, f_measure_threshold=TOLERANCE_S)
        if len(opening) > 1
        else float("nan"),
        octave=right_tempo,
        locked_error_ms=1000 * errors[close & (run.state[after] == "locked")],
        confident=sure,
        confident_right=right,
        moments=moments,
    )


def _between(times: np.ndarray, start_s: float, end_s: float) -> np.ndarray:
    return times[(times >= start_s - TOLERANCE_S) & (times <= end_s + TOLERANCE_S)]


def _moments(
    run: Trace, predicted: np.ndarray, true: np.ndarray, start_s: float
) -> tuple[int, float, int, int]:
    """Number of moments, share of them at the right tempo; number of confident ones, and of those
    that are right."""
    inside = (run.time_s >= start_s) & (run.time_s <= true[-1])
    time_s = run.time_s[inside]
    if len(time_s) == 0 or len(predicted) == 0:
        return 0, float("nan"), 0, 0
    beat_s = np.interp(time_s, true[:-1], np.diff(true))
    off = np.abs(np.log(run.tempo_bpm[inside] * beat_s / 60))
    following = predicted[np.minimum(np.searchsorted(predicted, time_s), len(predicted) - 1)]
    right = np.abs(signed_errors(following, true)) <= TOLERANCE_S
    sure = run.confidence[inside] > CONFIDENT
    tempo_share = float(np.mean(off < SAME_TEMPO))
    return len(time_s), tempo_share, int(sure.sum()), int((sure & right).sum())


def _mir_eval():
    try:
        from mir_eval import beat
    except ImportError as error:
        raise ConfigError("scoring beats needs mir_eval: pip install mir_eval") from error
    return beat
