"""A picture from outside a study of anomalies: its score and map go to the store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from imgsim import uploads
from imgsim.anomalies import StudyRequest, judge
from imgsim.pipeline import Pipeline
from imgsim.progress import Progress


def run(arguments: Mapping[str, Any], progress: Progress) -> Mapping[str, Any]:
    """`arguments` are those of a `StudyRequest` and `picture`, the reference of an upload; gives the `score`."""
    request = {name: value for name, value in arguments.items() if name != "picture"}
    picture = uploads.read(arguments["picture"])
    return {"score": judge(Pipeline(), StudyRequest(**request), [picture], progress)[0].score}
