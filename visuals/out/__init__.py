"""The picture for other programs: NDI, Spout and Syphon."""
