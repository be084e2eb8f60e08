"""Parameters of methods and projectors: the fields of a frozen dataclass, read by forms, options, docs and keys.

    @dataclass(frozen=True)
    class Hog(Method):
        cell: int = param(16, "Side of a cell in pixels; larger cells see coarser shapes.", minimum=4, maximum=64)

A *spec* is the one-line form of an item with its parameters: `hog`, `hog:cell=8`, `color_histogram:space=lab,grid=2`.
What a method wears follows a plus and belongs to its id: `hog:cell=8+whiten:dims=64` is `hog+whiten:dims=64` of cell 8.
"""

from __future__ import annotations

import dataclasses
import re
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from imgsim.errors import InputError, UnknownIdError

Scalar = str | int | float | bool


@dataclass(frozen=True)
class Parameter:
    """One parameter: its name, type, default, a plain-words help, and what values it may take."""

    name: str
    type: type
    default: Scalar
    help: str
    choices: tuple[Scalar, ...] | None = None
    minimum: float | None = None
    maximum: float | None = None

    def check(self, value: Any) -> Scalar:
        """The value as this parameter's type.

        Raises:
            InputError: the value has another type, is not among the choices or lies outside the range.
        """
        typed = _typed(value, self.type)
        if typed is None:
            raise InputError(f"{self.name} must be a {_TYPE_NAMES[self.type]}, got {value!r}; {self.help}")
        if self.choices is not None and typed not in self.choices:
            if len(self.choices) > _MOST_SHOWN:
                raise UnknownIdError(self.name, str(value), map(str, self.choices))
            options = ", ".join(map(str, self.choices))
            raise InputError(f"{self.name} must be one of {options}, got {value!r}; {self.help}")
        too_low = self.minimum is not None and float(typed) < self.minimum
        if too_low or (self.maximum is not None and float(typed) > self.maximum):
            raise InputError(f"{self.name} must be {self.range}, got {value!r}; {self.help}")
        return typed

    @property
    def range(self) -> str:
        """The range in words."""
        if self.minimum is None:
            return f"at most {self.maximum:g}"
        return f"at least {self.minimum:g}" if self.maximum is None else f"{self.minimum:g} to {self.maximum:g}"


def param(
    default: Any,
    help: str,
    *,
    choices: tuple[Scalar, ...] | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
) -> Any:
    """A dataclass field that is a parameter; `help` is one plain sentence, units and effect included."""
    facts = {"help": help, "choices": choices, "minimum": minimum, "maximum": maximum}
    return dataclasses.field(default=default, metadata={"param": facts})


def fitted() -> Any:
    """A dataclass field that holds an array learnt by `fit`; no parameter, and not part of equality."""
    return dataclasses.field(default=None, repr=False, compare=False, metadata={"fitted": True})


def parameters(cls: type) -> tuple[Parameter, ...]:
    """The parameters of a dataclass, in the order of its fields."""
    hints = typing.get_type_hints(cls)
    return tuple(
        Parameter(f.name, hints[f.name], cast(Scalar, f.default), **f.metadata["param"])
        for f in dataclasses.fields(cls)
        if "param" in f.metadata
    )


def values(item: object) -> dict[str, Scalar]:
    """The parameter values of an instance."""
    return {p.name: getattr(item, p.name) for p in parameters(type(item))}


def checked(cls: type, given: Mapping[str, Any], kind: str) -> dict[str, Scalar]:
    """The given parameters, each of its own type and in its range.

    Raises:
        InputError: a value is not allowed, or (`UnknownIdError`) a name is not a parameter of `cls`.
    """
    known = {p.name: p for p in parameters(cls)}
    for name in given:
        if name not in known:
            if not known:
                raise InputError(f"{kind} takes no parameters, got {name!r}; leave it out.")
            raise UnknownIdError(f"parameter of {kind}", name, known)
    return {name: known[name].check(value) for name, value in given.items()}


def parse_spec(spec: str) -> tuple[str, dict[str, str]]:
    """`hog:cell=8,bins=9` as ("hog", {"cell": "8", "bins": "9"}).

    Raises:
        InputError: a part after the colon is not of the form name=value.
    """
    bare, worn = split_worn(spec)
    item, _, rest = bare.partition(":")
    given: dict[str, str] = {}
    for part in filter(None, rest.split(",")):
        name, equals, value = part.partition("=")
        if not equals:
            raise InputError(f"a parameter must be written name=value, got {part!r}; for example hog:cell=8.")
        given[name.strip()] = value.strip()
    return item.strip() + worn, given


def format_spec(id: str, given: Mapping[str, Scalar]) -> str:
    """The inverse of `parse_spec`."""
    bare, worn = split_worn(id)
    return bare + (":" + ",".join(f"{k}={v}" for k, v in given.items()) if given else "") + worn


def split_worn(spec: str) -> tuple[str, str]:
    """`hog:cell=8+whiten` as ("hog:cell=8", "+whiten"); the second is empty where nothing is worn."""
    plus = _WORN.search(spec)
    return (spec[: plus.start()], spec[plus.start() :]) if plus else (spec, "")


_WORN = re.compile(r"\+(?=[a-z_]*(?:[:+]|$))")  # not the plus of 1e+5
_MOST_SHOWN = 200  # choices in an error message
_TYPE_NAMES = {int: "whole number", float: "number", bool: "true or false", str: "text"}
_BOOLS = {"true": True, "false": False, "1": True, "0": False, "yes": True, "no": False}


def _typed(value: Any, wanted: type) -> Scalar | None:
    try:
        if wanted is bool:
            return value if isinstance(value, bool) else _BOOLS.get(str(value).lower())
        if wanted is int:
            return int(value) if float(value) == int(float(value)) else None
        return cast(Scalar, wanted(value))
    except (TypeError, ValueError, OverflowError):
        return None
