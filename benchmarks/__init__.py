"""Measurements against what people would use instead: `make bench`, or `python -m benchmarks [NAME …]`.

A stage is one file here with a function `stage() -> Iterable[Row]` (see `benchmarks._rows`). It measures ours and the
peer by turns, on the same data, with the same threads, in the same process; quality goes beside speed. `SLOW = True`
in the file keeps it out of a plain `make bench`. Nothing has to be registered.
"""
