"""Folders and archives of drawn pictures for the tests of sources, scan and library."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image as Pil


def picture(number: int, side: int = 24) -> bytes:
    """A PNG that differs for every number."""
    values = np.random.default_rng(number).integers(0, 256, (4, 6, 3), np.uint8)
    out = io.BytesIO()
    Pil.fromarray(values).resize((side * 3 // 2, side), Pil.Resampling.NEAREST).save(out, "PNG")
    return out.getvalue()


def put(root: Path, **files: bytes) -> Path:
    """Write files; `cat__1` means cat/1.png."""
    for name, data in files.items():
        path = root / (name.replace("__", "/") + ".png")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root
