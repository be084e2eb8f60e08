"""Families: pictures that are joined by links so far, of which only one needs to be compared with others."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from imgsim.duplicates.groups import components

Pairs = npt.NDArray[np.int64]  # (P, 2), a < b
Candidates = npt.NDArray[np.int64]  # (P, 3), a < b and which of `verification`'s sides to look at


class Families:
    """Connected components of N pictures under links that are added as they are found."""

    def __init__(self, n: int, links: Pairs) -> None:
        self._parent = list(range(n))
        self._links = links
        self._tried: dict[tuple[int, int], int] = {}
        self.join(links)

    def join(self, links: Pairs) -> None:
        """Add (P, 2) links."""
        for a, b in links.tolist():
            first, second = sorted((self.root(a), self.root(b)))
            self._parent[second] = first

    def root(self, place: int) -> int:
        """The smallest place of its family."""
        while self._parent[place] != place:
            self._parent[place] = self._parent[self._parent[place]]
            place = self._parent[place]
        return place

    def middles(self) -> list[int]:
        """The picture with most of the first links in each family, ascending."""
        degree = np.bincount(self._links.ravel(), minlength=len(self._parent)).tolist()
        best: dict[int, int] = {}
        for place in range(len(self._parent)):
            middle = best.setdefault(self.root(place), place)
            if degree[place] > degree[middle]:
                best[self.root(place)] = place
        return sorted(best.values())

    def next(self, queue: Candidates, tries: int) -> tuple[Candidates, Candidates]:
        """Candidates of families that are not joined yet, and the rest, of which some may be needless then.

        Of two families the smaller takes part once, so that it is not compared with many that turn out to be one.
        """
        now, later = [], []
        busy: set[int] = set()
        sizes = np.bincount([self.root(place) for place in range(len(self._parent))]).tolist()
        for one in queue.tolist():
            first, second = sorted((self.root(one[0]), self.root(one[1])))
            if first == second or self._tried.get((first, second), 0) >= tries:
                continue
            small = {end for end in (first, second) if sizes[end] == min(sizes[first], sizes[second])}
            if small & busy:
                later.append(one)
                continue
            busy |= small
            self._tried[first, second] = self._tried.get((first, second), 0) + 1
            now.append(one)
        return np.array(now, np.int64).reshape(-1, 3), np.array(later, np.int64).reshape(-1, 3)


def to_the_middle(links: Pairs, n: int) -> Pairs:
    """(M, 2) pairs not linked yet, of each picture and the best linked one of its family, ascending."""
    known = {(a, b) for a, b in links.tolist()}
    degree = np.bincount(links.ravel(), minlength=n)
    more = set()
    for rows in components(links, n):
        middle = int(rows[np.argmax(degree[rows])])
        more |= {(min(middle, row), max(middle, row)) for row in rows.tolist() if row != middle}
    return np.array(sorted(more - known), np.int64).reshape(-1, 2)
