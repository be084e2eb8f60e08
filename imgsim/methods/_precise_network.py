"""What all methods share that run a pretrained network: cosine, and a precision that is chosen where none is said."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, ClassVar, Self

from imgsim.methods import Array, Method
from imgsim.methods import _precision as precisions
from imgsim.methods._backends import runs_on
from imgsim.parameters import param
from imgsim.progress import Progress, silent
from imgsim.types import Metric, key_of

MOST_LOADED = 2  # networks kept in memory


def precision_param() -> Any:
    """The field `precision`."""
    return param(precisions.AUTO, precisions.HELP, choices=precisions.PRECISIONS)


class PreciseNetwork(Method):
    """A subclass has the fields `weights`, which may be `random`, and `precision`."""

    weights: str
    precision: str

    family: ClassVar[str] = "networks"
    batch_size: ClassVar[int] = 16

    @property
    def metric(self) -> Metric:
        """Cosine: lengths of features carry contrast more than content."""
        return "cosine"

    @property
    def key(self) -> str:
        """That of the precision in use: auto has no vectors of its own."""
        return self._key_in(self._settled_precision)

    @property
    def undecided(self) -> bool:
        """Whether `decide` has to find the precision; never for untrained weights, whose neighbours mean nothing."""
        return self.precision == precisions.AUTO and self.weights != "random" and self._verdict is None

    def settled(self) -> Self:
        """The precision spelled out: what was measured, and fp32 as long as nothing was."""
        if self.precision != precisions.AUTO:
            return self
        return dataclasses.replace(self, precision=self._settled_precision)  # type: ignore[type-var]

    def decide(self, prepared: Sequence[Array], progress: Progress = silent) -> None:
        """Measure whether bf16 is faster and harmless, and remember it; a processor without bf16 stays in fp32."""
        from imgsim.methods._backends import has_bf16

        if not has_bf16():
            return
        exact, fast = (dataclasses.replace(self, precision=name) for name in ("fp32", "bf16"))  # type: ignore[type-var]
        runs = exact.embed_batch, fast.embed_batch
        precisions.remember(exact.key, precisions.judged(*runs, self.metric, prepared, self.batch_size, progress))

    def runs_on(self) -> str | None:
        """What was chosen when it first ran here, and why in that precision."""
        said = [runs_on(self.key)]
        if self.precision == precisions.AUTO and self.weights != "random" and (verdict := self._verdict) is not None:
            said.append(verdict.said)
        return " ".join(filter(None, said)) or None

    @property
    def _verdict(self) -> precisions.Verdict | None:
        return precisions.recall(self._key_in("fp32"))

    @property
    def _settled_precision(self) -> str:
        if self.precision != precisions.AUTO:
            return self.precision
        verdict = self._verdict if self.weights != "random" else None
        return verdict.precision if verdict is not None else "fp32"

    def _key_in(self, precision: str) -> str:
        params = {**self.params, "precision": precision}
        return key_of("method", id=self.id, version=self.version, params=params, **self.identity())
