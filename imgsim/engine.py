"""The facade for notebooks and scripts: one method, a few verbs.

engine = ImageSimilarityEngine(model_name="resnet50")
engine.compute_similarity("a.jpg", "b.jpg")
engine.index("photos/").search("query.jpg", k=10)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from imgsim import images, neighbors, queries, ranking
from imgsim.errors import InputError, UnavailableError
from imgsim.methods import DEFAULT, METHODS, Method
from imgsim.pair_scores import PAIR_SCORES, PairScore
from imgsim.pipeline import Pipeline
from imgsim.progress import Progress, silent
from imgsim.queries import STANDARD, Example, Query, Weights
from imgsim.types import Collection, Embeddings, Float, Image, Match
from imgsim.workspace import Workspace

ImageLike = str | Path | bytes | Any  # a path, encoded bytes, a PIL image, or an (H, W), (H, W, 3) or (H, W, 4) array


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two images under one method; percentile: how many of 100 random pairs of the reference are farther apart."""

    method: str
    similarity: float
    distance: float
    percentile: float


@dataclass(frozen=True, eq=False)
class Index:
    """A collection in one method's space, ready to be searched."""

    pipeline: Pipeline
    collection: Collection
    embeddings: Embeddings

    def search(
        self,
        query: ImageLike | None = None,
        k: int = 10,
        *,
        text: str | None = None,
        region: str | None = None,
        likes: Sequence[ImageLike] = (),
        dislikes: Sequence[ImageLike] = (),
        where: Sequence[str] = (),
        weights: Weights = STANDARD,
    ) -> list[Match]:
        """The k images of the collection most similar to an image or a text.

        Args:
            query: an image, or an id of the collection, which is left out of the answer.
            k: how many.
            text: words instead of an image, for methods that read, such as `conse`.
            region: the part of the image that counts, as `x,y,width,height` in shares of its sides or in pixels.
            likes: images or ids to find more of; with them the query may be missing.
            dislikes: images or ids to find less of.
            where: filters on fields, such as `label=cat` or `size=2..5`.
            weights: how much query, likes and dislikes count.

        Raises:
            InputError: the query is neither an image nor an id, there is none or both, or k is less than 1.
            UnreadableImageError: the query's file cannot be decoded.
        """
        if k < 1:
            raise InputError(f"k must be at least 1, got {k}; ask for one match or more.")
        asked = self.query(query, text=text, region=region, likes=likes, dislikes=dislikes, weights=weights)
        keep = queries.allowed(self.collection, where)
        return queries.search(self.pipeline, self.collection, [self.embeddings], asked, k=k, allowed=keep).matches

    def query(
        self,
        query: ImageLike | None = None,
        *,
        text: str | None = None,
        region: str | None = None,
        likes: Sequence[ImageLike] = (),
        dislikes: Sequence[ImageLike] = (),
        weights: Weights = STANDARD,
    ) -> Query:
        """What `search` looks for, as a value.

        Raises:
            InputError: the same.
            UnreadableImageError: the same.
        """
        if (query is not None and text is not None) or (query is None and text is None and not likes):
            raise InputError("a search must be for one image or one text, got both or neither; give one, or likes.")
        if region is not None and query is None:
            raise InputError("a region must be of a query image, got none; name the image.")
        if text is not None and not text.strip():
            raise InputError(f"a text must have at least one word, got {text!r}; say what the picture shows.")
        first = Example(text=text) if text is not None else None
        if query is not None:
            first = self._example(query, region)
        liked, disliked = ([self._example(one) for one in group] for group in (likes, dislikes))
        return Query(first, tuple(liked), tuple(disliked), weights)

    def _example(self, image: ImageLike, region: str | None = None) -> Example:
        row = self.collection.rows.get(image) if isinstance(image, str) else None
        if row is not None and region is None:
            return Example(row=row)
        pixels = to_image(image) if row is None else self.pipeline.read_image(self.collection, row)
        part = None if region is None else queries.parse_region(region, pixels.shape[1], pixels.shape[0])
        return Example(row=row, pixels=pixels if row is None else None, region=part)

    def rerank(
        self, query: ImageLike, matches: list[Match], score: str | PairScore, k: int = 10, progress: Progress = silent
    ) -> list[Match]:
        """The k best of a search's matches by a pair score, such as `ssim` or `sift_verified`.

        Raises:
            InputError: the query is neither an image nor an id, or there is no such pair score.
        """
        chosen = PAIR_SCORES.parse(score) if isinstance(score, str) else score
        if isinstance(query, str) and query in self.collection.rows:
            image = self.pipeline.read_image(self.collection, self.collection.rows[query], chosen.min_side)
        else:
            image = to_image(query)
        return ranking.rerank(self.pipeline, self.collection, image, matches, chosen, k, progress)


class ImageSimilarityEngine:
    """Similarity of images by one method.

    Args:
        model_name: any method id or spec, such as `hog`, `color_histogram:space=lab` or a torchvision network's name.
        reference: SOURCE whose random pairs say what a score means, and on which vocabularies are learnt.
        workspace: where results are kept; the user's own without it.
        progress: told how far long work is.

    Raises:
        InputError: no such method or parameter.
        UnavailableError: the method lacks weights or a package.
    """

    def __init__(
        self,
        model_name: str = DEFAULT,
        *,
        reference: str = "builtin:photos",
        workspace: Workspace | None = None,
        progress: Progress = silent,
    ) -> None:
        self.method: Method = METHODS.parse(model_name)
        self.method.acquire(progress)
        reason = self.method.unavailable()
        if reason:
            raise UnavailableError(reason)
        self.pipeline = Pipeline(workspace)
        self.reference = reference
        self.progress = progress

    def generate_embedding(self, image: ImageLike) -> Float:
        """(D,) float32 vector of a path, bytes, PIL image or array.

        Raises:
            UnreadableImageError: the image cannot be decoded.
        """
        return np.asarray(self._ready.embed([to_image(image)])[0])

    def compute_similarity(self, a: ImageLike, b: ImageLike, *, score: str | None = None) -> float:
        """Similarity of two images, larger is closer; in [-1, 1] for cosine methods.

        Args:
            a: an image.
            b: another.
            score: a pair score instead of the method, such as `ssim`; in its own unit and direction (`PAIR_SCORES`).
        """
        if score is not None:
            return PAIR_SCORES.parse(score).compare(to_image(a), to_image(b))
        return self._similarity(self._distance(a, b))

    def compare(self, a: ImageLike, b: ImageLike) -> Comparison:
        """Similarity, distance and percentile of two images."""
        distance = self._distance(a, b)
        percentile = self.pipeline.percentile(self._reference.embeddings, distance)
        return Comparison(self.method.id, self._similarity(distance), distance, percentile)

    def index(self, source: str | Path) -> Index:
        """A searchable index of a SOURCE: a folder, zip, table, `builtin:…` or `torchvision:…`.

        Raises:
            InputError: there is no such source, or it holds no readable image.
        """
        collection = self.pipeline.open(str(source), self.progress)
        embeddings = self.pipeline.embed(collection, [self.method], self.progress)[0]
        self.pipeline.make_index(embeddings, self.progress)
        return Index(self.pipeline, collection, embeddings)

    @cached_property
    def _reference(self) -> Index:
        return self.index(self.reference)

    @cached_property
    def _ready(self) -> Method:
        if not self.method.needs_fit:
            return self.method.settled()  # once: what a person holds must be comparable with what comes later
        return self.pipeline.method_of(self._reference.embeddings)

    def _distance(self, a: ImageLike, b: ImageLike) -> float:
        first, second = self.generate_embedding(a), self.generate_embedding(b)
        return neighbors.distance(first, second, self.method.metric)

    def _similarity(self, distance: float) -> float:
        return float(neighbors.similarity(distance, self.method.metric, self.method.dim))


def to_image(image: ImageLike) -> Image:
    """(H, W, 3) uint8 of a path, bytes, PIL image or array.

    Raises:
        InputError: it is none of these, or there is no such file.
        UnreadableImageError: it cannot be decoded.
    """
    if isinstance(image, str | Path):
        path = Path(image).expanduser()
        if not path.is_file():
            raise InputError(f"an image must be a file that exists, got {str(image)!r}; check the path.")
        return images.decode(path)
    if isinstance(image, bytes | bytearray | memoryview):
        return images.decode(bytes(image))
    if isinstance(image, np.ndarray):
        return _from_array(image)
    if hasattr(image, "convert"):
        return images.from_pil(image)
    raise InputError(f"an image must be a path, bytes, PIL image or array, got {type(image).__name__}; open it first.")


def _from_array(array: Any) -> Image:
    if array.ndim == 2:
        array = array[..., None].repeat(3, axis=2)
    if array.ndim != 3 or array.shape[2] not in (3, 4) or array.dtype != np.uint8 or not array.size:
        raise InputError(
            f"an image array must be (H, W), (H, W, 3) or (H, W, 4) uint8, got {array.shape} {array.dtype}; "
            "convert it to 0 to 255 first."
        )
    if array.shape[2] == 4:  # on white, as files with transparency are
        alpha = array[..., 3:].astype(np.float32) / 255
        array = np.rint(array[..., :3] * alpha + 255 * (1 - alpha)).astype(np.uint8)
    return np.ascontiguousarray(array)
