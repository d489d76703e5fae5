"""Where in a clip somebody dances: most wait for the recording to begin, and for it to end.

Enters: joints at 30 a second. Leaves: which frames to learn from. On stage no dance begins or ends,
so who learns the waiting stands about in the middle of a song; and a judge who takes it for
stillness asks for that.
"""

import numpy as np

from live.body.pose import FRAME_RATE
from model.data.accents import joint_speed, still_frames

_FROM_THE_END_S = 0.4  # somebody still steps into place, or lets go of a pose
_LEFT_S = 0.3  # of the waiting: who begins to dance begins from a stand
_LEAST_S = 4.0  # of a clip that are left: a window of training is 3.2 s


def danced(joints: np.ndarray) -> slice:
    """The frames of joints [T, 19, 3] without the stillness at either end.

    Stillness as of `still_frames`, by the clip's own mean speed. All frames where too few would be
    left.
    """
    everything = slice(0, len(joints))
    still = still_frames(joints, float(joint_speed(joints, FRAME_RATE).mean()))
    start = _waited(still)
    stop = len(joints) - _waited(still[::-1])
    return slice(start, stop) if stop - start >= _LEAST_S * FRAME_RATE else everything


def _waited(still: np.ndarray) -> int:
    """Frames from the beginning that are to be left out."""
    near = round(_FROM_THE_END_S * FRAME_RATE)
    if not still[:near].any():
        return 0
    first = int(still.argmax())
    length = int((~still[first:]).argmax()) or len(still) - first
    return max(first + length - round(_LEFT_S * FRAME_RATE), 0)
