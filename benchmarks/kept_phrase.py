"""How well a kept phrase comes back: later, and in another tempo.

    python -m benchmarks.kept_phrase [--minutes 60] [--style jpop] [--seed 0]

Dances rendered music at 100 BPM, keeps a phrase of eight beats, dances on for so many minutes at
124 BPM, and then dances the phrase again at each of several tempi. Prints the mean distance of the
joints at the same place in the phrase, in centimetres, about the pelvis' floor point: from itself,
from its second beat on (the first two lead from wherever the dancer was), and from what was danced
before it. Needs what the tests need, for the music is rendered.
"""

import argparse

import numpy as np

from live.dance.performer import Performer
from live.show.controls import Controls
from live.show.engine import Engine, EngineConfig
from live.show.timing import lead_samples
from model.data.music.render import render_song
from model.data.music.song import SongConfig

_RATE = 24_000
_STEPS = 12  # of a beat, at which poses are compared
_BEATS = 8
_SONG_BEATS = 64


class Dance:
    """An engine and what its first dancer has danced, by the choreographer's beats."""

    def __init__(self, style: str, seed: int):
        controls = Controls(phrase=_BEATS, variation=0.0, recall=False)
        config = EngineConfig(_RATE, lead_samples(60), style)
        self.engine = Engine(config, Performer("open", "cpu", 1, seed), controls)
        self._songs: dict[float, np.ndarray] = {}
        self._at = 0  # of the song
        self._beats: list[float] = []
        self._poses: list[np.ndarray] = []

    def on(self, bpm: float, seconds: float) -> None:
        """Dance so many seconds of a loop of this tempo."""
        song = self._song(bpm)
        for _ in range(round(seconds * 30)):
            piece = np.take(song, np.arange(self._at, self._at + _RATE // 30), mode="wrap")
            self._at = (self._at + _RATE // 30) % len(song)
            self.engine.push(piece)
            while self.engine.step():
                self._note()

    def play(self, bpm: float) -> tuple[np.ndarray, np.ndarray]:
        """The kept phrase again, and the phrase before it: [B * _STEPS, 19, 3]."""
        self.engine.control("phrase", "mine", 0.0)
        material = self.engine.steering.material
        while material.playing != "mine":
            self.on(bpm, 1 / 30)
        first = self.engine.choreographer.newest
        while material.playing == "mine":
            self.on(bpm, 1 / 30)
        return self.phrase(first), self.phrase(first - _BEATS)

    def phrase(self, first: int) -> np.ndarray:
        """The poses of eight beats from this one on."""
        wanted = first + np.arange(_BEATS * _STEPS) / _STEPS
        beats, poses = np.array(self._beats), np.array(self._poses)
        later = np.clip(np.searchsorted(beats, wanted), 1, len(beats) - 1)
        share = (wanted - beats[later - 1]) / (beats[later] - beats[later - 1])
        share = np.clip(share, 0, 1)[:, None, None]
        return (1 - share) * poses[later - 1] + share * poses[later]

    def _note(self) -> None:
        choreographer = self.engine.choreographer
        beat = choreographer.newest + choreographer.phase
        if not self._beats or beat > self._beats[-1]:
            self._beats.append(beat)
            self._poses.append(self.engine._motion.body.local[0].copy())
            del self._beats[:-3000], self._poses[:-3000]

    def _song(self, bpm: float) -> np.ndarray:
        if bpm not in self._songs:
            seconds = _SONG_BEATS * 60 / bpm
            song = render_song(SongConfig("house", bpm, seconds + 1, seed=1), _RATE).audio
            self._songs[bpm] = song[: round(seconds * _RATE)].astype(np.float32)
            self._at = 0
        return self._songs[bpm]


def apart_cm(a: np.ndarray, b: np.ndarray) -> float:
    """Mean distance of joints, of [T, 19, 3] in metres."""
    return 100 * float(np.linalg.norm(a - b, axis=-1).mean())


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--style", default="jpop")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(argv)
    dance = Dance(args.style, args.seed)
    dance.on(100.0, 30.0)
    dance.engine.control("keep", "mine", 0.0)
    last = dance.engine.choreographer.last_phrase
    assert last is not None
    kept = dance.phrase(last.first)
    dance.on(124.0, 60 * args.minutes)
    for bpm in (100.0, 90.0, 112.0, 128.0):
        dance.on(bpm, 16.0)
        again, other = dance.play(bpm)
        settled = slice(2 * _STEPS, None)
        print(
            f"{bpm:4.0f} BPM: {apart_cm(kept, again):5.1f} cm from itself, "
            f"{apart_cm(kept[settled], again[settled]):5.1f} after two beats, "
            f"{apart_cm(kept, other):5.1f} from what was danced before it",
            flush=True,
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
