"""Dancers to compare the network with, which learn nothing."""
