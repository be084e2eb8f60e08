"""A budget of bytes shared by all decoding threads: small images pass together, a huge one waits until it is alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

TOTAL_BYTES = 1 << 30


class Budget:
    """At most `total` bytes are out at a time; one request larger than that is served alone.

    Requests are served in the order they came, so that a large image is never starved by small ones.
    """

    def __init__(self, total: int) -> None:
        self.total = total
        self._used = 0
        self._turn = threading.Lock()
        self._changed = threading.Condition()

    @contextmanager
    def take(self, n_bytes: int) -> Iterator[None]:
        """Hold `n_bytes` while the block runs; waits until they are free."""
        n_bytes = min(n_bytes, self.total)
        with self._turn, self._changed:
            self._changed.wait_for(lambda: self._used + n_bytes <= self.total)
            self._used += n_bytes
        try:
            yield
        finally:
            with self._changed:
                self._used -= n_bytes
                self._changed.notify_all()


DECODING = Budget(TOTAL_BYTES)
