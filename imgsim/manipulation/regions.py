"""Masks as regions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from imgsim.raster import opencv

Mask = npt.NDArray[np.bool_]  # (H, W)


@dataclass(frozen=True)
class Region:
    """A connected part of a mask: its box in pixels of the suspect, and its own area in pixels."""

    x: int
    y: int
    width: int
    height: int
    area: int


@dataclass(frozen=True, eq=False)
class Finding:
    """What was found in a suspect.

    Attributes:
        score: strength in the unit of `unit`; 0 where nothing was found.
        unit: what the score counts.
        mask: (H, W) where, in pixels of the suspect.
        regions: its connected parts, the largest first.
        note: what a person should know of how it was found.
    """

    score: float
    unit: str
    mask: Mask
    regions: tuple[Region, ...]
    note: str


def cleaned(mask: Mask, smallest: int, close: int = 7) -> Mask:
    """The mask without specks, its gaps of up to `close` pixels closed, holes filled, parts below `smallest` gone."""
    cv2 = opencv()
    bits = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, _disc(3))
    bits = cv2.morphologyEx(bits, cv2.MORPH_CLOSE, _disc(close))
    outlines, _ = cv2.findContours(bits, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(bits, outlines, -1, 1, cv2.FILLED)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(bits, connectivity=8)
    large = stats[:, cv2.CC_STAT_AREA] >= smallest
    large[0] = False
    return np.asarray(large[labels])


def regions_of(mask: Mask) -> tuple[Region, ...]:
    """The connected parts, the largest first."""
    _, _, stats, _ = opencv().connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    found = [Region(*map(int, row)) for row in stats[1:]]
    return tuple(sorted(found, key=lambda one: (-one.area, one.y, one.x)))


def _disc(side: int) -> npt.NDArray[np.uint8]:
    return np.asarray(opencv().getStructuringElement(opencv().MORPH_ELLIPSE, (side, side)))
