"""Draw docs/images/sections.jpg: a song's self-similarity, and what was heard of its form.

    python tools/make_sections.py FOLDER [SEED]

FOLDER: where `posejockey bench --sections FOLDER` keeps its songs. Above: every beat against every
other one, bright where they sound alike; below: the novelty. Blue lines: true sections; orange:
sections as they were announced, with what they were taken for.
"""

import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmarks.sections import hear_form
from live.audio.features import FRAME, SAMPLE_RATE
from live.beat.beat_sound import CHROMA, RHYTHM, TIMBRE
from live.beat.section import NEW
from live.safe_write import whole_file
from model.beat.heard_songs import heard_song
from model.beat.train_sections import beats_of

PAGE = Path(__file__).resolve().parent.parent / "docs" / "images" / "sections.jpg"
_SIZE, _CURVE, _EDGE = 640, 100, 40
_DARK, _TEXT, _TRUE, _HEARD = (16, 17, 22), (220, 220, 225), (90, 180, 255), (255, 150, 80)


def likeness(sounds: np.ndarray) -> np.ndarray:
    """float64 [n, n], 0..1: timbre, rhythm and harmony of n beats alike, over four beats each."""
    parts = []
    for part, weight in ((TIMBRE, 0.5), (RHYTHM, 1.0)):
        x = sounds[:, part]
        apart = np.sqrt(np.square(x[:, None] - x[None]).mean(axis=-1))
        parts.append(weight * apart)
    parts.append(1.0 - sounds[:, CHROMA] @ sounds[:, CHROMA].T)
    far = np.sum(parts, axis=0)
    n = len(far) - 3
    smooth = np.mean([far[i : i + n, i : i + n] for i in range(4)], axis=0)
    return np.clip(1.0 - smooth / np.quantile(smooth, 0.9), 0.0, 1.0)


def main(folder: Path, seed: int = 700_000) -> None:
    song = heard_song(seed, folder)
    said = hear_form(song)
    alike = likeness(np.array([beat.sound for beat in beats_of(song).beats]))
    grey = Image.fromarray((255 * alike**1.5).astype(np.uint8)).resize((_SIZE, _SIZE))
    picture = Image.new("RGB", (_SIZE + 2 * _EDGE, _SIZE + _CURVE + 3 * _EDGE), _DARK)
    picture.paste(grey, (_EDGE, _EDGE))
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(12)
    end_s = len(said) * FRAME / SAMPLE_RATE
    floor = _SIZE + _CURVE + 2 * _EDGE

    def x_of(time_s: float) -> float:
        return _EDGE + _SIZE * time_s / end_s

    for start_s, name in zip(song.starts_s, song.names, strict=True):
        x = x_of(float(start_s))
        pen.line([(x, _EDGE), (x, floor)], fill=_TRUE)
        pen.text((x + 2, _EDGE - 16), name, _TRUE, font)
    novelty = [(x_of(i * FRAME / SAMPLE_RATE), r.novelty) for i, r in enumerate(said)]
    pen.line([(x, floor - _CURVE * n) for x, n in novelty], fill=_TEXT)
    changes = [i for i, (a, b) in enumerate(pairwise(said), 1) if a.index != b.index]
    for i, after in zip(changes, [*changes[1:], len(said)], strict=True):
        reading = said[(i + after) // 2]
        x = x_of(i * FRAME / SAMPLE_RATE)
        pen.line([(x, floor - _CURVE), (x, floor)], fill=_HEARD, width=2)
        back = "" if reading.returns_to == NEW else f" = {reading.returns_to}"
        pen.text((x + 2, floor + 4), f"{reading.index}{back}", _HEARD, font)
        pen.text((x + 2, floor + 18), reading.name, _HEARD, font)
    with whole_file(PAGE) as partial:
        picture.save(partial, "JPEG", quality=70)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
