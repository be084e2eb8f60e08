"""Measure what one photo costs by each method that runs here, for the method pages: `python -m tools.method_costs`."""

from __future__ import annotations

import json
import time
from pathlib import Path

from imgsim.methods import METHODS, Method, _costs
from imgsim.pipeline import Pipeline
from imgsim.sights.patches import windows
from imgsim.tasks.sights import PHOTO
from imgsim.types import Image

TARGET = Path(__file__).resolve().parents[1] / "imgsim" / "methods" / _costs.FILE
REPEATS = 5


def main() -> None:
    """Processor time of one photo in milliseconds, without decoding; what cannot run here is left out."""
    pipeline = Pipeline()
    collection = pipeline.open("builtin:photos")
    photo = pipeline.read_image(collection, collection.row(PHOTO))
    ready = [method for method in METHODS if method().unavailable() is None and method().download is None]
    costs = {method.id: float(f"{processor_ms(method(), photo):.2g}") for method in ready}
    TARGET.write_text(json.dumps({"photo": [*photo.shape[:2]], "milliseconds": costs}, indent=2) + "\n")


def processor_ms(method: Method, photo: Image) -> float:
    """The least of five tries, of all threads together: other work on the machine hardly changes it."""
    known = method.fit([method.prepare(window) for window in windows(photo)]) if method.needs_fit else method
    taken = []
    for _ in range(REPEATS):
        start = time.process_time()
        known.embed([photo])
        taken.append(time.process_time() - start)
    return 1000 * min(taken)


if __name__ == "__main__":
    main()
