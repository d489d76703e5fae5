"""The order of everything, the deadline, and what happens when it is missed."""
