"""Dance music rendered here, with every beat known exactly."""
