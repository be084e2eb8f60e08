"""Self-distillation without labels (Caron et al. 2021, "Emerging properties in self-supervised vision transformers").

The student sees large and small crops of an image and must say what the teacher says of the large ones. The teacher is
the running average of the student. Nothing is pushed apart; two things keep all images from getting one answer:
the teacher's outputs are centred, so that no answer may win everywhere, and sharpened, so that not all win equally.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from imgsim.training.selfsupervised import SelfSupervised, View, pooled_of


class Head(nn.Module):
    """(B, N) pooled features -> (B, K) cosines to K prototypes."""

    def __init__(self, n: int, n_prototypes: int, bottleneck: int = 64) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(n, n), nn.GELU(), nn.Linear(n, bottleneck))
        self.prototypes = nn.Parameter(torch.randn(n_prototypes, bottleneck))

    def forward(self, pooled: Tensor) -> Tensor:
        """Both sides normalised, so that no prototype wins by its length."""
        return F.normalize(self.body(pooled)) @ F.normalize(self.prototypes).T


class Center(nn.Module):
    """The running mean of the teacher's outputs; a parameter, so that the parts of a batch share it."""

    def __init__(self, n_prototypes: int) -> None:
        super().__init__()
        self.value = nn.Parameter(torch.zeros(n_prototypes), requires_grad=False)
        self.seen: Tensor | None = None


class Dino(SelfSupervised):
    """Cross entropy between the teacher's answer to one view and the student's answers to the others."""

    views = (View(area=(0.4, 1.0)), View(area=(0.4, 1.0)), *(View(0.5, (0.1, 0.4)) for _ in range(4)))
    n_large: ClassVar[int] = 2
    n_prototypes: ClassVar[int] = 256
    student_temperature: ClassVar[float] = 0.1
    teacher_temperature: ClassVar[float] = 0.06
    center_momentum: ClassVar[float] = 0.5  # the averaged weights of a short run move fast

    def heads(self, n: int) -> dict[str, nn.Module]:
        """The prototypes and the centre of their outputs."""
        return {"head": Head(n, self.n_prototypes), "center": Center(self.n_prototypes)}

    def begin(self, average: nn.ModuleDict) -> None:
        """The averaged modules are the teacher; its first centre is the mean of what it says untrained."""
        self.teacher = average
        center = self.modules["center"]
        assert isinstance(center, Center)
        if not center.value.any():  # else a run goes on
            with torch.no_grad():
                center.value.copy_(average["head"](self.raw_pooled(average).clone()).mean(0))

    def loss(self, modules: nn.ModuleDict, batch: tuple[Tensor, ...]) -> Tensor:
        """How far the student's answers are from the teacher's."""
        large, small = batch[: self.n_large], batch[self.n_large :]
        with torch.no_grad():
            taught = self.teacher["head"](pooled_of(self.teacher, large))
        center = modules["center"]
        assert isinstance(center, Center)
        center.seen = taught.mean(0)
        pooled = torch.cat([pooled_of(modules, views) for views in (large, small)])
        answers = modules["head"](pooled).unflatten(0, (len(batch), -1))
        return self.answer_loss(answers, taught.unflatten(0, (self.n_large, -1)), center.value)

    def answer_loss(self, answers: Tensor, taught: Tensor, center: Tensor) -> Tensor:
        """Mean cross entropy over all pairs of a large view and another view.

        Args:
            answers: (V, B, K) of the student, the large views first.
            taught: (L, B, K) of the teacher, of the large views.
            center: (K,) the mean of what the teacher said before.
        """
        wanted = F.softmax((taught - center) / self.teacher_temperature, dim=-1)
        said = F.log_softmax(answers / self.student_temperature, dim=-1)
        pairs = [(t, s) for t in range(len(taught)) for s in range(len(answers)) if s != t]
        return torch.stack([-(wanted[t] * said[s]).sum(-1).mean() for t, s in pairs]).mean()

    def after_step(self, twins: list[nn.ModuleDict]) -> None:
        """Move the centre towards what the teacher said of this batch."""
        centers = [twin["center"] for twin in twins]
        seen = [center.seen for center in centers if isinstance(center, Center) and center.seen is not None]
        kept = centers[0].value
        assert isinstance(kept, Tensor)
        with torch.no_grad():
            kept.lerp_(torch.stack(seen).mean(0), 1 - self.center_momentum)

    def measure(self, modules: nn.ModuleDict) -> dict[str, float]:
        """Also `answers_used`: to how many prototypes the images spread, 1 when all have collapsed into one."""
        with torch.inference_mode():
            answers = modules["head"](self.raw_pooled(modules)) / self.student_temperature
        shares = F.softmax(answers, -1).mean(0)
        entropy = -(shares * shares.clamp_min(1e-12).log()).sum()
        return {**super().measure(modules), "answers_used": float(entropy.exp())}
