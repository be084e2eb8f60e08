"""Muon: steps whose matrices are made orthogonal, so that rare directions learn as fast as common ones.

Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks"; the step size is scaled as in Liu et al.
2025, "Muon is scalable for LLM training", so that a learning rate of AdamW's fits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

from imgsim.training.half import is_native


class Muon(torch.optim.Optimizer):
    """Momentum, made orthogonal; for the kernels of convolutions and hidden matrices, not for heads or biases."""

    def __init__(
        self, params: Iterable[Tensor], lr: float = 2e-3, momentum: float = 0.95, weight_decay: float = 0.05
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """One step along the orthogonal directions."""
        loss = None if closure is None else closure()
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    self._move(weight, weight.grad, group)
        return loss

    def _move(self, weight: Tensor, gradient: Tensor, group: dict[str, Any]) -> None:
        state = self.state[weight]
        if not state:
            state["momentum"] = torch.zeros_like(weight)
        state["momentum"].lerp_(gradient, 1 - group["momentum"])
        ahead = gradient.lerp(state["momentum"], group["momentum"])  # Nesterov's look ahead
        direction = orthogonal(ahead.flatten(1)).view_as(weight)
        size = 0.2 * max(weight.flatten(1).shape) ** 0.5  # entries as large as AdamW's
        weight.mul_(1 - group["lr"] * group["weight_decay"]).add_(direction, alpha=-group["lr"] * size)


def orthogonal(matrix: Tensor, steps: int = 5) -> Tensor:
    """(M, N) matrix of the same singular vectors, singular values brought near 1 (Newton, Schulz)."""
    a, b, c = 3.4445, -4.7750, 2.0315  # steepest at 0, so that five steps suffice; settles within 0.7 to 1.2
    tall = matrix.shape[0] > matrix.shape[1]
    x: Tensor = (matrix.T if tall else matrix).to(torch.bfloat16 if is_native() else torch.float32)
    x = x / (x.norm() + 1e-7)
    for _ in range(steps):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return (x.T if tall else x).to(matrix.dtype)
