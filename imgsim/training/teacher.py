"""The teacher's answers, computed once for fixed views of each photo.

Consistent teaching (Beyer et al. 2022, "Knowledge distillation: a good teacher is patient and consistent") asks that
the student sees exactly the crop that the teacher saw. The crops are drawn once and kept beside the answers.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from imgsim.errors import UnavailableError
from imgsim.progress import Progress, silent
from imgsim.training.photos import Boxes, Photos, center_boxes, random_boxes

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
Features = Callable[[npt.NDArray[np.uint8]], npt.NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class Targets:
    """V views of N photos and what the teacher made of them.

    Attributes:
        boxes: (V, N, 4) crops as fractions of the photo; view 0 is the centred square.
        features: V arrays (N, T) float16, the teacher's pooled features.
        weight: (1000, T) and bias (1000,): the teacher's classifier, features to logits.
        bias: see weight.
    """

    boxes: npt.NDArray[np.float32]
    features: Sequence[npt.NDArray[np.float16]]
    weight: npt.NDArray[np.float32]
    bias: npt.NDArray[np.float32]


def mobilenet_teacher(weights: Path, side: int) -> tuple[Features, npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Pooled features of `mobilenet_v2` at `side` pixels through OpenVINO, and its classifier (weight, bias).

    Raises:
        UnavailableError: no such file.
    """
    import torch
    from safetensors.torch import load_file
    from torchvision.models import mobilenet_v2

    if not weights.is_file():
        raise UnavailableError(f"teacher weights must be a safetensors file, got {weights}; pass --teacher FILE.")
    network = mobilenet_v2()
    network.load_state_dict(load_file(weights))
    pooled = torch.nn.Sequential(_normalize(), network.features, torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten())
    classifier = network.classifier[1]
    return _compiled(pooled.eval(), side), classifier.weight.detach().numpy(), classifier.bias.detach().numpy()


def draw_boxes(photos: Photos, n_views: int, seed: int, smallest: float = 0.3) -> Boxes:
    """(V, N, 4) crops: the centred square, then random ones."""
    rng = np.random.default_rng(seed)
    rest = [random_boxes(photos.shapes, rng, smallest) for _ in range(n_views - 1)]
    return np.stack([center_boxes(photos.shapes), *rest])


def answers(
    features: Features, photos: Photos, boxes: Boxes, side: int, progress: Progress = silent
) -> npt.NDArray[Any]:
    """(N, T) float16 teacher features of one crop of each photo."""
    batch, n = 64, len(photos)
    found = []
    for start in range(0, n, batch):
        rows = np.arange(start, min(start + batch, n))
        found.append(features(photos.crops(rows, boxes[rows], side)).astype(np.float16))
        progress("teacher", int(rows[-1]) + 1, n)
    return np.concatenate(found)


def targets(
    weights: Path, photos: Photos, folder: Path, n_views: int, side: int, seed: int, progress: Progress = silent
) -> Targets:
    """The teacher's answers to `n_views` views of each photo; kept in `folder`, view by view, for a run that goes on.

    Raises:
        UnavailableError: no weights file.
    """
    features, weight, bias = mobilenet_teacher(weights, side)
    boxes, kept = draw_boxes(photos, n_views, seed), []
    for view in range(n_views):
        path = folder / f"features_{view}.npy"
        if not path.exists():
            part = path.with_suffix(".part.npy")
            np.save(part, answers(features, photos, boxes[view], side, progress))
            part.replace(path)
        kept.append(np.load(path))
    return Targets(boxes, kept, weight, bias)


def _compiled(network: Any, side: int) -> Features:
    import openvino
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tracing is deprecated, and is what OpenVINO's front end reads
        model = openvino.convert_model(network, example_input=torch.zeros(1, 3, side, side))
    model.reshape([-1, 3, side, side])
    compiled = openvino.Core().compile_model(model, "CPU")

    def run(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        planes = np.ascontiguousarray(images.transpose(0, 3, 1, 2), dtype=np.float32)
        return np.asarray(compiled(planes)[0])

    return run


def _normalize() -> Any:
    import torch

    scale = 255 * torch.tensor(STD).view(1, 3, 1, 1)
    shift = 255 * torch.tensor(MEAN).view(1, 3, 1, 1)

    class Normalize(torch.nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return (images - shift) / scale

    return Normalize()
