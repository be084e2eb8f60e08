"""Variety in a list: maximal marginal relevance, and how unlike each other the images of a list are (P candidates)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from imgsim.errors import InputError
from imgsim.recommendation.mixing import Doubles


def mmr(relevance: Doubles, likeness: Doubles, k: int, diversity: float) -> npt.NDArray[np.intp]:
    """The places of the k candidates to show, one after the other; ties go to the first.

    Next comes the candidate d, not yet in the list S, with the greatest

        (1 - diversity) * relevance[d] - diversity * max over s in S of likeness[d, s]

    where 1 - diversity is the paper's lambda. At 0 it is the order of relevance; at 1, after the first, only what is
    unlike the list counts.

    Args:
        relevance: (P,) how near each candidate is to the query, larger is closer.
        likeness: (P, P) how near the candidates are to each other, on the same scale.
        k: how many.
        diversity: 0 to 1.

    Raises:
        InputError: the diversity is outside 0 to 1, or k is below 1.

    Reference: Carbonell & Goldstein: The use of MMR, diversity-based reranking for reordering documents and producing
    summaries, SIGIR 1998, doi:10.1145/290941.291025.
    """
    if not 0 <= diversity <= 1:
        raise InputError(f"diversity must be 0 to 1, got {diversity:g}; 0 orders by likeness alone.")
    if k < 1:
        raise InputError(f"k must be at least 1, got {k}; ask for one image or more.")
    chosen: list[int] = []
    nearest = np.zeros(len(relevance))  # to what is chosen
    for _ in range(min(k, len(relevance))):
        gain = np.asarray(relevance if not chosen else (1 - diversity) * relevance - diversity * nearest, np.float64)
        gain = gain.copy()
        gain[chosen] = -np.inf
        best = int(gain.argmax())
        nearest = np.maximum(nearest, likeness[best]) if chosen else np.array(likeness[best], np.float64)
        chosen.append(best)
    return np.array(chosen, np.intp)


def intra_list_diversity(likeness: Doubles) -> float:
    """The mean of 1 - likeness over all pairs of a list of k, from its (k, k) likenesses; NaN for fewer than two.

    Reference: Smyth & McClave: Similarity vs. diversity, ICCBR 2001, doi:10.1007/3-540-44593-5_25.
    """
    first, second = np.triu_indices(len(likeness), 1)
    return float((1 - likeness[first, second]).mean()) if len(first) else float("nan")
