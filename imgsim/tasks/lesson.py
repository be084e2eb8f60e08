"""Compute what a lesson needs before it can be held: its collection, its spaces and maps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from imgsim.lessons import LESSONS
from imgsim.lessons.lab import Lab
from imgsim.pipeline import Pipeline
from imgsim.progress import Progress


def run(arguments: Mapping[str, Any], progress: Progress) -> Mapping[str, Any]:
    """`arguments`: `lesson` (spec) and `source`; the results are in the store, nothing is given back."""
    lesson = LESSONS.parse(arguments["lesson"])
    lab = Lab(Pipeline(), arguments["source"])
    lab.pipeline.scan(arguments["source"], progress)
    for need in lesson.needs(lab):
        need.make(lab, progress)
    return {}
