"""Music encoder and pose decoder, their sizes, and where their weights come from."""
