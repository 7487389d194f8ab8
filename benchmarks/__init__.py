"""Side-by-side measurements: `python -m benchmarks` prints them as a table; docs/BENCHMARKS.md keeps the last one."""
