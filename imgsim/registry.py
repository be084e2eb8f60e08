"""A registry: one kind of thing (methods, projectors, …), found by scanning a package, looked up by id."""

from __future__ import annotations

import importlib
import pkgutil
import threading
from collections.abc import Iterator
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from imgsim.errors import UnknownIdError
from imgsim.parameters import checked, parse_spec


class Registered(Protocol):
    """What a registered class must have: a unique snake_case id."""

    id: ClassVar[str]


T = TypeVar("T", bound=Registered)


class Registry(Generic[T]):
    """Classes of one kind by id; the package's modules are imported at the first look-up.

    Args:
        kind: the noun in error messages, such as "method".
        package: the package whose modules register themselves with `@registry.register`; those whose names begin with
            "_" hold no items and are not looked at.
    """

    def __init__(self, kind: str, package: str) -> None:
        self.kind = kind
        self.package = package
        self._items: dict[str, type[T]] = {}
        self._discovered = self._discovering = False
        self._lock = threading.RLock()

    def register(self, cls: type[T]) -> type[T]:
        """Class decorator; a second class of the same id is a programming error.

        Raises:
            ValueError: the id is taken.
        """
        if cls.id in self._items:
            raise ValueError(f"{self.kind} id {cls.id!r} is taken by {self._items[cls.id].__name__}.")
        self._items[cls.id] = cls
        return cls

    def __iter__(self) -> Iterator[type[T]]:
        self._discover()
        return iter(tuple(self._items.values()))

    def __len__(self) -> int:
        self._discover()
        return len(self._items)

    def __contains__(self, id: object) -> bool:
        self._discover()
        return id in self._items

    def __getitem__(self, id: str) -> type[T]:
        """The class of that id.

        Raises:
            UnknownIdError: there is none; the message names the nearest.
        """
        self._discover()
        if id not in self._items:
            raise UnknownIdError(self.kind, id, self._items)
        return self._items[id]

    def create(self, id: str, **params: Any) -> T:
        """An instance with checked parameters.

        Raises:
            InputError: unknown id, unknown parameter or a value that is not allowed.
        """
        cls = self[id]
        return cls(**checked(cls, params, id))

    def parse(self, spec: str) -> T:
        """An instance from its one-line form, such as `hog:cell=8`."""
        id, params = parse_spec(spec)
        return self.create(id, **params)

    def _discover(self) -> None:
        """Import the package's modules; another thread waits, so that nobody sees half of the items."""
        if self._discovered:
            return
        with self._lock:
            if self._discovered or self._discovering:  # or a module being imported looks something up
                return
            self._discovering = True
            try:
                for module in pkgutil.iter_modules(importlib.import_module(self.package).__path__):
                    if not module.name.startswith("_"):  # some are slow to import
                        importlib.import_module(f"{self.package}.{module.name}")
                self._discovered = True
            finally:
                self._discovering = False
