"""A page on which a person prefers blindly: two dances to one song, side by side.

Enters: `Compared`. Leaves: a folder to open in any browser, from the disk or from any server:
index.html, films.js, a sound file for each song. It asks nothing of a network; what a person
prefers stays in that browser until it is exported.
"""

import base64
import hashlib
import json
from importlib import resources
from pathlib import Path

import numpy as np
import soundfile

from live.audio.features import SAMPLE_RATE
from live.body.skeleton import BONES, JOINT, JOINT_NAMES
from live.safe_write import whole_file, write_text
from model.comparison.comparison import Compared
from model.comparison.films import Scene, scenes
from model.comparison.recipe import Recipe

_BLOCK = SAMPLE_RATE  # of what the encoder is given at once
_MOST_M = 32.0  # what int16 millimetres hold
_PAGE = "index.html"


def write_page(recipe: Recipe, compared: Compared, folder: Path) -> None:
    write_scenes([*scenes(recipe, compared)], folder)


def write_scenes(found: list[Scene], folder: Path) -> None:
    """found: at least one, with two dancers or more."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, scene in enumerate(found):
        _write_sound(folder / f"song-{number}.ogg", scene.audio)
    packed = [{name: _packed(joints) for name, joints in s.films.items()} for s in found]
    films = {
        "id": hashlib.sha256(json.dumps(packed).encode()).hexdigest()[:16],
        "bones": BONES,
        "head": JOINT["head"],
        "left": [i for i, name in enumerate(JOINT_NAMES) if name.startswith("l_")],
        "right": [i for i, name in enumerate(JOINT_NAMES) if name.startswith("r_")],
        "systems": list(found[0].films),
        "scenes": [
            {
                "name": scene.name,
                "sound": f"song-{number}.ogg",
                "films": packed[number],
            }
            for number, scene in enumerate(found)
        ],
    }
    write_text(folder / "films.js", f"const COMPARISON = {json.dumps(films)};\n")
    page = resources.files("model.comparison") / _PAGE
    write_text(folder / _PAGE, page.read_text(encoding="utf-8"))


def _packed(joints: np.ndarray) -> str:
    """[T, 19, 3] metres as base64 of little-endian int16 millimetres."""
    near = np.clip(joints, -_MOST_M, _MOST_M)
    return base64.b64encode(np.rint(1000 * near).astype("<i2").tobytes()).decode("ascii")


def _write_sound(path: Path, audio: np.ndarray) -> None:
    with (
        whole_file(path) as partial,
        soundfile.SoundFile(partial, "w", SAMPLE_RATE, 1, format="OGG", subtype="VORBIS") as file,
    ):
        for start in range(0, len(audio), _BLOCK):
            file.write(audio[start : start + _BLOCK])
