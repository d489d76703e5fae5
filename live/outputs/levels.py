"""The dance and the music as a handful of faders, 0 to 1, for lights and other simple receivers.

Enters: a StageFrame an emission, in the engine's thread. Leaves: `Levels`, immutable, so that
another thread may read the newest. Every value is finite and within 0 to 1, whatever the frame
holds.
"""

import math
from dataclasses import dataclass, field

import numpy as np

from live.audio.features import SAMPLE_RATE
from live.body.pose import rotate_y
from live.body.skeleton import JOINT
from live.osc.encoding import StageFrame
from live.osc.schema import PALETTES, SECTION_KINDS, STATE
from live.outputs.colour import GROUPS, ColourMaker, mixed
from live.outputs.ranges import HitRange, LoudnessRange

LEVELS = {
    "beat": "a flash: 1 on the beat, falling to 0 before the next",
    "bar": "a ramp: 0 at the start of a bar, 1 at its end",
    "level": "loudness: 0 and 1 are the quiet and the loud of the last half minute",
    "low": "hits of the bass: up at once, down within a quarter of a second; the strongest is 1",
    "mid": "hits in the middle, likewise",
    "high": "hits of the cymbals, likewise",
    "arms": "how fast the arms move; 1 is 3 m/s",
    "legs": "how fast the legs move; 1 is 2 m/s",
    "height": "the highest joint above the floor; 1 is 2.2 m",
    "travel": "how fast the dancer crosses the stage; 1 is 1.5 m/s",
    "lean": "0.5 upright, 1 is 45 degrees to the dancer's left, 0 to the right",
    "openness": "from wrist to wrist; 1 is arms stretched wide",
    "style": "the strongest style: 0 is the model's first, 1 its last",
    "state": "0 starting, 0.2 dancing, 0.4 idle, 0.6 holding, 0.8 frozen, 1 blackout",
    "section": "0 not known yet, 0.2 break, 0.4 intro or outro, 0.6 verse, 0.8 build, 1 drop or "
    "chorus",
    "phrase": "a ramp: 0 at the start of a phrase, 1 at its end",
}
"""Name and meaning of each, as ordered in `Levels.of`."""

COLOURS = {
    "hue": "of the group's colour: 0 red, 1/3 green, 2/3 blue, 1 red again",
    "saturation": "of the group's colour: 0 white, 1 pure",
    "intensity": "how bright the group is",
    "red": "the group's colour, as bright as the group",
    "green": "likewise",
    "blue": "likewise",
}
"""What each group of lamps has besides: name and meaning, as ordered in `Levels.colour_of`."""

PLACES = ("height", "lean")
"""Levels that say where something is, such as the pan of a lamp, and not how bright it is. At rest
they stay where they are; all others go dark."""

TOLD = (*PLACES, "style", "state", "section", "phrase")
"""Levels that are no light: the grand master leaves them alone."""

_SECTION = {
    "unknown": 0.0, "break": 0.2, "intro": 0.4, "outro": 0.4, "verse": 0.6, "build": 0.8,
    "drop": 1.0,
}  # fmt: skip
_SECTIONS = [_SECTION[kind] for kind in SECTION_KINDS]
_MASTERED = np.array([name not in TOLD for name in LEVELS])
_SURE = 0.5  # the flash is at full height from this confidence of the beat clock on
_HIT_FALL_S = 0.12
_SPEED_SMOOTHING_S = 0.12
_LONGEST_STEP_S = 0.25  # across a longer gap a difference of positions is no speed
_ARMS_M_S, _LEGS_M_S, _TRAVEL_M_S = 3.0, 2.0, 1.5
_HIGHEST_M = 2.2
_LEAN_RAD = math.pi / 4
_SPAN_M = 1.44  # both arms and the shoulders, stretched

_ARMS = [JOINT[n] for n in ("l_elbow", "l_wrist", "r_elbow", "r_wrist")]
_LEGS = [JOINT[n] for n in ("l_knee", "l_ankle", "r_knee", "r_ankle")]
_CHEST = JOINT["chest"]
_LEVEL = list(LEVELS).index("level")
_L_WRIST, _R_WRIST, _NECK = JOINT["l_wrist"], JOINT["r_wrist"], JOINT["neck"]
_STATES = max(STATE.values())


@dataclass(frozen=True)
class LightDesk:
    """What the operator asks of the lights alone. master: 0 to 1, of all light; is_out: darkens
    them; palette: the picture's, a name of `live.palettes.PALETTES`."""

    master: float = 1.0
    is_out: bool = False
    palette: str = PALETTES[0]


@dataclass(frozen=True)
class Levels:
    """music: float64 [6]; body: float64 [N, 6]; style, state, section and phrase: one number each.
    All 0 to 1.

    dark: a blackout, of all or of the lights, or nothing was heard yet. time_s: when, by the sound;
    next_beat_s: how long until the next beat, infinite where the clock is unsure. colours: hue,
    saturation, intensity of each group, [GROUPS, 3]. places: [N, 3] metres, each dancer's chest.
    beats: since the phrase began; sure: how sure the clock is, 0 to 1. master: of the lights.
    """

    music: np.ndarray = field(default_factory=lambda: np.zeros(6))
    body: np.ndarray = field(default_factory=lambda: np.zeros((0, 6)))
    style: float = 0.0
    state: float = 0.0
    section: float = 0.0
    phrase: float = 0.0
    dark: bool = False
    time_s: float = 0.0
    next_beat_s: float = math.inf
    colours: np.ndarray = field(default_factory=lambda: np.zeros((GROUPS, 3)))
    places: np.ndarray = field(default_factory=lambda: np.zeros((0, 3)))
    beats: float = 0.0
    sure: float = 0.0
    master: float = 1.0

    def of(self, dancers: tuple[int, ...] = ()) -> list[float | None]:
        """One value a level, in the order of LEVELS: the mean over these dancers, () for all.

        Dancers count from 1. None: at rest. In the dark that are all, and where none of the dancers
        is on stage their body's.
        """
        if self.dark:
            return [None] * len(LEVELS)
        rows = [d - 1 for d in dancers if d <= len(self.body)] if dancers else slice(None)
        body = self.body[rows]
        mean = body.mean(axis=0).tolist() if len(body) else [None] * self.body.shape[1]
        form = (self.section, self.phrase)
        values = [*self.music.tolist(), *mean, self.style, self.state, *form]
        if self.master == 1.0:
            return values
        return [
            value if value is None or not mastered else value * self.master
            for value, mastered in zip(values, _MASTERED, strict=True)
        ]

    def flash(self, every: float = 1.0, at: float = 0.0) -> float | None:
        """As `beat`, but on every so many beats alone, and so many later: 4 and 0 on the first of
        four, 0.5 and 0 twice a beat, 1 and 0.5 off the beat. None in the dark."""
        if self.dark:
            return None
        share = ((self.beats - at) % every) / min(every, 1.0)
        return self.master * self.sure * (1.0 - share) ** 3 if share < 1.0 else 0.0

    def colour_of(self, group: int) -> list[float | None]:
        """One value for each of COLOURS, of a group from 1; None in the dark."""
        if self.dark:
            return [None] * len(COLOURS)
        hue, saturation, intensity = self.colours[(group - 1) % len(self.colours)].tolist()
        intensity *= self.master
        return [hue, saturation, intensity, *(c * intensity for c in mixed(hue, saturation))]

    def place_of(self, dancers: tuple[int, ...]) -> np.ndarray | None:
        """Where to point a lamp at these dancers, [3]; None in the dark, and without them."""
        rows = [d - 1 for d in dancers if d <= len(self.places)] if dancers else slice(None)
        there = self.places[rows]
        return None if self.dark or not len(there) else there.mean(axis=0)


BEFORE_THE_FIRST = Levels(dark=True)
_AT_START = LightDesk()


class LevelMaker:
    """Owns what the levels remember: the last positions, the speeds and the hits' decay."""

    def __init__(self) -> None:
        self._sample = -math.inf
        self._joints = np.zeros((0, len(JOINT), 3))
        self._speeds = np.zeros((0, 3))  # of arms, legs and pelvis, m/s
        self._hits = np.zeros(3)
        self._loudness, self._strength = LoudnessRange(), HitRange()
        self._colours = ColourMaker()

    def step(self, frame: StageFrame, state: str, desk: LightDesk = _AT_START) -> Levels:
        """One emission; state: one of `live.osc.schema.STATES`."""
        joints = frame.joints.astype(np.float64)
        if not np.isfinite(joints).all():
            joints = np.nan_to_num(joints)
        dt = (frame.sample - self._sample) / SAMPLE_RATE
        self._sample = frame.sample
        self._follow_speeds(joints, dt)
        self._joints = joints
        music = _clamped(self._music(frame, dt))
        phase, sure = _beat(frame.beat)
        is_playing = state not in ("idle", "starting")
        hit = sure * (1.0 - phase) ** 3
        light = (music[_LEVEL], hit, is_playing, desk.palette, dt if dt < math.inf else 0.0)
        return Levels(
            music,
            _clamped(self._body(joints, np.nan_to_num(frame.heading))),
            _strongest(frame.style),
            STATE[state] / _STATES,
            _SECTIONS[frame.section[2]],
            float(np.clip(np.nan_to_num(frame.phrase[0]), 0.0, 1.0)),
            state == "blackout" or desk.is_out,
            frame.sample / SAMPLE_RATE,
            _next_beat_s(frame.beat),
            _clamped(self._colours.step(frame, *light)),
            joints[:, _CHEST],
            _beats(frame.phrase, phase),
            sure,
            desk.master,
        )

    def _music(self, frame: StageFrame, dt: float) -> np.ndarray:
        phase, bar_phase, _, confidence = frame.beat
        fall = math.exp(-dt / _HIT_FALL_S) if dt >= 0 else 0.0
        passed_s = dt if dt < math.inf else 0.0
        hits = self._strength.step(np.clip(np.nan_to_num(frame.onset), 0.0, 1.0), passed_s)
        self._hits = np.maximum(hits, self._hits * fall)
        flash = (1.0 - phase) ** 3 * min(confidence / _SURE, 1.0)
        level = self._loudness.step(min(frame.level, 1.0), passed_s)
        return np.array([flash, bar_phase, level, *self._hits])

    def _follow_speeds(self, joints: np.ndarray, dt: float) -> None:
        n = len(joints)
        if len(self._speeds) != n:
            kept = self._speeds[:n]
            self._speeds = np.vstack([kept, np.zeros((n - len(kept), 3))])
        both = min(n, len(self._joints))
        if not 0 < dt <= _LONGEST_STEP_S or not both:
            return
        moved = (joints[:both] - self._joints[:both]) / dt
        pelvis = moved[:, 0]
        # Against the pelvis: walking about is `travel`, not busy limbs.
        limbs = _length(moved[:, _ARMS + _LEGS] - pelvis[:, None])
        across = np.hypot(pelvis[:, 0], pelvis[:, 2])
        now = np.stack([limbs[:, :4].mean(axis=1), limbs[:, 4:].mean(axis=1), across], axis=1)
        share = 1.0 - math.exp(-dt / _SPEED_SMOOTHING_S)
        self._speeds[:both] += share * (now - self._speeds[:both])

    def _body(self, joints: np.ndarray, heading: np.ndarray) -> np.ndarray:
        back = rotate_y(joints[:, _NECK] - joints[:, 0], -heading)
        lean = np.arctan2(back[:, 0], np.maximum(back[:, 1], 1e-6))
        span = _length(joints[:, _L_WRIST] - joints[:, _R_WRIST])
        arms, legs, travel = self._speeds.T
        return np.stack(
            [
                arms / _ARMS_M_S,
                legs / _LEGS_M_S,
                joints[..., 1].max(axis=1, initial=0.0) / _HIGHEST_M,
                travel / _TRAVEL_M_S,
                0.5 + 0.5 * lean / _LEAN_RAD,
                span / _SPAN_M,
            ],
            axis=1,
        )


def _beat(beat: tuple[float, float, float, float]) -> tuple[float, float]:
    """Phase and how sure it is, both 0 to 1 whatever comes."""
    phase, _, _, confidence = np.nan_to_num(np.array(beat)).tolist()
    return min(max(phase, 0.0), 1.0), min(max(confidence / _SURE, 0.0), 1.0)


def _beats(phrase: tuple[float, int], phase: float) -> float:
    """Beats since the phrase began, which is on a bar: whole where a beat falls."""
    along = float(np.nan_to_num(phrase[0])) * phrase[1] - phase
    return max(round(min(along, 1e6)), 0) + phase


def _next_beat_s(beat: tuple[float, float, float, float]) -> float:
    phase, _, tempo_bpm, confidence = beat
    if not (confidence >= _SURE and tempo_bpm > 0):
        return math.inf
    return (1.0 - phase) * 60 / tempo_bpm


def _clamped(values: np.ndarray) -> np.ndarray:
    return np.fmin(np.fmax(values, 0.0), 1.0)  # these two take the number where one is NaN


def _length(vectors: np.ndarray) -> np.ndarray:
    return np.sqrt(np.einsum("...k,...k->...", vectors, vectors))


def _strongest(weights: np.ndarray) -> float:
    last = len(weights) - 1
    return float(np.argmax(np.nan_to_num(weights))) / last if last > 0 else 0.0
