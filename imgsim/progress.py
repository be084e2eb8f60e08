"""How long work says how far it is, and how it is told to stop.

A `Progress` is called with (stage, done, total). It returns to let the work go on and raises `CancelledError` to
stop it, so a stage that reports often is also a stage that stops soon.
"""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int], None]


def silent(stage: str, done: int, total: int) -> None:
    """The progress of somebody who does not look."""
