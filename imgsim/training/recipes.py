"""The recipes: which network, schedule and views each objective takes, from images to a network file."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from imgsim.errors import InputError
from imgsim.progress import Progress
from imgsim.training import Report, Trained, export, loop
from imgsim.training.dino import Dino
from imgsim.training.distillation import Distillation
from imgsim.training.loop import Objective, Run, Schedule
from imgsim.training.network import Architecture, Student
from imgsim.training.photos import Photos, open_photos, store_photos
from imgsim.training.selfsupervised import SelfSupervised, SimClr, VicReg
from imgsim.training.teacher import targets
from imgsim.types import Image

MINI = Architecture()
OWN = Architecture(widths=(32, 64, 128, 256), depths=(1, 1, 1, 1), dim=128, n_classes=0)
N_VIEWS, TEACHER_SIDE, SMALLEST = 4, 192, 8


def run(
    objective: str,
    images: Iterable[Image],
    out: Path,
    teacher: Path | None,
    labels: Sequence[str] | None,
    steps: int,
    seed: int,
    progress: Progress,
    report: Report | None,
) -> Trained:
    """See `imgsim.training.train`."""
    folder = out.with_name(out.name + ".run")
    photos = _photos(images, folder, progress)
    torch.manual_seed(seed)
    goal = _objective(objective, photos, folder, teacher, labels, seed, progress)
    schedule = _schedule(objective, steps)

    def tell(line: dict[str, float], modules: nn.ModuleDict) -> None:
        if report is not None:
            report(line, lambda: goal.pooled(modules, goal.measured).numpy())

    if report is not None and not (folder / "checkpoint.pt").exists():
        tell({"step": 0.0, **goal.measure(goal.modules.eval())}, goal.modules)
    done = loop.fit(goal, schedule, folder / "checkpoint.pt", progress, tell)
    _write(done, goal, out, schedule.side(steps), objective)
    shutil.rmtree(folder)
    return Trained(out, steps * goal.batch_size / max(1, goal.n_learnt), tuple(done.history))


def _photos(images: Iterable[Image], folder: Path, progress: Progress) -> Photos:
    photos = open_photos(folder) if (folder / "pixels.u8").exists() else store_photos(images, folder, 128, progress)
    if len(photos) < SMALLEST:
        raise InputError(f"training photos must be at least {SMALLEST}, got {len(photos)}; choose a larger collection.")
    return photos


def _objective(
    id: str,
    photos: Photos,
    folder: Path,
    teacher: Path | None,
    labels: Sequence[str] | None,
    seed: int,
    progress: Progress,
) -> Distillation | SelfSupervised:
    if id == "distillation":
        assert teacher is not None
        answers = targets(teacher, photos, folder, N_VIEWS, TEACHER_SIDE, seed, progress)
        size = min(128, max(2, len(photos) // 2))
        return Distillation(Student(MINI), photos, answers, min(800, len(photos) // 5), size, seed)
    kind: Any = {"simclr": SimClr, "vicreg": VicReg, "dino": Dino}[id]
    goal: SelfSupervised = kind(Student(OWN), photos, labels, min(64, len(photos)), seed)
    return goal


def _schedule(objective: str, steps: int) -> Schedule:
    each = max(1, steps // 40)
    if objective == "distillation":
        return Schedule(steps, sides=((0.0, 64), (0.6, 96), (0.85, 128)), measure_every=each, save_every=each)
    return Schedule(
        steps, warmup=min(50, steps // 10), sides=((0.0, 64),), averaging=0.99, measure_every=each, save_every=each
    )


def _write(done: Run, goal: Distillation | SelfSupervised, out: Path, side: int, objective: str) -> None:
    student = done.average["student"]
    assert isinstance(student, Student)
    matrix = embedding_matrix(done.average, goal)
    sample = np.sort(np.random.default_rng(0).permutation(len(goal.photos))[:2000])
    goal.side = side
    embedding = export.principal_embedding(matrix, goal.pooled(done.average, sample), student.architecture.dim)
    export.write(student, out, embedding, side, side, {"objective": objective, "steps": str(done.step)})


def embedding_matrix(modules: nn.ModuleDict, goal: Objective) -> Tensor:
    """(T, C): the linear head that predicts the teacher; the identity where a projector is thrown away."""
    if isinstance(goal, Distillation):
        head = modules["head"]
        assert isinstance(head, nn.Linear)
        return head.weight.detach()
    student = modules["student"]
    assert isinstance(student, Student)
    return torch.eye(student.architecture.widths[-1])
