"""What is a method blind to? Pictures of a collection are transformed ever more strongly and look for their originals.

measure(pipeline, collection, methods)        -> Sweep   a sample of the pictures at every strength of transformations
look(pipeline, collection, space, row, image) -> Look    one picture, transformed
known_edits (a module)                                   the same told by a collection that already holds edits

*Recall@1* is the share that finds its own original first, *similarity* that to the original, and *percentile* the share
of random pairs that are farther apart than picture and original: unlike similarities it can be compared between
methods. An exact copy of the original, and what shares its value of the field `same`, is no rival.
"""

from __future__ import annotations

from imgsim.robustness.looking import Look, look
from imgsim.robustness.points import Point, table_csv
from imgsim.robustness.run import MIN_SIDE, shrunk
from imgsim.robustness.sample import Sample, choose, family_field
from imgsim.robustness.sweep import N_IMAGES, Sweep, measure

__all__ = [
    "MIN_SIDE",
    "N_IMAGES",
    "Look",
    "Point",
    "Sample",
    "Sweep",
    "choose",
    "family_field",
    "look",
    "measure",
    "shrunk",
    "table_csv",
]
