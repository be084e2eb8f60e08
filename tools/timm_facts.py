"""Write imgsim/methods/timm_networks.json: what imgsim knows about timm's networks without importing it.

    python -m tools.timm_facts

Run it after timm was upgraded; tests/test_timm.py says when the two have drifted apart. Each network is run once on the
meta device (no weights, no arithmetic) to find the widths of its layers; all take about 10 minutes on two cores.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
from pathlib import Path
from typing import Any

import timm
import torch
from timm.data import resolve_data_config

from imgsim.methods._timm_network import places

TARGET = Path(__file__).resolve().parent.parent / "imgsim" / "methods" / "timm_networks.json"


def look(config: Any) -> list[Any]:
    """What pictures must look like: side height, width, share kept, mode, interpolation, mean, std."""
    data = resolve_data_config(pretrained_cfg=config.to_dict())
    _, height, width = data["input_size"]
    rest = [data[key] for key in ("crop_pct", "crop_mode", "interpolation")]
    return [height, width, *rest, list(data["mean"]), list(data["std"])]


def widths(name: str, height: int, width: int) -> dict[str, Any]:
    """Number of parameters, of stages, width of each layer, and whether there is a class token."""
    with torch.device("meta"):
        net = timm.create_model(name, num_classes=0).eval()
    picture = torch.empty(1, 3, height, width, device="meta")
    with torch.inference_mode():
        own = net(picture).shape[-1]
        try:
            maps = net.forward_intermediates(picture, intermediates_only=True, output_fmt="NCHW")
            stages, dims = len(maps), [maps[i].shape[1] for i in places(len(maps))]
        except (AttributeError, NotImplementedError, RuntimeError, AssertionError, TypeError, ValueError, IndexError):
            stages, dims = 0, []  # it can only be read at its end
    tokens = getattr(net, "cls_token", None) is not None and bool(dims)
    n_params = sum(p.numel() for p in net.parameters())
    return {"n_params": n_params, "own": own, "stages": stages, "dims": dims, "cls": tokens}


def source(config: Any, full: str) -> dict[str, str]:
    """Where its file is published, when that is not the usual place."""
    if config.hf_hub_id in (f"timm/{full}", "timm/"):
        return {}
    if config.hf_hub_id:
        return {"hub": config.hf_hub_id}
    return {"url": config.url} if config.url else {}


def network(name: str) -> tuple[str, dict[str, Any] | str]:
    """Everything about one network, with the look of each tag; why not, as text, where it cannot be run."""
    default = timm.get_pretrained_cfg(name)
    try:
        entry: dict[str, Any] = {"default": default.tag or "", **widths(name, *look(default)[:2]), "tags": {}}
    except Exception as error:  # a few need other inputs than one picture
        return name, repr(error)[:100]
    for full in [f for f in timm.list_pretrained(f"{name}.*") if f.partition(".")[0] == name] or [name]:
        config = timm.get_pretrained_cfg(full)
        facts = {"look": look(config), "licence": config.license or "not stated", **source(config, full)}
        entry["tags"][full.partition(".")[2]] = facts
    if entry["default"] not in entry["tags"]:  # named, never published
        entry["default"] = next(iter(entry["tags"]))
    return name, entry


if __name__ == "__main__":
    looks: list[list[Any]] = []
    lines = []
    with multiprocessing.Pool(2) as pool:
        for name, entry in pool.imap(network, timm.list_models(), chunksize=16):
            if isinstance(entry, str):
                print(f"left out {name}: {entry}", file=sys.stderr)
                continue
            for facts in entry["tags"].values():
                if facts["look"] not in looks:
                    looks.append(facts["look"])
                facts["look"] = looks.index(facts["look"])
            lines.append(f"{json.dumps(name)}: {json.dumps(entry)}")
    rows = ",\n".join(map(json.dumps, looks))
    TARGET.write_text(
        f'{{"timm": "{timm.__version__}",\n"looks": [\n{rows}],\n"networks": {{\n' + ",\n".join(lines) + "}}\n"
    )
