"""The base of the packaged collections: pictures made by code, one at a time, always the same."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import ClassVar, Self

from imgsim.errors import UnavailableError
from imgsim.images.sources import Column, Listing, Source
from imgsim.types import key_of


class Drawn(Source):
    """A packaged collection. The id is the SOURCE; `version` is raised when the pictures change."""

    title: ClassVar[str]
    description: ClassVar[str]
    n_images: ClassVar[int]
    version: ClassVar[int] = 1

    @classmethod
    def matches(cls, text: str) -> bool:
        """Whether it is this very SOURCE."""
        return text == cls.id

    @classmethod
    def open(cls, text: str) -> Self:  # noqa: ARG003
        """The collection."""
        return cls()

    @property
    def canonical(self) -> str:
        """The SOURCE itself."""
        return self.id

    @property
    def name(self) -> str:
        """The title."""
        return self.title

    def state(self) -> str:
        """The version of the code that draws and of the libraries it draws with."""
        return key_of("drawn", id=self.id, version=self.version, libraries=_libraries())

    def listed(self, ids: Iterable[str], fields: Mapping[str, Column]) -> Listing:
        """The listing of pictures whose id says all of where they are."""
        known = list(ids)
        return Listing(known, known, [self.state()] * len(known), fields)


def package_file(package: str, *parts: str) -> Path:
    """A file inside an installed package, found without importing it.

    Raises:
        UnavailableError: package or file is missing.
    """
    spec = importlib.util.find_spec(package)
    for root in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(root, *parts)
        if path.is_file():
            return path
    raise UnavailableError(f"the package {package} must bring {'/'.join(parts)}, got none; run: pip install {package}")


@lru_cache(maxsize=1)
def _libraries() -> tuple[str, ...]:
    from importlib.metadata import version

    return tuple(version(name) for name in ("pillow", "numpy", "scikit-image", "scikit-learn", "matplotlib"))
