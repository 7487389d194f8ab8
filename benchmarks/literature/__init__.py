"""Figures of the literature beside what aeviz reaches on the same task: `python -m benchmarks.literature`."""
