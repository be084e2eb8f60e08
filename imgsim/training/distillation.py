"""Distillation: a small student learns the geometry of a large teacher's feature space from unlabelled photos.

Three signals, all on the view that the teacher saw: the direction of the teacher's centred feature through a linear
head, the similarities within the batch (Tung & Mori 2019, "Similarity-preserving knowledge distillation"), and the
softened class probabilities (Hinton et al. 2015, "Distilling the knowledge in a neural network").
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from imgsim.training.half import autocast
from imgsim.training.loop import Objective
from imgsim.training.network import Student
from imgsim.training.photos import Photos
from imgsim.training.teacher import Targets


@dataclass(frozen=True)
class Weights:
    """How much each signal counts; `temperature` softens the class probabilities."""

    direction: float = 1.0
    similarity: float = 10.0
    classes: float = 0.1
    temperature: float = 2.0


class Distillation(Objective):
    """Student and linear head against stored teacher targets.

    Args:
        student: the network that learns.
        photos: N photos.
        targets: what the teacher made of their views.
        n_held_out: photos that are never learnt from, for the measure.
        batch_size: B.
        seed: of batches, and of which photos are held out.
        weights: of the signals.
    """

    def __init__(
        self,
        student: Student,
        photos: Photos,
        targets: Targets,
        n_held_out: int = 800,
        batch_size: int = 128,
        seed: int = 0,
        weights: Weights | None = None,
    ) -> None:
        self.photos, self.targets, self.batch_size, self.seed = photos, targets, batch_size, seed
        self.weights = weights or Weights()
        order = np.random.default_rng(seed).permutation(len(photos))
        self.measured, self.rows = np.sort(order[:n_held_out]), np.sort(order[n_held_out:])
        self.n_learnt, self.side = len(self.rows), 128
        self.center = torch.from_numpy(targets.features[0].astype(np.float32).mean(axis=0))
        self.classifier = torch.from_numpy(targets.weight), torch.from_numpy(targets.bias)
        n_features = targets.features[0].shape[1]
        head = nn.Linear(student.architecture.widths[-1], n_features)
        self.modules = nn.ModuleDict({"student": student, "head": head})

    def batch(self, step: int, side: int) -> tuple[Tensor, ...]:
        """Images (B, 3, S, S) uint8 and the teacher's features (B, T) of the same crops; half of them mirrored."""
        self.side = side
        rng = np.random.default_rng([self.seed, step])
        rows = self._rows(step)
        views = rng.integers(0, len(self.targets.boxes), len(rows))
        images = self.photos.crops(rows, self.targets.boxes[views, rows], side)
        mirrored = rng.random(len(rows)) < 0.5
        images[mirrored] = images[mirrored][:, :, ::-1]
        features = np.stack([self.targets.features[view][row] for view, row in zip(views, rows, strict=True)])
        return torch.from_numpy(images).permute(0, 3, 1, 2), torch.from_numpy(features.astype(np.float32))

    def loss(self, modules: nn.ModuleDict, batch: tuple[Tensor, ...]) -> Tensor:
        """Weighted sum of the three signals."""
        images, features = batch
        student = modules["student"]
        assert isinstance(student, Student)
        with autocast():
            pooled = student.pooled(images.float())
        return self._signals(modules["head"](pooled), student.logits(pooled), features)

    def _signals(self, predicted: Tensor, logits: Tensor, features: Tensor) -> Tensor:
        w, t = self.weights, self.weights.temperature
        mine, teachers = F.normalize(predicted), F.normalize(features - self.center)
        direction = 1 - (mine * teachers).sum(1).mean()
        similarity = ((mine @ mine.T - teachers @ teachers.T) ** 2).mean()
        wanted = F.log_softmax(F.linear(features, *self.classifier) / t, dim=1)
        classes = F.kl_div(F.log_softmax(logits / t, dim=1), wanted, log_target=True, reduction="batchmean") * t * t
        return w.direction * direction + w.similarity * similarity + w.classes * classes

    def measure(self, modules: nn.ModuleDict) -> dict[str, float]:
        """On held-out photos: cosine to the teacher, share of its 10 nearest neighbours found, same top class."""
        pooled = self.pooled(modules, self.measured)
        features = torch.from_numpy(self.targets.features[0][self.measured].astype(np.float32))
        student = modules["student"]
        assert isinstance(student, Student)
        with torch.inference_mode():
            mine, teachers = F.normalize(modules["head"](pooled)), F.normalize(features - self.center)
            same = student.logits(pooled).argmax(1) == F.linear(features, *self.classifier).argmax(1)
            return {
                "cosine": (mine * teachers).sum(1).mean().item(),
                "neighbor_overlap": neighbor_overlap(mine, teachers, k=10),
                "same_class": same.float().mean().item(),
            }

    def pooled(self, modules: nn.ModuleDict, rows: npt.NDArray[np.int64]) -> Tensor:
        """(N, C) pooled features of the centred squares."""
        student = modules["student"]
        assert isinstance(student, Student)
        images = self.photos.crops(rows, self.targets.boxes[0, rows], self.side)
        with torch.inference_mode(), autocast():
            planes = torch.from_numpy(images).permute(0, 3, 1, 2)
            return torch.cat([student.pooled(part.float()).float() for part in torch.split(planes, 64)])

    def _rows(self, step: int) -> npt.NDArray[np.int64]:
        per_epoch = max(1, len(self.rows) // self.batch_size)
        epoch, place = divmod(step, per_epoch)
        order = np.random.default_rng([self.seed, epoch, 1]).permutation(self.rows)
        return np.asarray(order[place * self.batch_size : (place + 1) * self.batch_size])


def neighbor_overlap(a: Tensor, b: Tensor, k: int) -> float:
    """Mean share of the k (at most N - 1) nearest by cosine that unit vectors (N, D) have in common, 0 to 1."""
    k, both = min(k, len(a) - 1), []
    for vectors in (a, b):
        similarity = vectors @ vectors.T
        similarity.fill_diagonal_(-2)
        both.append(torch.zeros_like(similarity).scatter_(1, similarity.topk(k).indices, 1.0))
    return ((both[0] * both[1]).sum(1) / k).mean().item()
