"""Anomalies: each detector with each method on scans and tiles, and what a split leaks that tears groups apart.

`python -m benchmarks.anomalies [scans brain_mri pneumoniamnist magnetic_tile leak]`; shared data in ../shared/data or
IMGSIM_SHARED_DATA. Tables of the pictures that take part are written below a temporary folder.
"""

from __future__ import annotations

import csv
import dataclasses
import os
import re
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from imgsim import anomalies as core
from imgsim.pipeline import Pipeline

SLOW = True
FOLDER = Path(os.environ.get("IMGSIM_SHARED_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
PAIRS = (
    ("knn", "pixels"),
    ("knn", "hog"),
    ("knn", "imgsim_mini"),
    ("knn", "mobilenet_v2"),
    ("padim", "imgsim_mini"),
    ("padim", "mobilenet_v2"),
    ("patchcore", "imgsim_mini"),
    ("patchcore", "mobilenet_v2"),
)
N_NORMAL = 400  # pictures of pneumoniamnist's training part that are learnt from
BLOCK_GAP = 500  # a new block of tiles begins where the number of the capture jumps by more


def brain_mri(folder: Path) -> core.StudyRequest:
    """Every picture once: of byte-identical files the first stays."""
    source = FOLDER / "brain_mri"
    copies = list(csv.DictReader((source / "exact_duplicates.csv").read_text().splitlines()))
    left_out = {path for row in copies for path in row["paths"].split()[1:]}
    rows = list(csv.DictReader((source / "labels.csv").read_text().splitlines()))
    kept = [(source / row["path"], row["class"]) for row in rows if row["path"] not in left_out]
    table = _table(folder / "brain_mri.csv", ("path", "class"), kept)
    return core.StudyRequest(table, normal_where="class=normal")


def pneumoniamnist(folder: Path) -> core.StudyRequest:
    """Normal pictures of the training part against the whole test part, as its authors split them."""
    from PIL import Image

    arrays = np.load(FOLDER / "pneumoniamnist" / "pneumoniamnist.npz")
    normal = np.flatnonzero(arrays["train_labels"].ravel() == 0)
    chosen = np.sort(np.random.default_rng(0).permutation(normal)[:N_NORMAL])
    for part, rows in (("train", chosen), ("test", range(len(arrays["test_labels"])))):
        for row in rows:
            kind = "pneumonia" if arrays[f"{part}_labels"][row, 0] else "normal"
            path = folder / part / kind / f"{row:04}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(arrays[f"{part}_images"][row]).save(path)
    return core.StudyRequest(str(folder / "train"), str(folder / "test"), label="label", label_normal="normal")


def magnetic_tile(folder: Path) -> core.StudyRequest:
    """Tiles, with blocks of neighbouring capture numbers: exposures of one tile are never torn apart."""
    source = FOLDER / "magnetic_tile"
    rows = list(csv.DictReader((source / "labels.csv").read_text().splitlines()))
    numbers = [int(re.split(r"\D+", row["capture_id"])[-1]) for row in rows]
    order = np.argsort(numbers, kind="stable")
    blocks = np.empty(len(rows), int)
    blocks[order] = np.cumsum(np.diff(np.sort(numbers), prepend=min(numbers)) > BLOCK_GAP)
    lines = [
        (source / row["path"], row["normal_or_defect"], f"b{block}", source / row["mask"] if row["mask"] else "")
        for row, block in zip(rows, blocks, strict=True)
    ]
    table = _table(folder / "magnetic_tile.csv", ("path", "state", "block", "mask"), lines)
    return core.StudyRequest(table, normal_where="state=normal", group="block")


def scans(folder: Path) -> core.StudyRequest:  # noqa: ARG001
    return core.StudyRequest("builtin:scans", normal_where="label=normal", only="tissue=retina", group="group")


def _table(path: Path, names: tuple[str, ...], rows: list[tuple[object, ...]]) -> str:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([names, *rows])
    return str(path)


SETS = {"scans": scans, "brain_mri": brain_mri, "pneumoniamnist": pneumoniamnist, "magnetic_tile": magnetic_tile}


def figures(pipeline: Pipeline, name: str, request: core.StudyRequest) -> None:
    """One line: what is told apart, what is found at 5 % false alarms, and where the heat lies."""
    start = time.perf_counter()
    found = core.study(pipeline, request)
    seconds = time.perf_counter() - start
    judged, masks = core.verdict(found), core.measure_masks(pipeline, found)
    area = judged.auroc
    parts = [f"{name:15} {request.detector:9} {request.method:13}"]
    if area:
        low, high = area.interval
        parts.append(f"AUROC {area.value:.3f} ({low:.3f} to {high:.3f}; {area.n_positive}, {area.n_negative})")
    if judged.threshold and judged.observed and judged.found:
        alarms, share = judged.observed, judged.found
        parts.append(f"expected {judged.threshold.expected:.3f} observed {alarms.value:.3f} found {share.value:.3f}")
    if masks:
        parts.append(f"pixel AUROC {masks.pixel_auroc:.3f} PRO {masks.pro:.3f} ({masks.n_marked})")
    print("; ".join(parts) + f"; {seconds:.0f} s", flush=True)


def leak(pipeline: Pipeline, folder: Path) -> None:
    """The same studies with groups torn apart: what a random split adds."""
    for name in ("scans", "magnetic_tile"):
        if name == "scans" or FOLDER.is_dir():
            request = SETS[name](folder)
            for detector, method in (("knn", "imgsim_mini"), ("padim", "imgsim_mini"), ("patchcore", "imgsim_mini")):
                torn = dataclasses.replace(request, group="", detector=detector, method=method)
                figures(pipeline, f"{name}, torn", torn)


def main() -> None:
    """Run those named, else all that this machine has data for."""
    pipeline = Pipeline()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for name in sys.argv[1:] or [*SETS, "leak"]:
            if name == "leak":
                leak(pipeline, folder)
            elif name == "scans" or FOLDER.is_dir():
                request = SETS[name](folder)
                for detector, method in PAIRS:
                    figures(pipeline, name, dataclasses.replace(request, detector=detector, method=method))
            else:
                print(f"{name}: the shared data is not on this machine")


if __name__ == "__main__":
    main()
