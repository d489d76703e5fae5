"""What runs on stage: microphone to OSC. Never imports torch, pygame or a training package."""
