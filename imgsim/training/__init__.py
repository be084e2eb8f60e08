"""Training small networks on a CPU: from a teacher (`distillation`), or from a collection alone (`simclr`, `vicreg`,
`dino`).

    train("simclr", images, Path("models/cats.safetensors"), steps=600)

The result is a file that `imgsim.methods` reads: as `trained:name=cats` when it lies in the workspace's `models`.
Importing this package loads no torch; `train` does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from imgsim.errors import InputError, UnknownIdError
from imgsim.progress import Progress, silent
from imgsim.types import Image

if TYPE_CHECKING:
    from imgsim.types import Float

Line = dict[str, float]  # step, loss and what the objective measures
Report = Callable[[Line, Callable[[], "Float"]], None]  # a line, and the measured images' vectors when called


@dataclass(frozen=True)
class ObjectiveFacts:
    """What a person should know about an objective before choosing it."""

    id: str
    title: str
    needs_teacher: bool
    steps: int
    reference: str


OBJECTIVES: dict[str, ObjectiveFacts] = {
    facts.id: facts
    for facts in (
        ObjectiveFacts(
            "distillation",
            "Learn from a teacher",
            True,
            5000,
            "Beyer et al. 2022, A good teacher is patient and consistent",
        ),
        ObjectiveFacts("simclr", "Two views against all others", False, 600, "Chen et al. 2020, SimCLR"),
        ObjectiveFacts("vicreg", "Two views, spread and uncorrelated", False, 600, "Bardes et al. 2022, VICReg"),
        ObjectiveFacts("dino", "Two views, its own average as teacher", False, 600, "Caron et al. 2021, DINO"),
    )
}


# Below these a network is told to have collapsed: share of a vector's length that differs from image to image,
# directions in which images differ, answers by which dino tells them apart.
LEAST = {"spread": 0.01, "effective_rank": 1.5, "answers_told": 1.1}


def measured_rows(n: int, seed: int = 0) -> npt.NDArray[np.int64]:
    """(M,) ascending: the at most 1,000 of n images that a self-supervised training is judged by."""
    return np.sort(np.random.default_rng(seed).permutation(n)[:1000])


def collapsed(line: Line) -> str | None:
    """What to tell a person whose network gives all images the same vector or answer; None where it does not.

    `line` is one of the history; the first, of the untrained network, is never a collapse.
    """
    if not line.get("step") or all(line.get(name, least) >= least for name, least in LEAST.items()):
        return None
    found = ", ".join(f"{name.replace('_', ' ')} {line[name]:.3g}" for name in LEAST if name in line)
    return f"The network has collapsed: it hardly tells pictures apart ({found}). Train anew with simclr or vicreg."


@dataclass(frozen=True)
class Trained:
    """What a training run left behind.

    Attributes:
        path: the network file.
        epochs: passes over the images.
        history: one line a report: step, loss, and with a teacher `neighbor_overlap`, else `spread` and
            `effective_rank` of the vectors, `knn_accuracy` where there are labels, `answers_told` of dino.
    """

    path: Path
    epochs: float
    history: tuple[Line, ...]


def train(
    objective: str,
    images: Iterable[Image],
    out: Path,
    *,
    teacher: Path | None = None,
    labels: Sequence[str] | None = None,
    steps: int | None = None,
    seed: int = 0,
    progress: Progress = silent,
    report: Report | None = None,
) -> Trained:
    """Train a network on images and write it to `out`; a run that was stopped goes on from `out` + `.run`.

    Args:
        objective: an id of `OBJECTIVES`.
        images: (H, W, 3) uint8 images; not read again when a stopped run goes on.
        out: the network file.
        teacher: safetensors weights of `mobilenet_v2`, for `distillation`.
        labels: one an image, for the kNN accuracy; never learnt from.
        steps: how long; each objective has its default.
        seed: of weights, batches and views; same seed and images, same network.
        progress: called each step; raising `CancelledError` stops the run after a checkpoint.
        report: called with a line of the untrained network (step 0), then with each line of the history, and a
            function that computes the measured images' vectors.

    Raises:
        InputError: an unknown objective, no images, or a teacher that is missing.
        CancelledError: `progress` asked to stop.
    """
    if objective not in OBJECTIVES:
        raise UnknownIdError("objective", objective, OBJECTIVES)
    if OBJECTIVES[objective].needs_teacher and teacher is None:
        raise InputError(f"{objective} must have a teacher's weights, got none; pass --teacher FILE.")
    from imgsim.training import recipes

    wanted = OBJECTIVES[objective].steps if steps is None else steps
    return recipes.run(objective, images, out, teacher, labels, wanted, seed, progress, report)
