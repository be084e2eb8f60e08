"""The training loop that all objectives share: schedule, averaged weights, checkpoints, cancellation.

A batch is a function of its step number alone, so a run that stops and goes on gives what one without a stop gives.

A batch is worked on in parts, each by one thread on one core: on two cores that is nearly twice as fast as one part
whose every convolution is split over both, and a core that somebody else needs does not hold up the other. Parts share
the weights and have their own norm statistics and gradients, so the result does not depend on the number of threads.
"""

from __future__ import annotations

import copy
import functools
import math
import os
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from imgsim.errors import CancelledError
from imgsim.progress import Progress, silent
from imgsim.training import checkpoints
from imgsim.training.muon import Muon


@dataclass(frozen=True)
class Schedule:
    """How long, how fast, how large.

    Attributes:
        steps: optimizer steps in all.
        lr: highest learning rate, of Muon for kernels and AdamW for the rest; warmed up over `warmup` steps, constant,
            then linear to zero from `decay_from` (a share of the steps). A constant rate lets a run be prolonged.
        weight_decay: of both, on all but biases and norms.
        sides: (share of the steps, image side in pixels): from then on images have that side; small ones first.
        averaging: decay of the exponential moving average of the weights.
        parts: how many parts a batch is split into; each is normalised by itself.
        measure_every: steps between two reports.
        save_every: steps between two checkpoints.
    """

    steps: int = 2000
    lr: float = 2e-3
    weight_decay: float = 0.05
    warmup: int = 200
    decay_from: float = 0.7
    sides: tuple[tuple[float, int], ...] = ((0.0, 128),)
    averaging: float = 0.998
    parts: int = 2
    measure_every: int = 250
    save_every: int = 250

    def side(self, step: int) -> int:
        """Image side in pixels at a step."""
        return [side for share, side in self.sides if step >= share * self.steps][-1]

    def rate(self, step: int) -> float:
        """Learning rate at a step."""
        decay_steps = max(1.0, (1 - self.decay_from) * self.steps)
        left = min(1.0, (self.steps - step) / decay_steps)
        return self.lr * min(1.0, (step + 1) / max(1, self.warmup)) * left


class Objective(ABC):
    """What is learnt: modules with weights, batches by step number, a loss, and a measure for people."""

    modules: nn.ModuleDict

    @abstractmethod
    def batch(self, step: int, side: int) -> tuple[Tensor, ...]:
        """The batch of one step; runs in another thread, one step ahead."""

    @abstractmethod
    def loss(self, modules: nn.ModuleDict, batch: tuple[Tensor, ...]) -> Tensor:
        """The loss of a part of a batch, a scalar; runs in several threads, each with its own modules."""

    @abstractmethod
    def measure(self, modules: nn.ModuleDict) -> dict[str, float]:
        """Figures that tell a person how good the averaged modules are."""

    def begin(self, average: nn.ModuleDict) -> None:  # noqa: B027 - most need no teacher
        """Told once which modules hold the averaged weights; they are updated in place after each step."""


@dataclass
class Run:
    """A run's state: what a checkpoint holds."""

    modules: nn.ModuleDict
    average: nn.ModuleDict
    optimizers: list[torch.optim.Optimizer]
    twins: list[nn.ModuleDict] = field(default_factory=list)
    step: int = 0
    history: list[dict[str, float]] = field(default_factory=list)

    def state(self) -> dict[str, Any]:
        """As plain tensors, numbers and lists."""
        parts = {name: getattr(self, name).state_dict() for name in ("modules", "average")}
        optimizers = [optimizer.state_dict() for optimizer in self.optimizers]
        return {**parts, "optimizers": optimizers, "step": self.step, "history": self.history}

    def restore(self, state: dict[str, Any]) -> None:
        """The inverse of `state`."""
        for name in ("modules", "average"):
            getattr(self, name).load_state_dict(state[name])
        for optimizer, kept in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(kept)
        self.step, self.history = int(state["step"]), list(state["history"])


Report = Callable[[dict[str, float], nn.ModuleDict], None]


def fit(
    objective: Objective,
    schedule: Schedule,
    checkpoint: Path | None = None,
    progress: Progress = silent,
    report: Report | None = None,
) -> Run:
    """Train from the checkpoint, or from the start, to the end of the schedule.

    Args:
        objective: what to learn.
        schedule: how long and how fast.
        checkpoint: where the state is kept; an existing one is continued.
        progress: called each step; raising `CancelledError` stops the run after a checkpoint.
        report: called with each line of the history and the averaged modules.

    Raises:
        CancelledError: `progress` asked to stop; the checkpoint holds the state.
    """
    run = _begin(objective, schedule)
    if checkpoint is not None and checkpoint.exists():
        run.restore(checkpoints.load(checkpoint))
    objective.begin(run.average)
    try:
        _steps(run, objective, schedule, checkpoint, progress, report)
    except CancelledError:
        _save(run, checkpoint)
        raise
    _save(run, checkpoint)
    return run


def _begin(objective: Objective, schedule: Schedule) -> Run:
    modules = objective.modules.to(memory_format=torch.channels_last)
    learnt = [p for p in modules.parameters() if p.requires_grad]
    kernels = [p for p in learnt if p.ndim == 4]
    matrices = [p for p in learnt if 2 <= p.ndim < 4]
    rest = [p for p in learnt if p.ndim < 2]  # biases and norms are not decayed
    groups = [{"params": matrices, "weight_decay": schedule.weight_decay}, {"params": rest, "weight_decay": 0.0}]
    optimizers = [
        torch.optim.AdamW(groups, lr=schedule.lr, fused=True),
        Muon(kernels, lr=schedule.lr, weight_decay=schedule.weight_decay),
    ]
    twins = [modules, *(twin(modules) for _ in range(schedule.parts - 1))]
    return Run(modules, copy.deepcopy(modules).eval(), optimizers, twins)


def twin(modules: nn.ModuleDict) -> nn.ModuleDict:
    """The same weights in the same memory, with gradients and norm statistics of its own."""
    other = copy.deepcopy(modules)
    for mine, shared in zip(other.parameters(), modules.parameters(), strict=True):
        mine.data = shared.data
    return other


def _steps(
    run: Run,
    objective: Objective,
    schedule: Schedule,
    checkpoint: Path | None,
    progress: Progress,
    report: Report | None,
) -> None:
    def batch(step: int) -> tuple[Tensor, ...]:
        return objective.batch(step, schedule.side(step))

    losses: list[float] = []
    threads = min(schedule.parts, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2)
    one = torch.set_num_threads  # in the threads only: their parts are the parallelism
    with ThreadPoolExecutor(1) as ahead, ThreadPoolExecutor(threads, initializer=one, initargs=(1,)) as workers:
        coming = ahead.submit(batch, run.step)
        while run.step < schedule.steps:
            progress("train", run.step, schedule.steps)
            ready, coming = coming.result(), ahead.submit(batch, run.step + 1)
            losses.append(_step(run, objective, schedule, ready, workers))
            if run.step % schedule.measure_every == 0 or run.step == schedule.steps:
                _measure(run, objective, losses, report)
                losses.clear()
            if run.step % schedule.save_every == 0:
                _save(run, checkpoint)
    progress("train", run.step, schedule.steps)


def _step(run: Run, objective: Objective, schedule: Schedule, batch: tuple[Tensor, ...], workers: Executor) -> float:
    for group in (group for optimizer in run.optimizers for group in optimizer.param_groups):
        group["lr"] = schedule.rate(run.step)
    parts = zip(*(tensor.tensor_split(schedule.parts) for tensor in batch), strict=True)
    losses = list(workers.map(functools.partial(_gradients, objective), run.twins, parts))
    _gather(run.twins)
    nn.utils.clip_grad_norm_(run.modules.parameters(), 5.0)
    for optimizer in run.optimizers:
        optimizer.step()
    run.step += 1
    _average(run, schedule.averaging)
    return math.fsum(losses) / len(losses)


def _gradients(objective: Objective, modules: nn.ModuleDict, part: tuple[Tensor, ...]) -> float:
    modules.train()
    modules.zero_grad()
    loss = objective.loss(modules, part)
    loss.backward()  # type: ignore[no-untyped-call]
    return loss.item()


def _gather(twins: list[nn.ModuleDict]) -> None:
    """The mean gradient in the first twin."""
    sums = [[p.grad for p in one.parameters() if p.grad is not None] for one in twins]
    for other in sums[1:]:
        torch._foreach_add_(sums[0], other)
    torch._foreach_mul_(sums[0], 1 / len(twins))


def _average(run: Run, decay: float) -> None:
    decay = min(decay, (1 + run.step) / (10 + run.step))  # the first weights are noise: forget them fast
    pairs = list(zip(run.average.state_dict().values(), run.modules.state_dict().values(), strict=True))
    floats = [pair for pair in pairs if pair[0].dtype.is_floating_point]
    torch._foreach_lerp_([kept for kept, _ in floats], [new for _, new in floats], 1 - decay)
    for kept, new in pairs:
        if not kept.dtype.is_floating_point:
            kept.copy_(new)


def _measure(run: Run, objective: Objective, losses: list[float], report: Report | None) -> None:
    loss = math.fsum(losses) / len(losses) if losses else math.nan
    line = {"step": float(run.step), "loss": loss, **objective.measure(run.average)}
    run.history.append(line)
    if report is not None:
        report(line, run.average)


def _save(run: Run, checkpoint: Path | None) -> None:
    if checkpoint is not None:
        checkpoints.save(checkpoint, run.state())
