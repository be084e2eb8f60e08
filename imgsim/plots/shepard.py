"""Shepard plot: does what is far apart in the space lie far apart on the map?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from imgsim.errors import InputError
from imgsim.types import Float

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

N_PAIRS = 2000
Rows = npt.NDArray[np.int64]


def random_pairs(n: int, n_pairs: int = N_PAIRS, seed: int = 0) -> tuple[Rows, Rows]:
    """Two (M,) lists of rows of n images, never an image with itself; same seed, same pairs.

    Raises:
        InputError: there are fewer than two images.
    """
    if n < 2:
        raise InputError(f"a pair must have two images, got a collection of {n}; add images to it.")
    draw = np.random.default_rng(seed)
    first = draw.integers(0, n, n_pairs)
    return first, np.asarray((first + draw.integers(1, n, n_pairs)) % n)


def shepard_figure(space: Float, plane: Float, title: str) -> Figure:
    """Distances of M pairs on the map over those in the space; the points of a faithful map rise along a line.

    Reference: Shepard: The analysis of proximities, Psychometrika 1962.
    """
    import plotly.graph_objects as go

    marker = {"size": 4, "opacity": 0.35}
    figure = go.Figure(go.Scattergl(x=space, y=plane, mode="markers", marker=marker, hoverinfo="skip"))
    figure.update_layout(
        title={"text": title, "font": {"size": 15}},
        height=340,
        margin={"l": 50, "r": 10, "t": 40, "b": 40},
        xaxis={"title": "distance in the space", "rangemode": "tozero"},
        yaxis={"title": "distance on the map", "rangemode": "tozero"},
    )
    return figure
