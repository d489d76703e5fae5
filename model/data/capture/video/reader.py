"""What `model.data.capture.formats` calls for films: `read`."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from live.audio import containers
from live.audio.features import SAMPLE_RATE
from live.body.pose import FRAME_RATE
from live.body.skeleton import JOINT_NAMES, N_JOINTS
from live.errors import ArtifactError, ConfigError
from model.data.capture.captured import Captured, Filmed, Sound, regular
from model.data.capture.video.film import Picture, duration_s, pictures, sound_starts_s
from model.data.capture.video.follow import Followed, follow
from model.data.capture.video.lift import Lifted, lift
from model.data.capture.video.measure import stretches
from model.data.capture.video.networks import PoseNetworks
from model.data.capture.video.people import Person, find_people, most_central

_UNSURE = 0.3  # confidence
_MENTIONED = 0.25  # share of the time that a joint is unsure, from which on it is said
_LOOKING = 0.15  # share of the time that looking for people takes
Progress = Callable[[float, str], object]


def read(path: Path, filmed: Filmed, progress: Progress) -> Captured:
    """One person of a film, as joints on a floor.

    progress: told the share that is done, 0..1, and what is being done. ArtifactError if the file
    is no film or nobody dances in it; ConfigError if there is no such person.
    """
    networks = PoseNetworks()
    length_s = duration_s(path)
    film = _reporting(pictures(path), (0.0, _LOOKING), "looking for people", length_s, progress)
    people, width = find_people(networks, film)
    chosen = _chosen(path, people, filmed.person, width)
    film = _reporting(pictures(path), (_LOOKING, 1.0), "following the dancer", length_s, progress)
    seen = follow(networks, film, people[chosen])
    parts = [lift(part, filmed.height_m, filmed.view_deg) for part in stretches(seen)]
    progress(1.0, "following the dancer")
    if not parts:
        raise ArtifactError("nobody is seen for two seconds on end; film the whole body, feet too")
    return _captured(path, seen, parts, (_who(people, chosen), *_unsure(parts)))


def _chosen(path: Path, people: list[Person], person: int | None, width: int) -> int:
    if not people:
        raise ArtifactError("nobody is seen in this film")
    if person is None:
        return most_central(people, width)
    if not 1 <= person <= len(people):
        raise ConfigError(f"--person is {person}; {path.name} shows {len(people)}")
    return person - 1


def _captured(path: Path, seen: Followed, parts: list[Lifted], notes: tuple[str, ...]) -> Captured:
    n = int(seen.times_s[-1] * FRAME_RATE) + 2
    points = np.full((n, N_JOINTS, 3), np.nan, np.float32)
    for part in parts:
        first = round(part.start_s * FRAME_RATE)
        points[first : first + len(part.joints)] = part.joints
    known = np.flatnonzero(np.isfinite(points[:, 0, 0]))
    points = points[: known[-1] + 1]
    return Captured(
        "film",
        JOINT_NAMES,
        points,
        regular(len(points), FRAME_RATE),
        is_settled=True,
        sound=sound_of(path),
        notes=notes,
    )


def sound_of(path: Path) -> Sound | None:
    """The film's sound; None if it has none that can be read."""
    with path.open("rb") as file:
        try:
            containers.probe(file)
        except ArtifactError:
            return None
        blocks = [block[:, 0] for block in containers.parts(file, SAMPLE_RATE, 1)]
    if not blocks:
        return None
    return Sound(np.concatenate(blocks), SAMPLE_RATE, sound_starts_s(path))


def _who(people: list[Person], chosen: int) -> str:
    if len(people) == 1:
        return "one person in the film"
    return f"{len(people)} people in the film, from left to right; this is person {chosen + 1}"


def _unsure(parts: list[Lifted]) -> Iterator[str]:
    share = (np.concatenate([p.confidence for p in parts]) < _UNSURE).mean(axis=0)
    hidden = [f"{JOINT_NAMES[i]} {share[i]:.0%}" for i in np.flatnonzero(share > _MENTIONED)]
    if hidden:
        yield f"guessed, because something is before it: {', '.join(hidden)} of the time"


def _reporting(
    film: Iterator[Picture],
    span: tuple[float, float],
    what: str,
    length_s: float,
    progress: Progress,
) -> Iterator[Picture]:
    low, high = span
    for picture in film:
        done = min(1.0, picture.time_s / max(length_s, 0.1))
        progress(min(low + (high - low) * done, 0.999), what)
        yield picture
