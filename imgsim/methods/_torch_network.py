"""A torchvision network as one torch module: uint8 pictures in, pooled features of one layer out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from imgsim.errors import InputError
from imgsim.methods._network_facts import Layer, Preprocessing
from imgsim.methods._standardised import standardised

if TYPE_CHECKING:
    import torch

SEED = 0  # of randomly initialised networks


def build(network: str, crop: int, state: Mapping[str, Any] | None) -> torch.nn.Module:
    """The network in evaluation mode, with a state dict or, without one, seeded random weights.

    Raises:
        InputError: the state dict belongs to another network.
    """
    import torch
    from torchvision import models

    options: dict[str, Any] = {"image_size": crop} if network.startswith("vit") else {}
    if network in ("googlenet", "inception_v3"):  # what their own weights switch on
        options = {"transform_input": True, "aux_logits": True, "init_weights": False}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        net: torch.nn.Module = models.get_model(network, weights=None, **options)
    if state is not None:
        try:
            net.load_state_dict(dict(state))
        except RuntimeError as error:
            raise InputError(
                f"the weights must be a state dict of torchvision's {network}, got other tensors; bring its own file."
            ) from error
    return net.eval().requires_grad_(False)


def features(net: torch.nn.Module, layer: Layer, pooling: str, preprocessing: Preprocessing) -> torch.nn.Module:
    """(B, 3, H, W) uint8 -> (B, D) float32; what comes after the layer is cut away."""
    return standardised(
        create_trunk(net, layer),
        preprocessing.mean,
        preprocessing.std,
        lambda trunk, pictures: pooled(trunk(pictures)["map"], layer.axes, pooling).float(),
    )


def places(net: torch.nn.Module, layer: Layer, preprocessing: Preprocessing) -> torch.nn.Module:
    """(B, 3, H, W) uint8 -> (B, h, w, D) float32: a layer's vectors by place, without the class token."""
    return standardised(
        create_trunk(net, layer),
        preprocessing.mean,
        preprocessing.std,
        lambda trunk, pictures: _by_place(trunk(pictures)["map"], layer),
    )


def maps(net: torch.nn.Module, layers: Sequence[Layer], preprocessing: Preprocessing) -> torch.nn.Module:
    """(B, 3, H, W) uint8 -> the maps (B, h, w, D) float32 of some layers, without the class token."""
    from torchvision.models.feature_extraction import create_feature_extractor

    nodes = {layer.node: f"map{i}" for i, layer in enumerate(layers)}

    def read(trunk: Any, pictures: torch.Tensor) -> list[torch.Tensor]:
        found = trunk(pictures)
        return [_by_place(found[f"map{i}"], layer) for i, layer in enumerate(layers)]

    trunk: torch.nn.Module = create_feature_extractor(net, nodes, suppress_diff_warning=True)
    return standardised(trunk, preprocessing.mean, preprocessing.std, read)


def classifier(net: torch.nn.Module, preprocessing: Preprocessing) -> torch.nn.Module:
    """(B, 3, H, W) uint8 -> (B, C) probabilities by the network's own class head."""
    return standardised(net, preprocessing.mean, preprocessing.std, lambda whole, pictures: whole(pictures).softmax(1))


def create_trunk(net: torch.nn.Module, layer: Layer) -> torch.nn.Module:
    """The network up to a layer, whose output it returns as {"map": …}; the rest is cut away."""
    from torchvision.models.feature_extraction import create_feature_extractor

    trunk: torch.nn.Module = create_feature_extractor(net, {layer.node: "map"}, suppress_diff_warning=True)
    return trunk


def _grid(values: torch.Tensor, axes: str) -> torch.Tensor:
    """(B, D, H, W): the places of the picture, without the class token; transformers' grids are square."""
    if axes == "tokens":
        side = round((values.shape[1] - 1) ** 0.5)
        return values[:, 1:].transpose(1, 2).reshape(-1, values.shape[2], side, side)
    return values.permute(0, 3, 1, 2) if axes == "nhwc" else values


def _by_place(values: torch.Tensor, layer: Layer) -> torch.Tensor:
    """(B, h, w, D) float32 of a layer's output."""
    return _grid(values, layer.axes).permute(0, 2, 3, 1).float()


def _average(grid: torch.Tensor) -> torch.Tensor:
    return grid.flatten(2).mean(2)


def _largest(grid: torch.Tensor) -> torch.Tensor:
    return grid.flatten(2).amax(2)


def _generalised_mean(grid: torch.Tensor) -> torch.Tensor:
    """Radenovic et al. 2019, p = 3: between average and maximum."""
    return grid.flatten(2).clamp(min=1e-6).pow(3).mean(2).pow(1 / 3)


def _regional_maxima(grid: torch.Tensor) -> torch.Tensor:
    """R-MAC, Tolias et al. 2016: the sum of the unit vectors of the maxima of 14 overlapping squares."""
    from torch.nn.functional import normalize

    pooled = (_largest(grid[:, :, y : y + side, x : x + side]) for y, x, side in regions(grid.shape[2]))
    return sum(normalize(vector, dim=1) for vector in pooled)  # type: ignore[return-value]


def regions(side: int, levels: int = 3) -> list[tuple[int, int, int]]:
    """(top, left, side) of R-MAC's squares in a square map: level l has l x l of side 2 / (l + 1), evenly spread."""
    found = []
    for level in range(1, levels + 1):
        width = max(1, 2 * side // (level + 1))
        starts = [(side - width) * i // max(level - 1, 1) for i in range(level)]
        found += [(top, left, width) for top in starts for left in starts]
    return found


_POOLS: Mapping[str, Callable[[Any], Any]] = {
    "avg": _average,
    "max": _largest,
    "gem": _generalised_mean,
    "rmac": _regional_maxima,
}


def pooled(values: torch.Tensor, axes: str, pooling: str) -> torch.Tensor:
    """(B, D) of a layer's output by `avg`, `max`, `gem`, `rmac`, or `cls`, the class token."""
    vectors: torch.Tensor = values[:, 0] if pooling == "cls" else _POOLS[pooling](_grid(values, axes))
    return vectors
