"""`library:<slug>`: one of the user's own collections; combines its sources and its uploaded files."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from imgsim.errors import InputError, UnavailableError, UnreadableImageError
from imgsim.images.library import PREFIX, LibraryItem, find_item
from imgsim.images.sources import SOURCES, Column, Contents, Listing, Source, open_source
from imgsim.images.sources.folder import Folder
from imgsim.types import Unreadable, key_of

_FILES = "files"


@SOURCES.register
@dataclass(frozen=True)
class LibraryCollection(Source):
    """Ids are file names for uploads, and begin with the source's own key for everything else."""

    id: ClassVar[str] = "library"
    item: LibraryItem
    parts: tuple[tuple[str, Source], ...] = ()
    gone: tuple[Unreadable, ...] = ()

    @classmethod
    def matches(cls, text: str) -> bool:
        """Whether it begins with `library:`."""
        return text.startswith(PREFIX)

    @classmethod
    def open(cls, text: str) -> Self:
        """The collection of that slug; a part that has gone is listed, the rest goes on."""
        item, files = find_item(text.removeprefix(PREFIX))
        parts: list[tuple[str, Source]] = [(_FILES, Folder(files))] if files.is_dir() else []
        gone = []
        for key, source in item.sources:
            try:
                parts.append((key, open_source(source)))
            except InputError:
                gone.append(Unreadable(source, "the folder or file is gone."))
            except UnavailableError as error:
                gone.append(Unreadable(source, str(error)))
        return cls(item, tuple(parts), tuple(gone))

    @property
    def canonical(self) -> str:
        """`library:<slug>`."""
        return self.item.source

    @property
    def name(self) -> str:
        """The name the user gave."""
        return self.item.name

    def state(self) -> str:
        """Over the states of all parts; a new name counts too, it is stored with the scan."""
        states = [(key, part.state()) for key, part in self.parts]
        return key_of("library", name=self.name, parts=states, gone=[g.path for g in self.gone])

    def listing(self) -> Listing:
        """All parts, one after the other."""
        listings = [(key, part.listing()) for key, part in self.parts]
        names = dict.fromkeys(name for _, listing in listings for name in listing.fields)
        return Listing(
            ids=[_id(key, id) for key, listing in listings for id in listing.ids],
            locations=[f"{key}:{location}" for key, listing in listings for location in listing.locations],
            stamps=[stamp for _, listing in listings for stamp in listing.stamps],
            fields={name: _joined(name, [listing for _, listing in listings]) for name in names},
            refused=[*self.gone, *(Unreadable(_id(k, r.path), r.reason) for k, li in listings for r in li.refused)],
        )

    def read(self, location: str) -> Contents:
        """The contents, from the part that the location names."""
        key, _, inner = location.partition(":")
        return self._part(key).read(inner)

    def mask(self, location: str, named: str) -> Contents | None:
        """As the part has it."""
        key, _, inner = location.partition(":")
        return self._part(key).mask(inner, named)

    def shown_path(self, location: str) -> str:
        """As the part shows it."""
        key, _, inner = location.partition(":")
        return self._part(key).shown_path(inner)

    def _part(self, key: str) -> Source:
        for name, part in self.parts:
            if name == key:
                return part
        raise UnreadableImageError("its folder or archive is gone.")


def _id(key: str, id: str) -> str:
    return id if key == _FILES else f"{key}/{id}"


def _joined(name: str, listings: Sequence[Listing]) -> Column:
    """One field over all parts, missing where a part has none; text where any part has text."""
    columns = [(listing.fields.get(name), len(listing.ids)) for listing in listings]
    text = any(isinstance(value, str) for column, _ in columns if column for value in column[:1])
    missing: str | float = "" if text else math.nan
    joined = [v for column, n in columns for v in (column if column is not None else [missing] * n)]
    return [_as_text(value) for value in joined] if text else joined  # type: ignore[return-value]


def _as_text(value: str | float) -> str:
    return value if isinstance(value, str) else "" if math.isnan(value) else f"{value:g}"
