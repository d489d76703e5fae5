"""The studio: pages on one local address, a process of its own (extra `web`)."""
