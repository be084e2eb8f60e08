"""Groups round a medoid: everybody in a group is directly linked to one picture of it, so nothing is chained."""

from __future__ import annotations

import heapq
from typing import Any

import numpy as np
import numpy.typing as npt


def components(pairs: npt.NDArray[Any], n: int) -> list[npt.NDArray[np.int64]]:
    """The connected components of (P, 2) links over n rows that have two rows or more, rows ascending."""
    parent = list(range(n))

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    for a, b in pairs.tolist():
        first, second = sorted((root(a), root(b)))
        parent[second] = first
    members: dict[int, list[int]] = {}
    for row in np.unique(pairs).tolist():
        members.setdefault(root(row), []).append(row)
    return [np.array(rows, np.int64) for _, rows in sorted(members.items())]


def medoid_groups(pairs: npt.NDArray[Any], n: int) -> list[list[int]]:
    """Groups of two rows or more, the medoid first: the row with most free links takes these rows, then the next.

    Single linkage would join A and C because both are like B; here they are together only with B in their middle.
    Reference: the star algorithm, Aslam, Pelekhov & Rus, Journal of Graph Algorithms and Applications 2004.
    """
    linked: dict[int, set[int]] = {}
    for a, b in pairs.tolist():
        linked.setdefault(a, set()).add(b)
        linked.setdefault(b, set()).add(a)
    queue = [(-len(others), row) for row, others in linked.items()]
    heapq.heapify(queue)
    taken = np.zeros(n, bool)
    groups = []
    while queue:
        promised, row = heapq.heappop(queue)
        if taken[row]:
            continue
        free = sorted(other for other in linked[row] if not taken[other])
        if len(free) < -promised:
            if free:
                heapq.heappush(queue, (-len(free), row))
            continue
        groups.append([row, *free])
        taken[groups[-1]] = True
    return groups
