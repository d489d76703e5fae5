"""What is where in the picture: camera, line-up, colours."""
