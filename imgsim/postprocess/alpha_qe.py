"""Alpha query expansion: ask with the mean of the query and what it finds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from imgsim.parameters import param
from imgsim.postprocess import POSTPROCESS, QueryStep
from imgsim.postprocess._expansion import expand, nearest_of_queries
from imgsim.types import Float, Metric

BLOCK_NUMBERS = 8_000_000  # entries of neighbours' vectors at a time


@POSTPROCESS.register
@dataclass(frozen=True)
class AlphaQe(QueryStep):
    """Search, average the query with its n nearest weighted by similarity^alpha, and search again."""

    n: int = param(5, "Nearest images that join the query.", minimum=1, maximum=100)
    alpha: float = param(3.0, "The power of the similarities; larger trusts the nearest more.", minimum=0.0, maximum=10)

    id = "alpha_qe"
    title = "Query expansion"
    changes = (
        "Asks a second time, with the mean of the query and its first finds; good where the first finds are right."
    )
    reference = "Radenović et al.: Fine-tuning CNN image retrieval with no human annotation, TPAMI 2018"

    def expand(self, queries: Float, database: Float, metric: Metric) -> Float:
        """(Q, D)."""
        if len(database) < 2:
            return queries
        step = max(1, BLOCK_NUMBERS // (self.n * database.shape[1]))
        return np.concatenate(
            [self._expand(queries[i : i + step], database, metric) for i in range(0, len(queries), step)]
        )

    def _expand(self, queries: Float, database: Float, metric: Metric) -> Float:
        rows, distances = nearest_of_queries(queries, database, metric, self.n)
        return expand(queries, database[rows], distances, self.alpha, metric)
