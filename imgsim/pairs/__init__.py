"""Two images: how alike they are by each method (`compare`), and why (`find_evidence`)."""

from __future__ import annotations

from imgsim.pairs.evidence import find_evidence, load_evidence
from imgsim.pairs.likeness import Likeness, compare
from imgsim.pairs.sides import Side, check, label_field, side_of, subject_of

__all__ = [
    "Likeness",
    "Side",
    "check",
    "compare",
    "find_evidence",
    "label_field",
    "load_evidence",
    "side_of",
    "subject_of",
]
