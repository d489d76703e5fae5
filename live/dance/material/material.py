"""The operator's hand on the choreographer: phrases kept, played and looped, and a planned score.

Enters: what the operator asks, the place in the song, the poses danced. Leaves: what the
choreographer is to dance, and what a phrase or a part of the score sets of faders and style.
Engine's thread.
"""

from collections import deque
from collections.abc import Mapping, Sequence

import numpy as np

from live.beat.song_position import SongPosition
from live.body.skeleton import N_JOINTS
from live.dance.choreography.choreographer import Choreographer
from live.dance.choreography.phrase import Phrase
from live.dance.material.bank import PhraseBank
from live.dance.material.phrase import MAX_BEATS, StoredPhrase
from live.dance.material.score_file import PhraseUse, PlannedScore, ScorePart, Value
from live.dance.material.timeline import Timeline
from live.errors import ConfigError
from live.osc.schema import MAX_DANCERS
from live.settings_file import shown


class Material:
    """bank: where phrases are found and kept. score: what is planned, None for nothing.

    While a kept phrase is danced, its own faders and style hold where nobody has set others since.
    faders: those that hold now, by name.
    """

    def __init__(
        self, choreographer: Choreographer, bank: PhraseBank, score: PlannedScore | None = None
    ):
        self.bank = bank
        self._choreographer = choreographer
        self._score = score
        self._timeline = Timeline(score) if score else None
        self._asked = ""  # the name of a phrase that has not begun yet
        self._danced = ""  # the phrase whose faders hold
        self.faders: dict[str, float] = {}
        self.style: Mapping[str, float] = {}  # of the phrase that is danced; empty: not its own
        self._taken: set[str] = set()  # what was set since it was asked for
        self._poses: deque[tuple[int, np.ndarray]] = deque(maxlen=2 * MAX_BEATS)

    @property
    def playing(self) -> str:
        """The name of the kept phrase that is danced; "" for none."""
        return self._choreographer.playing

    @property
    def asked(self) -> str:
        """The name of the phrase that was asked for and waits for its turn, else `playing`."""
        return self._asked or self.playing

    def check(self, latent_dim: int) -> None:
        """ConfigError names a phrase that was made for networks with another noise."""
        planned = self._score.phrases.values() if self._score else ()
        for phrase in (*self.bank.phrases, *planned):
            _fits(phrase, latent_dim)

    # What the operator asks -------------------------------------------------------------------

    def play(self, name: str) -> None:
        """Dance a phrase of the bank once, from the next phrase on. ConfigError for none."""
        phrase = self._phrase(PhraseUse(self.bank.find(name).name))
        self._taken.clear()
        self._asked = phrase.name
        self._choreographer.play([phrase])

    def keep(
        self,
        name: str | None,
        style: Mapping[str, float],
        controls: Mapping[str, float],
        bpm: float,
    ) -> str:
        """Keep the last whole phrase; returns its name. ConfigError if there is none."""
        last = self._choreographer.last_phrase
        if last is None:
            raise ConfigError("no whole phrase was danced yet; keep one later")
        if len(last.noise) > MAX_BEATS:
            raise ConfigError(f"the phrase has more than {MAX_BEATS} beats")
        controls = dict(controls)
        controls["energy"] = min(max(controls.get("energy", 0.0) + last.energy, -2.0), 2.0)
        kept = StoredPhrase(
            "", last.noise[:, : self._choreographer.dancers], style, controls, bpm,
            self._poses_of(last), last.mirrored,
        )  # fmt: skip
        return self.bank.keep(kept, name).name

    def take_over(self, name: str) -> None:
        """The operator, a scene or the score has this fader now, or the style."""
        self._taken.add(name)
        self.faders.pop(name, None)
        if name == "style":
            self.style = {}

    def reset(self) -> None:
        """Nothing is played or looped any more; what was kept stays."""
        self._asked = ""
        self._choreographer.play(())

    # A frame ----------------------------------------------------------------------------------

    def step(self, position: SongPosition, metre: int, ratio: float) -> list[tuple[str, Value]]:
        """What the score sets with this frame. metre: beats in a bar; ratio: the dancers' beats to
        one of them."""
        found: list[tuple[str, Value]] = []
        if self._timeline is not None and position.has_begun:
            for part in self._timeline.step(position.bars, position.seconds, metre, metre * ratio):
                found += part.controls
                self._begin(part)
        self._follow()
        return found

    def see(self, beat: int, pose: np.ndarray) -> None:
        """The first dancer in the middle of a beat, by the choreographer's count of beats; float32
        [19, 3], from the front, over its own floor point. Once a beat."""
        self._poses.append((beat, pose.copy()))

    def _begin(self, part: ScorePart) -> None:
        self._taken = {name for name, _ in part.controls}
        phrases = [self._phrase(use, part) for use in part.uses] * part.times
        self._choreographer.play(phrases, at_once=True)

    def _follow(self) -> None:
        playing = self._choreographer.playing
        if playing == self._danced:
            return
        self._danced, self._asked = playing, ""
        phrase = self._find(playing) if playing else None
        controls = phrase.controls if phrase else {}
        self.faders = {name: value for name, value in controls.items() if name not in self._taken}
        self.style = phrase.style if phrase and "style" not in self._taken else {}

    def _find(self, name: str) -> StoredPhrase:
        if self._score and name in self._score.phrases:
            return self._score.phrases[name]
        return self.bank.find(name)

    def _phrase(self, use: PhraseUse, part: ScorePart | None = None) -> Phrase:
        stored = self._find(use.name)
        noise = stored.noise
        if part is not None and part.dancers:
            noise = _shared_out(
                stored, part.dancers, self._find(part.others) if part.others else None
            )
        return Phrase(noise, use.mirrored ^ stored.mirrored, use.vary, use.energy, use.name)

    def _poses_of(self, phrase: Phrase) -> np.ndarray:
        """float32 [B, 19, 3]; none where a beat of it was not seen."""
        seen = dict(self._poses)
        beats = range(phrase.first, phrase.first + len(phrase.noise))
        poses = [seen[beat] for beat in beats if beat in seen]
        whole = len(poses) == len(beats)
        return np.stack(poses) if whole else np.zeros((0, N_JOINTS, 3), np.float32)


def _fits(phrase: StoredPhrase, latent_dim: int) -> None:
    width = phrase.noise.shape[2]
    if width != latent_dim:
        raise ConfigError(
            f"the phrase {shown(phrase.name)} was kept from a network with {width} numbers a beat, "
            f"this one has {latent_dim}; dance it with that model"
        )


def _shared_out(
    stored: StoredPhrase, dancers: Sequence[int], others: StoredPhrase | None
) -> np.ndarray:
    """float32 [B, N, Z]: the phrase for these dancers, another one for the rest; NaN where the
    choreographer composes."""
    noise = np.full((stored.beats, MAX_DANCERS, stored.noise.shape[2]), np.nan, np.float32)
    if others is not None:
        beats = np.arange(stored.beats) % others.beats
        noise[:] = others.for_dancers(MAX_DANCERS)[beats]
    noise[:, list(dancers)] = stored.for_dancers(len(dancers))
    return noise
