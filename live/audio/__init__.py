"""Sound in: a card, a file or the demo, to blocks, a ring, and features on the sample clock."""
