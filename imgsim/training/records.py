"""What a training tells about itself while it runs: one folder a training in the workspace, read by the Train page.

record.json   what was asked, how it stands, the history and the baselines
map.npz       the newest map of the measured images: `rows` (M,) and `xy` (M, 2)
pause         there while somebody asks the training to stop and keep its place

Files are written to a neighbour first and renamed, so a reader never sees half of one.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from imgsim.errors import InputError
from imgsim.home import home
from imgsim.types import Float

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,59}")


@dataclass(frozen=True)
class Record:
    """How a training stands.

    Attributes:
        name: of the network, and of the method `trained:name=NAME`.
        source, objective, label, steps, seed: what was asked; `label` is empty where nothing is measured.
        state: running, paused, done or failed. A running one without a process behind it was stopped.
        history: lines of step, loss and `knn_accuracy`; the line of step 0 is the untrained network.
        baselines: other 1-NN accuracies of the same images, such as `chance` and `hog`.
        seconds: of training so far.
        n_images: of the collection.
    """

    name: str
    source: str
    objective: str
    label: str = ""
    steps: int = 600
    seed: int = 0
    state: str = "running"
    history: list[dict[str, float]] = field(default_factory=list)
    baselines: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    n_images: int = 0

    @property
    def arguments(self) -> dict[str, Any]:
        """What was asked, as the arguments of the task."""
        names = ("name", "source", "objective", "label", "steps", "seed")
        return {name: getattr(self, name) for name in names}

    @property
    def step(self) -> int:
        """The newest step that was measured."""
        return int(self.history[-1]["step"]) if self.history else 0

    def curve(self, what: str) -> tuple[list[float], list[float]]:
        """Steps and values of the lines that hold `what`."""
        lines = [line for line in self.history if what in line]
        return [line["step"] for line in lines], [line[what] for line in lines]


def folder(name: str) -> Path:
    """The folder of a training.

    Raises:
        InputError: the name cannot be a file's.
    """
    if not NAME.fullmatch(name):
        raise InputError(
            f"a name must be 1 to 60 letters, digits, '-', '_' or '.', got {name[:80]!r}; choose another name."
        )
    return home() / "trainings" / name


def network_file(name: str) -> Path:
    """Where the trained network goes; `.run` beside it holds the checkpoint until then."""
    folder(name)
    return home() / "models" / f"{name}.safetensors"


def write(record: Record) -> None:
    """Keep a record."""
    _put(folder(record.name) / "record.json", json.dumps(dataclasses.asdict(record)).encode())


def read(name: str) -> Record | None:
    """The record of that name; None where there is none that can be read."""
    try:
        found: Mapping[str, Any] = json.loads((folder(name) / "record.json").read_text())
        return Record(**found)
    except (OSError, ValueError, TypeError, InputError):
        return None


def all_records() -> list[Record]:
    """Every record, the newest first."""
    files = sorted((home() / "trainings").glob("*/record.json"), key=lambda file: -file.stat().st_mtime_ns)
    return [record for file in files if (record := read(file.parent.name)) is not None]


def write_map(name: str, rows: npt.NDArray[np.int64], xy: Float) -> None:
    """Keep the newest map: `rows` (M,) of the collection, `xy` (M, 2)."""
    target = folder(name) / "map.npz"
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(f".{os.getpid()}.part")
    with part.open("wb") as file:
        np.savez(file, rows=rows, xy=xy.astype(np.float32))
    part.replace(target)


def read_map(name: str) -> tuple[npt.NDArray[np.int64], Float] | None:
    """The newest map, rows (M,) and xy (M, 2); None before the first."""
    try:
        with np.load(folder(name) / "map.npz") as arrays:
            return arrays["rows"], arrays["xy"]
    except (OSError, ValueError, KeyError):
        return None


def ask_to_pause(name: str, pause: bool = True) -> None:
    """Ask a running training to stop after a checkpoint, or take that back."""
    if pause:
        _put(folder(name) / "pause", b"")
    else:
        (folder(name) / "pause").unlink(missing_ok=True)


def pause_is_asked(name: str) -> bool:
    """Whether somebody asked."""
    return (folder(name) / "pause").exists()


def discard(name: str) -> None:
    """Remove a training's record and checkpoint; a network that is finished stays."""
    shutil.rmtree(folder(name), ignore_errors=True)
    shutil.rmtree(network_file(name).with_name(f"{name}.safetensors.run"), ignore_errors=True)


def _put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_bytes(data)
    part.replace(path)
