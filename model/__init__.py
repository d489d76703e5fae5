"""The dance network: data preparation, training and evaluation (PyTorch)."""
