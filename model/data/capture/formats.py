"""Which reader a file is for: by its suffix, and by what is in it.

Enters: a path, or a folder. Leaves: the bodies in it. A reader is a module of this folder with
`read(path) -> list[Captured]`, loaded when a file of its kind comes. Every file is refused in one
sentence or read: nothing in it is run, and nothing it claims is believed.
"""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from live.errors import ArtifactError
from model.data.capture.captured import Captured, Filmed

Progress = Callable[[float, str], object]

_READERS = {
    ".bvh": "bvh", ".glb": "glb", ".vrma": "glb", ".vrm": "glb", ".pkl": "aist", ".npz": "arrays",
    ".c3d": "c3d_file", ".csv": "table", ".tsv": "table", ".mcap": "session", ".json": "openpose",
}  # fmt: skip
_FILMS = (".3gp", ".avi", ".m4v", ".mkv", ".mov", ".mp4", ".webm")
_OF_SEVERAL = ("openpose",)  # readers that choose one of the people
FBX = (
    "FBX is a closed format: let Blender make BVH of it with `blender --background --python "
    "tools/fbx_to_bvh.py -- IN.fbx OUT.bvh`"
)


def read_motion(
    path: Path, filmed: Filmed | None = None, progress: Progress = lambda done, what: None
) -> list[Captured]:
    """Every body in a file or folder, at least one; of a film, one.

    progress: told the share of a film that is done, 0..1, and what is being done. ArtifactError
    says why not, in a sentence.
    """
    if path.suffix.lower() in _FILMS:
        from model.data.capture.video.reader import read

        return [read(path, filmed or Filmed(), progress)]
    name = _reader(path)
    reader = import_module(f"{__package__}.{name}")
    bodies = (
        reader.read(path, filmed.person if filmed else None)
        if name in _OF_SEVERAL
        else reader.read(path)
    )
    if not bodies:
        raise ArtifactError("nobody moves in it")
    return bodies


def suffixes() -> list[str]:
    """What files may end in."""
    return sorted((*_READERS, *_FILMS))


def _reader(path: Path) -> str:
    """The module for a file; a folder is OpenPose's."""
    suffix = path.suffix.lower()
    if path.is_dir():
        return "openpose"
    if not path.exists():
        raise ArtifactError("there is no such file")
    if suffix == ".fbx":
        raise ArtifactError(FBX)
    name = _READERS.get(suffix)
    if name is None:
        raise ArtifactError(
            f"files ending in {suffix or 'nothing'} are not read; these are: "
            f"{', '.join(suffixes())}"
        )
    return name
