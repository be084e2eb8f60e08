"""Learning from a collection without labels or a teacher: two distorted views of an image belong together.

`simclr` (Chen et al. 2020) pulls the two views of each image together and pushes all other images of the batch away.
`vicreg` (Bardes et al. 2022) pulls likewise, and keeps the dimensions spread out and uncorrelated instead of pushing.
`dino`, in a file of its own, has a teacher that is the student's own average.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from imgsim.training import measured_rows
from imgsim.training.distortions import distorted
from imgsim.training.half import autocast
from imgsim.training.loop import Objective
from imgsim.training.network import Student
from imgsim.training.photos import Photos, center_boxes


@dataclass(frozen=True)
class View:
    """How a view is cut: its side as a share of the schedule's, and the share of the area that it takes."""

    scale: float = 1.0
    area: tuple[float, float] = (0.2, 1.0)


def pooled_of(modules: nn.ModuleDict, views: Sequence[Tensor]) -> Tensor:
    """(V x B, C) pooled features of V views of one size, one view after the other."""
    student = modules["student"]
    assert isinstance(student, Student)
    with autocast():
        return student.pooled(torch.cat(list(views)).float())


class SelfSupervised(Objective):
    """A student that learns from views of a collection's photos; a subclass says how, and adds to `modules`.

    Args:
        student: the network that learns.
        photos: N photos of the collection.
        labels: (N,) labels for the kNN accuracy; they are never learnt from.
        batch_size: B images, each seen twice.
        seed: of batches, views and of which images are measured.
    """

    views: ClassVar[tuple[View, ...]]

    def __init__(
        self, student: Student, photos: Photos, labels: Sequence[str] | None = None, batch_size: int = 64, seed: int = 0
    ) -> None:
        self.photos, self.labels, self.batch_size, self.seed = photos, labels, batch_size, seed
        self.modules = nn.ModuleDict({"student": student, **self.heads(student.architecture.widths[-1])})
        self.measured, self.side, self.n_learnt = measured_rows(len(photos), seed), 64, len(photos)

    @abstractmethod
    def heads(self, n: int) -> dict[str, nn.Module]:
        """The modules on top of N pooled features, thrown away after the training."""

    def batch(self, step: int, side: int) -> tuple[Tensor, ...]:
        """The views, (B, 3, S, S) uint8 each, of the images of this step."""
        self.side = side
        rng = np.random.default_rng([self.seed, step])
        images = [self.photos[row] for row in self._rows(step)]
        views = [distorted(images, int(side * view.scale), rng, view.area) for view in self.views]
        return tuple(torch.from_numpy(view).permute(0, 3, 1, 2) for view in views)

    def measure(self, modules: nn.ModuleDict) -> dict[str, float]:
        """How far vectors lie apart, and the nearest neighbour's accuracy (leave one out) where there are labels."""
        raw = self.raw_pooled(modules)
        centred = raw - raw.mean(0)
        told = {"spread": float(centred.norm() / raw.norm().clamp_min(1e-12))}
        told |= {"effective_rank": effective_rank(centred), **self.head_figures(modules, raw)}
        if self.labels is None:
            return told
        vectors = F.normalize(centred)
        nearest = (vectors @ vectors.T).fill_diagonal_(-2).argmax(1).numpy()
        labels = np.asarray(self.labels)[self.measured]
        return {**told, "knn_accuracy": float((labels == labels[nearest]).mean())}

    def head_figures(self, modules: nn.ModuleDict, raw: Tensor) -> dict[str, float]:  # noqa: ARG002 - for those with one
        """What an objective tells besides, of its head on the (N, C) pooled features of the measured images."""
        return {}

    def pooled(self, modules: nn.ModuleDict, rows: npt.NDArray[np.int64]) -> Tensor:
        """(N, C) centred pooled features of the centred squares."""
        pooled = self.raw_pooled(modules, rows)
        return pooled - pooled.mean(0)

    def raw_pooled(self, modules: nn.ModuleDict, rows: npt.NDArray[np.int64] | None = None) -> Tensor:
        """(N, C) pooled features of the centred squares of some photos, without `rows` of the measured ones."""
        rows = self.measured if rows is None else rows
        images = self.photos.crops(rows, center_boxes(self.photos.shapes)[rows], self.side)
        with torch.inference_mode(), autocast():
            planes = torch.from_numpy(images).permute(0, 3, 1, 2)
            return torch.cat([pooled_of(modules, [part]).float() for part in torch.split(planes, 64)])

    def _rows(self, step: int) -> npt.NDArray[np.int64]:
        size = min(self.batch_size, len(self.photos))
        epoch, place = divmod(step, max(1, len(self.photos) // size))
        order = np.random.default_rng([self.seed, epoch, 1]).permutation(len(self.photos))
        return order[place * size : (place + 1) * size]


def effective_rank(centred: Tensor) -> float:
    """In how many directions (N, C) centred vectors spread: the exponential of the entropy of their variances' shares.

    Roy and Vetterli 2007, "The effective rank"; as a measure of collapse in Garrido et al. 2023, RankMe.
    """
    variances = torch.linalg.svdvals(centred.double()).square()
    shares = variances / variances.sum().clamp_min(1e-30)
    return float((-(shares * shares.clamp_min(1e-30).log()).sum()).exp())


class TwoViews(SelfSupervised):
    """Student and projector on pairs of views; a subclass says what makes pairs good."""

    width: ClassVar[int]  # of the projector
    views = (View(), View())

    def heads(self, n: int) -> dict[str, nn.Module]:
        """A projector of two layers."""
        layers = (nn.Linear(n, self.width), nn.BatchNorm1d(self.width), nn.ReLU(), nn.Linear(self.width, self.width))
        return {"projector": nn.Sequential(*layers)}

    def loss(self, modules: nn.ModuleDict, batch: tuple[Tensor, ...]) -> Tensor:
        """How badly the pairs of views belong together."""
        first, second = modules["projector"](pooled_of(modules, batch)).chunk(2)
        return self.pair_loss(first, second)

    @abstractmethod
    def pair_loss(self, first: Tensor, second: Tensor) -> Tensor:
        """The loss of two views' projections, (B, P) each."""


class SimClr(TwoViews):
    """Normalised temperature-scaled cross entropy over the batch."""

    width = 128
    temperature: ClassVar[float] = 0.2

    def pair_loss(self, first: Tensor, second: Tensor) -> Tensor:
        """Cross entropy of picking the other view among the 2B - 1 others."""
        vectors = F.normalize(torch.cat([first, second]))
        similarity = (vectors @ vectors.T / self.temperature).fill_diagonal_(-1e9)
        other = torch.arange(len(vectors)).roll(len(first))
        return F.cross_entropy(similarity, other)


class VicReg(TwoViews):
    """Variance, invariance, covariance."""

    width = 512

    def pair_loss(self, first: Tensor, second: Tensor) -> Tensor:
        """25 x squared distance + 25 x lack of spread + 1 x correlation."""
        spread = sum(F.relu(1 - (part.var(0) + 1e-4).sqrt()).mean() for part in (first, second)) / 2
        mixed = sum(_correlation(part) for part in (first, second))
        return 25 * F.mse_loss(first, second) + 25 * spread + mixed


def _correlation(vectors: Tensor) -> Tensor:
    """Sum of squared covariances between dimensions, per dimension."""
    centred = vectors - vectors.mean(0)
    covariance = centred.T @ centred / (len(vectors) - 1)
    return (covariance.square().sum() - covariance.diagonal().square().sum()) / vectors.shape[1]
