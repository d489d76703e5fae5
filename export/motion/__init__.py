"""Dances as files of other programs: the frames, the bones they turn, and the formats."""
