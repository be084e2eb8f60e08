"""What is known about timm's networks without importing it, read from timm_networks.json."""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from imgsim.weights import WeightsFile

HUB = "https://huggingface.co"
DEPTHS = ("early", "middle", "late", "last")
_WEIGHTS_NAME = "model.safetensors"


@dataclass(frozen=True)
class Look:
    """What pictures must look like for some weights.

    Attributes:
        height: of the picture that the network is given, in pixels.
        width: of it.
        kept: share of the resized side that is kept.
        mode: `center` keeps the shape and crops, `squash` changes the shape, `border` fills the short side up.
        interpolation: of the resize.
        mean: of each channel, 0 to 1.
        std: of each channel.
    """

    height: int
    width: int
    kept: float
    mode: str
    interpolation: str
    mean: tuple[float, ...]
    std: tuple[float, ...]

    @property
    def resized(self) -> tuple[int, int]:
        """Height and width before the crop."""
        return math.floor(self.height / self.kept), math.floor(self.width / self.kept)


@functools.cache
def _table() -> Mapping[str, Any]:
    return dict(json.loads(resources.files(__package__).joinpath("timm_networks.json").read_text()))


def version() -> str:
    """Of the timm that the facts are from."""
    return str(_table()["timm"])


def networks() -> Mapping[str, Mapping[str, Any]]:
    """All facts by network name, without tags."""
    return dict(_table()["networks"])


@functools.cache
def names() -> tuple[str, ...]:
    """Every name: each network, and each network with each of its tags."""
    return tuple(
        name
        for network, facts in networks().items()
        for name in (network, *(f"{network}.{tag}" for tag in facts["tags"] if tag))
    )


@functools.cache
def known(name: str) -> bool:
    """Whether timm has a network of that name, with or without a tag."""
    network, _, tag = name.partition(".")
    return network in networks() and (not tag or tag in networks()[network]["tags"])


def split(name: str) -> tuple[str, str]:
    """Network and tag; the recommended tag where the name has none, empty where nothing is published."""
    network, _, tag = name.partition(".")
    return network, tag or str(networks()[network]["default"])


def full_name(name: str) -> str:
    """The name with its tag."""
    return ".".join(filter(None, split(name)))


def look(name: str) -> Look:
    """What images must look like."""
    height, width, kept, mode, interpolation, mean, std = _table()["looks"][_tag(name)["look"]]
    return Look(height, width, float(kept), mode, interpolation, tuple(mean), tuple(std))


def dim(name: str, layer: str, own: bool) -> int:
    """Width of a layer, or of what the network's own pooling gives."""
    facts = networks()[split(name)[0]]
    return int(facts["own"] if own and layer == "last" else facts["dims"][DEPTHS.index(layer)])


def n_stages(name: str) -> int:
    """How many stages or blocks can be read; 0 when only the end can."""
    return int(networks()[split(name)[0]]["stages"])


def has_class_token(name: str) -> bool:
    """Whether there is a class token to read."""
    return bool(networks()[split(name)[0]]["cls"])


def weights_file(name: str) -> WeightsFile | None:
    """Where the weights are published; None where there are none."""
    network, tag = split(name)
    if not tag:
        return None
    full, facts = f"{network}.{tag}", _tag(name)
    url = facts.get("url") or f"{HUB}/{facts.get('hub', f'timm/{full}')}/resolve/main/{_WEIGHTS_NAME}"
    suffix = ".safetensors" if url.endswith(_WEIGHTS_NAME) else ".pth"
    megabytes = round(networks()[network]["n_params"] * 4 / 1e6, 1)
    return WeightsFile(full, tag, url, megabytes, f"{full}{suffix}")


@functools.cache
def published() -> tuple[WeightsFile, ...]:
    """All published files."""
    files = (weights_file(name) for name in names() if "." in name)
    return tuple(file for file in files if file is not None)


NAMES = names()  # what can be chosen


def _tag(name: str) -> Mapping[str, Any]:
    network, tag = split(name)
    return dict(networks()[network]["tags"][tag])
