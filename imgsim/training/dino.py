"""Self-distillation without labels (Caron et al. 2021, "Emerging properties in self-supervised vision transformers").

The student sees views of an image and must say of each what the teacher says of the other. The teacher is the running
average of the student. Nothing is pushed apart, so all images could get one answer, or all answers could
win equally everywhere. Three things stand against it:

- the head's last layer is normalised over the batch, so that what is alike in all images counts for nothing: of a small
  network that has learnt little, the vectors of any two images are nearly parallel, and a sharpened softmax of their
  tiny differences is flat;
- the prototypes that it is compared with are drawn once and stay, so that they cannot become equal;
- the teacher's answers are sharpened, and balanced over the batch: every prototype gets the same share of it (Sinkhorn
  and Knopp, as in Caron et al. 2020, SwAV).
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from imgsim.training.loop import twin
from imgsim.training.selfsupervised import SelfSupervised, View, pooled_of


class Head(nn.Module):
    """(B, N) pooled features -> (B, K) cosines to K prototypes."""

    def __init__(self, n: int, n_prototypes: int, width: int = 256, bottleneck: int = 64) -> None:
        super().__init__()
        last = nn.BatchNorm1d(bottleneck, affine=False, track_running_stats=False)
        self.body = nn.Sequential(*_layer(n, width), *_layer(width, width), nn.Linear(width, bottleneck), last)
        drawn = F.normalize(torch.randn(n_prototypes, bottleneck))
        self.prototypes = nn.Parameter(drawn, requires_grad=False)  # a parameter: the parts of a batch share it

    def forward(self, pooled: Tensor) -> Tensor:
        """Both sides normalised, so that no prototype wins by its length."""
        return F.normalize(self.body(pooled)) @ self.prototypes.T


def _layer(n: int, width: int) -> tuple[nn.Module, ...]:
    return nn.Linear(n, width, bias=False), nn.BatchNorm1d(width, track_running_stats=False), nn.GELU()


def balanced(scores: Tensor, temperature: float, rounds: int = 3) -> Tensor:
    """(B, K) scores as answers: each row sums to 1, each column to about B / K (Sinkhorn and Knopp 1967)."""
    shares = ((scores - scores.max()) / temperature).exp()
    for _ in range(rounds):
        shares = shares / shares.sum(0).clamp_min(1e-30)
        shares = shares / shares.sum(1, keepdim=True)
    return shares


class Dino(SelfSupervised):
    """Cross entropy between the teacher's answer to one view and the student's answers to the others."""

    views = (View(), View())  # at 64 pixels four small crops taught less: docs/self_supervision.md
    n_large: ClassVar[int] = 2
    n_prototypes: ClassVar[int] = 128
    student_temperature: ClassVar[float] = 0.1
    teacher_temperature: ClassVar[float] = 0.02

    def heads(self, n: int) -> dict[str, nn.Module]:
        """What answers."""
        return {"head": Head(n, self.n_prototypes)}

    def begin(self, average: nn.ModuleDict) -> None:
        """The averaged modules teach, normalised by their batch: running statistics lag behind weights that move."""
        self.teacher = twin(average).train()

    def loss(self, modules: nn.ModuleDict, batch: tuple[Tensor, ...]) -> Tensor:
        """How far the student's answers are from the teacher's."""
        large, small = batch[: self.n_large], batch[self.n_large :]
        with torch.no_grad():
            taught = balanced(self.teacher["head"](pooled_of(self.teacher, large)), self.teacher_temperature)
        pooled = torch.cat([pooled_of(modules, views) for views in (large, small) if views])
        answers = modules["head"](pooled).unflatten(0, (len(batch), -1))
        return self.answer_loss(answers, taught.view(self.n_large, -1, taught.shape[1]))

    def answer_loss(self, answers: Tensor, taught: Tensor) -> Tensor:
        """Mean cross entropy over all pairs of a large view and another view.

        Args:
            answers: (V, B, K) scores of the student, the large views first.
            taught: (L, B, K) answers of the teacher to the large views.
        """
        said = F.log_softmax(answers / self.student_temperature, dim=-1)
        pairs = [(t, s) for t in range(len(taught)) for s in range(len(answers)) if s != t]
        return torch.stack([-(taught[t] * said[s]).sum(-1).mean() for t, s in pairs]).mean()

    def head_figures(self, modules: nn.ModuleDict, raw: Tensor) -> dict[str, float]:
        """`answers_told`: by how many answers the images are told apart, 1 where every image gets the same."""
        with torch.inference_mode():
            scores = modules["head"](raw) / self.student_temperature
        return {"answers_told": told_apart(scores.softmax(-1))}


def told_apart(answers: Tensor) -> float:
    """2 to the information in bits that (N, K) answers give about which image was asked about: 1 to min(N, K)."""
    return float((_entropy(answers.mean(0)) - _entropy(answers).mean()).exp())


def _entropy(shares: Tensor) -> Tensor:
    return -(shares * shares.clamp_min(1e-12).log()).sum(-1)
