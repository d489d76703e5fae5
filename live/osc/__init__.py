"""The words on the wire, and how they are packed."""
