"""Recommendation: items to show beside an item. Pure functions on a collection and its embeddings.

closeness, mixed        distances of several methods on one scale, and their weighted mean
mmr                     variety in the list (maximal marginal relevance)
recommend(collection, spaces, grounds, wish)   all of it: likes and dislikes, categories, no copies
"""

from __future__ import annotations

from imgsim.recommendation.diversity import intra_list_diversity, mmr
from imgsim.recommendation.mixing import closeness, mixed
from imgsim.recommendation.recommend import SCOPES, Recommendation, Scope, Wish, candidates, moved, recommend

DEFAULTS = {"color_histogram": "Colour", "hog": "Shape", "imgsim_mini": "Semantics"}  # method: what it stands for

__all__ = [
    "DEFAULTS",
    "SCOPES",
    "Recommendation",
    "Scope",
    "Wish",
    "candidates",
    "closeness",
    "intra_list_diversity",
    "mixed",
    "mmr",
    "moved",
    "recommend",
]
