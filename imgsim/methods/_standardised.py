"""Networks that are given uint8 pictures: the channels standardised as in their training, then whatever is read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

Read = Callable[[Any, Any], Any]  # the network and (B, 3, H, W) standardised float pictures -> what is wanted


def standardised(net: torch.nn.Module, mean: Sequence[float], std: Sequence[float], read: Read) -> torch.nn.Module:
    """A module of (B, 3, H, W) uint8 pictures that gives what `read` makes of the network and (x / 255 - mean) / std.

    Args:
        net: the network; its weights belong to the module.
        mean: of each channel, 0 to 1.
        std: of each channel.
        read: how the network is asked, and what of its answer is kept.
    """
    import torch

    class Standardised(torch.nn.Module):
        mean: torch.Tensor
        std: torch.Tensor

        def __init__(self) -> None:
            super().__init__()
            self.net = net
            self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1) * 255)
            self.register_buffer("std", torch.tensor(std).view(1, 3, 1, 1) * 255)

        def forward(self, pictures: torch.Tensor) -> Any:
            return read(self.net, (pictures.to(self.mean.dtype) - self.mean) / self.std)

    return Standardised().eval()
