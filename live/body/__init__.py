"""The body: its joints, whole and safe poses, and rotations for other skeletons."""
