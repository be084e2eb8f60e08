"""The same candidates from a graphics card: float32 products a block at a time, and the least of each row."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from imgsim.neighbors.halves import Candidates
from imgsim.progress import Progress, silent

BLOCK_NUMBERS = 2**27  # products on the card at a time, 512 MB, and twice that for choosing among them


def gpu() -> str | None:
    """The card that torch finds: cuda or mps."""
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else None


def gather(candidates: Candidates, place: str, progress: Progress = silent) -> None:
    """Fill in the candidates of all rows on the device `place`; rows are crowded where there may be more than room.

    Raises:
        torch.OutOfMemoryError: the card does not hold the vectors.
    """
    import torch

    n, k = len(candidates.points), candidates.k
    room = min(candidates.places.shape[1], n - 1)
    points, least, slack = (
        torch.from_numpy(array).to(place) for array in (candidates.centred, candidates.least, candidates.slack)
    )
    step = max(1, BLOCK_NUMBERS // n)
    with torch.inference_mode(), _whole_float32():
        for start in range(0, n, step):
            progress("neighbors", start, n)
            rows = slice(start, min(start + step, n))
            lower = least - 2 * (points[rows] @ points.T)
            own = torch.arange(rows.stop - start, device=place)
            lower[own, own + start] = torch.inf
            values, places = lower.topk(room, largest=False)
            bound = (values + 2 * slack[places]).topk(k, largest=False).values[:, -1] + 2 * slack[rows]
            crowded = (values.amax(dim=1) <= bound) & (room < n - 1)
            candidates.lower[rows, :room] = (values + least[rows, None]).cpu().numpy()
            candidates.places[rows, :room] = places.cpu().numpy()
            candidates.filled[rows] = room
            candidates.gap[rows] = np.where(crowded.cpu().numpy(), np.inf, -np.inf)


@contextmanager
def _whole_float32() -> Iterator[None]:
    """No tf32 meanwhile: its products have 10 bits, the bounds reckon with 23."""
    import torch

    before = torch.backends.cuda.matmul.fp32_precision
    torch.backends.cuda.matmul.fp32_precision = "ieee"
    try:
        yield
    finally:
        torch.backends.cuda.matmul.fp32_precision = before
