"""Write imgsim/methods/clip_networks.json: what imgsim knows about open_clip's networks without importing it.

    python -m tools.clip_facts

Run it after open_clip was upgraded; tests/test_clip.py says when the two have drifted apart. Each network is built once
on the meta device (no weights, no arithmetic) to count its parameters. Left out are networks whose text tower itself
comes from the hub (they cannot be built without it), and pairs of a network and weights whose activations differ.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import open_clip
import torch
from open_clip.pretrained import get_pretrained_cfg, list_pretrained_tags_by_model
from open_clip.transform import PreprocessCfg, merge_preprocess_dict

TARGET = Path(__file__).resolve().parent.parent / "imgsim" / "methods" / "clip_networks.json"
MODES = {"shortest": "center", "squash": "squash", "longest": "border"}
SAFE = ("timm", "laion")  # owners who publish safetensors beside the older format
LICENCES = {"openai": "MIT", "laion": "MIT", "webli": "Apache-2.0", "metaclip": "CC-BY-NC-4.0"}  # the package has none


def look(side: int | tuple[int, int], tag: dict[str, Any]) -> list[Any]:
    """What pictures must look like: height, width, share kept, mode, interpolation, mean, std."""
    data = merge_preprocess_dict(PreprocessCfg(), tag)
    height, width = (side, side) if isinstance(side, int) else side
    shape = [height, width, 1.0, MODES[data["resize_mode"]], data["interpolation"]]
    return [*shape, list(data["mean"]), list(data["std"])]


def licence(tag: str, repository: str) -> str:
    """What the owners' pages state, by the tag or the owner."""
    said = (text for start, text in LICENCES.items() if tag.startswith(start) or repository.startswith(start + "/"))
    return next(said, "not stated")


def recommended(tags: list[str]) -> str:
    """The last of those trained longest on open data, else the first."""
    open_data = (tag for start in ("laion2b", "datacomp_xl") for tag in reversed(tags) if tag.startswith(start))
    return next(open_data, tags[0])


def source(repository: str) -> dict[str, str]:
    """Where its file is published."""
    owner, name, *inside = repository.rstrip("/").split("/")
    if inside:
        return {"hub": f"{owner}/{name}", "file": inside[0]}
    return {"hub": f"{owner}/{name}", **({} if owner in SAFE else {"file": "open_clip_pytorch_model.bin"})}


def network(name: str) -> dict[str, Any] | str:
    """Everything about one network; why not, as text, where it cannot be built."""
    config = open_clip.get_model_config(name)
    if "hf_model_name" in config["text_cfg"]:
        return "its text tower comes from the hub"
    tags = {tag: get_pretrained_cfg(name, tag) for tag in list_pretrained_tags_by_model(name)}
    fitting = {t: c for t, c in tags.items() if bool(c.get("quick_gelu")) == bool(config.get("quick_gelu"))}
    if not fitting:
        return "none of its weights fits its activations"
    with torch.device("meta"):
        net = open_clip.create_model(name, pretrained=None, device="meta")
    side = net.visual.image_size
    return {
        "default": recommended(list(fitting)),
        "n_params": sum(p.numel() for p in net.parameters()),
        "dim": config["embed_dim"],
        "tokenizer": config["text_cfg"].get("hf_tokenizer_name", ""),
        "tags": {
            tag: {"look": look(side, facts), "licence": licence(tag, facts["hf_hub"]), **source(facts["hf_hub"])}
            for tag, facts in fitting.items()
        },
    }


if __name__ == "__main__":
    looks: list[list[Any]] = []
    lines = []
    for name in dict.fromkeys(name for name, _ in open_clip.list_pretrained()):
        entry = network(name)
        if isinstance(entry, str):
            print(f"left out {name}: {entry}", file=sys.stderr)
            continue
        for facts in entry["tags"].values():
            if facts["look"] not in looks:
                looks.append(facts["look"])
            facts["look"] = looks.index(facts["look"])
        lines.append(f"{json.dumps(name)}: {json.dumps(entry)}")
    head = f'{{"open_clip": "{open_clip.__version__}",\n"looks": [\n' + ",\n".join(map(json.dumps, looks))
    TARGET.write_text(head + '],\n"networks": {\n' + ",\n".join(lines) + "}}\n")
