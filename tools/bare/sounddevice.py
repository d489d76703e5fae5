"""In place of sounddevice for `tools/run_bare.py`: what it says on a machine without PortAudio."""

raise OSError("PortAudio library not found")
