"""What the methods share whose network is a file of ours: `imgsim_mini`, and those trained on one's own pictures."""

from __future__ import annotations

import functools
import hashlib
import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from imgsim.errors import UnavailableError
from imgsim.methods import Array, Method
from imgsim.methods._crop import resized_center
from imgsim.methods._residual import Shape, read_shape
from imgsim.types import Float, Image, Metric

_LOADED = 3  # networks kept in memory


class OwnNetwork(Method):
    """Vectors of a network file; a subclass says which file."""

    family: ClassVar[str] = "networks"
    needs: ClassVar[tuple[str, ...]] = ("safetensors",)
    batch_size: ClassVar[int] = 32

    @property
    def path(self) -> Path | None:
        """The network file; None where there is none."""
        raise UnavailableError(f"{self.id} must say which file it reads, got none; override `path`.")

    @property
    def metric(self) -> Metric:
        """Cosine: what the network was trained for."""
        return "cosine"

    @property
    def dim(self) -> int:
        """D of the file's embedding; 0 while there is no file."""
        return self._shape.dim if self.path else 0

    @property
    def min_side(self) -> int:
        """The short side that the network's pictures are resized to."""
        return self._shape.resize if self.path else super().min_side

    def identity(self) -> Mapping[str, Any]:
        """The file's sha256."""
        return {"weights": _sha256(*_version(self._file)) if self.path else ""}

    def prepare(self, image: Image) -> Array:
        """(3, S, S) uint8: the short side resized, the centre cut out."""
        return resized_center(image, self._shape.resize, self._shape.side, "bilinear")

    def embed_batch(self, prepared: Sequence[Array]) -> Float:
        """(B, D) float32, not normalised."""
        vectors: Float = _runner(*_version(self._file), False)(np.stack(prepared))
        return vectors

    def place_vectors(self, prepared: Sequence[Array]) -> Float:
        """(B, h, w, D) of each place; their mean is the vector, as the last layer is linear. In torch, in fp32."""
        found: Float = _places(*_version(self._file))(np.stack(prepared))
        return found

    def stage_maps(self, prepared: Sequence[Array]) -> list[Float]:
        """(B, h, w, C) after each stage, the earliest first; no value is negative. In torch, in fp32."""
        found: list[Float] = _stages(*_version(self._file))(np.stack(prepared))
        return found

    def feature_maps(self, prepared: Sequence[Array]) -> tuple[Float, ...]:
        """(B, h, w, C) of the ends of the second and third stage, finer first: textures and parts."""
        found: tuple[Float, ...] = _middle(*_version(self._file))(np.stack(prepared))
        return found

    def class_probabilities(self, prepared: Sequence[Array]) -> Float:
        """(B, 1000) probabilities of the ImageNet classes, each row of sum 1.

        Raises:
            UnavailableError: the network has no class head.
        """
        if not self._shape.n_classes:
            raise UnavailableError(f"{self.id} must have a class head to name things, got none; take imgsim_mini.")
        logits = _runner(*_version(self._file), True)(np.stack(prepared))
        raised = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.ascontiguousarray(raised / raised.sum(axis=1, keepdims=True), dtype=np.float32)

    @property
    def _file(self) -> Path:
        if self.path is None:
            raise UnavailableError(self.unavailable() or f"{self.id} has no network file; train one first.")
        return self.path

    @property
    def _shape(self) -> Shape:
        return _shape_of(*_version(self._file))


def _version(path: Path) -> tuple[Path, int]:
    """A path and its change time: a file that was trained anew is read anew."""
    return path, path.stat().st_mtime_ns


@functools.lru_cache(maxsize=32)
def _sha256(path: Path, _changed: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@functools.lru_cache(maxsize=32)
def _shape_of(path: Path, _changed: int) -> Shape:
    return read_shape(path)


@functools.lru_cache(maxsize=1)
def _places(path: Path, _changed: int) -> Any:
    from imgsim.methods import _backends, _residual

    return _backends.torch_runner(_residual.build(path, by_place=True))


@functools.lru_cache(maxsize=1)
def _stages(path: Path, _changed: int) -> Any:
    from imgsim.methods import _residual

    return _residual.stage_maps(_residual.build(path), read_shape(path).depths)


@functools.lru_cache(maxsize=1)
def _middle(path: Path, _changed: int) -> Any:
    from imgsim.methods import _backends, _residual

    return _backends.maps_runner(_residual.build_stages(path, (1, 2)), read_shape(path).side)


@functools.lru_cache(maxsize=_LOADED)
def _runner(path: Path, _changed: int, with_head: bool) -> Any:
    from imgsim.methods import _backends, _residual, _residual_openvino

    if importlib.util.find_spec("openvino"):
        return _backends.openvino_runner(_residual_openvino.graph(path, with_head))
    return _backends.runner(_residual.build(path, with_head), read_shape(path).side)
