"""Commands of `python -m aeviz` that print more than a few lines."""
