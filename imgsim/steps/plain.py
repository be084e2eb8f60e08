"""The walk of a method that has none of its own: what it is handed, and what it gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from imgsim.methods import Method
from imgsim.steps import WALKS, Drawn, Step, Walk, enlarged, shade, stripes, vector_step
from imgsim.types import Image


@WALKS.register
class Plain(Walk):
    """Picture, prepared, vector."""

    id = "plain"

    def steps(self, method: Method, image: Image) -> tuple[Step, ...]:
        """What lies between prepared picture and vector stays inside the method."""
        prepared = method.prepare(image)
        vector = method.embed_batch([prepared])[0]
        given = f"What {method.title} is handed: an array of {' x '.join(map(str, np.shape(prepared)))} numbers."
        return (
            Step("Picture", "The picture as it was decoded.", "", (Drawn("the picture", enlarged(image)),)),
            Step("Prepared", given, "", (Drawn("prepared", _picture(np.asarray(prepared))),)),
            vector_step(vector, f"Seen: {method.sees} Not seen: {method.blind_to}"),
        )


def _picture(array: npt.NDArray[Any]) -> Image:
    """An array of any shape as a picture."""
    if array.dtype == np.uint8 and array.ndim == 3 and array.shape[0] == 3 and array.shape[2] > 4:
        return enlarged(np.ascontiguousarray(array.transpose(1, 2, 0)))
    if array.dtype == np.uint8 and array.ndim == 3 and array.shape[2] == 3:
        return enlarged(array)
    flat = array.reshape(-1, array.shape[-1]) if array.ndim > 1 else array
    if flat.ndim == 2 and flat.size:
        return enlarged(shade(flat[:256].astype(np.float32)))
    return stripes(np.asarray(flat, np.float32).reshape(-1)) if flat.size else np.zeros((8, 8, 3), np.uint8)
