"""What tests against independent implementations share beside the fixture `photos`."""

from __future__ import annotations

import numpy as np

from imgsim.methods import METHODS


def one(spec: str, image: np.ndarray) -> np.ndarray:
    """(D,) vector of one picture by a method with its parameters, such as `hog:cell=8`."""
    return METHODS.parse(spec).embed([np.ascontiguousarray(image)])[0]
