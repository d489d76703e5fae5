"""The training sub-commands, one file each, with a function `main(argv) -> exit code`."""
