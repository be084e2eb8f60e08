"""A handful of labels: each classifier against the number of labels, what to ask next, and planted label errors.

python -m benchmarks.labels [curve] [ask] [errors]
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np

from imgsim.labelling import CLASSIFIERS, Predictions, Task, predictions
from imgsim.labelling.asking import ask
from imgsim.labelling.learning import learning_curve
from imgsim.labelling.suspects import suspects
from imgsim.methods import METHODS
from imgsim.pipeline import Pipeline
from imgsim.types import Collection, Embeddings, Neighbors

FOLDER = Path(os.environ.get("IMGSIM_SHARED_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
CASES = (("builtin:digits", "label", "hog"), ("builtin:products", "category", "imgsim_mini"))
REAL = (str(FOLDER / "clothing"), "label", "imgsim_mini")
CLASSIFIER_IDS = ("nearest_mean", "logistic", "propagation")
DRAWS = 10
BUDGET = (20, 50, 100, 200)
A_ROUND = 10  # labels between two looks at the classifier
WRONG = 0.05  # share of labels that are planted wrong


def cases() -> list[tuple[str, str, str]]:
    """Those that this machine has."""
    return [*CASES, *([REAL] if Path(REAL[0]).is_dir() else [])]


def opened(source: str, method: str) -> tuple[Collection, Embeddings, Neighbors]:
    """The collection, its space and graph."""
    pipeline = Pipeline()
    collection = pipeline.open(source)
    space = pipeline.embed(collection, [METHODS.parse(method)])[0]
    return collection, space, pipeline.neighbors(space)


def curve() -> None:
    """Accuracy by labels a class, mean of 20 draws with its 95 % interval."""
    for source, label, method in cases():
        collection, space, graph = opened(source, method)
        values = collection.field(label)
        for id in CLASSIFIER_IDS:
            points = learning_curve(CLASSIFIERS.create(id), space, graph, values, collection.hashes)
            told = ", ".join(f"{p.shots}: {p.accuracy:.3f} ({p.ci95[0]:.3f}-{p.ci95[1]:.3f})" for p in points)
            name = Path(source).name
            print(f"{name}, {method}, {id}: {told}; commonest {points[0].majority:.3f}", flush=True)


def asking() -> None:
    """Accuracy of a held-out half after so many labels of the other: by chance, by coverage, by uncertainty."""
    for source, label, method in cases():
        collection, space, graph = opened(source, method)
        names, truth = np.unique(collection.field(label).astype(str), return_inverse=True)
        for way in ("chance", "coverage", "uncertainty"):
            runs = np.array([_asked(space, graph, truth, way, seed) for seed in range(DRAWS)])
            told = ", ".join(f"{n}: {mean:.3f}" for n, mean in zip(BUDGET, runs.mean(axis=0), strict=True))
            print(f"{Path(source).name}, {method}, nearest_mean, {len(names)} classes, {way}: {told}", flush=True)


def _asked(space: Embeddings, graph: Neighbors, truth: np.ndarray, way: str, seed: int) -> list[float]:
    """Half of the images may be asked, accuracy is that of the other half."""
    random = np.random.default_rng(seed)
    pool, held = np.array_split(random.permutation(len(truth)), 2)
    vectors = space.vectors[pool]
    chosen: list[int] = [0] if way == "uncertainty" else []  # places in the pool
    found, accuracies = None, []
    while len(chosen) < BUDGET[-1]:
        if way == "chance":
            chosen += range(len(chosen), len(chosen) + A_ROUND)
        else:
            of_pool = found and Predictions(found.codes[pool], found.share[pool], found.margin[pool])
            want = A_ROUND - len(chosen) % A_ROUND
            chosen += ask(way, of_pool, vectors, space.metric, np.array(chosen, np.int32), want).tolist()
        rows = pool[chosen]
        codes, known = np.unique(truth[rows], return_inverse=True)
        if len(codes) > 1:
            around = (graph.indices, graph.distances, rows.astype(np.int32), known.astype(np.int32), len(codes))
            task = Task(space.vectors, space.metric, *around)
            found = predictions(task, CLASSIFIERS.create("nearest_mean").shares(task))
        if len(chosen) in BUDGET:
            assert found is not None
            accuracies.append(float((codes[found.codes[held]] == truth[held]).mean()))
    return accuracies


def errors() -> None:
    """Precision and recall of doubts over 5 % wrong labels, planted uniformly and in the likeliest class."""
    for source, label, method in cases():
        collection, _, graph = opened(source, method)
        values = collection.field(label).astype(str)
        found = suspects(values, graph.indices)
        print(f"{Path(source).name}, {method}: {len(found.rows)} of {found.n_checked} in doubt before any is planted")
        for how in ("any other class", "the next likely class"):
            told = np.array([_planted(values, graph, how, seed) for seed in range(DRAWS)]).mean(axis=0)
            print(
                f"   {WRONG:.0%} planted as {how}: in doubt {told[0]:.0f}, precision {told[1]:.3f}, "
                f"recall {told[2]:.3f}; recall in the first n planted {told[3]:.3f}",
                flush=True,
            )


def _planted(values: np.ndarray, graph: Neighbors, how: str, seed: int) -> tuple[float, ...]:
    random = np.random.default_rng(seed)
    names = np.unique(values)
    wrong = random.choice(len(values), round(WRONG * len(values)), replace=False)
    labels = values.copy()
    for row in wrong:
        others = names[names != values[row]]
        if how != "any other class":
            near = values[graph.indices[row]]
            near = near[near != values[row]]
            others = near[:1] if len(near) else others
        labels[row] = random.choice(others)
    found = suspects(labels, graph.indices)
    hits = np.isin(found.rows, wrong)
    return len(found.rows), hits.mean(), hits.sum() / len(wrong), hits[: len(wrong)].sum() / len(wrong)


def main() -> None:
    """Run those named, else all."""
    parts = {"curve": curve, "ask": asking, "errors": errors}
    for name in sys.argv[1:] or parts:
        parts[name]()


if __name__ == "__main__":
    main()
