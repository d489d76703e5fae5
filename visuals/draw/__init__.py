"""Pixels: looks, floor, small print, and the limits of light; in software and on a card."""
