"""A trained student as the file that `imgsim.methods` reads: norms folded into convolutions, half precision."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from torch import Tensor, nn

from imgsim.training.network import Student


def write(
    student: Student,
    path: Path,
    embedding: tuple[Tensor, Tensor],
    side: int,
    resize: int,
    facts: dict[str, str] | None = None,
) -> None:
    """Write the network file.

    Args:
        student: the trained network.
        path: where to.
        embedding: weight (D, C) and bias (D,) from pooled features to the embedding.
        side: input side in pixels.
        resize: short side in pixels before the centre is cut out.
        facts: further metadata, such as the recipe.
    """
    from safetensors.torch import save_file

    tensors: dict[str, Tensor] = {}
    for n, (weight, bias) in enumerate(folded(student.trunk)):
        tensors |= {f"trunk.{n}.weight": weight, f"trunk.{n}.bias": bias}
    tensors |= {"embedding.weight": embedding[0], "embedding.bias": embedding[1]}
    if isinstance(student.head, nn.Linear):
        tensors |= {"head.weight": student.head.weight, "head.bias": student.head.bias}
    about = {"depths": json.dumps(student.architecture.depths), "side": str(side), "resize": str(resize)}
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    halves = {name: tensor.detach().half().contiguous().clone() for name, tensor in tensors.items()}
    save_file(halves, part, metadata=(facts or {}) | about)
    part.replace(path)


def principal_embedding(matrix: Tensor, pooled: Tensor, dim: int) -> tuple[Tensor, Tensor]:
    """Weight (D, C) and bias (D,) that give the first D centred principal components of `matrix @ pooled`.

    Cosines between these vectors are the cosines between centred predictions, but for the components left out.

    Args:
        matrix: (T, C), what the training's last layer makes of pooled features; the identity where that is thrown away.
        pooled: (N, C) pooled features of training photos.
        dim: D, at most C.
    """
    center = pooled.double().mean(0)
    outputs = (pooled.double() - center) @ matrix.double().T
    _, vectors = torch.linalg.eigh(outputs.T @ outputs)
    weight = vectors[:, -min(dim, matrix.shape[1]) :].flip(1).T @ matrix.double()
    return weight.float(), -(weight @ center).float()


def folded(trunk: nn.Module) -> list[tuple[Tensor, Tensor]]:
    """Weight and bias of each convolution with its batch norm folded in, in order."""
    layers = [module for module in trunk.modules() if isinstance(module, nn.Conv2d | nn.BatchNorm2d)]
    return [_fold(conv, norm) for conv, norm in zip(layers[::2], layers[1::2], strict=True)]


def _fold(conv: nn.Module, norm: nn.Module) -> tuple[Tensor, Tensor]:
    assert isinstance(conv, nn.Conv2d)
    assert isinstance(norm, nn.BatchNorm2d)
    assert norm.running_var is not None
    assert norm.running_mean is not None
    with torch.no_grad():
        scale = norm.weight / (norm.running_var + norm.eps).sqrt()
        return conv.weight * scale.view(-1, 1, 1, 1), norm.bias - norm.running_mean * scale
