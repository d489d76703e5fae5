"""A style of one's own, learned on top of a network that ships: `posejockey learn`."""
