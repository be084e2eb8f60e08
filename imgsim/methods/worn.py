"""A method that wears post-processing is a method too: same parameters, other vectors (`imgsim.postprocess`)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, ClassVar, Self, cast

import numpy as np

from imgsim.errors import InputError
from imgsim.methods import Array, Method
from imgsim.parameters import param, parameters
from imgsim.postprocess import GraphStep, QueryStep, Ranker, Step, VectorStep, parse_steps
from imgsim.progress import Progress, silent
from imgsim.types import Float, Image, Ints, Metric, key_of
from imgsim.weights import WeightsFile

_STEP = "step"  # prefix of what a step learnt among the fitted arrays


@dataclasses.dataclass(frozen=True)
class Worn(Method):
    """Base of the classes that `worn_class` makes; each adds the parameters of its method.

    Attributes:
        undressed: the method itself, with what it learnt; None for one that has learnt nothing.
        dressed: the vector steps with what they learnt.
        database: (N, D) vectors of the collection, where the steps that change queries look.
    """

    undressed: Method | None = dataclasses.field(default=None, repr=False, compare=False, kw_only=True)
    dressed: tuple[VectorStep, ...] | None = dataclasses.field(default=None, repr=False, compare=False, kw_only=True)
    database: Array | None = dataclasses.field(default=None, repr=False, compare=False, kw_only=True)

    method_class: ClassVar[type[Method]]
    steps: ClassVar[tuple[Step, ...]]

    def __post_init__(self) -> None:
        self.metric  # noqa: B018 - says at once what cannot be worn

    @property
    def base(self) -> Method:
        """The method without what it wears."""
        return self.undressed or self.method_class(**self.params)

    @property
    def vector_steps(self) -> tuple[VectorStep, ...]:
        """The steps that change vectors, with what they learnt where they did."""
        return self.dressed or tuple(step for step in self.steps if isinstance(step, VectorStep))

    @property
    def query_steps(self) -> tuple[QueryStep, ...]:
        """The steps that change what asks."""
        return tuple(step for step in self.steps if isinstance(step, QueryStep))

    @property
    def graph_steps(self) -> tuple[GraphStep, ...]:
        """The steps that change neighbour lists."""
        return tuple(step for step in self.steps if isinstance(step, GraphStep))

    @property
    def metric(self) -> Metric:
        """The distance of the changed vectors."""
        metric = self.base.metric
        for step in self.steps:
            step.check(metric)
            metric = step.metric(metric) if isinstance(step, VectorStep) else metric
        return metric

    @property
    def dim(self) -> int:
        """D of the changed vectors."""
        dim = self.base.dim
        for step in self.vector_steps:
            dim = step.dim(dim)
        return dim

    @property
    def min_side(self) -> int:
        """As the method's."""
        return self.base.min_side

    @property
    def needs_fit(self) -> bool:
        """Until both the method and the steps have seen a collection."""
        return self.dressed is None or self.base.needs_fit

    @property
    def key(self) -> str:
        """Chained: the method's, then each step's."""
        return key_of("worn", base=self.base.key, steps=[step.key for step in self.steps])

    @property
    def download(self) -> WeightsFile | None:
        """As the method's."""
        return self.base.download

    def unavailable(self) -> str | None:
        """As the method's."""
        return self.base.unavailable()

    def acquire(self, progress: Progress = silent) -> None:
        """As the method's."""
        self.base.acquire(progress)

    def settled(self) -> Self:
        """With the method below settled."""
        params = self.base.settled().params
        return self if params == self.params else dataclasses.replace(self, **params)

    def runs_on(self) -> str | None:
        """What ran the method below."""
        return self.base.runs_on()

    def prepare(self, image: Image) -> Array:
        """As the method's."""
        return self.base.prepare(image)

    def embed_batch(self, prepared: Sequence[Array]) -> Float:
        """(B, D) of new images, as queries."""
        return self.as_query(self.base.embed_batch(prepared))

    def embed_text(self, texts: Sequence[str]) -> Float:
        """(T, D) of texts, as queries."""
        return self.as_query(self.base.embed_text(texts))

    def fit(self, prepared: Sequence[Array]) -> Self:
        """Learn from a sample; the pipeline lets the steps learn from the whole collection instead."""
        base = self.base.fit(prepared) if self.base.needs_fit else self.base
        return self.dress(base, base.embed_batch(prepared))[0]

    def dress(self, base: Method, vectors: Float) -> tuple[Self, Float]:
        """A copy whose steps have learnt from the method's (N, D) vectors, and the changed vectors."""
        learnt, metric = [], base.metric
        for step in self.vector_steps:
            learnt.append(step.fit(vectors, metric))
            vectors = learnt[-1].collection(vectors, metric)
            metric = step.metric(metric)
        vectors = np.ascontiguousarray(vectors, dtype=np.float32)
        return dataclasses.replace(self, undressed=base, dressed=tuple(learnt), database=vectors), vectors

    def as_query(self, vectors: Float) -> Float:
        """The method's (B, D) vectors of other images, in the changed space.

        Raises:
            InputError: the steps have not seen a collection.
        """
        if self.dressed is None:
            raise InputError(f"{self.id} must have learnt from a collection, got none; index one first.")
        metric = self.base.metric
        for step in self.dressed:
            vectors, metric = step.query(vectors, metric), step.metric(metric)
        return np.ascontiguousarray(self.expand(vectors), dtype=np.float32)

    def expand(self, vectors: Float) -> Float:
        """(B, D) vectors of the changed space, after the steps that change what asks."""
        for step in self.query_steps:
            assert self.database is not None
            vectors = step.expand(vectors, self.database, self.metric)
        return vectors

    def ranker(self, indices: Ints, distances: Float) -> Ranker:
        """The new distances by the last graph step; each earlier one has re-ranked the lists before."""
        *first, last = self.graph_steps
        for step in first:
            indices, distances = reranked(step.ranker(indices, distances), indices)
        return last.ranker(indices, distances)

    def fitted_arrays(self) -> dict[str, Array]:
        """What the method and the steps learnt; the database is left out, it is the collection's vectors."""
        steps = {
            f"{_STEP}{i}_{name}": array
            for i, step in enumerate(self.vector_steps)
            for name, array in step.fitted_arrays().items()
        }
        return self.base.fitted_arrays() | steps

    def with_fitted(self, arrays: Mapping[str, Array]) -> Self:
        """A copy with what an earlier `dress` learnt."""
        own = {name: array for name, array in arrays.items() if not name.startswith(_STEP)}
        base = self.base.with_fitted(own) if own else self.base
        dressed = tuple(
            step.with_fitted({n[len(p) :]: a for n, a in arrays.items() if n.startswith(p)})
            for step, p in ((step, f"{_STEP}{i}_") for i, step in enumerate(self.vector_steps))
        )
        return dataclasses.replace(self, undressed=base, dressed=dressed)


def reranked(
    ranker: Ranker, indices: Ints, rows: Sequence[int] | None = None, *, progress: Progress = silent
) -> tuple[Ints, Float]:
    """(R, K) neighbour lists in the order of new distances, ties in their order before; all rows without `rows`."""
    rows = range(len(indices)) if rows is None else rows
    distances = np.empty((len(rows), indices.shape[1]), np.float32)
    for done, row in enumerate(rows):
        distances[done] = ranker(row, indices[row])
        if done % 50 == 49 or done + 1 == len(rows):
            progress("rerank", done + 1, len(rows))
    order = np.argsort(distances, axis=1, kind="stable")
    taken = np.take_along_axis(indices[list(rows)], order, axis=1)
    return taken.astype(np.int32), np.take_along_axis(distances, order, axis=1)


@lru_cache(256)
def worn_class(cls: type[Method], worn: str) -> type[Method]:
    """The class of a method that wears `whiten:dims=64+k_reciprocal`; one class for each way to write it the same.

    Raises:
        InputError: unknown steps or parameters, or an order that has no meaning.
    """
    steps = parse_steps(worn)
    canonical = "+".join(step.spec for step in steps)
    return worn_class(cls, canonical) if canonical != worn else _make(cls, steps)


def _make(cls: type[Method], steps: tuple[Step, ...]) -> type[Method]:
    facts = {name: getattr(cls, name) for name in _KEPT}
    facts |= {
        "__doc__": f"{cls.__name__} with post-processing.",
        "id": "+".join([cls.id, *(step.spec for step in steps)]),
        "title": " + ".join([cls.title, *(step.title for step in steps)]),
        "published_weights": cls.published_weights,
        "method_class": cls,
        "steps": steps,
    }
    fields = [(p.name, p.type, _copy(p)) for p in parameters(cls)]
    made = dataclasses.make_dataclass(f"Worn{cls.__name__}", fields, bases=(Worn,), namespace=facts, frozen=True)
    return cast(type[Method], made)


def _copy(p: Any) -> Any:
    return param(p.default, p.help, choices=p.choices, minimum=p.minimum, maximum=p.maximum)


_KEPT = ("family", "sees", "blind_to", "reference", "licence", "needs", "batch_size", "reads_text")
