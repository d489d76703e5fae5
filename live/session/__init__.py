"""A show in one file, written, read and sent again; and takes."""
