"""What the music asks of the size of the dance: more in a chorus, less in a break, on average none.

Enters: feature frames. Leaves: what to add to the energy that the network is asked for. Engine's
thread.

Two parts. Bar by bar, the music against the piece so far: how loud it is, and how much is struck,
for a break without drums need not be quiet. And moment by moment, its loudness against the slow
automatic gain, so that a dance shrinks at once when the sound does. Both are about zero in the mean
over a piece: how large a style is danced is not the music's to say.
"""

from live.audio.features import FRAME, LOUDNESS, ONSET, SAMPLE_RATE, FeatureFrame

_FRAME_S = FRAME / SAMPLE_RATE
_MOMENT_S = 0.4
_MOMENT_ENERGY = 1.2  # for 30 dB
# The gain follows the peaks, so that music is below its own level most of the time, by so much on
# average (24 rendered songs .19, the median .16; four recordings .19): there it takes nothing away.
_MOMENT_AVERAGE = -0.17
_BAR_S = 2.0
_PIECE_S = 60.0  # what the piece was like is forgotten over a minute
_LEVEL_DB = 80.0  # what 1 stands for in the level
_ENERGY_PER_DB = 0.12
# For all of the strokes a piece usually has: what is missing tells of a break, what is more is a
# matter of the drum pattern, and tells little.
_ENERGY_FEWER, _ENERGY_MORE = 1.2, 0.3
_LEAST, _MOST = -0.6, 0.6
_AT_ONCE = 0.5  # the most that a moment adds


class MusicEnergy:
    """Owns means over a moment, a bar and the piece."""

    def __init__(self) -> None:
        self._relative = 0.0
        self.begin()

    def begin(self) -> None:
        """Another piece begins: it is compared with itself alone."""
        self._heard_s = 0.0
        self._bar = [0.0, 0.0]  # dB, strokes
        self._piece = [0.0, 0.0]

    def step(self, frame: FeatureFrame, is_idle: bool) -> None:
        """One frame. is_idle: nothing was heard for seconds, the piece is over."""
        features = frame.features
        relative = float(features[LOUDNESS.stop - 1])
        self._relative += (relative - self._relative) * _FRAME_S / _MOMENT_S
        if is_idle:
            if self._heard_s:
                self.begin()
            return
        self._heard_s += _FRAME_S
        strokes = float(features[ONSET.start : ONSET.stop].sum())
        now = (_LEVEL_DB * (frame.level - 1.0), strokes)
        bar = _FRAME_S / min(self._heard_s, _BAR_S)
        piece = _FRAME_S / min(self._heard_s, _PIECE_S)
        for i, value in enumerate(now):
            self._bar[i] += bar * (value - self._bar[i])
            self._piece[i] += piece * (value - self._piece[i])

    @property
    def section(self) -> float:
        """Of the bar against the piece, -0.6 to 0.6."""
        louder_db = self._bar[0] - self._piece[0]
        busier = self._bar[1] / max(self._piece[1], 1e-3) - 1.0
        busier *= _ENERGY_FEWER if busier < 0 else _ENERGY_MORE
        energy = _ENERGY_PER_DB * louder_db + busier
        return min(max(energy, _LEAST), _MOST)

    @property
    def moment(self) -> float:
        """Of this moment against the automatic gain, up to 0.5."""
        return min(_MOMENT_ENERGY * (self._relative - _MOMENT_AVERAGE), _AT_ONCE)

    @property
    def energy(self) -> float:
        """To be added to the energy."""
        return self.section + self.moment
