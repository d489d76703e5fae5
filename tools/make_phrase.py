"""Draw docs/images/phrase.svg: a phrase of the demo track, as the bank draws it.

python tools/make_phrase.py
"""

from pathlib import Path

from live.audio.demo import PATH
from live.audio.files import read_audio
from live.dance.material.strip import draw_strip
from live.dance.performer import Performer
from live.show.controls import Controls
from live.show.engine import Engine, EngineConfig
from live.show.offline import RECEIVE_MARGIN_S, stage_frames
from live.show.timing import lead_samples

PICTURE = Path(__file__).resolve().parent.parent / "docs" / "images" / "phrase.svg"
_SECONDS = 16


def draw() -> str:
    """The picture of the last phrase of eight beats after sixteen seconds."""
    audio, rate = read_audio(PATH)
    config = EngineConfig(rate, lead_samples(60, RECEIVE_MARGIN_S), "jpop")
    engine = Engine(config, Performer(), Controls(phrase=8))
    for _ in stage_frames(engine, audio[: _SECONDS * rate]):
        pass
    engine.control("keep", "picture", 0.0)
    return draw_strip(engine.steering.material.bank.find("picture").poses)


if __name__ == "__main__":
    PICTURE.write_text(draw(), encoding="utf-8")
