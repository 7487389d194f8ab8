"""A recipe as a script of plain PyTorch, or as a notebook: `writing` puts it together from the parts of the others."""
