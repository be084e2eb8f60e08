"""The first stage: a SOURCE becomes a collection, whose images can be read again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from imgsim import embedding, images
from imgsim.errors import ImgsimError
from imgsim.images import Library, Thumbnails
from imgsim.pipeline.keys import scan_key
from imgsim.pipeline.results import CollectionCard
from imgsim.pipeline.stage import RESIDENT, Stage
from imgsim.progress import Progress, silent
from imgsim.types import Collection, Image
from imgsim.workspace import Workspace


class Scanning(Stage):
    """Collections: listed, scanned, opened, read."""

    def __init__(self, workspace: Workspace | None = None) -> None:
        super().__init__(workspace)
        self.library = Library(self.workspace.root)
        self.load_collection = lru_cache(RESIDENT)(self._load_collection)
        self.load_thumbnails = lru_cache(RESIDENT)(self._load_thumbnails)
        self._reader = lru_cache(RESIDENT)(images.open_reader)

    def collections(self) -> list[CollectionCard]:
        """The packaged collections, then the user's own."""
        packaged = [CollectionCard(p.source, p.title, p.description, p.n_images) for p in images.packaged()]
        return packaged + [self._own_card(item.slug, item.name) for item in self.library.list()]

    def known_collections(self) -> Iterator[Collection]:
        """Every collection that was ever read here and is as it was, the user's own and packaged ones first."""
        listed = [card.source for card in self.collections()]
        keys = [key for key in self.workspace.latest_scans() if self.store.find("scan", key)]
        for key in sorted(keys, key=lambda key: self.load_collection(key).source not in listed):
            collection = self.load_collection(key)
            with suppress(ImgsimError):
                if self.collection_key(collection.source) == key:
                    yield collection

    def open(self, source: str, progress: Progress = silent) -> Collection:
        """The collection of a SOURCE, scanned where the store does not have it as it is now.

        Raises:
            InputError: there is no such source.
        """
        return self.load_collection(self.scan(source, progress))

    def scan(self, source: str, progress: Progress = silent, onlooker: images.Onlooker | None = None) -> str:
        """The store key of the collection of a SOURCE as it is now; the onlooker is shown what must be read for it."""
        source, key = self._scan_key(source)
        previous = self._found("scan", self.workspace.latest_scan(source))

        def build(directory: Path) -> None:
            images.scan(source, directory, previous=previous, progress=progress, onlooker=onlooker)

        self.store.compute("scan", key, build, progress)
        self.workspace.remember_scan(source, key)
        return key

    def collection_key(self, source: str) -> str | None:
        """The store key of a SOURCE if the store has it as it is now, else None.

        Raises:
            InputError: there is no such source.
        """
        key = self._scan_key(source)[1]
        return key if self.store.find("scan", key) else None

    def read_image(self, collection: Collection, row: int, min_side: int | None = None) -> Image:
        """One image, (H, W, 3) uint8, decoded no smaller than twice `min_side` on its short side.

        Raises:
            UnreadableImageError: the file has gone or changed.
        """
        return self._reader(collection).read(row, min_side)

    def true_mask(self, collection: Collection, row: int) -> npt.NDArray[np.bool_] | None:
        """The (H, W) mask of what is marked on one image, where the collection has one.

        Raises:
            UnreadableImageError: its file has gone or cannot be decoded.
        """
        return self._reader(collection).mask(row)

    def prepared(
        self, collection: Collection, rows: Sequence[int], prepare: embedding.Prepare, min_side: int
    ) -> embedding.Prepared:
        """(row, prepared image or the error) of each row, in order, decoded and prepared in threads ahead of use."""
        return images.stream(self._reader(collection), rows, prepare, min_side=min_side)

    def _own_card(self, slug: str, name: str) -> CollectionCard:
        source = f"library:{slug}"
        key = self._found("scan", self.workspace.latest_scan(source))
        n_images = len(self.load_collection(key.name)) if key else None
        return CollectionCard(source, name, "Your own pictures.", n_images, removable=True)

    def _scan_key(self, source: str) -> tuple[str, str]:
        """The one spelling of a SOURCE, and the key of its scan as it is now."""
        canonical, state = images.identify(source)
        return canonical, scan_key(canonical, state)

    def _load_collection(self, key: str) -> Collection:
        return images.load(self._folder("scan", key))

    def _load_thumbnails(self, key: str) -> Thumbnails:
        return Thumbnails(self._folder("scan", key))

    def _stream(self, collection: Collection) -> embedding.Stream:
        reader = self._reader(collection)

        def stream(rows: Sequence[int], needs: Sequence[embedding.Need]) -> embedding.Prepared:
            return images.stream_each(reader, rows, needs)

        return stream
