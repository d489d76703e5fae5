"""Recorded shows (.mcap): the dancers' poses as they were sent, and the sound they danced to.

Enters: a session made with --record. Leaves: `Captured` for each dancer, with the show's sound.
"""

from pathlib import Path

import numpy as np

from live.audio.features import SAMPLE_RATE
from live.body.skeleton import JOINT_NAMES, N_JOINTS
from live.errors import ArtifactError
from live.osc import schema
from live.osc.encoding import decode
from live.session.reader import SessionReader
from model.data.capture.captured import Captured, Sound

_MOST_FRAMES = 1 << 20  # five hours of 60 a second
_JOINTS = {
    schema.JOINTS.address.format(dancer=d, joint=name): (d, j)
    for d in range(1, schema.MAX_DANCERS + 1)
    for j, name in enumerate(JOINT_NAMES)
}


def read(path: Path) -> list[Captured]:
    """A body for each dancer of the show. ArtifactError if it is no session, or nobody danced."""
    session = SessionReader(path)
    tracks: dict[int, dict[int, np.ndarray]] = {}
    for sample, packet in session.packets():
        for dancer, pose in _poses(packet).items():
            tracks.setdefault(dancer, {})[sample] = pose
        if sum(map(len, tracks.values())) > _MOST_FRAMES:
            raise ArtifactError(f"{path.name} has more poses than five hours of a dancer")
    if not tracks:
        raise ArtifactError(f"{path.name} holds no poses; nobody danced in it")
    audio, rate = session.audio()
    alone = len(tracks) == 1
    return [
        _captured(track, "" if alone else f"dancer{dancer}", audio, rate)
        for dancer, track in sorted(tracks.items())
    ]


def _poses(packet: bytes) -> dict[int, np.ndarray]:
    """Joints [19, 3] of the dancers in a packet, NaN where it says nothing or nonsense."""
    found: dict[int, np.ndarray] = {}
    for address, arguments in decode(packet):
        if address in _JOINTS and len(arguments) == 3:
            dancer, joint = _JOINTS[address]
            pose = found.setdefault(dancer, np.full((N_JOINTS, 3), np.nan))
            values = [v for v in arguments if isinstance(v, float) and abs(v) < 1e4]
            if len(values) == 3:
                pose[joint] = values
    return found


def _captured(track: dict[int, np.ndarray], part: str, audio: np.ndarray, rate: int) -> Captured:
    samples = np.array(sorted(track))
    time_s = (samples - samples[0]) / SAMPLE_RATE
    sound = Sound(audio, rate, float(samples[0]) / SAMPLE_RATE) if len(audio) else None
    points = np.stack([track[sample] for sample in samples])
    return Captured(
        "a session", JOINT_NAMES, points, time_s, part=part, is_settled=True, sound=sound
    )
