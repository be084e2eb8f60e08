"""Recommendation on builtin:products: what the diversity slider costs and gives, and how best to mix methods.

    python -m benchmarks.recommendation

For every item, of all items but its copies: the share of the ten shown that have its category, colour and pattern
(precision@10), the mean unlikeness of two items shown, and how many colours and categories there are among them.
"""

from __future__ import annotations

import numpy as np

from imgsim.methods import METHODS
from imgsim.neighbors import DistanceBlocks, percentile
from imgsim.neighbors.fusion import ranks
from imgsim.pipeline import Pipeline
from imgsim.recommendation import DEFAULTS, closeness, intra_list_diversity, mixed, mmr
from imgsim.recommendation.recommend import POOL
from imgsim.types import Collection

K = 10
FACTS = ("category", "colour", "pattern")
SLIDER = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9, 1.0)


def nearest(likeness: np.ndarray, k: int = K) -> np.ndarray:
    """(N, k) the nearest others of each, by the likenesses (N, N)."""
    alone = likeness.copy()
    np.fill_diagonal(alone, -np.inf)
    return np.argsort(-alone, axis=1, kind="stable")[:, :k]


def precision(collection: Collection, first: np.ndarray, shown: np.ndarray) -> list[float]:
    """Of each fact the share of the shown that have the item's."""
    values = [collection.field(name)[first] for name in FACTS]
    return [float((value[shown] == value[:, None]).mean()) for value in values]


def chance(collection: Collection, first: np.ndarray) -> list[float]:
    """The same of random other items."""
    values = [collection.field(name)[first] for name in FACTS]
    pairs = len(first) * (len(first) - 1)
    return [float(((value[:, None] == value).sum() - len(first)) / pairs) for value in values]


def main() -> None:
    """Print both tables."""
    pipeline = Pipeline()
    collection = pipeline.open("builtin:products")
    first = np.flatnonzero(collection.field("listing") == "first")
    spaces = pipeline.embed(collection, [METHODS.parse(spec) for spec in DEFAULTS])
    scales = {"closeness": [], "percentile": [], "rank": [], "share of the median distance": []}
    for space in spaces:
        ground = pipeline.background(space)
        far = DistanceBlocks(space.vectors, space.metric)(first.astype(np.int32))[:, first]
        scales["closeness"].append(closeness(far, ground))
        scales["percentile"].append(percentile(far, ground) / 100)
        scales["rank"].append(1 - np.stack([ranks(row) for row in far]) / len(far))
        scales["share of the median distance"].append(-far / np.median(ground))
        print(f"{space.method} alone:", _told(precision(collection, first, nearest(-far))))
    print("random items:", _told(chance(collection, first)))
    for name, each in scales.items():
        print(f"mixed by {name}:", _told(precision(collection, first, nearest(mixed(each, [1] * len(each))))))
    alike = mixed(scales["closeness"], [1] * len(spaces))
    pool = nearest(alike, POOL)
    for diversity in SLIDER:
        lists = [rows[mmr(alike[row, rows], alike[np.ix_(rows, rows)], K, diversity)] for row, rows in enumerate(pool)]
        shown = np.stack(lists)
        variety = np.mean([intra_list_diversity(alike[np.ix_(rows, rows)]) for rows in shown])
        kinds = [np.mean([len(set(collection.field(name)[first[rows]])) for rows in shown]) for name in FACTS[:2]]
        print(
            f"diversity {diversity:.0%}: {_told(precision(collection, first, shown))}, variety {variety:.3f}, "
            f"categories {kinds[0]:.1f}, colours {kinds[1]:.1f}",
            flush=True,
        )


def _told(values: list[float]) -> str:
    return ", ".join(f"{name} {value:.3f}" for name, value in zip(FACTS, values, strict=True))


if __name__ == "__main__":
    main()
