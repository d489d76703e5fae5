"""Scenes whose moment is told by another machine's timecode: it starts, jumps, stands still."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from live.audio.features import FRAME, SAMPLE_RATE
from live.beat.estimate import BeatReading
from live.beat.song_position import SongPosition
from live.beat.timecode import Label, TimecodeReading
from live.control.scenes import ScenePlayer, parse_scenes
from live.dance.material.moment import parse_moment
from live.errors import ConfigError
from live.show.controls import Controls

SET = """
[[cue]]
name = "doors"
at = "00:00:10:00"
energy = -1.0
[[cue]]
name = "verse"
at = "0:20.5"
energy = 0.5
[[cue]]
name = "drop"
at = "00:01:00;02"
energy = 2.0
"""


@dataclass
class Show:
    """A song position and a scene player, thirty frames a second."""

    rate: int = 25
    is_drop: bool = False

    def __post_init__(self):
        self.position = SongPosition(follows_timecode=True)
        self.scenes = ScenePlayer(parse_scenes(SET, Path("set.toml"), ("street",)))
        self.sample, self.called = 0, []

    def run(self, seconds, tape_s=None):
        """tape_s: where the timecode is at the beginning; None: it stands still."""
        for k in range(round(seconds * SAMPLE_RATE / FRAME)):
            self.sample += FRAME
            reading = BeatReading(0.0, 0.0, 120.0, 0.0, "silent", 0.0)
            told = None
            if tape_s is not None:
                at_s = tape_s + k * FRAME / SAMPLE_RATE
                told = TimecodeReading(float(self.sample), at_s, self.rate, self.is_drop)
            self.position.step(reading, float(self.sample), told)
            moved = self.scenes.step(reading, Controls(), self.position)
            self.called += [(self.position.seconds, v) for name, v in moved if name == "energy"]
        return [value for _, value in self.called]


def test_scenes_come_at_their_timecode_in_silence_too():
    show = Show()
    assert show.run(30.0) == []  # the show's own time calls none of them
    assert show.run(15.0, 8.0) == [-1.0, 0.5]
    assert [at_s for at_s, _ in show.called] == pytest.approx([10.0, 20.5], abs=0.034)


def test_a_jump_takes_what_lies_before_it_and_back_again():
    show = Show()
    assert show.run(1.0, 90.0) == [2.0]  # the last one that would have come
    assert show.run(5.0) == [2.0]  # stands still
    assert show.run(1.0, 15.0) == [2.0]
    assert show.run(1.0, 20.2) == [2.0, 0.5]


@pytest.mark.parametrize(("rate", "is_drop"), [(24, False), (25, False), (30, True), (30, False)])
def test_a_label_is_met_to_the_frame_at_every_rate(rate, is_drop):
    show = Show(rate, is_drop)
    label = Label(0, 1, 0, 2, rate, is_drop)
    show.run(2.0, label.position_s - 1.0)
    at_s = [at_s for at_s, energy in show.called if energy == 2.0]
    assert at_s == pytest.approx([label.position_s], abs=0.034)
    assert at_s[0] >= label.position_s - 1e-9


@pytest.mark.parametrize("text", ["24:00:00:00", "00:60:00:00", "00:00:00:30", "0:00:00:00", "1:2"])
def test_what_is_no_moment_is_refused(text):
    with pytest.raises(ConfigError, match="00:01:32:12"):
        parse_moment(text)
