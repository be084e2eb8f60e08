"""Networks: what goes in, the strongest channels of each stage, and the pooled vector."""

from __future__ import annotations

import dataclasses
from typing import Any, cast

import numpy as np

from imgsim.methods import Method
from imgsim.methods._own_network import OwnNetwork
from imgsim.steps import WALKS, Drawn, Step, Walk, enlarged, shade, vector_step
from imgsim.steps.plain import Plain
from imgsim.types import Float, Image

CHANNELS = 6  # strongest of a stage that are drawn
CHANNEL_SIDE = 160


@WALKS.register
class NetworkLayers(Walk):
    """The stages of our own networks, or the layers that a torchvision network can be read at."""

    id = "network_layers"
    families = ("networks",)

    def steps(self, method: Method, image: Image) -> tuple[Step, ...]:
        """Input, stages, vector; a network that does not show its places has the plain walk."""
        if isinstance(method, OwnNetwork):
            return self._own(method, image)
        if hasattr(method, "layer") and hasattr(method, "place_vectors"):
            return self._torchvision(method, image)
        return Plain().steps(method, image)

    def _own(self, method: OwnNetwork, image: Image) -> tuple[Step, ...]:
        prepared = method.prepare(image)
        stages = [found[0] for found in method.stage_maps([prepared])]
        places = method.place_vectors([prepared])[0]
        vector = places.reshape(-1, places.shape[-1]).mean(axis=0).astype(np.float32)
        return (
            _input(image, prepared),
            *(_stage(number, maps) for number, maps in enumerate(stages, 1)),
            vector_step(
                vector,
                "Each channel of the last stage is averaged over the picture, and a last linear layer makes the "
                "vector: "
                "where things are is given up here.",
                r"v = W \cdot \frac{1}{hw} \sum_{ij} x_{ij} + b",
            ),
        )

    def _torchvision(self, method: Method, image: Image) -> tuple[Step, ...]:
        prepared = method.prepare(image)
        field = next(f for f in dataclasses.fields(cast(Any, method)) if f.name == "layer")
        layers = list(field.metadata["param"]["choices"])
        upto = layers[: layers.index(cast(Any, method).layer) + 1]
        stages = []
        for number, layer in enumerate(upto, 1):
            at = dataclasses.replace(cast(Any, method), layer=layer)
            stages.append(_stage(number, at.place_vectors([prepared])[0], layer))
        vector = method.embed_batch([prepared])[0]
        told = "Each channel of the layer is pooled over the picture: where things are is given up here."
        return (_input(image, prepared), *stages, vector_step(vector, told, r"v_c = \frac{1}{hw} \sum_{ij} x_{ijc}"))


def _input(image: Image, prepared: Float) -> Step:
    shown = np.asarray(prepared, np.uint8).transpose(1, 2, 0)
    side = shown.shape[0]
    return Step(
        "Input",
        f"The short side is resized and {side} x {side} pixels are cut from the middle; then mean and deviation of the "
        "photos that the network learnt from are taken out of each colour.",
        r"x_c = (p_c / 255 - \mu_c) / \sigma_c",
        (Drawn("the picture", enlarged(image)), Drawn(f"what the network gets, {side} x {side}", enlarged(shown))),
    )


def _stage(number: int, maps: Float, name: str = "") -> Step:
    """The channels of an (h, w, C) map that vary most over the picture."""
    height, width, n = maps.shape
    order = np.argsort(-maps.std(axis=(0, 1)), kind="stable")[:CHANNELS]
    drawn = tuple(Drawn(f"channel {int(c)}", enlarged(shade(maps[:, :, c]), CHANNEL_SIDE)) for c in order)
    words = {1: "Edges, spots and colours", 2: "Corners, texture and simple patterns"}.get(number, "Parts and things")
    return Step(
        f"Stage {number}" + (f", {name}" if name else ""),
        f"{n} channels of {width} x {height} places; those that vary most over this picture are drawn, bright where "
        f"they respond. What to look for: {words.lower()}. What a channel means is a guess.",
        r"x^{(l+1)} = \operatorname{relu}(W^{(l)} * x^{(l)} + b^{(l)})",
        drawn,
    )
