"""Networks of timm by name: those in timm_networks.json, which `python -m tools.timm_facts` writes."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from imgsim import weights as files
from imgsim.errors import InputError
from imgsim.methods import METHODS, Array, _timm_facts
from imgsim.methods._network_facts import networks as torchvision_names
from imgsim.methods._network_facts import published_names
from imgsim.methods._precise_network import MOST_LOADED, precision_param
from imgsim.methods._tagged_facts import TaggedFacts
from imgsim.methods._tagged_network import TaggedNetwork, network_param, weights_param
from imgsim.parameters import param
from imgsim.types import Float

if TYPE_CHECKING:
    import torch


@METHODS.register
@dataclass(frozen=True)
class Timm(TaggedNetwork):
    """Features of a timm network; its name alone is a method too: `vit_small_patch14_dinov2` is this one with it."""

    network: str = network_param(_timm_facts.FACTS, "vit_small_patch16_dinov3.lvd1689m")
    weights: str = weights_param()
    layer: str = param(
        "last",
        "Depth that is read: early sees edges and colours, middle textures and parts, last objects.",
        choices=("last", "late", "middle", "early"),
    )
    pooling: str = param(
        "own",
        "How places become one vector: own is the network's way at its end and avg before it; cls is its class token.",
        choices=("own", "avg", "gem", "max", "rmac", "cls"),
    )
    precision: str = precision_param()

    id: ClassVar[str] = "timm"
    title: ClassVar[str] = "timm network"
    sees: ClassVar[str] = "What its training taught: objects and scenes; with DINO also parts, pose and layout."
    formula: ClassVar[str] = "v = the network's own pooled feature before its classifier; distance 1 − cos(v₁, v₂)"
    blind_to: ClassVar[str] = "Exact colours, counts and text; what its training pictures did not show."
    reference: ClassVar[str] = "Wightman 2019, PyTorch image models; each network has its own paper"
    licence: ClassVar[str] = "Apache-2.0 (code); each network's weights have their own"
    needs: ClassVar[tuple[str, ...]] = ("timm",)
    facts: ClassVar[TaggedFacts] = _timm_facts.FACTS
    requirement: ClassVar[str] = "timm>=1.0.20,<2"

    def __post_init__(self) -> None:
        """Not every network has every layer and pooling.

        Raises:
            InputError: this one does not.
        """
        if (self.layer, self.pooling) != ("last", "own") and not _timm_facts.n_stages(self.network):
            raise InputError(f"{self.network} must be read with layer last and pooling own, got {self.layer} and "
                             f"{self.pooling}; take those or another network.")  # fmt: skip
        if self.pooling == "cls" and not _timm_facts.has_class_token(self.network):
            raise InputError(f"{self.network} must have a class token for pooling cls, got none; take own or avg.")

    @classmethod
    def taken_names(cls) -> frozenset[str]:
        """Torchvision's: `resnet50` alone is its own."""
        return frozenset(torchvision_names())

    @classmethod
    def taken_files(cls) -> frozenset[str]:
        """Torchvision's."""
        return published_names()

    @property
    def dim(self) -> int:
        """Width of the layer."""
        return _timm_facts.dim(self.network, self.layer, self.pooling == "own")

    def module(self) -> torch.nn.Module:
        """The network up to the layer, and the pooling."""
        from imgsim.methods import _timm_network

        state = files.load_state(self.path) if self.path else None
        net = _timm_network.build(self.facts.full_name(self.network), state)
        own = self.layer == "last" and self.pooling == "own"
        places = _timm_network.places(_timm_facts.n_stages(self.network))
        stage = None if own else places[_timm_facts.DEPTHS.index(self.layer)]
        pooling = "avg" if self.pooling == "own" else self.pooling
        return _timm_network.features(net, stage, pooling, self.look.mean, self.look.std)

    def class_probabilities(self, prepared: Sequence[Array]) -> Float:
        """(B, 1000) probabilities of the ImageNet classes, each row of sum 1, always in fp32.

        Raises:
            InputError: these weights know no such classes.
        """
        probabilities: Float = _classifier(self)(np.stack(prepared))
        return probabilities


@functools.lru_cache(maxsize=MOST_LOADED)
def _classifier(method: Timm) -> Any:
    from imgsim.methods import _backends, _timm_network

    name = method.facts.full_name(method.network)
    if name not in _timm_facts.classifiers():
        raise InputError(
            f"the classifier must have ImageNet's 1,000 classes, got {name}; take one whose name ends in 1k."
        )
    method.acquire()
    net = _timm_network.build(name, files.load_state(method.path) if method.path else None, head=True)
    note = _backends.Note(files.workspace_folder().parent, method.key + " with head")
    module = _timm_network.classifier(net, method.look.mean, method.look.std)
    return _backends.runner(module, (method.look.height, method.look.width), "fp32", note)
