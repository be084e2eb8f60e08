"""What is known about a package's networks without importing it: networks by name, each with tags for its weights."""

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


@dataclass(frozen=True)
class TaggedFacts:
    """A table of networks, read from a JSON file beside this module when it is first asked.

    Attributes:
        file: its name.
        package: the key under which it says which version of the package it is from.
        weights_name: what a weights file is called in a repository of the hub.
    """

    file: str
    package: str
    weights_name: str

    @property
    def version(self) -> str:
        """Of the package that the facts are from."""
        return str(_table(self.file)[self.package])

    @property
    def networks(self) -> Mapping[str, Mapping[str, Any]]:
        """All facts by network name, without tags."""
        found: Mapping[str, Mapping[str, Any]] = _table(self.file)["networks"]
        return found

    @property
    def names(self) -> tuple[str, ...]:
        """Every name: each network, and each network with each of its tags."""
        return _names(self)

    def known(self, name: str) -> bool:
        """Whether there is a network of that name, with or without a tag."""
        network, _, tag = name.partition(".")
        return network in self.networks and (not tag or tag in self.networks[network]["tags"])

    def split(self, name: str) -> tuple[str, str]:
        """Network and tag; the recommended tag where the name has none, empty where nothing is published."""
        network, _, tag = name.partition(".")
        return network, tag or str(self.networks[network]["default"])

    def full_name(self, name: str) -> str:
        """The name with its tag."""
        return ".".join(filter(None, self.split(name)))

    def entry(self, name: str) -> Mapping[str, Any]:
        """The facts of its network."""
        return self.networks[self.split(name)[0]]

    def look(self, name: str) -> Look:
        """What images must look like."""
        height, width, kept, mode, interpolation, mean, std = _table(self.file)["looks"][self._tag(name)["look"]]
        return Look(height, width, float(kept), mode, interpolation, tuple(mean), tuple(std))

    def licence(self, name: str) -> str:
        """What the package states of the licence of its weights."""
        return str(self._tag(name).get("licence", "not stated"))

    def weights_file(self, name: str) -> WeightsFile | None:
        """Where the weights are published; None where there are none."""
        network, tag = self.split(name)
        if not tag:
            return None
        full, facts = f"{network}.{tag}", self._tag(name)
        inside = facts.get("file", self.weights_name)
        url = facts.get("url") or f"{HUB}/{facts.get('hub', f'timm/{full}')}/resolve/main/{inside}"
        suffix = ".safetensors" if url.endswith(".safetensors") else ".pth"
        megabytes = round(self.networks[network]["n_params"] * 4 / 1e6, 1)
        return WeightsFile(full, tag, url, megabytes, f"{full}{suffix}", self.licence(name))

    def published(self) -> tuple[WeightsFile, ...]:
        """All published files."""
        return _published(self)

    def published_names(self) -> frozenset[str]:
        """Their names."""
        return _published_names(self)

    def _tag(self, name: str) -> Mapping[str, Any]:
        network, tag = self.split(name)
        facts: Mapping[str, Any] = self.networks[network]["tags"][tag]
        return facts


@functools.cache
def _table(file: str) -> Mapping[str, Any]:
    return dict(json.loads(resources.files(__package__).joinpath(file).read_text()))


@functools.cache
def _names(facts: TaggedFacts) -> tuple[str, ...]:
    tagged = ((name, *(f"{name}.{tag}" for tag in entry["tags"] if tag)) for name, entry in facts.networks.items())
    return tuple(name for names in tagged for name in names)


@functools.cache
def _published(facts: TaggedFacts) -> tuple[WeightsFile, ...]:
    files = (facts.weights_file(name) for name in facts.names if "." in name)
    return tuple(file for file in files if file is not None)


@functools.cache
def _published_names(facts: TaggedFacts) -> frozenset[str]:
    return frozenset(file.name for file in facts.published())
