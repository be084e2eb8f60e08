"""The one folder that imgsim writes to."""

from __future__ import annotations

import os
from pathlib import Path


def home() -> Path:
    """The environment's IMGSIM_HOME, else `.imgsim` in the person's home folder; absolute, read anew at each call."""
    return Path(os.environ.get("IMGSIM_HOME") or Path.home() / ".imgsim").expanduser().resolve()
