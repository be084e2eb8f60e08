"""From an item to the items to show beside it: several methods, likes and dislikes, categories, variety."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from imgsim.errors import InputError
from imgsim.neighbors import METRICS
from imgsim.neighbors.metrics import unit
from imgsim.neighbors.rocchio import rocchio
from imgsim.recommendation.diversity import intra_list_diversity, mmr
from imgsim.recommendation.mixing import Doubles, closeness, mixed
from imgsim.types import Collection, Embeddings, Field, Float

Scope = Literal["any", "same", "other"]
SCOPES: tuple[Scope, ...] = ("any", "same", "other")
BLOCK_ROWS = 8192  # vectors prepared at a time
POOL = 100  # nearest candidates among which variety is looked for
Rows = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Wish:
    """What is asked for.

    Attributes:
        row: the item.
        weights: one a space, 0 or more.
        likes: rows to be near to as well.
        dislikes: rows to keep away from.
        scope: `same` or `other` category than the item's, or `any`.
        category: name of the field that holds the category; "" with the scope `any`.
        diversity: 0 (order of closeness) to 1.
        k: how many.
    """

    row: int
    weights: tuple[float, ...]
    likes: tuple[int, ...] = ()
    dislikes: tuple[int, ...] = ()
    scope: Scope = "any"
    category: str = ""
    diversity: float = 0.0
    k: int = 12


@dataclass(frozen=True, eq=False)
class Recommendation:
    """K items in the order to show them, and what was measured of the list.

    Attributes:
        rows: (K,).
        score: (K,) mixed closeness to what was asked, 0 to 1.
        by_space: (M, K) closeness by each space.
        n_candidates: items that might have been shown.
        variety: mean of 1 - closeness over all pairs of the list, 0 to 1; NaN for fewer than two.
        variety_by_chance: the same of random pairs of the collection.
    """

    rows: Rows
    score: Doubles
    by_space: Doubles
    n_candidates: int
    variety: float
    variety_by_chance: float


def recommend(
    collection: Collection, spaces: Sequence[Embeddings], grounds: Sequence[Float], wish: Wish
) -> Recommendation:
    """The items to show for a wish, by M spaces of the collection and the distances of random pairs in each.

    Neither the item, what was liked or disliked, nor any exact copy of these is shown, and of copies only the first.

    Raises:
        InputError: weights or diversity make no sense, or a category is asked for and the item has none.
    """
    rows = candidates(collection, wish)
    each = [
        closeness(_from(space, moved(space, wish), rows), ground) for space, ground in zip(spaces, grounds, strict=True)
    ]
    relevance = mixed(each, wish.weights)
    pool = np.argsort(-relevance, kind="stable")[: max(POOL, wish.k)]
    alike = _likeness(spaces, grounds, rows[pool], wish.weights)
    order = mmr(relevance[pool], alike, wish.k, wish.diversity)
    shown = pool[order]
    variety = intra_list_diversity(alike[np.ix_(order, order)])
    by_space = np.array([one[shown] for one in each]).reshape(len(spaces), len(shown))
    chance = _chance(grounds, wish.weights)
    return Recommendation(rows[shown], relevance[shown], by_space, len(rows), variety, chance)


def candidates(collection: Collection, wish: Wish) -> Rows:
    """The rows that may be shown, ascending.

    Raises:
        InputError: a category is asked for and the item has none.
    """
    asked = {collection.hashes[row] for row in (wish.row, *wish.likes, *wish.dislikes)}
    seen: dict[str, int] = {}
    first = np.array([seen.setdefault(one, row) == row for row, one in enumerate(collection.hashes)], bool)
    keep = first & np.array([one not in asked for one in collection.hashes], bool)
    if wish.scope != "any":
        keep &= _in_scope(collection.field(wish.category), wish)
    return np.flatnonzero(keep)


def _in_scope(values: Field, wish: Wish) -> npt.NDArray[np.bool_]:
    own = values[wish.row]
    if str(own) in ("", "nan"):
        raise InputError(f"the item must have a {wish.category}, got none; take the scope any.")
    given = np.array([str(value) not in ("", "nan") for value in values], bool)
    return np.asarray((values == own) if wish.scope == "same" else (values != own) & given)


def moved(space: Embeddings, wish: Wish) -> Float:
    """(D,) the item's vector, moved by likes and dislikes (Rocchio), as a vector that the metric is defined for.

    For the cosine all vectors count with length 1. Histograms are clipped at 0, as term weights are in the paper. Bits
    become those that the weighted votes speak for.
    """
    if not wish.likes and not wish.dislikes:
        return np.asarray(space.vectors[wish.row], np.float32)
    query, likes, dislikes = (
        np.asarray(space.vectors[list(rows)], np.float32).reshape(-1, space.dim)
        for rows in ((wish.row,), wish.likes, wish.dislikes)
    )
    if space.metric == "cosine":
        query, likes, dislikes = (unit(vectors)[:, :-1] for vectors in (query, likes, dislikes))
    if space.metric == "hamming":
        votes = rocchio(query[0] - 0.5, likes - 0.5, dislikes - 0.5)
        return np.asarray(np.where(votes == 0, query[0], votes > 0), np.float32)
    found = rocchio(query[0], likes, dislikes)
    return found if METRICS[space.metric].check is None else np.maximum(found, 0)


def _from(space: Embeddings, vector: Float, rows: Rows) -> Float:
    """(R,) distances of a vector from some rows, a block at a time, so that no second copy of all vectors is made."""
    measure = METRICS[space.metric]
    query = measure.prepare(vector[None])[0]
    blocks = [rows[start : start + BLOCK_ROWS] for start in range(0, max(1, len(rows)), BLOCK_ROWS)]
    return np.concatenate([measure.pairs(measure.prepare(space.vectors[block]), query) for block in blocks])


def _likeness(spaces: Sequence[Embeddings], grounds: Sequence[Float], rows: Rows, weights: Sequence[float]) -> Doubles:
    """(P, P) mixed closeness of some rows to each other."""
    each = []
    for space, ground in zip(spaces, grounds, strict=True):
        measure = METRICS[space.metric]
        points = measure.prepare(space.vectors[rows])
        far = [measure.pairs(points, point) for point in points]
        each.append(closeness(np.stack(far) if far else np.zeros((0, 0), np.float32), ground))
    return mixed(each, weights)


def _chance(grounds: Sequence[Float], weights: Sequence[float]) -> float:
    """Mean of 1 - closeness over the random pairs of each space."""
    if not all(len(ground) for ground in grounds):
        return float("nan")
    means = [np.atleast_1d(closeness(ground, ground).mean()) for ground in grounds]
    return float(1 - mixed(means, weights)[0])
