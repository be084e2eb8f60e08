"""Draw what the methods see of a photo, and measure what they cost on this computer, for the Methods page."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as Pillow

from imgsim import sights
from imgsim.errors import ImgsimError
from imgsim.home import home
from imgsim.methods import METHODS, Method
from imgsim.pipeline import Pipeline
from imgsim.progress import Progress
from imgsim.tasks import REST
from imgsim.types import Image

PHOTO = "astronaut/original"
REPEATS = 3
PIECE = 1.0  # seconds of drawing, after which others go first


def place(method: type[Method]) -> Path:
    """Where the picture of a method lies once it is drawn; its facts are beside it as `.json`."""
    return home() / "sights" / f"{method.id}-{method.version}.png"


def wanted() -> list[type[Method]]:
    """The methods that run here as they are and have no picture yet; nothing is fetched."""
    return [m for m in METHODS if not place(m).exists() and m().download is None and m().unavailable() is None]


def milliseconds(method: type[Method]) -> float | None:
    """What one photo costs on this computer, in milliseconds, without decoding; None before it was measured."""
    try:
        return float(json.loads(place(method).with_suffix(".json").read_text())["milliseconds"])
    except (OSError, ValueError, KeyError):
        return None


def run(arguments: Mapping[str, Any], progress: Progress) -> Mapping[str, Any]:
    """Draws what is missing for `PIECE` seconds, by id why others could not be; the rest is for the next piece."""
    pipeline = Pipeline()
    collection = pipeline.open("builtin:photos", progress)
    row = collection.ids.index(PHOTO) if PHOTO in collection.ids else 0
    photo, failed = pipeline.read_image(collection, row), dict(arguments.get("failed", {}))
    missing = [method for method in wanted() if method.id not in failed]
    total, began = arguments.get("total", len(missing)), time.monotonic()
    while missing:
        progress("drawing what methods see", total - len(missing), total)
        method = missing.pop(0)
        try:
            draw(method, photo)
        except ImgsimError as error:
            failed[method.id] = str(error)
        if time.monotonic() - began >= PIECE:
            break
    progress("drawing what methods see", total - len(missing), total)
    return {REST: {"failed": failed, "total": total}} if missing else {"failed": failed}


def draw(method: type[Method], photo: Image) -> None:
    """Keep the picture of a method and its cost."""
    picture = sights.sight_of(method).draw(method(), photo)
    target = place(method)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.with_suffix(".json").write_text(json.dumps({"milliseconds": cost(method(), photo)}))
    part = target.with_suffix(".part")
    Pillow.fromarray(picture).save(part, "PNG")
    part.replace(target)


def cost(method: Method, photo: Image) -> float:
    """Milliseconds of one photo, the least of three tries; a fitted method has learnt from the photo's windows."""
    from imgsim.sights.patches import windows

    ready = method.fit([method.prepare(window) for window in windows(photo)]) if method.needs_fit else method
    taken = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        ready.embed([photo])
        taken.append(time.perf_counter() - start)
    return float(np.min(taken) * 1000)
