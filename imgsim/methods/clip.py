"""CLIP, SigLIP and their kin through open_clip: pictures and texts in one space."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from imgsim import weights as files
from imgsim.methods import METHODS, _clip_facts, _timm_facts
from imgsim.methods._network_facts import networks as torchvision_names
from imgsim.methods._network_facts import published_names
from imgsim.methods._precise_network import MOST_LOADED, precision_param
from imgsim.methods._tagged_facts import TaggedFacts
from imgsim.methods._tagged_network import TaggedNetwork, network_param, weights_param
from imgsim.types import Float

if TYPE_CHECKING:
    import torch

_TEXTS = 64  # in a batch


@METHODS.register
@dataclass(frozen=True)
class Clip(TaggedNetwork):
    """A picture beside the words that describe it; the name of a network alone is a method too."""

    network: str = network_param(_clip_facts.FACTS, "ViT-B-32.laion2b_s34b_b79k")
    weights: str = weights_param()
    precision: str = precision_param()

    id: ClassVar[str] = "clip"
    title: ClassVar[str] = "CLIP and SigLIP (open_clip)"
    family: ClassVar[str] = "text and image"
    sees: ClassVar[str] = "What people write about pictures: things, scenes, styles, actions, also text in the picture."
    blind_to: ClassVar[str] = "Counts, who does what to whom, left and right, small differences of one kind of thing."
    formula: ClassVar[str] = (
        "v = f(picture), t = g(text), two networks trained so that v · "
        "t is large where picture and text belong together"
    )
    reference: ClassVar[str] = (
        "Radford et al. 2021, Learning transferable visual models from natural language supervision; "
        "Zhai et al. 2023, Sigmoid loss for language image pre-training; Ilharco et al. 2021, open_clip"
    )
    licence: ClassVar[str] = "MIT (code); each network's weights have their own, some are for research only"
    needs: ClassVar[tuple[str, ...]] = ("open_clip",)
    reads_text: ClassVar[bool] = True
    facts: ClassVar[TaggedFacts] = _clip_facts.FACTS
    requirement: ClassVar[str] = "open_clip_torch>=3.1,<4"

    @classmethod
    def taken_names(cls) -> frozenset[str]:
        """Those of torchvision and timm: `convnext_base` alone is torchvision's."""
        return frozenset(torchvision_names()) | frozenset(_timm_facts.FACTS.networks)

    @classmethod
    def taken_files(cls) -> frozenset[str]:
        """Those of torchvision and timm."""
        return published_names() | _timm_facts.FACTS.published_names()

    @classmethod
    def published_weights(cls) -> tuple[files.WeightsFile, ...]:
        """Those of every network, and what cuts texts for it."""
        return cls.facts.published() + _all_tokenizer_files()

    @property
    def dim(self) -> int:
        """Width of the space of pictures and texts."""
        return _clip_facts.dim(self.network)

    def module(self) -> torch.nn.Module:
        """The tower of pictures."""
        from imgsim.methods import _clip_network

        tower: torch.nn.Module = _clip_network.images(self._towers(), self.look.mean, self.look.std)
        return tower

    def embed_text(self, texts: Sequence[str]) -> Float:
        """(T, D) vectors of texts in the space of the pictures, not normalised; long texts are cut.

        Raises:
            UnavailableError: what cuts texts into tokens is neither here nor can it be fetched.
        """
        import torch

        net, cut = self._towers(), _tokenizer(self.network)
        with torch.inference_mode():
            parts = [net.encode_text(cut(list(texts[i : i + _TEXTS]))) for i in range(0, len(texts), _TEXTS)]
        vectors = [part.float().numpy() for part in parts]
        return np.ascontiguousarray(np.concatenate([np.zeros((0, self.dim), np.float32), *vectors]))

    def _towers(self) -> Any:
        """Both towers, one copy for texts and for all precisions of pictures."""
        exact = dataclasses.replace(self, precision="fp32")
        return _towers(exact, exact.key)


@functools.cache
def _all_tokenizer_files() -> tuple[files.WeightsFile, ...]:
    found = (file for name in _clip_facts.FACTS.networks for file in _clip_facts.tokenizer_files(name))
    return tuple({file.name: file for file in found}.values())


@functools.lru_cache(maxsize=MOST_LOADED)
def _tokenizer(network: str) -> Any:
    from imgsim.methods import _clip_network

    found = [files.fetch(file) for file in _clip_facts.tokenizer_files(network)]
    return _clip_network.tokenizer(_clip_facts.FACTS.split(network)[0], found)


@functools.lru_cache(maxsize=MOST_LOADED)
def _towers(method: Clip, _key: str) -> Any:
    from imgsim.methods import _clip_network

    method.acquire()
    return _clip_network.build(method.facts.split(method.network)[0], method.path)
