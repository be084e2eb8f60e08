"""How fast photos become vectors: imgsim's pipeline, the network alone, and the loop that people write.

    python -m benchmarks.embed [--method resnet50] [--photos 96] [--rounds 3] [--json]

The three run by turns in one process on the same 640 x 480 JPEGs and the same seeded weights; medians over the rounds.
  loop      open, resize, crop, one picture at a time through eager fp32 torch
  network   `embed_batch` on prepared arrays that lie ready in memory
  pipeline  `Pipeline.embed` on an opened collection: decode, prepare, network, store
  cold      the same with opening the collection: reading, hashing, thumbnails
Prints images per second, the two ratios asked for (pipeline / loop at least 2, pipeline / network at least 0.8), the
smallest cosine between the loop's and the pipeline's vectors, and the process's largest memory in MB.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import skimage.data
import torch
from PIL import Image
from torchvision import transforms

from benchmarks._rows import Row
from imgsim.methods import METHODS, Method, _torch_network
from imgsim.methods import _network_facts as facts
from imgsim.pipeline import Pipeline
from imgsim.types import Collection, Float
from imgsim.workspace import Workspace

SOURCES = ("astronaut", "chelsea", "coffee", "rocket")


def write_photos(folder: Path, n: int) -> list[Path]:
    """Different crops of packaged photos as 640 x 480 JPEGs."""
    rng = np.random.default_rng(0)
    originals = [Image.fromarray(getattr(skimage.data, name)()).convert("RGB") for name in SOURCES]
    paths = []
    for i in range(n):
        picture = originals[i % len(originals)]
        x, y = rng.uniform(0, 0.3, 2) * picture.size
        box = (x, y, x + 0.7 * picture.width, y + 0.7 * picture.height)
        paths.append(folder / f"{i:04}.jpg")
        picture.resize((640, 480), box=box).save(paths[-1], quality=90)
    return paths


def loop(network: str, n_images: int, paths: list[Path]) -> Callable[[], Float]:
    """The tutorial's loop over the first pictures."""
    size = facts.preprocessing(network, facts.default_tag(network))
    net = _torch_network.build(network, size.crop, None)
    net = _torch_network.create_trunk(net, facts.layer(network, "last"))
    prepare = transforms.Compose([
        transforms.Resize(size.resize, interpolation=transforms.InterpolationMode(size.interpolation)),
        transforms.CenterCrop(size.crop), transforms.ToTensor(), transforms.Normalize(size.mean, size.std),
    ])  # fmt: skip

    def run() -> Float:
        vectors = []
        with torch.inference_mode():
            for path in paths[:n_images]:
                batch = prepare(Image.open(path).convert("RGB")).unsqueeze(0)
                vectors.append(net(batch)["map"].mean((2, 3))[0].numpy())
        return np.stack(vectors)

    return run


def alone(method: Method, paths: list[Path]) -> Callable[[], Float]:
    """The network on ready arrays."""
    ready = [method.prepare(np.asarray(Image.open(path).convert("RGB"))) for path in paths]
    step = method.batch_size
    return lambda: np.concatenate([method.embed_batch(ready[i : i + step]) for i in range(0, len(ready), step)])


def timed(run: Callable[[], Float]) -> tuple[float, Float]:
    """Images per second, and the vectors."""
    start = time.perf_counter()
    vectors = run()
    return len(vectors) / (time.perf_counter() - start), vectors


def piped(method: Method, folder: Path) -> tuple[float, float, Float]:
    """Images per second of embedding, of opening and embedding, and the vectors, in a fresh workspace."""
    with tempfile.TemporaryDirectory() as root:
        pipeline = Pipeline(Workspace(Path(root)))
        start = time.perf_counter()
        collection: Collection = pipeline.open(str(folder))
        opened = time.perf_counter()
        vectors = np.array(pipeline.embed(collection, [method])[0].vectors)
        end = time.perf_counter()
    return len(vectors) / (end - opened), len(vectors) / (end - start), vectors


def cosine(a: Float, b: Float) -> float:
    """The smallest cosine between rows."""
    return float(((a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)).min())


def measure(network: str, n_photos: int, rounds: int, folder: Path) -> dict[str, float | str | int]:
    """All figures."""
    paths = write_photos(folder, n_photos)
    method = METHODS.create(network, weights="random")
    loop_run, alone_run = loop(network, min(n_photos, 32), paths), alone(method, paths)
    alone_run()  # compile before the clock starts
    rates: dict[str, list[float]] = {"loop": [], "network": [], "pipeline": [], "cold": []}
    for _ in range(rounds):
        rate, by_loop = timed(loop_run)
        rates["loop"].append(rate)
        rates["network"].append(timed(alone_run)[0])
        warm, cold, by_pipeline = piped(method, folder)
        rates["pipeline"].append(warm)
        rates["cold"].append(cold)
    median = {name: statistics.median(values) for name, values in rates.items()}
    per_round = {
        "pipeline_over_loop": [p / q for p, q in zip(rates["pipeline"], rates["loop"], strict=True)],
        "cold_over_loop": [p / q for p, q in zip(rates["cold"], rates["loop"], strict=True)],
        "pipeline_over_network": [p / q for p, q in zip(rates["pipeline"], rates["network"], strict=True)],
    }
    return {
        "method": network,
        "n_photos": n_photos,
        "rounds": rounds,
        **{f"{name}_images_per_s": round(rate, 2) for name, rate in median.items()},
        **{name: round(statistics.median(values), 3) for name, values in per_round.items()},
        "min_cosine_to_loop": round(cosine(by_loop, by_pipeline[: len(by_loop)]), 6),
        "max_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        // (1 << 20 if sys.platform == "darwin" else 1024),
    }


def stage() -> Iterator[Row]:
    """Photos to vectors by a network, beside the loop and beside the network alone."""
    with tempfile.TemporaryDirectory() as folder:
        told = measure("resnet50", 96, 3, Path(folder))
    rates = {name: float(told[f"{name}_images_per_s"]) for name in ("pipeline", "cold", "loop", "network")}
    quality = {"smallest cosine": float(told["min_cosine_to_loop"])}
    ratios = {name: float(told[name]) for name in ("pipeline_over_loop", "cold_over_loop", "pipeline_over_network")}
    unit, loop = "images/s", rates["loop"]
    yield Row("embed, resnet50", rates["pipeline"], loop, "tutorial loop", unit, ratios["pipeline_over_loop"], quality)
    yield Row("open and embed, resnet50", rates["cold"], loop, "tutorial loop", unit, ratios["cold_over_loop"])
    alone = rates["network"]
    yield Row("embed, resnet50 ", rates["pipeline"], alone, "network alone", unit, ratios["pipeline_over_network"])
    yield Row("most memory", float(told["max_memory_mb"]), unit="MB")


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--method", default="resnet50", help="name of a torchvision network")
    options.add_argument("--photos", type=int, default=96)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--json", action="store_true")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = measure(given.method, given.photos, given.rounds, Path(folder))
    print(json.dumps(result) if given.json else "\n".join(f"{name:24} {value}" for name, value in result.items()))


if __name__ == "__main__":
    main()
