"""The window: display, keys, pacing, and the state that survives it."""
