"""The figures on screen: a process of its own, fed by OSC alone."""
