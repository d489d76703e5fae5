"""Measurements: figures for the README and the commits, not part of the install."""
