"""What a network learns from: losses, critic, curriculum, and the loop that survives a kill."""
