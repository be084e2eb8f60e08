"""The network that we train ourselves: a small dense residual network for a CPU.

Dense convolutions reach most of a CPU's bfloat16 peak; depthwise ones, the usual choice for few parameters, wait for
memory. So the parameters go into 3 x 3 convolutions on small maps (He et al. 2016, "Deep residual learning for image
recognition"), after a patch stem that brings the map to a quarter at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Architecture:
    """Sizes of a student.

    Attributes:
        widths: channels of each stage; each stage after the first halves the map.
        depths: residual blocks of each stage.
        dim: D of the embedding that is read from the pooled features when training is over.
        n_classes: outputs of the class head; 0 for none.
    """

    widths: tuple[int, ...] = (48, 96, 192, 384)
    depths: tuple[int, ...] = (1, 2, 2, 2)
    dim: int = 256
    n_classes: int = 1000


class Block(nn.Module):
    """x + f(x) with two 3 x 3 convolutions, or 1 x 1, 3 x 3, 1 x 1 at half the width where channels are many."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = _wide(width) if width < 256 else _bottleneck(width)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to the same."""
        return torch.relu(x + self.body(x))


class Student(nn.Module):
    """(B, 3, S, S) float images, 0 to 255 -> (B, C) pooled features, and from these (B, n_classes) logits."""

    mean: Tensor
    std: Tensor

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.architecture = architecture
        self.register_buffer("mean", 255 * torch.tensor(MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", 255 * torch.tensor(STD).view(1, 3, 1, 1), persistent=False)
        self.trunk = _trunk(architecture)
        n = architecture.n_classes
        self.head = nn.Linear(architecture.widths[-1], n) if n else nn.Identity()

    def pooled(self, images: Tensor) -> Tensor:
        """(B, C) mean over the last map."""
        x = ((images - self.mean) / self.std).contiguous(memory_format=torch.channels_last)
        maps: Tensor = self.trunk(x)
        return maps.float().mean((2, 3))

    def logits(self, pooled: Tensor) -> Tensor:
        """(B, n_classes) of pooled features."""
        found: Tensor = self.head(pooled)
        return found


def _trunk(architecture: Architecture) -> nn.Sequential:
    widths, depths = architecture.widths, architecture.depths
    layers: list[nn.Module] = [*_conv(3, widths[0], kernel=6, stride=4, padding=1), nn.ReLU()]
    for stage, (width, depth) in enumerate(zip(widths, depths, strict=True)):
        if stage:
            layers += [*_conv(widths[stage - 1], width, kernel=2, stride=2, padding=0), nn.ReLU()]
        layers += [Block(width) for _ in range(depth)]
    return nn.Sequential(*layers)


def _wide(width: int) -> nn.Sequential:
    return nn.Sequential(*_conv(width, width), nn.ReLU(), *_conv(width, width, last=True))


def _bottleneck(width: int) -> nn.Sequential:
    inner = width // 2
    first = [*_conv(width, inner, kernel=1, padding=0), nn.ReLU(), *_conv(inner, inner), nn.ReLU()]
    return nn.Sequential(*first, *_conv(inner, width, kernel=1, padding=0, last=True))


def _conv(
    inputs: int, outputs: int, kernel: int = 3, stride: int = 1, padding: int = 1, last: bool = False
) -> list[nn.Module]:
    norm = nn.BatchNorm2d(outputs)
    if last:  # a block starts as the identity
        nn.init.zeros_(norm.weight)
    return [nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False), norm]
