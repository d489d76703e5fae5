"""Who is in a film, and where, so that one person can be followed through it.

Enters: what the detector finds three times a second, with the colour of each torso. Leaves: one
`Person` for everybody, from when to when and where, also after they left the picture and came back.
"""

from dataclasses import dataclass, field

import numpy as np

from model.data.capture.video.networks import Detection, PoseNetworks, Square, crop

DETECT_EVERY_S = 0.33
_CLOSELY_EVERY = 3  # looks

_GONE_S = 2.0  # after which only clothes tell who somebody is
_EXPECTED_S = 0.7  # after and before a detection, where there is no other soon
_STEP = 0.8  # of the body's circle, how far somebody gets from one detection to the next
_GROWTH = 1.6  # of the body in the picture, likewise
_ALIKE = 0.16  # distance of the colours of two torsos of one person; two shirts are .3 apart
_MIN_SEEN = 3  # detections; fewer are no person


@dataclass
class Sighting:
    """One detection. time_s; colour: float [3], 0 to 1, of the torso."""

    time_s: float
    detection: Detection
    colour: np.ndarray

    @property
    def size(self) -> float:
        """Pixels from the hips to the body's circle."""
        return float(np.linalg.norm(self.detection.circle - self.detection.hips))


@dataclass
class Person:
    """Somebody in the film, by their sightings in order of time."""

    sightings: list[Sighting] = field(default_factory=list)

    @property
    def last(self) -> Sighting:
        return self.sightings[-1]

    @property
    def colour(self) -> np.ndarray:
        return np.median([s.colour for s in self.sightings[-12:]], axis=0)

    def square_at(self, time_s: float) -> Square | None:
        """Where the person is expected; None where they are likely out of the picture."""
        times = np.array([s.time_s for s in self.sightings])
        i = int(np.searchsorted(times, time_s))
        near = self.sightings[max(0, i - 1) : i + 1]
        if len(near) == 1 or near[1].time_s - near[0].time_s > _GONE_S:
            nearest = min(near, key=lambda s: abs(s.time_s - time_s))
            is_near = abs(nearest.time_s - time_s) < _EXPECTED_S
            return nearest.detection.square if is_near else None
        share = (time_s - near[0].time_s) / (near[1].time_s - near[0].time_s)
        hips, circle = (
            (1 - share) * getattr(near[0].detection, name)
            + share * getattr(near[1].detection, name)
            for name in ("hips", "circle")
        )
        return Square.around(hips, circle)


class People:
    """Everybody who was seen; detections come in order of time."""

    def __init__(self) -> None:
        self._people: list[Person] = []

    def push(self, time_s: float, rgb: np.ndarray, found: list[Detection]) -> None:
        """Give each detection to who it is most likely, or to somebody new."""
        from scipy.optimize import linear_sum_assignment

        sightings = [Sighting(time_s, d, torso_colour(rgb, d)) for d in found]
        costs = np.array([[_cost(p, s) for s in sightings] for p in self._people])
        taken = set()
        if costs.size:
            for i, k in zip(*linear_sum_assignment(np.minimum(costs, 1e6)), strict=True):
                if costs[i, k] < np.inf:
                    self._people[i].sightings.append(sightings[k])
                    taken.add(k)
        self._people += [Person([s]) for k, s in enumerate(sightings) if k not in taken]

    def result(self) -> list[Person]:
        """Everybody seen at least `_MIN_SEEN` times, from the picture's left to its right."""
        people = [p for p in self._people if len(p.sightings) >= _MIN_SEEN]
        return sorted(
            people, key=lambda p: float(np.mean([s.detection.hips[0] for s in p.sightings]))
        )


def most_central(people: list[Person], width: int) -> int:
    """The index of who is longest, largest and nearest to the picture's middle."""

    def weight(person: Person) -> float:
        off = [(s.detection.hips[0] / width - 0.5) / 0.25 for s in person.sightings]
        sizes = [s.size for s in person.sightings]
        return float(np.sum(np.exp(-np.square(off)) * sizes))

    return max(range(len(people)), key=lambda i: weight(people[i]))


def torso_colour(rgb: np.ndarray, detection: Detection) -> np.ndarray:
    """Mean colour [3], 0 to 1, of the middle of the torso."""
    middle = (detection.hips + detection.shoulders) / 2
    side = max(4.0, 0.5 * float(np.linalg.norm(detection.hips - detection.shoulders)))
    return crop(rgb, Square(middle, side, 0.0), 8).reshape(-1, 3).mean(axis=0)


def _cost(person: Person, sighting: Sighting) -> float:
    last, gap_s = person.last, sighting.time_s - person.last.time_s
    colour = float(np.linalg.norm(person.colour - sighting.colour))
    if gap_s > _GONE_S:
        return 2.0 + colour if colour < _ALIKE else np.inf
    steps = max(1.0, gap_s / DETECT_EVERY_S)
    far = float(np.linalg.norm(last.detection.hips - sighting.detection.hips)) / last.size
    growth = abs(float(np.log(sighting.size / last.size)))
    if far > _STEP * steps or growth > np.log(_GROWTH) * steps:
        return np.inf
    return far / steps + growth + 3.0 * colour


def find_people(networks: PoseNetworks, film) -> tuple[list[Person], int]:
    """Everybody in the pictures of a film, from left to right; and the picture's width."""
    people, due, width, n = People(), 0.0, 0, 0
    for picture in film:
        width = picture.rgb.shape[1]
        if picture.time_s >= due:
            due = picture.time_s + DETECT_EVERY_S
            closely = n % _CLOSELY_EVERY == 0
            n += 1
            people.push(picture.time_s, picture.rgb, networks.detect(picture.rgb, closely))
    return people.result(), width
