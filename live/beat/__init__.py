"""Tempo, beat and bar at any time asked, also in the future; from sound or from other clocks."""
