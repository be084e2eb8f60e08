"""Text to image: does a caption find its own photo? `python -m benchmarks.captions [METHOD …]`, recall at 1, 5, 10."""

from __future__ import annotations

import csv
import os
import sys
from pathlib import Path

import numpy as np

from imgsim.engine import to_image
from imgsim.methods import METHODS, Method
from imgsim.types import Float

FOLDER = Path(os.environ.get("IMGSIM_SHARED_DATA", "../shared/data")) / "captions"
AT = (1, 5, 10)


def recall(images: Float, texts: Float, own: Float, at: tuple[int, ...] = AT) -> list[float]:
    """Share of (T, D) texts whose own row of the (N, D) images is among the k of largest cosine; ties count against."""
    images, texts = (v / np.maximum(np.linalg.norm(v, axis=1, keepdims=True), 1e-12) for v in (images, texts))
    scores = texts @ images.T
    mine = scores[np.arange(len(own)), own][:, None]
    better = (scores >= mine).sum(axis=1) - 1
    return [float((better < k).mean()) for k in at]


def measure(method: Method, folder: Path, most: int | None = None) -> list[float]:
    """Recall of every caption of the first `most` photos, or of all of them."""
    with open(folder / "captions.csv", newline="") as file:
        rows = list(csv.DictReader(file))[:most]
    captions = [row[f"caption{i}"] for row in rows for i in range(5)]
    prepared = [method.prepare(to_image(folder / row["path"])) for row in rows]
    size = method.batch_size
    images = np.concatenate([method.embed_batch(prepared[i : i + size]) for i in range(0, len(rows), size)])
    return recall(images, method.embed_text(captions), np.repeat(np.arange(len(rows)), 5))


def main() -> None:
    """Print the recall of each method and of guessing."""
    if not FOLDER.is_dir():
        sys.exit("the captions must be in ../shared/data or IMGSIM_SHARED_DATA, got neither.")
    n = len((FOLDER / "captions.csv").read_text().splitlines()) - 1
    print("guessing".ljust(40), *(f"{k / n:.3f}" for k in AT))
    for spec in sys.argv[1:] or ["conse"]:
        method = METHODS.parse(spec)
        print(spec.ljust(40), *(f"{value:.3f}" for value in measure(method, FOLDER)), flush=True)


if __name__ == "__main__":
    main()
