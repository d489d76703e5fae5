"""What one can keep: phrases, the bank that holds them, and score files that put them in order."""
