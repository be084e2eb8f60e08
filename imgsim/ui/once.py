"""Results of this server process that are computed once, whoever asks, and kept while they are among the newest."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any


class Once:
    """Values by key; two browsers that want the same at the same time wait for one computation.

    Args:
        most: values kept; the least recently used go first.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._values: OrderedDict[Hashable, Any] = OrderedDict()
        self._locks: dict[Hashable, threading.Lock] = {}
        self._lock = threading.Lock()
        self.computed = 0  # how many values were computed, for those who measure

    def get(self, key: Hashable, compute: Callable[[], Any]) -> Any:
        """The value of a key; an error is not kept and reaches everybody who waited by a try of their own."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
            mine = self._locks.setdefault(key, threading.Lock())
        with mine:
            with self._lock:
                if key in self._values:
                    return self._values[key]
            try:
                value = compute()
                with self._lock:
                    self._keep(key, value)
            finally:
                with self._lock:
                    self._locks.pop(key, None)
            return value

    def _keep(self, key: Hashable, value: Any) -> None:
        self.computed += 1
        self._values[key] = value
        while len(self._values) > self.most:
            self._values.popitem(last=False)
