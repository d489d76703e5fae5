"""Trains the network that hears beats on stage."""
