"""What arrives over OSC or from a file, to what is to be seen now."""
