"""Neighbours: distances, exact search, and what a distance means. `METRICS` is the table of distances."""

from __future__ import annotations

from imgsim.neighbors.blocks import DistanceBlocks
from imgsim.neighbors.exact import nearest, search
from imgsim.neighbors.guest import with_guest
from imgsim.neighbors.metrics import METRICS, Distance
from imgsim.neighbors.scores import (
    background,
    distance,
    euclidean_view,
    pair_distances,
    percentile,
    random_pairs,
    similarity,
)

__all__ = [
    "METRICS",
    "Distance",
    "DistanceBlocks",
    "background",
    "distance",
    "euclidean_view",
    "nearest",
    "pair_distances",
    "percentile",
    "random_pairs",
    "search",
    "similarity",
    "with_guest",
]
