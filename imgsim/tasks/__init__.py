"""Tasks of the worker process: one file each, `run(arguments, progress)`, found by its name.

Arguments and results are JSON; what is large goes into the store, where the page finds it. A task is cancelled by
killing its process, so it needs no clean-up: results appear in the store only when complete.

What nobody waits for works in pieces, between which others go first: its result holds, under `REST`, what its next
piece needs beside the arguments.
"""

REST = "rest"
