"""Our own small residual networks as inference sees them: convolutions with the norms folded in, read from one file.

The file is safetensors: `trunk.<n>.weight/bias` in the order of the convolutions, `embedding.weight/bias` and, where
the network has one, `head.weight/bias`, all in half precision. Its metadata: `widths`, `depths`, `side`, `resize`.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imgsim.errors import InputError

if TYPE_CHECKING:
    import torch

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Shape:
    """What a network file says about itself.

    Attributes:
        depths: residual blocks of each stage.
        side: input side in pixels.
        resize: short side in pixels before the centre is cut out.
        dim: D of the embedding.
        n_classes: outputs of the class head, 0 for none.
    """

    depths: tuple[int, ...]
    side: int
    resize: int
    dim: int
    n_classes: int


def read_shape(path: Path) -> Shape:
    """The shape, from the file's head; the tensors are not read.

    Raises:
        InputError: the file is not a network of ours.
    """
    try:
        with open(path, "rb") as file:
            head = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        facts = head["__metadata__"]
        dim = head["embedding.weight"]["shape"][0]
        n_classes = head.get("head.weight", {"shape": [0]})["shape"][0]
        return Shape(tuple(json.loads(facts["depths"])), int(facts["side"]), int(facts["resize"]), dim, n_classes)
    except (ValueError, KeyError, OverflowError, MemoryError) as error:
        raise InputError(
            f"{path.name} must be a network file written by imgsim, got another; train it anew."
        ) from error


def build(path: Path, with_head: bool = False, by_place: bool = False) -> torch.nn.Module:
    """(B, 3, S, S) uint8 -> (B, D) embedding; with the head (B, n_classes) logits instead.

    By place it is (B, h, w, D): what each place of the last map would give alone; their mean is the embedding.
    """
    import torch
    from safetensors.torch import load_file

    tensors = {name: tensor.float() for name, tensor in load_file(path).items()}
    depths = read_shape(path).depths
    last = "head" if with_head else "embedding"

    class Network(torch.nn.Module):
        mean: torch.Tensor
        std: torch.Tensor

        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1) * 255)
            self.register_buffer("std", torch.tensor(STD).view(1, 3, 1, 1) * 255)
            self.convolutions = torch.nn.ModuleList(_convolutions(tensors))
            self.last = _linear(tensors, last)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            x = (images.to(torch.float32) - self.mean) / self.std
            places = trunk(x, iter(self.convolutions), depths)
            found: torch.Tensor = self.last(places.permute(0, 2, 3, 1) if by_place else places.mean((2, 3)))
            return found

    return Network().eval().requires_grad_(False)


def stage_maps(network: Any, depths: tuple[int, ...]) -> Callable[[Any], list[Any]]:
    """Called with (B, 3, S, S) uint8, gives the (B, h, w, C) float32 maps after each stage; `network` is of `build`."""
    import torch

    def run(images: Any) -> list[Any]:
        with torch.inference_mode():
            x = (torch.from_numpy(images).to(torch.float32) - network.mean) / network.std
            return [values.permute(0, 2, 3, 1).numpy() for values in stages(x, iter(network.convolutions), depths)]

    return run


def build_stages(path: Path, wanted: tuple[int, ...]) -> torch.nn.Module:
    """(B, 3, S, S) uint8 -> the maps (B, h, w, C) at the end of the wanted stages, 0 the first."""
    import torch

    whole: Any = build(path)
    depths = read_shape(path).depths

    class Stages(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = whole

        def forward(self, images: torch.Tensor) -> list[torch.Tensor]:
            x = (images.to(torch.float32) - self.net.mean) / self.net.std
            maps = stages(x, iter(self.net.convolutions), depths)
            shown = itertools.islice(maps, max(wanted) + 1)  # what comes after is not computed
            return [map.permute(0, 2, 3, 1) for stage, map in enumerate(shown) if stage in wanted]

    return Stages().eval().requires_grad_(False)


def trunk(x: Any, convolutions: Iterator[Any], depths: tuple[int, ...]) -> Any:
    """The last map (B, C, H, W): a patch stem, then stages of blocks, each stage but the first begun by halving."""
    *_, last = stages(x, convolutions, depths)
    return last


def stages(x: Any, convolutions: Iterator[Any], depths: tuple[int, ...]) -> Iterator[Any]:
    """The maps (B, C, H, W) after each stage of the trunk."""
    x = next(convolutions)(x).relu()
    for stage, depth in enumerate(depths):
        if stage:
            x = next(convolutions)(x).relu()
        for _ in range(depth):
            x = _block(x, convolutions)
        yield x


def _block(x: Any, convolutions: Iterator[Any]) -> Any:
    first = next(convolutions)
    y = first(x).relu()
    if first.kernel_size == (1, 1):  # 1 x 1, 3 x 3, 1 x 1
        y = next(convolutions)(y).relu()
    return (x + next(convolutions)(y)).relu()


def _convolutions(tensors: Mapping[str, torch.Tensor]) -> list[torch.nn.Conv2d]:
    n = sum(name.startswith("trunk.") for name in tensors) // 2
    return [_convolution(tensors[f"trunk.{i}.weight"], tensors[f"trunk.{i}.bias"]) for i in range(n)]


STRIDE_PADDING = {6: (4, 1), 3: (1, 1), 2: (2, 0), 1: (1, 0)}  # by kernel side: stem, block, halving, bottleneck


def _convolution(weight: torch.Tensor, bias: torch.Tensor) -> torch.nn.Conv2d:
    import torch

    outputs, inputs, side, _ = weight.shape
    stride, padding = STRIDE_PADDING[side]
    layer = torch.nn.Conv2d(inputs, outputs, side, stride, padding)
    layer.load_state_dict({"weight": weight, "bias": bias})
    return layer


def _linear(tensors: Mapping[str, torch.Tensor], name: str) -> torch.nn.Linear:
    import torch

    weight, bias = tensors[f"{name}.weight"], tensors[f"{name}.bias"]
    layer = torch.nn.Linear(weight.shape[1], weight.shape[0])
    layer.load_state_dict({"weight": weight, "bias": bias})
    return layer
