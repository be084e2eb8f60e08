"""What the room predicts: votes by lesson, in the memory of the server, without names; gone when the server ends.

A browser session has one vote a lesson, which it may change. Sessions are kept as random tokens that are made here and
mean nothing elsewhere.
"""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Mapping

MOST_VOTERS = 1000  # a lesson; the oldest votes go first
MOST_LESSONS = 200


class Room:
    """The votes of everybody who uses this server."""

    def __init__(self) -> None:
        self._votes: OrderedDict[str, OrderedDict[str, str]] = OrderedDict()
        self._lock = threading.Lock()

    def vote(self, lesson: str, voter: str, choice: str) -> None:
        """Note what a voter predicts; a second vote replaces the first."""
        with self._lock:
            votes = self._votes.setdefault(lesson, OrderedDict())
            votes.pop(voter, None)
            votes[voter] = choice
            while len(votes) > MOST_VOTERS:
                votes.popitem(last=False)
            while len(self._votes) > MOST_LESSONS:
                self._votes.popitem(last=False)

    def counts(self, lesson: str, choices: Mapping[str, str]) -> dict[str, int]:
        """Votes by choice, in the order of the choices."""
        with self._lock:
            found = Counter(self._votes.get(lesson, {}).values())
        return {choice: found.get(choice, 0) for choice in choices}

    def reset(self, lesson: str) -> None:
        """Forget the votes of a lesson."""
        with self._lock:
            self._votes.pop(lesson, None)


ROOM = Room()
