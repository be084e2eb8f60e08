"""A study of anomalies: scores and maps go to the store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from imgsim.anomalies import StudyRequest, measure_masks, study
from imgsim.pipeline import Pipeline
from imgsim.progress import Progress


def run(arguments: Mapping[str, Any], progress: Progress) -> Mapping[str, Any]:
    """`arguments` are those of a `StudyRequest`; gives the `key` of the findings and the number of pictures."""
    pipeline = Pipeline()
    found = study(pipeline, StudyRequest(**arguments), progress)
    measure_masks(pipeline, found, progress)
    return {"key": found.key, "n_images": len(found.rows)}
