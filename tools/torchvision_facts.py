"""Write imgsim/methods/torchvision_networks.json: what imgsim knows about torchvision's networks without importing it.

    python tools/torchvision_facts.py

Run it after torchvision was upgraded; tests/test_torchvision_facts.py says when the two have drifted apart.
Each network is run once on the meta device (no weights, no arithmetic) to find the layers and their widths.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torchvision import models
from torchvision.transforms._presets import ImageClassification

TARGET = Path(__file__).resolve().parent.parent / "imgsim" / "methods" / "torchvision_networks.json"
STRIDES = {"early": 4, "middle": 8, "late": 16}  # input pixels per step of the feature map


def tag_facts(weights: models.WeightsEnum) -> dict[str, Any]:
    """What one weights tag needs: its file and its preprocessing."""
    transform, meta = weights.transforms(), weights.meta
    accuracy = meta["_metrics"]["ImageNet-1K"]["acc@1"]
    assert isinstance(transform, ImageClassification), weights
    return {
        "url": weights.url,
        "megabytes": round(meta["_file_size"], 1),
        "resize": transform.resize_size[0],
        "crop": transform.crop_size[0],
        "interpolation": transform.interpolation.value,
        "mean": transform.mean,
        "std": transform.std,
        "accuracy": None if math.isnan(accuracy) else accuracy,
        "recipe": meta["recipe"],
        "licence": meta.get("license", "BSD-3-Clause"),
    }


def network(name: str) -> nn.Module:
    """The network without weights, on the meta device where its constructor allows that."""
    options = {"init_weights": False, "aux_logits": True} if name in ("googlenet", "inception_v3") else {}
    if name.startswith("regnet"):  # its constructor computes widths with tensors
        return models.get_model(name).eval().to("meta")
    with torch.device("meta"):
        return models.get_model(name, **options).eval()


def is_stage(name: str) -> bool:
    """Whether a module is one step of the trunk: a top-level child or a member of one of its containers."""
    inside = name.removeprefix("encoder.").removeprefix("trunk_output.")
    containers = ("features.", "layers.", "blocks.", "classifier.")
    return "." not in inside or (inside.startswith(containers) and inside.count(".") == 1)


def shapes(net: nn.Module, crop: int) -> dict[str, tuple[int, ...]]:
    """Output shape of each stage for one picture, in the order of execution."""
    found: dict[str, tuple[int, ...]] = {}

    def note(name: str):
        def hook(*given: Any) -> None:
            out = given[-1]
            if isinstance(out, torch.Tensor):
                found[name] = tuple(out.shape)

        return hook

    for name, module in net.named_modules():
        if name and is_stage(name):
            module.register_forward_hook(note(name))
    with torch.inference_mode():
        net(torch.empty(1, 3, crop, crop, device="meta"))
    return found


def layer(node: str, shape: tuple[int, ...]) -> dict[str, Any]:
    """A layer's fact: where it is, its width and the order of its axes."""
    if len(shape) == 3:
        return {"node": node, "dim": shape[2], "axes": "tokens"}
    if shape[1] == shape[2] != shape[3]:
        return {"node": node, "dim": shape[3], "axes": "nhwc"}
    return {"node": node, "dim": shape[1], "axes": "nchw"}


def layer_facts(name: str, crop: int) -> dict[str, Any]:
    """early, middle, late: the last stage at a stride of 4, 8, 16 (transformers: a quarter, half, three quarters)."""
    found = shapes(network(name), crop)
    if name.startswith("vit"):
        blocks = [n for n in found if n.startswith("encoder.layers.")]
        places = {key: blocks[len(blocks) * (i + 1) // 4 - 1] for i, key in enumerate(STRIDES)} | {"last": "encoder.ln"}
        return {key: layer(node, found[node]) for key, node in places.items()}
    maps = {n: s for n, s in found.items() if len(s) == 4 and min(s[1:]) > 1 and not n.startswith(("aux", "Aux", "cl"))}
    maps = {n: s for n, s in maps.items() if n not in ("features", "layers", "avgpool", "trunk_output")}
    last = list(maps)[-1]
    facts = {}
    for key, stride in STRIDES.items():
        sizes = {n: (layer(n, s)["axes"] == "nhwc" and s[1]) or s[2] for n, s in maps.items() if n != last}
        at = [n for n, size in sizes.items() if round(math.log2(crop / size)) == math.log2(stride)]
        facts[key] = layer(at[-1], maps[at[-1]])
    facts["last"] = layer("relu" if name.startswith("densenet") else last, maps[last])
    return facts


def facts(name: str) -> dict[str, Any]:
    """Everything about one network."""
    enum = models.get_model_weights(name)
    tags = {weights.name: tag_facts(weights) for weights in enum}
    default = enum.DEFAULT.name
    return {
        "n_params": enum.DEFAULT.meta["num_params"],
        "default": default,
        "layers": layer_facts(name, 224 if name.startswith("vit") else tags[default]["crop"]),
        "weights": tags,
    }


if __name__ == "__main__":
    names = models.list_models(module=models)
    TARGET.write_text(json.dumps({name: facts(name) for name in names}, indent=1, allow_nan=False) + "\n")
