"""Dances measured beside real ones: from a checkpoint, and as the stage runs them."""
