"""What bf16 changes on real weights: mobilenet_v2 on the 600 clothing photos of the shared data; nothing where absent.

Where the processor does not compute in bf16 (OpenVINO then stays in fp32), torch rounds as bf16 does, slowly: the
neighbours are those of bf16, the speed is not.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks import embed
from benchmarks._rows import Row, clocked
from imgsim.engine import to_image
from imgsim.methods import METHODS, _backends, _torch_network
from imgsim.methods import _network_facts as facts
from imgsim.neighbors.exact import nearest
from imgsim.types import Float
from imgsim.weights import load_state

FOLDER = Path(os.environ.get("IMGSIM_SHARED_DATA", "../shared/data"))
NETWORK, TAG, K, BATCH = "mobilenet_v2", "IMAGENET1K_V1", 10, 32


def stage() -> Iterator[Row]:
    """1-NN accuracy (leave one out) and the share of ten neighbours that stay, beside the time of both precisions."""
    weights = FOLDER / "weights" / f"{NETWORK}_imagenet.safetensors"
    if not weights.is_file():
        return
    paths = sorted(
        path for path in (FOLDER / "clothing").rglob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".png")
    )
    labels = np.array([path.parent.name for path in paths])
    method = METHODS.create(NETWORK, weights=TAG)
    prepared = np.stack([method.prepare(to_image(path)) for path in paths])
    size = facts.preprocessing(NETWORK, TAG)
    net = _torch_network.build(NETWORK, size.crop, load_state(weights))
    module = _torch_network.features(net, facts.layer(NETWORK, "last"), "avg", size)
    backend = "openvino" if _backends.has_bf16() else "torch"
    found = {precision: _run(module, backend, precision, prepared, size.crop) for precision in ("fp32", "bf16")}
    (slow, exact), (fast, rounded) = found["fp32"], found["bf16"]
    near = {name: nearest(vectors, "cosine", K)[0] for name, (_, vectors) in found.items()}
    same = [len(set(a) & set(b)) / K for a, b in zip(near["fp32"], near["bf16"], strict=True)]
    quality = {
        "1-NN fp32": float((labels[near["fp32"][:, 0]] == labels).mean()),
        "1-NN bf16": float((labels[near["bf16"][:, 0]] == labels).mean()),
        "neighbours kept": float(np.mean(same)),
        "cosine": embed.cosine(exact, rounded),
    }
    name = f"{NETWORK} on {len(paths)} clothing photos in bf16, {backend}"
    yield Row(name, len(paths) / fast, len(paths) / slow, "fp32", "images/s", quality=quality)


def _run(module: object, backend: str, precision: str, prepared: np.ndarray, side: int) -> tuple[float, Float]:
    run = _backends.backend_runner(module, backend, precision, side)  # type: ignore[arg-type]
    assert run is not None
    run(prepared[:BATCH])
    seconds, vectors = clocked(
        lambda: np.concatenate([run(prepared[i : i + BATCH]) for i in range(0, len(prepared), BATCH)])
    )
    return seconds, vectors
