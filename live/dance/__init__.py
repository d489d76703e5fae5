"""One step of the network a frame: its contract, its styles, its dancers."""
