"""The state of a run on disk: written to a neighbour file first, then renamed, so that a kill leaves the last one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from imgsim.errors import InputError


def save(path: Path, state: dict[str, Any]) -> None:
    """Write a state of tensors, numbers, text, lists and dicts."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    torch.save(state, part)
    part.replace(path)


def load(path: Path) -> dict[str, Any]:
    """What `save` wrote; no code in the file is run.

    Raises:
        InputError: the file is not a checkpoint.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises what zipfile, pickle and its own reader raise
        raise InputError(
            f"checkpoint must be a file written by imgsim, got {path}; delete it to start anew."
        ) from error
    if not isinstance(state, dict):
        raise InputError(
            f"checkpoint must hold a state, got {type(state).__name__} in {path}; delete it to start anew."
        )
    return state
