"""The same candidates from a graphics card: float32 products a block at a time, and the least of each row."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes.util import find_library

import numpy as np

from imgsim.neighbors.bounds import ROUNDING
from imgsim.neighbors.halves import TINY, Candidates, Centred
from imgsim.progress import Progress, silent
from imgsim.types import Float

BLOCK_NUMBERS = 2**27  # products on the card at a time, 512 MB, and twice that for choosing among them


def gpu() -> str | None:
    """The card that torch finds: cuda or mps."""
    if "torch" not in sys.modules and not _driver():
        return None  # torch takes seconds to import

    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else None


def _driver() -> bool:
    """Whether the system has the driver of a card that torch may use; always on a Mac."""
    devices = ("/dev/nvidiactl", "/dev/nvidia0", "/dev/dxg", "/dev/kfd")
    return sys.platform == "darwin" or any(map(os.path.exists, devices)) or bool(find_library("nvcuda"))


def gather(candidates: Candidates, place: str, progress: Progress = silent) -> None:
    """Fill in the candidates of all rows on the device `place`; rows are crowded where there may be more than room.

    Raises:
        torch.OutOfMemoryError: the card does not hold the vectors.
    """
    import torch

    n, k, room = len(candidates.points), candidates.k, min(candidates.places.shape[1], len(candidates.points) - 1)
    points, least, slack = (torch.from_numpy(array).to(place) for array in _bounds(candidates.points))
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
            candidates.places[rows, :room] = places.cpu().numpy()
            candidates.filled[rows] = room
            candidates.gap[rows] = np.where(crowded.cpu().numpy(), np.inf, -np.inf)


def _bounds(points: Float) -> tuple[Float, Float, Float]:
    """Centred points, their squared lengths less what rounding may add to a product, and that."""
    centred = Centred(points)[:]
    norms, error = np.einsum("nd,nd->n", centred, centred, dtype=np.float64), 8 * (points.shape[1] + 64) * ROUNDING
    slack = norms * error + points.shape[1] * TINY
    return centred, (norms * (1 - error)).astype(np.float32), slack.astype(np.float32)


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
