"""Post-processing that any method can wear: `hog+whiten:power=0.5+k_reciprocal`. `POSTPROCESS` finds steps by scanning.

A step is a frozen dataclass whose fields are its parameters. There are three kinds, worn in this order:

    VectorStep   changes the vectors of the collection, and of new images by what it learnt from them
    QueryStep    changes only the vector that asks
    GraphStep    changes only the order of what is found: it reads neighbour lists and gives new distances
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from imgsim.errors import InputError
from imgsim.parameters import format_spec, parameters, values
from imgsim.registry import Registry
from imgsim.types import Float, Ints, Metric, key_of

Array = npt.NDArray[Any]
Ranker = Callable[[int, Ints], Float]  # row, (C,) candidate rows -> their (C,) distances, 0 to 1


class Step(ABC):
    """One step. Class facts describe it to people."""

    id: ClassVar[str]
    title: ClassVar[str]
    order: ClassVar[int]  # 0 vectors, 1 queries, 2 neighbour lists
    version: ClassVar[int] = 1  # raise it when the code gives other numbers
    changes: ClassVar[str]  # what it does, one plain sentence
    reference: ClassVar[str]

    def check(self, metric: Metric) -> None:
        """Whether it can follow a method of that metric.

        Raises:
            InputError: it cannot.
        """
        if metric == "hamming":
            raise InputError(
                f"{self.id} must be worn by a method whose vectors can be averaged, got bits (hamming distance); "
                "hashes can wear k_reciprocal."
            )

    @property
    def params(self) -> dict[str, Any]:
        """Parameter values by name."""
        return values(self)

    @property
    def key(self) -> str:
        """Content key of id, version and parameters."""
        return key_of("postprocess", id=self.id, version=self.version, params=self.params)

    @property
    def spec(self) -> str:
        """The one-line form, without parameters that have their default."""
        changed = {p.name: self.params[p.name] for p in parameters(type(self)) if self.params[p.name] != p.default}
        return format_spec(self.id, changed)


class VectorStep(Step):
    """(N, D) vectors -> (N, D') vectors; what it learns of a collection lives in `fitted()` fields."""

    order = 0

    def metric(self, before: Metric) -> Metric:
        """The distance of the changed vectors."""
        return before

    def dim(self, before: int) -> int:
        """D' of D."""
        return before

    def fit(self, vectors: Float, metric: Metric) -> Self:  # noqa: ARG002 - for those that learn
        """A copy that has learnt from a collection's (N, D) vectors."""
        return self

    @abstractmethod
    def collection(self, vectors: Float, metric: Metric) -> Float:
        """The collection's own vectors, changed; after `fit`."""

    @abstractmethod
    def query(self, vectors: Float, metric: Metric) -> Float:
        """Vectors of other images in the same space; after `fit`."""

    def fitted_arrays(self) -> dict[str, Array]:
        """What `fit` learnt, by field name; empty before."""
        names = [f.name for f in dataclasses.fields(self) if "fitted" in f.metadata]  # type: ignore[arg-type]
        return {name: np.asarray(getattr(self, name)) for name in names if getattr(self, name) is not None}

    def with_fitted(self, arrays: Mapping[str, Array]) -> Self:
        """A copy with what an earlier `fit` learnt."""
        return dataclasses.replace(self, **arrays)  # type: ignore[type-var]


class QueryStep(Step):
    """Changes the vector that asks; the vectors of the collection stay."""

    order = 1

    @abstractmethod
    def expand(self, queries: Float, database: Float, metric: Metric) -> Float:
        """(Q, D) changed queries. A query that is equal to a vector of the (N, D) database does not meet itself."""


class GraphStep(Step):
    """Reads neighbour lists and gives new distances, 0 to 1, to those who stand in them."""

    order = 2

    def check(self, metric: Metric) -> None:
        """Every metric has neighbour lists."""

    @abstractmethod
    def ranker(self, indices: Ints, distances: Float) -> Ranker:
        """The new distances, from (N, K) neighbour lists: self excluded, ascending."""


POSTPROCESS: Registry[Step] = Registry("post-processing step", __name__)


def parse_steps(text: str) -> tuple[Step, ...]:
    """The steps of `whiten:power=0.5+k_reciprocal`.

    Raises:
        InputError: an unknown step or parameter, or steps in an order that has no meaning.
    """
    steps = tuple(POSTPROCESS.parse(part) for part in text.split("+"))
    orders = [step.order for step in steps]
    if orders != sorted(orders):
        right = "+".join(step.spec for step in sorted(steps, key=lambda step: step.order))
        raise InputError(f"steps must change vectors, then queries, then neighbour lists, got {text}; write {right}.")
    return steps
