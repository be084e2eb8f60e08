"""Every torchvision classification network by its name, as features of one of its layers."""

from __future__ import annotations

import dataclasses
import re
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from imgsim import weights as files
from imgsim.methods import METHODS, Array
from imgsim.methods import _network_facts as facts
from imgsim.methods import _precision as precisions
from imgsim.methods._crop import resized_center
from imgsim.methods._precise_network import MOST_LOADED, PreciseNetwork
from imgsim.parameters import param
from imgsim.progress import Progress, silent
from imgsim.types import Float, Image

POOLINGS = ("avg", "gem", "max", "rmac")
LAYERS = ("last", "late", "middle", "early")


@dataclass(frozen=True)
class Weights:
    """The weights that a method will use: a file or none (random), and what images must look like for them.

    Attributes:
        tag: a published tag, `random`, or `own` for a person's file.
        path: where the file is; None when random or still to be fetched.
        file: what would be fetched; None when random or own.
    """

    tag: str
    preprocessing: facts.Preprocessing
    path: Path | None = None
    file: files.WeightsFile | None = None


def choose(network: str, wanted: str) -> Weights:
    """The weights for `auto`, a tag or `random`.

    `auto` takes, in this order: the recommended published file, another published one, a person's own file, each if
    it is on this machine; else the recommended one is to be fetched. An own file is taken for the tag that its name
    contains; without one its recipe is unknown, and it gets the classic 256 / 224 bilinear preprocessing.
    """
    if wanted == "random":
        return Weights("random", facts.preprocessing(network, facts.default_tag(network)))
    candidates = [file for file in facts.published(network) if wanted in ("auto", file.tag)]
    for file in candidates:
        if (path := files.find(file)) is not None:
            return Weights(file.tag, facts.preprocessing(network, file.tag), path, file)
    for path in files.own_files(network, frozenset(facts.networks()), facts.published_names()):
        tag = next((t for t in facts.tags(network) if t.lower() in path.stem.lower()), None)
        if wanted in ("auto", tag):
            known = facts.preprocessing(network, tag) if tag else facts.Preprocessing.of(facts.CLASSIC)
            return Weights("own", known, path)
    return Weights(candidates[0].tag, facts.preprocessing(network, candidates[0].tag), None, candidates[0])


@dataclass(frozen=True)
class TorchvisionNetwork(PreciseNetwork):
    """Features of one layer of a network trained on ImageNet's 1,000 classes, pooled over the picture."""

    weights: str = "auto"
    layer: str = "last"
    pooling: str = "avg"
    precision: str = precisions.AUTO

    sees: ClassVar[str] = "What is in the picture: objects, scenes and materials like those of ImageNet."
    formula: ClassVar[str] = (
        "v = mean over all places of the last feature map "
        "of the network (or as `pooling` says); distance 1 − cos(v₁, v₂)"
    )
    blind_to: ClassVar[str] = "Exact colours, counts and places, text, and kinds of things that ImageNet lacks."
    needs: ClassVar[tuple[str, ...]] = ("torch", "torchvision")
    crowd: ClassVar[str] = "torchvision"

    @property
    def dim(self) -> int:
        """Width of the layer."""
        return facts.layer(self.id, self.layer).dim

    @property
    def min_side(self) -> int:
        """The short side that its preprocessing asks for."""
        return self._chosen.preprocessing.resize

    @property
    def download(self) -> files.WeightsFile | None:
        """The weights file that `acquire` would fetch; None when it is here or none is needed."""
        return self._chosen.file if self._chosen.path is None else None

    @classmethod
    def published_weights(cls) -> tuple[files.WeightsFile, ...]:
        """Torchvision's own, the recommended first."""
        return facts.published(cls.id)

    def unavailable(self) -> str | None:
        """Why it cannot run with what is here; None when it can. The network is not asked."""
        return super().unavailable() or (self.download.missing if self.download is not None else None)

    def acquire(self, progress: Progress = silent) -> None:
        """Fetch the weights file where it is not here.

        Raises:
            UnavailableError: it cannot be fetched; the message says how to bring it.
        """
        if self.download is not None:
            files.fetch(self.download, progress)

    def identity(self) -> Mapping[str, Any]:
        """The weights' hash and their preprocessing; the same before and after the file was fetched."""
        chosen = self._chosen
        start = chosen.file.sha256_start if chosen.file else ""
        full = files.sha256(chosen.path) if chosen.path else start
        return {
            "weights": start if start and full.startswith(start) else full,
            "preprocessing": dataclasses.asdict(chosen.preprocessing),
        }

    def prepare(self, image: Image) -> Array:
        """(3, crop, crop) uint8: torchvision's own resize and centre crop for these weights."""
        size = self._chosen.preprocessing
        return resized_center(image, size.resize, size.crop, size.interpolation)

    def embed_batch(self, prepared: Sequence[Array]) -> Float:
        """(B, D) float32, not normalised."""
        vectors: Float = _runner(self.settled())(np.stack(prepared))
        return vectors

    def class_probabilities(self, prepared: Sequence[Array]) -> Float:
        """(B, 1000) probabilities of the ImageNet classes, each row of sum 1, always in fp32."""
        probabilities: Float = _runner(self, "head")(np.stack(prepared))
        return probabilities

    def place_vectors(self, prepared: Sequence[Array]) -> Float:
        """(B, h, w, D) of each place of the layer, which `pooling` makes one vector. In torch, always in fp32."""
        found: Float = _runner(self, "places")(np.stack(prepared))
        return found

    def feature_maps(self, prepared: Sequence[Array]) -> tuple[Float, ...]:
        """(B, h, w, C) of its middle and its late layer: textures and parts, in fp32."""
        found: tuple[Float, ...] = _runner(self, "maps")(np.stack(prepared))
        return found

    @property
    def _chosen(self) -> Weights:
        """The weights in use; looked for again until their file is there."""
        found: Weights | None = self.__dict__.get("_weights")
        if found is None:
            found = choose(self.id, self.weights)
            if found.path is not None or found.file is None:
                self.__dict__["_weights"] = found
        return found


def method_class(network: str) -> type[TorchvisionNetwork]:
    """The method of one network."""
    entry = facts.networks()[network]
    recommended = entry["weights"][entry["default"]]
    namespace = {
        "id": network,
        "title": title(network),
        "reference": recommended["recipe"],
        "licence": f"{recommended['licence']} (weights trained on ImageNet, research terms)",
        "__doc__": f"torchvision's {network}, {entry['n_params'] / 1e6:.1f} million parameters.",
        "__module__": __name__,
    }
    name = "".join(part.capitalize() for part in network.split("_"))
    return dataclasses.make_dataclass(
        name, _fields(network), bases=(TorchvisionNetwork,), namespace=namespace, frozen=True
    )


def _fields(network: str) -> list[tuple[str, type, Any]]:
    """The parameters, with the network's own tags and poolings as choices."""
    tokens = facts.layer(network, "last").axes == "tokens"
    texts = {
        "weights": "Which training: auto takes a file that is here, else the recommended one; random is untrained.",
        "layer": "Depth that is read: early sees edges and colours, middle textures and parts, last objects.",
        "pooling": "How places become one vector: avg counts all alike, gem, max and rmac favour strong ones"
        + (", cls is the network's own summary." if tokens else "."),
        "precision": precisions.HELP,
    }
    choices: dict[str, tuple[str, ...]] = {
        "weights": ("auto", *facts.tags(network), "random"),
        "layer": LAYERS,
        "pooling": ("cls", *POOLINGS) if tokens else POOLINGS,
        "precision": precisions.PRECISIONS,
    }
    return [(name, str, param(choices[name][0], texts[name], choices=choices[name])) for name in texts]


def title(network: str) -> str:
    """A name for people: resnet50 -> ResNet-50, vit_b_16 -> ViT B 16."""
    for plain, written in _WRITTEN.items():
        if network.startswith(plain):
            rest = network.removeprefix(plain).strip("_").replace("_", " ")
            return written + ("" if not rest else f"-{rest}" if re.match(r"\d", rest) else f" {rest}")
    return network


_WRITTEN = {
    "alexnet": "AlexNet", "convnext": "ConvNeXt", "densenet": "DenseNet", "efficientnet_v2": "EfficientNetV2",
    "efficientnet": "EfficientNet", "googlenet": "GoogLeNet", "inception_v3": "Inception v3", "maxvit": "MaxViT",
    "mnasnet": "MNASNet", "mobilenet_v2": "MobileNetV2", "mobilenet_v3": "MobileNetV3", "regnet_x": "RegNetX",
    "regnet_y": "RegNetY", "resnet": "ResNet", "resnext": "ResNeXt", "shufflenet_v2": "ShuffleNetV2",
    "squeezenet": "SqueezeNet", "swin_v2": "Swin v2", "swin": "Swin", "vgg": "VGG", "vit": "ViT",
    "wide_resnet": "Wide ResNet",
}  # fmt: skip

_lock = threading.Lock()
_loaded: OrderedDict[str, Any] = OrderedDict()


def _runner(method: TorchvisionNetwork, ending: str = "") -> Any:
    """The method's network, compiled once a process; the least recently used go first."""
    key = method.key + (f" with {ending}" if ending else "")
    with _lock:
        if key not in _loaded:
            _loaded[key] = _load(method, ending)
            while len(_loaded) > MOST_LOADED:
                _loaded.popitem(last=False)
        _loaded.move_to_end(key)
        return _loaded[key]


def _load(method: TorchvisionNetwork, ending: str) -> Any:
    from imgsim.methods import _backends, _torch_network

    method.acquire()
    chosen = method._chosen
    state = files.load_state(chosen.path) if chosen.path else None
    net = _torch_network.build(method.id, chosen.preprocessing.crop, state)
    layer = facts.layer(method.id, method.layer)
    if ending == "places":
        return _backends.torch_runner(_torch_network.places(net, layer, chosen.preprocessing))
    if ending == "maps":
        both = [facts.layer(method.id, name) for name in ("middle", "late")]
        return _backends.maps_runner(_torch_network.maps(net, both, chosen.preprocessing), chosen.preprocessing.crop)
    if ending == "head":
        note = _backends.Note(files.workspace_folder().parent, method.key + " with head")
        named = _torch_network.classifier(net, chosen.preprocessing)
        return _backends.runner(named, chosen.preprocessing.crop, "fp32", note)
    module = _torch_network.features(net, layer, method.pooling, chosen.preprocessing)
    note = _backends.Note(files.workspace_folder().parent, method.key)
    return _backends.runner(module, chosen.preprocessing.crop, method.precision, note)


for _network in facts.networks():
    METHODS.register(method_class(_network))
