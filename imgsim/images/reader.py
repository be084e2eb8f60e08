"""Reading the images of a scanned collection again, one by one or as a stream that works ahead."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from imgsim.errors import ImgsimError, UnreadableImageError
from imgsim.images.contents import Need, Prepared, picture, prepared, read_and_hash
from imgsim.images.sources import Source, open_source
from imgsim.images.threads import in_order
from imgsim.types import Collection, Float, Image

Mask = npt.NDArray[np.bool_]


class Reader:
    """Images of one collection by row; any number of threads may read at once."""

    def __init__(self, collection: Collection, source: Source) -> None:
        self.collection = collection
        self._source = source

    def read(self, row: int, min_side: int | None = None) -> Image:
        """One image, (H, W, 3) uint8, short side not scaled below twice `min_side`.

        Raises:
            UnreadableImageError: the file has gone, or its contents are not those that were scanned.
        """
        image: Image = self.prepared(row, [(lambda image: image, min_side)])[0]
        return image

    def prepared(self, row: int, needs: Sequence[Need[Prepared]]) -> list[Prepared]:
        """What each need makes of one image: each sees what `read` gives for its `min_side`, whoever asks beside it.

        The file is read once, and decoded once for each different scale that is needed.

        Raises:
            UnreadableImageError: as `read`.
        """
        try:
            contents, sha256 = read_and_hash(self._source.read(self.collection.locations[row]))
            if sha256 != self.collection.hashes[row]:
                raise UnreadableImageError("the file has changed since the collection was opened.")
            return prepared(contents, needs)[0]
        except UnreadableImageError as error:
            raise UnreadableImageError(f"{self.collection.ids[row]}: {str(error).rstrip('.')}") from None

    def mask(self, row: int) -> Mask | None:
        """The true mask of one image, (H, W) bool; None where the collection has none.

        A field `mask` names the file, relative to the table that says so; packaged collections draw theirs.

        Raises:
            UnreadableImageError: the file has gone or cannot be decoded.
        """
        named = self.collection.fields.get("mask")
        text = str(named[row]) if named is not None and named.dtype.kind != "f" else ""
        contents = self._source.mask(self.collection.locations[row], text)
        if contents is None:
            return None
        grey = picture(contents, None).image.max(axis=2)
        return np.asarray(grey > (127 if grey.max() > 127 else 0))  # 0 and 255, perhaps with noise, or 0 and 1


def open_reader(collection: Collection) -> Reader:
    """A reader of a scanned collection.

    Raises:
        InputError: its source does not exist any more.
    """
    return Reader(collection, open_source(collection.source))


def path_of(collection: Collection, id: str) -> str:
    """Where a person finds an image: its path; the id of one that is drawn.

    Raises:
        UnknownIdError: no image of that id.
        InputError: the source does not exist any more.
    """
    return open_source(collection.source).shown_path(collection.locations[collection.row(id)])


def stored_vectors(collection: Collection, method: str) -> Iterator[tuple[Sequence[str], Float]]:
    """Hashes and vectors by a method's key that come with the collection's source, block by block; most have none.

    Raises:
        InputError: the source does not exist any more.
    """
    return open_source(collection.source).vectors(method)


def stream(
    reader: Reader,
    rows: Sequence[int],
    prepare: Callable[[Image], Prepared],
    *,
    min_side: int | None,
    n_threads: int | None = None,
    ahead: int | None = None,
) -> Generator[tuple[int, Prepared | ImgsimError], None, None]:
    """(row, prepare(image)) for each row, in that order; an image that cannot be read gives its error instead.

    Reading and `prepare` run in threads, at most `ahead` images beyond the one handed out (4 a thread by default), so
    memory does not depend on the number of rows. Closing the generator stops the threads.
    """

    def work(row: int) -> tuple[int, Prepared | ImgsimError]:
        try:
            return row, prepare(reader.read(row, min_side))
        except UnreadableImageError as error:
            return row, error

    return in_order(work, rows, n_threads=n_threads, ahead=ahead)


def stream_each(
    reader: Reader,
    rows: Sequence[int],
    needs: Sequence[Need[Prepared]],
    *,
    n_threads: int | None = None,
    ahead: int | None = None,
) -> Generator[tuple[int, list[Prepared] | ImgsimError], None, None]:
    """The same for several needs: (row, `reader.prepared(row, needs)`)."""

    def work(row: int) -> tuple[int, list[Prepared] | ImgsimError]:
        try:
            return row, reader.prepared(row, needs)
        except UnreadableImageError as error:
            return row, error

    return in_order(work, rows, n_threads=n_threads, ahead=ahead)
