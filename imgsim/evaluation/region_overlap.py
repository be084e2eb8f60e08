"""How well heat maps lie on true masks: AUROC over pixels, and the per-region overlap (PRO)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from imgsim.errors import InputError
from imgsim.evaluation.auroc import auroc
from imgsim.raster import opencv

Maps = Sequence[npt.NDArray[Any]]


def pixel_auroc(masks: Maps, maps: Maps) -> float:
    """AUROC over all pixels of (H, W) masks and heat maps, 0.5 is chance. Without interval: pixels are not independent.

    Raises:
        InputError: a map has not the shape of its mask, or no pixel, or every pixel, is marked.
    """
    truth, values, _ = _flat(masks, maps)
    return auroc(truth, values).value


def region_overlap(masks: Maps, maps: Maps, *, most_false: float = 0.3) -> float:
    """PRO, 0 to 1: the mean covered share of a true region, averaged over false-positive rates up to `most_false`.

    Every 8-connected region weighs the same, whatever its size. A map of random numbers gives most_false / 2.

    Raises:
        InputError: as `pixel_auroc`, or `most_false` is not above 0 and at most 1.

    Reference: Bergmann et al.: The MVTec anomaly detection dataset, IJCV 129, 2021, section 5.2.
    """
    if not 0 < most_false <= 1:
        raise InputError(f"most_false must be above 0 and at most 1, got {most_false}; the usual value is 0.3.")
    truth, values, weights = _flat(masks, maps)
    if not truth.any() or truth.all():
        raise InputError("masks must mark some pixels and leave some, got all of one kind; give both.")
    order = np.argsort(-values, kind="stable")
    last = np.flatnonzero(np.append(np.diff(values[order]) != 0, True))
    false = np.append(0.0, np.cumsum(~truth[order])[last] / (~truth).sum())
    covered = np.append(0.0, np.cumsum(weights[order])[last])
    end = np.searchsorted(false, most_false, "right")
    x = np.append(false[:end], most_false)
    y = np.append(covered[:end], np.interp(most_false, false[end - 1 : end + 1], covered[end - 1 : end + 1]))
    return float(np.trapezoid(y, x) / most_false)


def _flat(masks: Maps, maps: Maps) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]:
    """Truth and value of every pixel, and its share of its region over the number of regions."""
    if not len(masks) or any(np.shape(a) != np.shape(b) for a, b in zip(masks, maps, strict=True)):
        raise InputError("every heat map must have the shape of its mask, got others; resize the maps first.")
    labels = [opencv().connectedComponents(np.asarray(mask, np.uint8))[1] for mask in masks]
    sizes = [np.bincount(regions.ravel()) for regions in labels]
    n_regions = max(sum(len(size) - 1 for size in sizes), 1)
    shares = [(regions > 0) / size[regions] / n_regions for regions, size in zip(labels, sizes, strict=True)]
    truth, values, weights = (
        np.concatenate([np.asarray(one).ravel() for one in many]) for many in (masks, maps, shares)
    )
    return truth.astype(bool), values.astype(np.float64), weights
