"""Films: pictures and sound to a file."""
