"""Every method against every strength of every transformation.

A seeded sample of the images is transformed at each strength, embedded by each method as new pictures, and searched
for in the collection. At most 2,000 rivals are asked, drawn once for all methods. Re-ranking that a method wears is
left out. Results lie in the store, one a method and transformation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from imgsim.errors import InputError
from imgsim.images.transformations import TRANSFORMATIONS, Transformation, transformation
from imgsim.methods import Method
from imgsim.parameters import format_spec
from imgsim.pipeline import Pipeline
from imgsim.progress import Progress, silent
from imgsim.robustness.points import Point, point
from imgsim.robustness.run import Outcome, Run
from imgsim.robustness.sample import choose
from imgsim.types import Collection

N_IMAGES = 60  # pictures that are transformed


@dataclass(frozen=True)
class Sweep:
    """What `measure` found.

    Attributes:
        points: by method, then transformation, then ascending strength, 0 among them.
        n_images, n_rivals: pictures transformed, and images among which each looks for its original.
        recall_by_chance: recall@1 of a method that guesses.
        similarity_by_chance: by method, mean similarity of the unchanged pictures to the rivals.
    """

    points: tuple[Point, ...]
    n_images: int
    n_rivals: int
    recall_by_chance: float
    similarity_by_chance: dict[str, float]


def measure(
    pipeline: Pipeline,
    collection: Collection,
    methods: Sequence[Method],
    transformations: Sequence[str] = tuple(TRANSFORMATIONS),
    *,
    n_images: int = N_IMAGES,
    same: str = "",
    seed: int = 0,
    names: Sequence[str] = (),
    progress: Progress = silent,
) -> Sweep:
    """Every method against every strength of every transformation; what the store has is not computed again.

    `names` are what the methods are called in the answer, their full specs without it.

    Raises:
        InputError: no method, an unknown transformation, or a collection without two different images.
        UnavailableError: a method lacks weights or a package.
    """
    if not methods:
        raise InputError("methods must be one or more, got none; name a method.")
    chosen = [transformation(id) for id in transformations]
    sample = choose(collection, n_images, same, seed)
    spaces = pipeline.embed(collection, methods, progress)
    specs = list(names) or [format_spec(method.id, method.params) for method in methods]
    run = Run(pipeline, collection, spaces, sample, progress)
    start = run.outcomes(None)
    points: dict[tuple[str, str], list[Point]] = {}
    for one in chosen:
        for spec, zero, found in zip(specs, start, run.outcomes(one), strict=True):
            points[spec, one.id] = _points(spec, one, zero, found, seed)
    ordered = [point for spec in specs for one in chosen for point in points[spec, one.id]]
    chance = 1 / (1 + float(sample.counts.sum(axis=1).mean()))
    known = {spec: float(zero.chance) for spec, zero in zip(specs, start, strict=True)}
    return Sweep(tuple(ordered), len(sample.rows), len(sample.rivals), chance, known)


def _points(spec: str, one: Transformation, zero: Outcome, found: Outcome, seed: int) -> list[Point]:
    levels = [(0.0, zero, 0), *((level, found, at) for at, level in enumerate(one.levels))]
    return [
        point(spec, one.id, float(level), of.ranks[at], of.similarity[at], of.percentile[at], seed)
        for level, of, at in sorted(levels, key=lambda item: item[0])
    ]
