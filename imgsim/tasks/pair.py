"""How alike two images are by several methods."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from imgsim import pairs
from imgsim.errors import ImgsimError
from imgsim.pipeline import Pipeline
from imgsim.progress import Progress


def run(arguments: Mapping[str, Any], progress: Progress) -> Mapping[str, Any]:
    """`arguments`: `source`, `a`, `b` (ids or references of uploads), `methods` (specs), `label` ("" for none).

    Gives `rows`, each the fields of a `Likeness`, and `failed`: by method that cannot run here the reason.
    """
    pipeline = Pipeline()
    collection = pipeline.open(arguments["source"], progress)
    a, b = (pairs.side_of(collection, arguments[name]) for name in ("a", "b"))
    able, failed = [], {}
    for spec in arguments["methods"]:
        try:
            pairs.check(spec, progress)
            able.append(spec)
        except ImgsimError as error:
            failed[spec] = str(error)
    rows = pairs.compare(pipeline, collection, a, b, able, label=arguments["label"], progress=progress)
    return {"rows": [asdict(row) for row in rows], "failed": failed}
