"""What is searched with: a picture of the collection, any other picture, a part of one, or words; and its vector."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from imgsim import uploads
from imgsim.errors import InputError
from imgsim.pipeline import Pipeline
from imgsim.queries.region import Region
from imgsim.store import read_arrays, write_arrays
from imgsim.types import Collection, Embeddings, Float, Image, key_of

VERSION = 1


@dataclass(frozen=True, eq=False)
class Example:
    """One of: an image of the collection, a picture from elsewhere, words.

    Attributes:
        row: of the collection.
        pixels: (H, W, 3) uint8 of a picture from elsewhere.
        upload: reference of a picture that a person brought (`imgsim.uploads`).
        text: words.
        region: the part of the picture that counts; None for all of it.
    """

    row: int | None = None
    pixels: Image | None = None
    upload: str = ""
    text: str = ""
    region: Region | None = None

    def picture(self, pipeline: Pipeline, collection: Collection) -> Image:
        """The pixels, cut to the region out of the picture as large as it is.

        Raises:
            UnreadableImageError: the file has gone or changed.
            InputError: the upload is gone.
        """
        whole = self.pixels
        if self.row is not None:
            whole = pipeline.read_image(collection, self.row)
        elif self.upload:
            whole = uploads.read(self.upload)
        if whole is None:
            raise InputError("an example must be a picture here, got words; give an image.")
        return whole if self.region is None else self.region.crop(whole)

    def content(self, collection: Collection) -> dict[str, str]:
        """What decides its vector, as text."""
        if self.text:
            return {"text": self.text}
        part = {} if self.region is None else {"region": self.region.text}
        if self.row is not None:
            return {"image": collection.hashes[self.row], **part}
        if self.upload:
            return {"upload": self.upload, **part}
        assert self.pixels is not None
        digest = hashlib.sha256(repr(self.pixels.shape).encode() + self.pixels.tobytes())
        return {"pixels": digest.hexdigest(), **part}


def example_of(collection: Collection, reference: str, region: Region | None = None) -> Example:
    """The example of an id of the collection or of the reference of an upload.

    Raises:
        InputError: there is no such image.
    """
    if uploads.is_upload(reference):
        return Example(upload=reference, region=region)
    return Example(row=collection.row(reference), region=region)


def vector(pipeline: Pipeline, collection: Collection, space: Embeddings, example: Example) -> Float:
    """(D,) vector of an example in a space, kept in the store where it had to be computed.

    Raises:
        InputError: words for a method that does not read, or the picture is gone.
    """
    known = find_vector(pipeline, collection, space, example)
    if known is not None:
        return known
    if example.text:
        found = pipeline.embed_text(space, example.text)
    else:
        found = pipeline.embed_image(space, example.picture(pipeline, collection))

    def build(directory: Path) -> None:
        write_arrays(directory, {}, {"vector": np.asarray(found, np.float32)})

    pipeline.store.compute("query", _key(collection, space, example), build)
    return found


def find_vector(pipeline: Pipeline, collection: Collection, space: Embeddings, example: Example) -> Float | None:
    """The same if it is known already, else None; quick."""
    if example.row is not None and example.region is None:
        return np.asarray(space.vectors[example.row])
    found = pipeline.store.find("query", _key(collection, space, example))
    return None if found is None else np.array(read_arrays(found)[1]["vector"])


def _key(collection: Collection, space: Embeddings, example: Example) -> str:
    return key_of("query", embeddings=space.key, version=VERSION, **example.content(collection))
