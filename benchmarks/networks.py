"""Networks against eager torch at the same batch size, and the whole way from JPEGs against the tutorial's loop."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from benchmarks import embed
from benchmarks._rows import Row
from imgsim.methods import METHODS, _backends, _torch_network
from imgsim.methods import _network_facts as facts
from imgsim.types import Float

NETWORK = "resnet50"
PRECISIONS = ("fp32", "bf16")
BATCH, BATCHES, ROUNDS, PHOTOS = 16, 4, 3, 64
EAGER = "eager torch fp32"


def stage() -> Iterator[Row]:
    """The same seeded weights everywhere; medians over the rounds, by turns."""
    with tempfile.TemporaryDirectory() as folder:
        paths = embed.write_photos(Path(folder), PHOTOS)
        yield from _alone(paths)
        yield from _whole(paths, Path(folder))


def _alone(paths: list[Path]) -> Iterator[Row]:
    methods = {precision: _method(precision) for precision in PRECISIONS}
    ready = np.stack([methods["fp32"].prepare(np.asarray(Image.open(path))) for path in paths])
    batches = np.split(ready[: BATCH * BATCHES], BATCHES)
    size = facts.preprocessing(NETWORK, facts.default_tag(NETWORK))
    net = _torch_network.features(
        _torch_network.build(NETWORK, size.crop, None), facts.layer(NETWORK, "last"), "avg", size
    )

    def eager() -> Float:
        with torch.inference_mode():
            return np.concatenate([net(torch.from_numpy(batch)).numpy() for batch in batches])

    runs = {"eager": eager}
    for precision, method in methods.items():
        runs[precision] = lambda m=method: np.concatenate([m.embed_batch(list(batch)) for batch in batches])
        runs[precision]()  # measure and compile before the clock starts
    timed = {name: [embed.timed(run) for run in [run] * ROUNDS] for name, run in runs.items()}
    rates = {name: [rate for rate, _ in found] for name, found in timed.items()}
    for precision in PRECISIONS:
        ratio = statistics.median(a / b for a, b in zip(rates[precision], rates["eager"], strict=True))
        cosine = embed.cosine(timed[precision][-1][1], timed["eager"][-1][1])
        yield Row(
            f"{NETWORK} in {precision}, batches of {BATCH}",
            statistics.median(rates[precision]),
            statistics.median(rates["eager"]),
            EAGER,
            "images/s",
            ratio,
            {"cosine": round(cosine, 6), "native bf16": float(_backends.has_bf16())},
        )


def _whole(paths: list[Path], folder: Path) -> Iterator[Row]:
    loop = embed.loop(NETWORK, 24, paths)
    for precision in PRECISIONS:
        method = _method(precision)
        rounds = [(embed.timed(loop)[0], *embed.piped(method, folder)[:2]) for _ in range(ROUNDS)]
        for name, column in (("opened", 1), ("with opening", 2)):
            yield Row(
                f"640x480 JPEGs to {NETWORK} in {precision}, {name}",
                statistics.median(r[column] for r in rounds),
                statistics.median(r[0] for r in rounds),
                "the tutorial's loop",
                "images/s",
                statistics.median(r[column] / r[0] for r in rounds),
            )


def _method(precision: str):  # type: ignore[no-untyped-def]
    return METHODS.create(NETWORK, weights="random", precision=precision)
