"""What is known about torchvision's networks without importing it, read from torchvision_networks.json."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from imgsim.weights import WeightsFile

CLASSIC = {  # the preprocessing of most ImageNet recipes before 2021, taken for a file whose recipe is unknown
    "resize": 256,
    "crop": 224,
    "interpolation": "bilinear",
    "mean": (0.485, 0.456, 0.406),
    "std": (0.229, 0.224, 0.225),
}


@dataclass(frozen=True)
class Preprocessing:
    """Short side to `resize` pixels with antialias, centre crop of `crop` pixels, then (x / 255 - mean) / std."""

    resize: int
    crop: int
    interpolation: str
    mean: tuple[float, ...]
    std: tuple[float, ...]

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Preprocessing:
        """From a table that may hold more."""
        return cls(facts["resize"], facts["crop"], facts["interpolation"], tuple(facts["mean"]), tuple(facts["std"]))


@dataclass(frozen=True)
class Layer:
    """A layer that can be read: its node in the traced graph, width D, axes `nchw`, `nhwc` or `tokens`."""

    node: str
    dim: int
    axes: str


@functools.cache
def networks() -> Mapping[str, Mapping[str, Any]]:
    """All facts by network name."""
    text = resources.files(__package__).joinpath("torchvision_networks.json").read_text()
    return dict(json.loads(text))


def layer(network: str, name: str) -> Layer:
    """One of its layers: early, middle, late, last."""
    return Layer(**networks()[network]["layers"][name])


def tags(network: str) -> tuple[str, ...]:
    """Its weight tags."""
    return tuple(networks()[network]["weights"])


def default_tag(network: str) -> str:
    """The tag torchvision recommends."""
    return str(networks()[network]["default"])


def preprocessing(network: str, tag: str) -> Preprocessing:
    """What images must look like for those weights."""
    return Preprocessing.of(networks()[network]["weights"][tag])


def weights_file(network: str, tag: str) -> WeightsFile:
    """Where those weights are published."""
    facts = networks()[network]["weights"][tag]
    return WeightsFile(network, tag, facts["url"], facts["megabytes"], licence=facts["licence"])


@functools.cache
def published(network: str) -> tuple[WeightsFile, ...]:
    """All published files of a network, the recommended first."""
    ordered = sorted(tags(network), key=lambda tag: tag != default_tag(network))
    return tuple(weights_file(network, tag) for tag in ordered)


@functools.cache
def published_names() -> frozenset[str]:
    """The file names of all published weights of all networks."""
    return frozenset(file.name for name in networks() for file in published(name))
