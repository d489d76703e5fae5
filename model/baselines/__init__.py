"""Dancers to compare the network with: systems of the field, and some that learn nothing."""
