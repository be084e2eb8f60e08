"""Networks of timm by name: those in timm_networks.json, which `python -m tools.timm_facts` writes."""

from __future__ import annotations

import dataclasses
import functools
import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from imgsim import weights as files
from imgsim.errors import InputError
from imgsim.methods import METHODS, Array, Method, _timm_facts
from imgsim.methods._crop import fitted_picture
from imgsim.methods._network_facts import networks as torchvision_names
from imgsim.methods._network_facts import published_names
from imgsim.parameters import param
from imgsim.progress import Progress, silent
from imgsim.types import Float, Image, Metric

_MOST_LOADED = 2  # networks kept in memory


@METHODS.register
@dataclass(frozen=True)
class Timm(Method):
    """Features of a timm network; its name alone is a method too: `vit_small_patch14_dinov2` is this one with it."""

    network: str = param(
        "vit_small_patch16_dinov3.lvd1689m",
        "The network and, after a dot, which of its weights; without a dot the recommended ones.",
        choices=_timm_facts.NAMES,
    )
    weights: str = param(
        "auto", "auto takes the published weights or your own; random is untrained.", choices=("auto", "random")
    )
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
    precision: str = param(
        "fp32",
        "bf16 takes about half the time where the processor has it and moves vectors a little.",
        choices=("fp32", "bf16"),
    )

    id: ClassVar[str] = "timm"
    title: ClassVar[str] = "timm network"
    family: ClassVar[str] = "networks"
    sees: ClassVar[str] = "What its training taught: objects and scenes; with DINO also parts, pose and layout."
    blind_to: ClassVar[str] = "Exact colours, counts and text; what its training pictures did not show."
    reference: ClassVar[str] = "Wightman 2019, PyTorch image models; each network has its own paper"
    licence: ClassVar[str] = "Apache-2.0 (code); each network's weights have their own"
    needs: ClassVar[tuple[str, ...]] = ("timm",)
    batch_size: ClassVar[int] = 16

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

    @property
    def metric(self) -> Metric:
        """Cosine: lengths of features carry contrast more than content."""
        return "cosine"

    @property
    def dim(self) -> int:
        """Width of the layer."""
        return _timm_facts.dim(self.network, self.layer, self.pooling == "own")

    @property
    def min_side(self) -> int:
        """The side that its preprocessing asks for."""
        return max(self._look.resized)

    @property
    def download(self) -> files.WeightsFile | None:
        """The weights file that `acquire` would fetch; None when it is here or none is needed."""
        return _timm_facts.weights_file(self.network) if self.weights == "auto" and self.path is None else None

    @property
    def path(self) -> Path | None:
        """The weights file in use: the published one, else a person's own; None when random or not here."""
        return None if self.weights == "random" else find(self.network)

    @classmethod
    def published_weights(cls) -> tuple[files.WeightsFile, ...]:
        """Those of every network."""
        return _timm_facts.published()

    def unavailable(self) -> str | None:
        """Why it cannot run with what is here; None when it can. The network is not asked."""
        if (reason := _missing_package()) or self.weights == "random" or self.path is not None:
            return reason
        if self.download is not None:
            return self.download.missing
        return (
            f"nobody has published weights of {self.network}; take another network, or bring your own: "
            f"imgsim weights import FILE --for {self.network}"
        )

    def acquire(self, progress: Progress = silent) -> None:
        """Fetch the weights file where it is not here.

        Raises:
            UnavailableError: it cannot be fetched; the message says how to bring it.
        """
        if self.download is not None:
            files.fetch(self.download, progress)

    def identity(self) -> Mapping[str, Any]:
        """The weights' hash, or before they are here their name, and the preprocessing."""
        weights = files.sha256(self.path) if self.path else _timm_facts.full_name(self.network)
        return {"weights": weights, "preprocessing": dataclasses.asdict(self._look)}

    def prepare(self, image: Image) -> Array:
        """(3, height, width) uint8: timm's own resize and crop for these weights."""
        look = self._look
        fill = [round(255 * level) for level in look.mean]
        return fitted_picture(image, look.resized, (look.height, look.width), look.mode, look.interpolation, fill)

    def embed_batch(self, prepared: Sequence[Array]) -> Float:
        """(B, D) float32, not normalised."""
        vectors: Float = _runner(self, self.key)(np.stack(prepared))
        return vectors

    @property
    def _look(self) -> _timm_facts.Look:
        return _timm_facts.look(self.network)


def _missing_package() -> str | None:
    if importlib.util.find_spec("timm") is not None:
        return None
    return "timm needs the package timm; run: pip install 'timm>=1.0.20,<2'"


def find(name: str) -> Path | None:
    """The weights file of a network that is on this machine: the published one, else a person's own."""
    published = _timm_facts.weights_file(name)
    if published is not None and (path := files.find(published)) is not None:
        return path
    known = frozenset(_timm_facts.names())
    owners = [_timm_facts.full_name(name)]
    if owners[0] != name and name not in torchvision_names():  # a bare name that torchvision has too is its own
        owners.append(name)
    skipped = published_names() | _published_names()
    return next((path for owner in owners for path in files.own_files(owner, known, skipped)), None)


@functools.cache
def _published_names() -> frozenset[str]:
    return frozenset(file.name for file in _timm_facts.published())


@functools.lru_cache(maxsize=_MOST_LOADED)
def _runner(method: Timm, _key: str) -> Any:
    from imgsim.methods import _backends, _timm_network

    method.acquire()
    state = files.load_state(method.path) if method.path else None
    net = _timm_network.build(_timm_facts.full_name(method.network), state)
    look, n_stages = method._look, _timm_facts.n_stages(method.network)
    own = method.layer == "last" and method.pooling == "own"
    stage = None if own else _timm_network.places(n_stages)[_timm_facts.DEPTHS.index(method.layer)]
    pooling = "avg" if method.pooling == "own" else method.pooling
    module = _timm_network.features(net, stage, pooling, look.mean, look.std)
    note = _backends.note_path(files.workspace_folder().parent, method.key)
    return _backends.runner(module, (look.height, look.width), method.precision, note)
