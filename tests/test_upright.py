"""All eight ways a camera may have held a picture give the same vector: the picture as a person sees it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from imgsim.methods import METHODS
from imgsim.pipeline import Pipeline

# What a viewer does for each value of the EXIF tag Orientation; the file holds the undone picture.
UNDO = {
    1: lambda p: p,
    2: lambda p: p[:, ::-1],
    3: lambda p: p[::-1, ::-1],
    4: lambda p: p[::-1],
    5: lambda p: p.swapaxes(0, 1),
    6: lambda p: np.rot90(p, 1),
    7: lambda p: p[::-1, ::-1].swapaxes(0, 1),
    8: lambda p: np.rot90(p, -1),
}


@pytest.fixture
def folder(tmp_path: Path, astronaut: np.ndarray) -> Path:
    """One photograph, not square, stored in the eight orientations without loss, and once mirrored for good."""
    picture = astronaut[:300, :400]
    for orientation, undo in UNDO.items():
        exif = Image.Exif()
        exif[0x0112] = orientation
        Image.fromarray(np.ascontiguousarray(undo(picture))).save(tmp_path / f"{orientation}.png", exif=exif)
    Image.fromarray(np.ascontiguousarray(picture[:, ::-1])).save(tmp_path / "mirrored.png")
    return tmp_path


def test_eight_orientations_have_one_vector_by_every_kind_of_method(folder: Path) -> None:
    pipeline = Pipeline()
    collection = pipeline.open(str(folder))
    methods = [METHODS.parse(spec) for spec in ("pixels", "color_histogram:grid=2", "hog", "phash", "imgsim_mini")]
    for embeddings in pipeline.embed(collection, methods):
        vectors = np.asarray(embeddings.vectors)
        upright = vectors[collection.row("1.png")]
        for orientation in range(2, 9):
            row = vectors[collection.row(f"{orientation}.png")]
            np.testing.assert_allclose(row, upright, rtol=1e-5, atol=1e-5, err_msg=embeddings.method)
        mirrored = vectors[collection.row("mirrored.png")]
        assert np.abs(mirrored - upright).max() > 1e-3, embeddings.method
