"""Looks: each a small file with a class of the `Look` interface (visuals.looks.look)."""
