"""A method over the networks of an optional package, by name and tag: its weights, preprocessing and identity."""

from __future__ import annotations

import dataclasses
import functools
import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from imgsim import weights as files
from imgsim.errors import UnavailableError
from imgsim.methods import Array
from imgsim.methods._crop import fitted_picture
from imgsim.methods._precise_network import MOST_LOADED, PreciseNetwork
from imgsim.methods._tagged_facts import Look, TaggedFacts
from imgsim.parameters import param
from imgsim.progress import Progress, silent
from imgsim.types import Float, Image

if TYPE_CHECKING:
    import torch


def network_param(facts: TaggedFacts, default: str) -> Any:
    """The field `network`: any of the package's names."""
    said = "The network and, after a dot, which of its weights; without a dot the recommended ones."
    return param(default, said, choices=facts.names)


def weights_param() -> Any:
    """The field `weights`."""
    said = "auto takes the published weights or your own; random is untrained."
    return param("auto", said, choices=("auto", "random"))


class TaggedNetwork(PreciseNetwork):
    """A subclass has the fields `network`, `weights` and `precision`, and builds the network."""

    network: str

    facts: ClassVar[TaggedFacts]
    requirement: ClassVar[str]  # what pip is asked for

    @classmethod
    def taken_names(cls) -> frozenset[str]:
        """Network names without a tag that mean another package's."""
        return frozenset()

    @classmethod
    def taken_files(cls) -> frozenset[str]:
        """Names of files that other packages have published."""
        return frozenset()

    def module(self) -> torch.nn.Module:
        """(B, 3, height, width) uint8 pictures -> (B, D) float32, built when it is first needed."""
        raise NotImplementedError

    @property
    def min_side(self) -> int:
        """The side that its preprocessing asks for."""
        return max(self.look.resized)

    @property
    def download(self) -> files.WeightsFile | None:
        """The weights file that `acquire` would fetch; None when it is here or none is needed."""
        return self.facts.weights_file(self.network) if self.weights == "auto" and self.path is None else None

    @property
    def path(self) -> Path | None:
        """The weights file in use: the published one, else a person's own; None when random or not here."""
        return None if self.weights == "random" else self.find(self.network)

    @classmethod
    def published_weights(cls) -> tuple[files.WeightsFile, ...]:
        """Those of every network."""
        return cls.facts.published()

    @classmethod
    def find(cls, name: str) -> Path | None:
        """The weights file of a network that is on this machine: the published one, else a person's own."""
        published = cls.facts.weights_file(name)
        if published is not None and (path := files.find(published)) is not None:
            return path
        known, skipped = frozenset(cls.facts.names), cls.facts.published_names() | cls.taken_files()
        owners = dict.fromkeys((cls.facts.full_name(name), name))
        mine = [owner for owner in owners if owner not in cls.taken_names()]
        return next((path for owner in mine for path in files.own_files(owner, known, skipped)), None)

    def unavailable(self) -> str | None:
        """Why it cannot run with what is here; None when it can. The network is not asked."""
        if (reason := self.missing_package()) or self.weights == "random" or self.path is not None:
            return reason
        if self.download is not None:
            return self.download.missing
        return (
            f"nobody has published weights of {self.network}; take another network, or bring your own: "
            f"imgsim weights import FILE --for {self.network}"
        )

    @classmethod
    def missing_package(cls) -> str | None:
        """How to install what is needed; None when it is here."""
        if all(importlib.util.find_spec(name) is not None for name in cls.needs):
            return None
        return f"{cls.id} needs the package {cls.requirement}; run: pip install '{cls.requirement}'"

    def acquire(self, progress: Progress = silent) -> None:
        """Fetch the weights file where it is not here.

        Raises:
            UnavailableError: the package is missing, or the file cannot be fetched; the message says how to bring it.
        """
        if reason := self.missing_package():
            raise UnavailableError(reason)
        if self.download is not None:
            files.fetch(self.download, progress)

    def identity(self) -> Mapping[str, Any]:
        """The weights' hash, or before they are here their name, and the preprocessing."""
        weights = files.sha256(self.path) if self.path else self.facts.full_name(self.network)
        return {"weights": weights, "preprocessing": dataclasses.asdict(self.look)}

    def prepare(self, image: Image) -> Array:
        """(3, height, width) uint8: the package's own resize and crop for these weights."""
        look = self.look
        fill = [round(255 * level) for level in look.mean]
        return fitted_picture(image, look.resized, (look.height, look.width), look.mode, look.interpolation, fill)

    def embed_batch(self, prepared: Sequence[Array]) -> Float:
        """(B, D) float32, not normalised."""
        method = self.settled()
        vectors: Float = _runner(method, method.key)(np.stack(prepared))
        return vectors

    @property
    def look(self) -> Look:
        """What pictures must look like."""
        return self.facts.look(self.network)


@functools.lru_cache(maxsize=MOST_LOADED)
def _runner(method: TaggedNetwork, key: str) -> Any:
    from imgsim.methods import _backends

    method.acquire()
    note = _backends.Note(files.workspace_folder().parent, key)
    return _backends.runner(method.module(), (method.look.height, method.look.width), method.precision, note)
