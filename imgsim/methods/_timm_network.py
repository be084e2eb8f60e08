"""A timm network as one torch module: uint8 pictures in, one pooled vector a picture out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from imgsim.errors import InputError
from imgsim.methods import _torch_network
from imgsim.methods._standardised import standardised

if TYPE_CHECKING:
    import torch

DEPTHS = {"early": 1 / 4, "middle": 1 / 2, "late": 3 / 4, "last": 1.0}


def places(n_stages: int) -> list[int]:
    """Which of the n stages (or transformer blocks) are early, middle, late and last."""
    return [max(0, math.ceil(n_stages * depth) - 1) for depth in DEPTHS.values()]


def build(name: str, state: Mapping[str, Any] | None, *, head: bool = False) -> torch.nn.Module:
    """The network in evaluation mode by its full name, with a state dict or, without one, seeded random weights.

    timm puts the state dict in, as it knows which tensors of older files it has renamed. The class head goes
    afterwards unless it is wanted: with it every tensor must fit, without it timm would take any file.

    Raises:
        InputError: the state dict belongs to another network.
    """
    import timm
    import torch

    given: dict[str, Any] = {}
    if state is not None:
        given = {"pretrained": True, "pretrained_cfg_overlay": {"state_dict": dict(state)}}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(_torch_network.SEED)
        try:
            net: Any = timm.create_model(name, **given)
        except (RuntimeError, KeyError, AttributeError, ValueError) as error:
            if state is None:
                raise
            raise InputError(
                f"the weights must be a state dict of timm's {name}, got other tensors; bring its own file."
            ) from error
    if not head:
        net.reset_classifier(0)
    whole: torch.nn.Module = net.eval().requires_grad_(False)
    return whole


def features(net: Any, stage: int | None, pooling: str, mean: Sequence[float], std: Sequence[float]) -> torch.nn.Module:
    """(B, 3, H, W) uint8 -> (B, D) float32.

    Args:
        net: a network without class head.
        stage: whose map is pooled; None for what the network's own head would be given, pooled by the network.
        pooling: avg, max, gem, rmac, or cls, the class token.
        mean: of each channel, 0 to 1.
        std: of each channel.
    """

    def read(net: Any, pictures: torch.Tensor) -> torch.Tensor:
        values: torch.Tensor = net(pictures) if stage is None else _pooled(net, pictures, stage, pooling)
        return values.float()

    return standardised(net, mean, std, read)


def classifier(net: Any, mean: Sequence[float], std: Sequence[float]) -> torch.nn.Module:
    """(B, 3, H, W) uint8 -> (B, C) probabilities by the network's own class head."""
    return standardised(net, mean, std, lambda whole, pictures: whole(pictures).float().softmax(1))


def _pooled(net: Any, picture: torch.Tensor, stage: int, pooling: str) -> torch.Tensor:
    """(B, D) of a stage's map, or its class token after the network's last normalisation."""
    options = {"indices": [stage], "intermediates_only": True, "output_fmt": "NCHW"}
    if pooling == "cls":
        _, tokens = net.forward_intermediates(picture, **options, norm=True, return_prefix_tokens=True)[0]
        found: torch.Tensor = tokens[:, 0]
        return found
    return _torch_network.pooled(net.forward_intermediates(picture, **options)[0], "nchw", pooling)
