"""Measurements against what people would use instead: `make bench`, or `python -m benchmarks.NAME`."""
