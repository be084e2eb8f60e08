"""Our scripts and styles, and plotly.js, flat and whole: a fixed list, read from disk, nothing else is served."""

from __future__ import annotations

import gzip
import hashlib
from functools import lru_cache
from pathlib import Path

from imgsim.plots.scripts import FOLDER, flat_plotly_path, plotly_path

_UI = Path(__file__).parent

FILES: dict[str, Path] = {
    "early.js": _UI / "early.js",
    "scatter.js": _UI / "scatter.js",
    "map/map.css": FOLDER / "map.css",
} | {f"map/{path.name}": path for path in sorted(FOLDER.glob("*.js"))}


@lru_cache(maxsize=1)
def version() -> str:
    """Changes with the contents of any of the files; part of their address."""
    digest = hashlib.sha256()
    for name, path in FILES.items():
        digest.update(name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def content(name: str) -> str:
    """The text of one of the files."""
    return FILES[name].read_text(encoding="utf-8")


@lru_cache(maxsize=64)
def content_gzip(name: str) -> bytes:
    """One of the files, gzipped."""
    return gzipped(FILES[name].read_bytes(), level=6)


def media_type(name: str) -> str:
    """What a file is."""
    return "text/css" if name.endswith(".css") else "text/javascript"


@lru_cache(maxsize=1)
def flat_plotly_gzip() -> bytes:
    """plotly.js for flat maps, gzipped (.6 MB); tighter would cost the first visitor more than it saves."""
    return gzipped(flat_plotly_path().read_bytes())


@lru_cache(maxsize=1)
def plotly_gzip() -> bytes:
    """All of plotly.js, gzipped (1.7 MB), for maps in 3D."""
    return gzipped(plotly_path().read_bytes())


def gzipped(data: bytes, level: int = 1) -> bytes:
    """Gzip without a date, so that equal contents give equal bytes."""
    return gzip.compress(data, level, mtime=0)
