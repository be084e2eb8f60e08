"""What bf16 changes on real weights: two networks on the 600 clothing photos of the shared data; nothing where absent.

Also what `precision=auto` makes of a sample of them. Where the processor does not compute in bf16, OpenVINO stays in
fp32 and torch rounds as bf16 does, slowly.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks import embed
from benchmarks._rows import Row, clocked
from imgsim.engine import to_image
from imgsim.methods import METHODS, _backends, _precision, _torch_network
from imgsim.methods import _network_facts as facts
from imgsim.neighbors.exact import nearest
from imgsim.types import Float
from imgsim.weights import load_state

FOLDER = Path(os.environ.get("IMGSIM_SHARED_DATA", "../shared/data"))
NETWORKS, K, BATCH = ("mobilenet_v2", "squeezenet1_1"), 10, 16


def stage() -> Iterator[Row]:
    """1-NN accuracy (leave one out) and the share of ten neighbours that stay, beside the time of both precisions."""
    for network in NETWORKS:
        if (FOLDER / "weights" / f"{network}_imagenet.safetensors").is_file():
            yield _judged(network)


def _judged(network: str) -> Row:
    suffixes = (".jpg", ".jpeg", ".png")
    paths = sorted(path for path in (FOLDER / "clothing").rglob("*") if path.suffix.lower() in suffixes)
    labels = np.array([path.parent.name for path in paths])
    method = METHODS.create(network, weights="IMAGENET1K_V1")
    prepared = np.stack([method.prepare(to_image(path)) for path in paths])
    size = facts.preprocessing(network, "IMAGENET1K_V1")
    state = load_state(FOLDER / "weights" / f"{network}_imagenet.safetensors")
    net = _torch_network.build(network, size.crop, state)
    module = _torch_network.features(net, facts.layer(network, "last"), "avg", size)
    runs = {precision: _backends.fastest(module, size.crop, precision) for precision in ("fp32", "bf16")}
    found = {precision: _run(run, prepared) for precision, (_, run) in runs.items()}
    (slow, exact), (fast, rounded) = found["fp32"], found["bf16"]
    near = {name: nearest(vectors, "cosine", K)[0] for name, (_, vectors) in found.items()}
    same = [len(set(a) & set(b)) / K for a, b in zip(near["fp32"], near["bf16"], strict=True)]
    sample = np.sort(np.random.default_rng(0).permutation(len(prepared))[: _precision.SAMPLE])
    auto = _precision.judged(
        lambda part: runs["fp32"][1](np.stack(part)),
        lambda part: runs["bf16"][1](np.stack(part)),
        "cosine",
        [prepared[row] for row in sample],
        BATCH,
    )
    quality = {
        "1-NN fp32": float((labels[near["fp32"][:, 0]] == labels).mean()),
        "1-NN bf16": float((labels[near["bf16"][:, 0]] == labels).mean()),
        "neighbours kept": float(np.mean(same)),
        "cosine": embed.cosine(exact, rounded),
        "kept in the sample": auto.kept,
        "auto takes bf16": float(auto.precision == "bf16"),
    }
    name = f"{network} on {len(paths)} clothing photos in bf16, {runs['bf16'][0].backend}"
    return Row(name, len(paths) / fast, len(paths) / slow, "fp32", "images/s", quality=quality)


def _run(run: _backends.Runner, prepared: np.ndarray) -> tuple[float, Float]:
    run(prepared[:BATCH])
    seconds, vectors = clocked(
        lambda: np.concatenate([run(prepared[i : i + BATCH]) for i in range(0, len(prepared), BATCH)])
    )
    return seconds, vectors
