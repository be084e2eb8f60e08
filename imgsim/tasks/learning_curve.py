"""How accuracy grows with the number of labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from imgsim.labelling import CLASSIFIERS
from imgsim.labelling.learning import learning_curve
from imgsim.methods import METHODS
from imgsim.pipeline import Pipeline
from imgsim.progress import Progress


def run(arguments: Mapping[str, Any], progress: Progress) -> Mapping[str, Any]:
    """`arguments`: `source`, `method`, `classifier` (specs) and `label`; gives `points` and `n_classes`."""
    pipeline = Pipeline()
    collection = pipeline.open(arguments["source"], progress)
    space = pipeline.embed(collection, [METHODS.parse(arguments["method"])], progress)[0]
    points = learning_curve(
        CLASSIFIERS.parse(arguments["classifier"]),
        space,
        pipeline.neighbors(space, progress=progress),
        collection.field(arguments["label"]),
        collection.hashes,
        progress=progress,
    )
    texts = np.unique(collection.field(arguments["label"]).astype(str))
    n_classes = sum(text not in ("", "nan") for text in texts.tolist())
    known = [asdict(point) for point in points if point.accuracy == point.accuracy]  # JSON has no NaN
    return {"points": known, "n_classes": n_classes}
