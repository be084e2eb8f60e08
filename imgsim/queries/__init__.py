"""Queries: by a picture, a part of one, words, likes and dislikes; by one method or several; filtered by fields."""

from __future__ import annotations

from imgsim.neighbors.feedback import STANDARD, Weights
from imgsim.queries.answers import Answer, Query, search
from imgsim.queries.examples import Example, example_of, find_vector, vector
from imgsim.queries.region import Region, parse_region
from imgsim.queries.where import allowed

__all__ = [
    "STANDARD",
    "Answer",
    "Example",
    "Query",
    "Region",
    "Weights",
    "allowed",
    "example_of",
    "find_vector",
    "parse_region",
    "search",
    "vector",
]
