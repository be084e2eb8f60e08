"""Copies in a collection: the costly part, which does not depend on the thresholds of the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from imgsim.duplicates import Thresholds, decide, keepers, open_sketched, score_pairs
from imgsim.duplicates.scoring import NEAR
from imgsim.pipeline import Pipeline
from imgsim.progress import Progress

LOOSEST = Thresholds(bits=NEAR + 9, points=8)  # the page's sliders go no further


def run(arguments: Mapping[str, Any], progress: Progress) -> Mapping[str, Any]:
    """`arguments`: `source`, `candidates`; scores go to the store.

    Gives `facts`: by row as text width, height and sharpness of every picture that may be in a group.
    """
    pipeline, source, candidates = Pipeline(), arguments["source"], arguments["candidates"]
    collection = open_sketched(pipeline, source, progress, candidates)
    scored = score_pairs(pipeline, collection, candidates, progress)
    facts = keepers(pipeline, collection, scored, decide(scored, LOOSEST).groups, progress)[1]
    return {"facts": {str(row): [one.width, one.height, one.sharpness] for row, one in facts.items()}}
