"""Sources: where the images of a collection come from. One file a kind, found by scanning this package.

A SOURCE is one line of text (`builtin:photos`, a folder, a zip, a table, `torchvision:CIFAR10`, `library:holiday`);
`open_source` finds the kind that takes it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Self

from imgsim.errors import InputError, UnknownIdError
from imgsim.images.sources._places import is_url, look_again
from imgsim.registry import Registry
from imgsim.types import Float, Image, Unreadable

Contents = bytes | Path | Image  # of an encoded file, or a drawn (H, W, 3) picture
Column = Sequence[str] | Sequence[float]


@dataclass(frozen=True)
class Listing:
    """What a source holds, before anything is decoded: N candidates in a stable order.

    Attributes:
        ids: (N,) unique texts.
        locations: (N,) what `Source.read` takes.
        stamps: (N,) texts that change when the contents change; "" where that cannot be told.
        fields: columns of N texts or floats.
        refused: what is left out without being opened, and why.
    """

    ids: Sequence[str]
    locations: Sequence[str]
    stamps: Sequence[str]
    fields: Mapping[str, Column] = field(default_factory=dict)
    refused: Sequence[Unreadable] = ()


@dataclass(frozen=True)
class Scanned:
    """What a scan finds of one image: sha256 of its contents, its size in pixels, its thumbnail."""

    sha256: str
    width: int
    height: int
    webp: bytes


class Source(ABC):
    """One place that images come from; made by `open_source`."""

    id: ClassVar[str]

    @classmethod
    @abstractmethod
    def matches(cls, text: str) -> bool:
        """Whether this kind takes the SOURCE."""

    @classmethod
    @abstractmethod
    def open(cls, text: str) -> Self:
        """The source.

        Raises:
            InputError: it does not exist or cannot be used.
        """

    @property
    @abstractmethod
    def canonical(self) -> str:
        """One spelling of the SOURCE."""

    @property
    @abstractmethod
    def name(self) -> str:
        """What a person calls it."""

    @abstractmethod
    def state(self) -> str:
        """A text that changes when the contents change; cheap, no image is read."""

    @abstractmethod
    def listing(self) -> Listing:
        """What it holds."""

    @abstractmethod
    def read(self, location: str) -> Contents:
        """The contents at a location of the listing; called by many threads at once.

        Raises:
            UnreadableImageError: they are gone or must not be read.
            UnavailableError: the place is out of reach, and with it all others.
        """

    def scanned(self, location: str) -> Scanned | None:  # noqa: ARG002 - most know nothing
        """What a scan would find at a location, where the source knows it without reading the image."""
        return None

    def vectors(self, method: str) -> Iterator[tuple[Sequence[str], Float]]:  # noqa: ARG002
        """(B,) sha256 of contents and their (B, D) vectors by a method's key, where they come with the source."""
        yield from ()

    def mask(self, location: str, named: str) -> Contents | None:  # noqa: ARG002 - most have none
        """The true mask of the image at a location, white where it is marked; None where the source has none.

        `named` is what the image's field `mask` says, "" without such a field.

        Raises:
            UnreadableImageError: it is gone or must not be read.
        """
        return None

    def shown_path(self, location: str) -> str:
        """Where a person finds the image: a path where there is one, else the SOURCE and the location."""
        return f"{self.canonical}/{location}"


SOURCES: Registry[Source] = Registry("source", __name__)


def open_source(text: str) -> Source:
    """The source of a SOURCE text.

    Raises:
        InputError: no kind takes it, or what it names cannot be used.
    """
    if is_url(text):
        look_again(text)
    for kind in SOURCES:
        if kind.matches(text):
            return kind.open(text)
    if text.startswith("builtin:"):
        raise UnknownIdError(
            "packaged collection", text, [kind.id for kind in SOURCES if kind.id.startswith("builtin:")]
        )
    raise InputError(
        f"SOURCE must be a folder, a .zip, a .csv or .parquet table, a URL like s3://bucket/folder, "
        f"builtin:photos, builtin:products, "
        f"builtin:shapes, builtin:digits or torchvision:NAME, got {text!r}; check the spelling of the path."
    )
