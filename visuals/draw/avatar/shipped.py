"""The figure that ships: made by tools/make_dancer.py, in the public domain (CC0 1.0)."""

from pathlib import Path

SHIPPED = Path(__file__).parent / "dancer.glb"
