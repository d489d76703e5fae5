"""Avatars: figures with a skin, read from GLB and VRM files, and how a dance moves them."""
