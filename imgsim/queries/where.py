"""Filters on fields: which rows of a collection a search may answer with.

`label=cat` keeps one value of a text field, several of one field are alternatives; `size=2..5`, `size=2..` and
`size=..5` keep a range of a number field, its ends included. Different fields must all agree.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from imgsim.errors import InputError, UnknownIdError
from imgsim.types import Collection, Field

RANGE = ".."
Mask = npt.NDArray[np.bool_]


def allowed(collection: Collection, conditions: Sequence[str]) -> Mask:
    """(N,) which images satisfy the conditions; all without any.

    Raises:
        InputError: a condition is not FIELD=VALUE, or its field is not there or of another kind.
    """
    by_field: dict[str, Mask] = {}
    for condition in conditions:
        name, value = split(condition)
        fits = _fits(collection.field(name), name, value)
        by_field[name] = by_field[name] | fits if name in by_field else fits
    keep = np.ones(len(collection), bool)
    for fits in by_field.values():
        keep &= fits
    return keep


def split(condition: str) -> tuple[str, str]:
    """The field and the value of a condition.

    Raises:
        InputError: there is no `=` in it.
    """
    name, sign, value = condition.partition("=")
    if not sign or not name:
        raise InputError(f"a filter must be FIELD=VALUE, got {condition[:60]!r}; for example label=cat or size=2..5.")
    return name, value


def _fits(values: Field, name: str, value: str) -> Mask:
    if values.dtype.kind != "f":
        if value not in values:
            raise UnknownIdError(f"value of {name}", value, np.unique(values)[:1000].tolist())
        return np.asarray(values == value)
    low, dots, high = value.partition(RANGE)
    try:
        least = float(low) if low else -np.inf
        most = (float(high) if high else np.inf) if dots else least
    except ValueError:
        raise InputError(f"{name} must be a number or a range such as 2..5, got {value[:40]!r}.") from None
    return np.asarray((values >= least) & (values <= most))
