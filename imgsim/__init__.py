"""imgsim: a laboratory for image similarity."""

from __future__ import annotations

__version__ = "0.1.0"
