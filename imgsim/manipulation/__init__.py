"""Manipulated pictures: where one differs from a known original, where it repeats itself, how it recompresses.

    difference(suspect, original) -> Finding    aligned first, so that a scaled or turned copy can be compared
    copy_move(suspect)            -> Finding    regions that occur twice
    error_levels(suspect)         -> (H, W)     a pointer for the eye, not proof

A finding says what the pixels show, never who did it or why.
"""

from __future__ import annotations

from imgsim.manipulation.copies import copy_move
from imgsim.manipulation.differences import difference
from imgsim.manipulation.levels import ERROR_LEVELS_SAY, error_levels
from imgsim.manipulation.regions import Finding, Region

__all__ = ["ERROR_LEVELS_SAY", "Finding", "Region", "copy_move", "difference", "error_levels"]
