"""Patch features: what a network sees in each place of the whole picture, from its middle layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol, cast, runtime_checkable

import numpy as np
import numpy.typing as npt

from imgsim.errors import ImgsimError, InputError, UnavailableError
from imgsim.methods import METHODS, Array, Method
from imgsim.methods.worn import Worn
from imgsim.pipeline import Pipeline
from imgsim.progress import Progress, silent
from imgsim.raster import squash
from imgsim.types import Collection, Float, Image, key_of

VERSION = 2  # raise it when the code gives other features
MOST_CHANNELS = 384  # wider features are averaged down to this, as PatchCore does to 1,024
_FILE = "patches.npy"
Half = npt.NDArray[np.float16]
Kind = Literal["smooth", "unit"]  # averaged over 3 x 3 places; or each layer's features of a place of length 1


@runtime_checkable
class ByDepth(Protocol):
    """A method whose network gives the maps of its middle layers."""

    def feature_maps(self, prepared: Sequence[Array]) -> tuple[Float, ...]:
        """(B, h, w, C) of some layers, the finest first."""
        ...


def sees_patches(method: Method | type[Method]) -> bool:
    """Whether a method has patch features: the networks that keep places."""
    return hasattr(method, "feature_maps")


def bare(method: Method) -> Method:
    """The network itself: what a method wears changes whole vectors, not patches."""
    return method.base if isinstance(method, Worn) else method


def patch_features(
    pipeline: Pipeline, collection: Collection, method: Method, kind: Kind, progress: Progress = silent
) -> Half:
    """(N, h, w, C) float16 of a collection, from the store or computed and kept there.

    Pictures are squashed to the network's square, so that their borders count too.

    Raises:
        InputError: the method has no places, or the collection has changed.
        UnavailableError: its weights or packages are missing.
    """
    network = _network(method)
    if not len(collection):
        raise InputError(f"{collection.name} must have at least one readable image, got none; add images to it.")
    key = key_of("patches", collection=collection.fingerprint, method=network.key, of=kind, version=VERSION)

    def build(directory: Path) -> None:
        _compute(pipeline, collection, network, kind, directory / _FILE, progress)

    folder = pipeline.store.compute("patches", key, build, progress)
    return cast(Half, np.load(folder / _FILE, mmap_mode="r"))


def patches_of(picture: Image, method: Method, kind: Kind, progress: Progress = silent) -> Half:
    """(1, h, w, C) float16 of one picture.

    Raises:
        InputError: the method has no places.
        UnavailableError: its weights or packages are missing.
    """
    network = _network(method)
    _acquire(network, progress)
    return combined(network.feature_maps(_squasher(network)[0](picture)), kind).astype(np.float16)


def _network(method: Method) -> Any:
    network = bare(method)
    if not isinstance(network, ByDepth):
        raise InputError(f"patches must come from a network, got {method.id}; take imgsim_mini or mobilenet_v2.")
    return network


def _acquire(network: Any, progress: Progress) -> None:
    network.acquire(progress)
    if reason := network.unavailable():
        raise UnavailableError(reason)


def _compute(
    pipeline: Pipeline, collection: Collection, network: Any, kind: Kind, path: Path, progress: Progress
) -> None:
    _acquire(network, progress)
    stage = f"Looking at patches with {network.title}"
    prepare, side = _squasher(network)
    stream = pipeline.prepared(collection, range(len(collection)), prepare, side)
    out: Any = None
    waiting: list[Array] = []
    progress(stage, 0, len(collection))
    for row, found in stream:
        if isinstance(found, ImgsimError):
            raise InputError(f"{found}; the collection has changed since it was opened, open it again.")
        waiting.append(found[0])
        if len(waiting) == network.batch_size or row == len(collection) - 1:
            features = combined(network.feature_maps(waiting), kind)
            if out is None:
                shape = (len(collection), *features.shape[1:])
                out = np.lib.format.open_memmap(path, mode="w+", dtype=np.float16, shape=shape)
            out[row + 1 - len(waiting) : row + 1] = features
            waiting.clear()
            progress(stage, row + 1, len(collection))
    out.flush()


def _squasher(network: Method) -> tuple[Callable[[Image], list[Array]], int]:
    """What makes any picture the network's input: the whole of it in the network's square."""
    height, width = network.prepare(np.zeros((64, 64, 3), np.uint8)).shape[1:]

    def prepare(image: Image) -> list[Array]:
        return [np.ascontiguousarray(squash(image, width, height).transpose(2, 0, 1))]

    return prepare, max(height, width)


def combined(maps: Sequence[Float], kind: Kind) -> Float:
    """(B, h, w, C) of several maps, brought to the grid of the first, side by side.

    Smooth ones are averaged over 3 x 3 places before (Roth et al. 2022, section 3.1); of unit ones each layer counts
    alike at every place, as its features there are divided by their length.
    """
    import torch
    from torch.nn import functional

    with torch.inference_mode():
        grids = [torch.from_numpy(np.ascontiguousarray(one)).permute(0, 3, 1, 2) for one in maps]
        size = grids[0].shape[2:]
        if kind == "smooth":
            grids = [functional.avg_pool2d(grid, 3, 1, 1, count_include_pad=False) for grid in grids]
        level = [
            grid if grid.shape[2:] == size else functional.interpolate(grid, size, mode="bilinear") for grid in grids
        ]
        if kind == "unit":
            level = [functional.normalize(grid, dim=1) for grid in level]
        together = torch.cat(level, 1).permute(0, 2, 3, 1)
        if together.shape[3] > MOST_CHANNELS:
            flat = together.reshape(1, -1, together.shape[3])
            together = functional.adaptive_avg_pool1d(flat, MOST_CHANNELS).reshape(*together.shape[:3], -1)
        return np.ascontiguousarray(together.numpy(), dtype=np.float32)


def networks() -> list[type[Method]]:
    """The methods that have patch features."""
    return [method for method in METHODS if sees_patches(method)]
