"""Duplicates of a collection: exact, near and transformed copies, in groups that never chain unlike pictures together.

    open_sketched(pipeline, source)     -> Collection its pictures are decoded once for all that follows
    score_pairs(pipeline, collection)   -> Scored     what looks alike, by hash bits and by agreeing points
    decide(scored, thresholds)          -> Decision   pairs of a kind, and groups round one picture each
    keepers(pipeline, collection, …)    -> facts      which one to keep: the largest, then the sharpest
    separations(pipeline, spaces, …)    -> methods    which one keeps example pairs apart (in `choosing`)
    as_csv, as_script                                 the decisions to take away; nothing is ever deleted

The costly part does not depend on the thresholds, so that these can be tried out.
"""

from __future__ import annotations

from imgsim.duplicates.decisions import Decision, Group, Pair, Thresholds, decide
from imgsim.duplicates.export import as_csv, as_script
from imgsim.duplicates.judging import Judged, judged_at
from imgsim.duplicates.keepers import Facts, chosen, keepers
from imgsim.duplicates.scoring import Scored, score_pairs
from imgsim.duplicates.sketches import open_sketched

__all__ = [
    "Decision",
    "Facts",
    "Group",
    "Judged",
    "Pair",
    "Scored",
    "Thresholds",
    "as_csv",
    "as_script",
    "chosen",
    "decide",
    "judged_at",
    "keepers",
    "open_sketched",
    "score_pairs",
]
