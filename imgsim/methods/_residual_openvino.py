"""Our own networks as OpenVINO graphs, built straight from the file: no torch is imported, so the first map comes soon.

These networks are so small that decoding takes longer than they do, on any device; so they are not measured against
other back ends first, as the large ones are.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from imgsim.methods import Array
from imgsim.methods._residual import MEAN, STD, STRIDE_PADDING, read_shape, trunk


def graph(path: Path, with_head: bool = False) -> Any:
    """OpenVINO model (B, 3, S, S) uint8 -> (B, D) embedding; with the head (B, n_classes) logits instead."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # its import alone reports home
    from openvino import Model
    from openvino import opset13 as ops
    from safetensors.numpy import load_file

    tensors = {name: tensor.astype(np.float32) for name, tensor in load_file(path).items()}
    shape = read_shape(path)
    pictures = ops.parameter([-1, 3, shape.side, shape.side], np.uint8)
    mean, std = (np.array(values, np.float32).reshape(1, 3, 1, 1) * 255 for values in (MEAN, STD))
    x = (ops.convert(pictures, "f32") - ops.constant(mean)) / ops.constant(std)
    last = trunk(_Map(x), _convolutions(tensors), shape.depths)
    pooled = ops.reduce_mean(last.node, np.array([2, 3]), keep_dims=False)
    name = "head" if with_head else "embedding"
    weight, bias = tensors[f"{name}.weight"], tensors[f"{name}.bias"]
    found = ops.matmul(pooled, ops.constant(weight), False, True) + ops.constant(bias[None])
    return Model([found], [pictures], path.stem)


@dataclass(frozen=True)
class _Map:
    """A feature map that reads like a torch tensor where `trunk` uses it."""

    node: Any

    def relu(self) -> _Map:
        from openvino import opset13 as ops

        return _Map(ops.relu(self.node))

    def __add__(self, other: _Map) -> _Map:
        return _Map(self.node + other.node)


@dataclass(frozen=True)
class _Convolution:
    weight: Array
    bias: Array

    @property
    def kernel_size(self) -> tuple[int, int]:
        return self.weight.shape[2], self.weight.shape[3]

    def __call__(self, x: _Map) -> _Map:
        from openvino import opset13 as ops

        stride, padding = STRIDE_PADDING[self.kernel_size[0]]
        pads = [padding, padding]
        found = ops.convolution(x.node, ops.constant(self.weight), [stride, stride], pads, pads, [1, 1])
        return _Map(found + ops.constant(self.bias.reshape(1, -1, 1, 1)))


def _convolutions(tensors: dict[str, Array]) -> Iterator[_Convolution]:
    n = sum(name.startswith("trunk.") for name in tensors) // 2
    return (_Convolution(tensors[f"trunk.{i}.weight"], tensors[f"trunk.{i}.bias"]) for i in range(n))
