"""What the operator asks for: over OSC, by MIDI, by scenes."""
