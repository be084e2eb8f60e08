"""The pipeline: the one place where stages and store are joined. Every page, command and engine goes through here.

    source -> Collection -> Embeddings -> Neighbors -> Projection -> Faithfulness

Every result lies in the store under a key chained to the collection's fingerprint, so it is computed once and can never
be served for other contents, parameters or code. Progress and cancellation pass through every stage.
"""

from __future__ import annotations

import dataclasses
import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from imgsim import embedding, images, neighbors
from imgsim.drafts import Draft, hashes_of
from imgsim.errors import ImgsimError, InputError, UnavailableError
from imgsim.evaluation.faithfulness import Faithfulness, faithfulness
from imgsim.images import Library, Thumbnails
from imgsim.methods import METHODS, Method
from imgsim.methods.worn import Worn, reranked
from imgsim.neighbors import approximate, probes
from imgsim.parameters import format_spec, split_worn
from imgsim.progress import Progress, silent
from imgsim.projections import PROJECTORS, Projector
from imgsim.projections.coarse import FROM, coarse
from imgsim.store import read_arrays, write_arrays
from imgsim.types import Collection, Embeddings, Field, Float, Image, Ints, Match, Metric, Neighbors, Projection, key_of
from imgsim.workspace import Workspace

SCAN_VERSION = 2
GRAPH_VERSION = 1
INDEX_VERSION = 1
INDEX_FROM = 200_000  # images; below, an exact search takes less than a person notices
GRAPH_FROM = 50_000  # images; below, the exact graph takes seconds
GRAPH_K = 100  # one graph serves gallery, scores, UMAP and t-SNE at perplexity 30
FAITHFULNESS_K = 15
PLACED_BY = 16  # at least so many neighbours say where a guest lies
Blocks = Callable[[Ints], Float]
RESIDENT = 8  # collections and results kept open in a process


@dataclass(frozen=True)
class CollectionCard:
    """What is known of a collection before it is opened."""

    source: str
    title: str
    description: str
    n_images: int | None
    removable: bool = False


@dataclass(frozen=True)
class MapRequest:
    """What decides a map, in strings and numbers: it fits in a URL and in session state.

    Attributes:
        source: SOURCE of the collection.
        method: method spec, such as `hog:cell=16`.
        projector: projector spec, such as `umap:n_neighbors=15`.
        n_components: 2 or 3.
        seed: of the projection.
    """

    source: str
    method: str
    projector: str
    n_components: int = 2
    seed: int = 0


@dataclass(frozen=True, eq=False)
class MapResult:
    """Everything a map page shows."""

    collection_key: str
    collection: Collection
    embeddings: Embeddings
    neighbors: Neighbors
    projection: Projection
    faithfulness: Faithfulness


@dataclass(frozen=True, eq=False)
class Index:
    """The approximate index of a large collection, with what was measured on a sample of its own vectors.

    Attributes:
        lists: the inverted lists.
        search_probes: how many of them a query looks at.
        search_recall: recall at 10 with it.
        graph_probes: how many the neighbour graph looks at.
        graph_recall: its recall at 15.
    """

    lists: approximate.Lists
    search_probes: int
    search_recall: float
    graph_probes: int
    graph_recall: float


class Pipeline:
    """Stages joined over one workspace. Cheap to make; results stay on disk, a few of them mapped.

    Args:
        workspace: where results and collections lie; the user's own without it.
    """

    def __init__(self, workspace: Workspace | None = None) -> None:
        self.workspace = workspace or Workspace()
        self.store = self.workspace.store
        self.library = Library(self.workspace.root)
        self.load_collection = lru_cache(RESIDENT)(self._load_collection)
        self.load_thumbnails = lru_cache(RESIDENT)(self._load_thumbnails)
        self._reader = lru_cache(RESIDENT)(images.open_reader)
        self._open_embeddings = lru_cache(RESIDENT)(self._read_embeddings)
        self._points = lru_cache(2)(_points)
        self._open_index = lru_cache(2)(self._read_index)
        self._background = lru_cache(RESIDENT)(self._load_background)

    # --- collections

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
        return self._stream(collection)(rows, prepare, min_side)

    # --- embeddings

    def embed(
        self,
        collection: Collection,
        methods: Sequence[Method],
        progress: Progress = silent,
        ahead: embedding.Ahead | None = None,
    ) -> list[Embeddings]:
        """The embeddings of each method, those that are missing in one pass over the images.

        `ahead` has images that the scan has prepared for the one method asked for.

        Raises:
            InputError: the collection is empty or has changed.
            UnavailableError: a method lacks weights or a package.
        """
        if not len(collection):
            raise InputError(f"{collection.name} must have at least one readable image, got none; add images to it.")
        bare = [method.base if isinstance(method, Worn) else method for method in methods]
        keys = {_embedding_key(collection, method): method for method in bare}
        missing = {key: method for key, method in keys.items() if not self.store.find("embeddings", key)}
        if missing:
            self._embed_missing(collection, missing, progress, ahead)
        for method in methods:
            if isinstance(method, Worn):
                self._dress(collection, method, progress)
        return [self._load_embeddings(collection, method) for method in methods]

    def find_embeddings(self, collection: Collection, method: Method) -> Embeddings | None:
        """The same of one method if the store has them, else None; quick."""
        if not self.store.find("embeddings", _embedding_key(collection, method)):
            return None
        return self._load_embeddings(collection, method)

    def embedding_facts(self, embeddings: Embeddings) -> dict[str, Any]:
        """What was noted as they were computed: `seconds` of the pass that are this method's, `fit_seconds` before."""
        return read_arrays(self._folder("embeddings", embeddings.key))[0]

    def method_of(self, embeddings: Embeddings) -> Method:
        """The method that made them, with what it learnt from the collection."""
        method = METHODS.create(embeddings.method, **embeddings.params)
        arrays = read_arrays(self._folder("embeddings", embeddings.key))[1]
        learnt = {name[len("fitted_") :]: array for name, array in arrays.items() if name.startswith("fitted_")}
        if isinstance(method, Worn):
            return dataclasses.replace(method.with_fitted(learnt), database=embeddings.vectors)
        return method.with_fitted(learnt) if learnt else method

    def embed_image(self, embeddings: Embeddings, image: Image) -> Float:
        """(D,) vector of another image in the same space."""
        return np.asarray(self.method_of(embeddings).embed([image])[0])

    def embed_text(self, embeddings: Embeddings, text: str) -> Float:
        """(D,) vector of a text in the same space.

        Raises:
            InputError: the text is empty, or the method does not read.
        """
        if not text.strip():
            raise InputError(f"a text must have at least one word, got {text!r}; say what the picture shows.")
        return np.asarray(self.method_of(embeddings).embed_text([text])[0])

    # --- neighbours

    def neighbors(self, embeddings: Embeddings, k: int = GRAPH_K, progress: Progress = silent) -> Neighbors:
        """The exact neighbour graph, with at least min(k, N - 1) columns, re-ranked where the method wears that."""
        plain = self._lists(embeddings, k, progress)
        worn = self._worn_of(embeddings)
        if worn is None or not worn.graph_steps:
            return plain
        told = _named("Re-ranking neighbours", progress)

        def build(directory: Path) -> None:
            indices, distances = reranked(worn.ranker(plain.indices, plain.distances), plain.indices, progress=told)
            write_arrays(directory, {"method": embeddings.method}, {"indices": indices, "distances": distances})

        key = key_of("reranked", neighbors=plain.key)
        arrays = read_arrays(self.store.compute("neighbors", key, build, progress))[1]
        found = arrays["indices"], arrays["distances"]
        return Neighbors(key, *found, embeddings.metric, exact=plain.exact, recall=plain.recall)

    def _lists(self, embeddings: Embeddings, k: int, progress: Progress = silent) -> Neighbors:
        """The neighbour graph by distance alone; from the approximate index where the collection is large."""
        if self._large(embeddings, GRAPH_FROM) and neighbors.METRICS[embeddings.metric].terms is None:
            return self._approximate_lists(embeddings, k, progress)
        wide = max(GRAPH_K, -(-k // 50) * 50)
        key = key_of("neighbors", embeddings=embeddings.key, metric=embeddings.metric, k=wide, version=GRAPH_VERSION)

        def build(directory: Path) -> None:
            told = _named("Finding neighbours", progress)
            asking = self._asking(embeddings)
            if asking is None:
                indices, distances = neighbors.nearest(embeddings.vectors, embeddings.metric, wide, progress=told)
            else:
                found = neighbors.search(embeddings.vectors, asking, embeddings.metric, wide + 1, progress=told)
                indices, distances = _without_self(*found)
            write_arrays(directory, {"method": embeddings.method}, {"indices": indices, "distances": distances})

        arrays = read_arrays(self.store.compute("neighbors", key, build, progress))[1]
        return Neighbors(key, arrays["indices"], arrays["distances"], embeddings.metric)

    def neighbors_of(self, result: MapResult, row: int, k: int) -> list[Match]:
        """The k nearest of one image by the method's own distance."""
        found = result.neighbors
        return self._matches(result.collection, result.embeddings, found.indices[row, :k], found.distances[row, :k])

    def search(
        self, collection: Collection, embeddings: Embeddings, vector: Float, k: int, exclude: int | None = None
    ) -> list[Match]:
        """The k nearest images to a (D,) vector; `exclude` leaves one row out."""
        worn = self._worn_of(embeddings)
        own = exclude is not None and np.array_equal(vector, embeddings.vectors[exclude])
        if worn is not None and own:
            vector = worn.expand(vector[None])[0]
        if worn is not None and worn.graph_steps:
            found = self._reranked_search(worn, embeddings, vector, k, exclude, own)
            return self._matches(collection, embeddings, *found)
        more = k + (exclude is not None)
        index = self.find_index(embeddings)
        if index is not None:
            indices, distances = approximate.search(index.lists, vector[None], more, index.search_probes)
        else:
            indices, distances = neighbors.search(embeddings.vectors, vector[None], embeddings.metric, more)
        keep = indices[0] != (-1 if exclude is None else exclude)
        return self._matches(collection, embeddings, indices[0][keep][:k], distances[0][keep][:k])

    def make_index(self, embeddings: Embeddings, progress: Progress = silent) -> Index | None:
        """The approximate index by which a large collection is searched, built once; None for a small one."""
        if not self._large(embeddings, INDEX_FROM):
            return None
        return self._index(embeddings, progress)

    def find_index(self, embeddings: Embeddings) -> Index | None:
        """The same if the store has it, else None; quick."""
        key = _index_key(embeddings)
        if not self._large(embeddings, INDEX_FROM) or not self.store.find("index", key):
            return None
        return self._open_index(key, embeddings.metric)

    def distances(self, embeddings: Embeddings, vector: Float, row: int | None = None) -> Float:
        """(N,) exact distances of a (D,) vector from every image; `row` where it is that image's own vector.

        Re-ranking that a method wears counts for images of the collection only.
        """
        worn = self._worn_of(embeddings)
        if row is not None and worn is not None and (worn.query_steps or worn.graph_steps):
            return np.array(self.blocks(embeddings)(np.array([row], np.int32))[0])
        measure = neighbors.METRICS[embeddings.metric]
        return measure.pairs(self._points(embeddings), measure.prepare(np.asarray(vector, np.float32)[None])[0])

    def background(self, embeddings: Embeddings) -> Float:
        """Ascending distances of random pairs of the collection: what "far" is in this space."""
        return self._background(embeddings)

    def percentile(self, embeddings: Embeddings, distance: float) -> float:
        """How many of 100 random pairs of the collection are farther apart than this distance."""
        return float(neighbors.percentile(distance, self._background(embeddings)))

    def percentiles(self, embeddings: Embeddings, distances: Float) -> npt.NDArray[np.float64]:
        """The same of many distances."""
        return neighbors.percentile(distances, self._background(embeddings))

    def save_column(self, values: Field) -> str:
        """The key of (N,) texts that the map can be coloured by, beside the fields of the collection."""
        names, codes = np.unique(np.asarray(values).astype(str), return_inverse=True)
        key = key_of("column", names=names.tolist(), codes=hashlib.sha256(codes.astype("<i8").tobytes()).hexdigest())

        def build(directory: Path) -> None:
            write_arrays(directory, {"names": names.tolist()}, {"codes": codes.astype(np.int64)})

        self.store.compute("column", key, build)
        return key

    def load_column(self, key: str) -> Field:
        """The texts of a saved column.

        Raises:
            InputError: there is none of that key.
        """
        facts, arrays = read_arrays(self._folder("column", key))
        return np.asarray(np.array(facts["names"], dtype=str)[np.asarray(arrays["codes"])])

    # --- maps

    def project(
        self,
        embeddings: Embeddings,
        projector: Projector,
        *,
        n_components: int = 2,
        seed: int = 0,
        progress: Progress = silent,
    ) -> Projection:
        """The map of embeddings by a projector."""
        graph = self.neighbors(embeddings, projector.k, progress) if projector.k else None
        key = _projection_key(embeddings, projector, n_components, seed)

        def build(directory: Path) -> None:
            view = neighbors.euclidean_view(embeddings.vectors, embeddings.metric)
            told = _named(f"Drawing the map with {projector.title}", progress)
            xy = projector.fit(view, graph, n_components=n_components, seed=seed, progress=told)
            facts = {"projector": projector.id, "params": projector.params, "embeddings": embeddings.key}
            write_arrays(directory, facts, {"xy": xy})

        self.store.compute("projection", key, build, progress)
        return self.load_projection(key)

    def load_projection(self, key: str) -> Projection:
        """A stored map.

        Raises:
            InputError: there is none of that key.
        """
        facts, arrays = read_arrays(self._folder("projection", key))
        return Projection(key, arrays["xy"], facts["projector"], facts["params"])

    def place(self, embeddings: Embeddings, projection: Projection, vectors: Float) -> Float:
        """(G, 2) or (G, 3) where (G, D) vectors that are not on a map would lie on it; no point of it moves."""
        projector = PROJECTORS.create(projection.projector, **projection.params)
        wide = max(projector.k, PLACED_BY)
        found = neighbors.search(embeddings.vectors, vectors, embeddings.metric, wide)
        views = (neighbors.euclidean_view(one, embeddings.metric) for one in (embeddings.vectors, vectors))
        view, guests = (np.ascontiguousarray(one) for one in views)
        if view.shape[1] > guests.shape[1]:  # a column for zero vectors that only one side has
            guests = np.pad(guests, ((0, 0), (0, view.shape[1] - guests.shape[1])))
        return projector.place(view, projection.xy, guests[:, : view.shape[1]], *found)

    def judge(
        self, embeddings: Embeddings, graph: Neighbors, projection: Projection, progress: Progress = silent
    ) -> Faithfulness:
        """How far a map can be trusted, at k = 15."""

        def build(directory: Path) -> None:
            view = neighbors.euclidean_view(embeddings.vectors, embeddings.metric)
            told = _named("Checking the map", progress)
            judged = faithfulness(view, projection.xy, k=FAITHFULNESS_K, neighbors=graph.indices, progress=told)
            facts = {name: value for name, value in asdict(judged).items() if name != "per_point"}
            write_arrays(directory, facts, {"per_point": np.asarray(judged.per_point)})

        return _faithfulness(self.store.compute("faithfulness", _faithfulness_key(projection.key), build, progress))

    def load_distortion(self, projection_key: str) -> Float:
        """(N,) how badly each point of a map lies, 0 to 1, by the key of the map."""
        judged = _faithfulness(self._folder("faithfulness", _faithfulness_key(projection_key)))
        return np.asarray(judged.per_point)

    def make_map(self, request: MapRequest, progress: Progress = silent) -> MapResult:
        """Everything a map page shows, computing what is missing."""
        method, projector = METHODS.parse(request.method), PROJECTORS.parse(request.projector)
        ahead = _ahead(method)
        collection_key = self.scan(request.source, progress, ahead)
        collection = self.load_collection(collection_key)
        embeddings = self.embed(collection, [method], progress, ahead)[0]
        self._sketch(embeddings, projector, request, progress)
        graph = self.neighbors(embeddings, projector.k, progress)
        projection = self.project(
            embeddings, projector, n_components=request.n_components, seed=request.seed, progress=progress
        )
        judged = self.judge(embeddings, graph, projection, progress)
        return MapResult(collection_key, collection, embeddings, graph, projection, judged)

    def cached_coarse(self, request: MapRequest) -> tuple[str, Projection] | None:
        """The collection's store key and the coarse map of a request, if there is one yet; quick.

        Raises:
            InputError: the request names something that does not exist.
        """
        method, projector = METHODS.parse(request.method), PROJECTORS.parse(request.projector)
        collection_key = self.collection_key(request.source)
        if collection_key is None:
            return None
        key = _embedding_key(self.load_collection(collection_key), method)
        coarse_key = _coarse_key(key, projector, request.n_components, request.seed)
        found = self.store.find("projection", coarse_key)
        return (collection_key, self.load_projection(coarse_key)) if found else None

    def cached_map(self, request: MapRequest) -> MapResult | None:
        """The same if the store has all of it, else None; quick.

        Raises:
            InputError: the request names something that does not exist.
        """
        method, projector = METHODS.parse(request.method), PROJECTORS.parse(request.projector)
        collection_key = self.collection_key(request.source)
        if collection_key is None:
            return None
        collection = self.load_collection(collection_key)
        if not self.store.find("embeddings", _embedding_key(collection, method)):
            return None
        embeddings = self._load_embeddings(collection, method)
        key = _projection_key(embeddings, projector, request.n_components, request.seed)
        judged = self.store.find("faithfulness", _faithfulness_key(key))
        if judged is None or self.store.find("projection", key) is None:
            return None
        graph = self.neighbors(embeddings, projector.k)
        return MapResult(
            collection_key, collection, embeddings, graph, self.load_projection(key), _faithfulness(judged)
        )

    def blocks(self, embeddings: Embeddings, progress: Progress = silent) -> Blocks:
        """Called with (B,) rows, their (B, N) distances from all images, by whatever the method wears.

        Re-ranked images come before those outside the lists, which keep their order.
        """
        asking, worn = self._asking(embeddings), self._worn_of(embeddings)
        plain = neighbors.DistanceBlocks(embeddings.vectors, embeddings.metric)
        if asking is None and not (worn and worn.graph_steps):
            return plain
        graph = self.neighbors(embeddings, progress=progress) if worn and worn.graph_steps else None

        def block(rows: Ints) -> Float:
            if asking is None:
                far = plain(rows)
            else:
                measure = plain.distance
                queries = measure.prepare(asking[rows])
                far = np.stack([measure.pairs(plain.points, query) for query in queries])
            if graph is not None:
                far = 2 + far
                np.put_along_axis(far, graph.indices[rows], graph.distances[rows], axis=1)
            return far

        return block

    # --- inside

    def _sketch(self, embeddings: Embeddings, projector: Projector, request: MapRequest, progress: Progress) -> None:
        """Leave a coarse map to look at, where the real one is not there and takes long."""
        n_components, seed = request.n_components, request.seed
        final = _projection_key(embeddings, projector, n_components, seed)
        if len(embeddings.ids) < FROM or not projector.k or self.store.find("projection", final):
            return

        def build(directory: Path) -> None:
            view = neighbors.euclidean_view(embeddings.vectors, embeddings.metric)
            told = _named("Drawing a coarse map", progress)
            xy = coarse(view, projector, n_components=n_components, seed=seed, progress=told)
            write_arrays(directory, {"projector": projector.id, "params": projector.params}, {"xy": xy})

        self.store.compute("projection", _coarse_key(embeddings.key, projector, n_components, seed), build, progress)

    def _large(self, embeddings: Embeddings, size: int) -> bool:
        """Whether so many images are searched through an index; re-ranking and expansion want exact lists."""
        worn = self._worn_of(embeddings)
        return len(embeddings.ids) >= size and not (worn and (worn.graph_steps or worn.query_steps))

    def _index(self, embeddings: Embeddings, progress: Progress) -> Index:
        key = _index_key(embeddings)

        def build(directory: Path) -> None:
            lists = approximate.build(embeddings.vectors, embeddings.metric, progress=progress)
            progress("Measuring what the index finds", 0, 1)
            write_arrays(directory, probes.measured(lists), lists.arrays())

        self.store.compute("index", key, build, progress)
        return self._open_index(key, embeddings.metric)

    def _read_index(self, key: str, metric: Metric) -> Index:
        facts, arrays = read_arrays(self._folder("index", key))
        lists = approximate.Lists(**{name: np.asarray(array) for name, array in arrays.items()}, metric=metric)
        return Index(lists, **facts)

    def _approximate_lists(self, embeddings: Embeddings, k: int, progress: Progress) -> Neighbors:
        wide = max(GRAPH_K, -(-k // 50) * 50)
        key = key_of("neighbors", index=_index_key(embeddings), k=wide, version=GRAPH_VERSION)

        def build(directory: Path) -> None:
            index = self._index(embeddings, progress)
            told = _named("Finding neighbours", progress)
            indices, distances = approximate.nearest(index.lists, wide, index.graph_probes, progress=told)
            facts = {"method": embeddings.method, "recall": index.graph_recall}
            write_arrays(directory, facts, {"indices": indices, "distances": distances})

        facts, arrays = read_arrays(self.store.compute("neighbors", key, build, progress))
        found = arrays["indices"], arrays["distances"]
        return Neighbors(key, *found, embeddings.metric, exact=False, recall=facts["recall"])

    def _dress(self, collection: Collection, method: Worn, progress: Progress) -> None:
        """The vectors of a worn method, from the stored ones of the method itself."""

        def build(directory: Path) -> None:
            progress(f"Post-processing: {method.title}", 0, 1)
            base = self._load_embeddings(collection, method.base)
            start = time.perf_counter()
            learnt, vectors = method.dress(self.method_of(base), np.asarray(base.vectors))
            np.save(directory / "vectors.npy", vectors)
            arrays = {f"fitted_{name}": array for name, array in learnt.fitted_arrays().items()}
            before = self.embedding_facts(base)
            seconds = before["seconds"] + time.perf_counter() - start
            facts = {"spec": format_spec(method.id, method.params), "seconds": seconds}
            write_arrays(directory, facts | {"fit_seconds": before.get("fit_seconds")}, arrays)

        self.store.compute("embeddings", _embedding_key(collection, method), build, progress)

    def _worn_of(self, embeddings: Embeddings) -> Worn | None:
        if not split_worn(embeddings.method)[1]:
            return None
        method = self.method_of(embeddings)
        return method if isinstance(method, Worn) else None

    def _asking(self, embeddings: Embeddings) -> Float | None:
        """(N, D) vectors by which the collection's images ask, where they are not the stored ones."""
        worn = self._worn_of(embeddings)
        return worn.expand(np.asarray(embeddings.vectors)) if worn is not None and worn.query_steps else None

    def _reranked_search(
        self, worn: Worn, embeddings: Embeddings, vector: Float, k: int, exclude: int | None, own: bool
    ) -> tuple[Ints, Float]:
        if own and exclude is not None:
            graph = self.neighbors(embeddings, k)
            return graph.indices[exclude, :k], graph.distances[exclude, :k]
        plain = self._lists(embeddings, k)
        measure = neighbors.METRICS[embeddings.metric]
        to_all = measure.pairs(measure.prepare(embeddings.vectors), measure.prepare(vector[None])[0])
        indices, distances = neighbors.with_guest(plain.indices, plain.distances, to_all)
        ordered, new = reranked(worn.ranker(indices, distances), indices, [len(to_all)])
        keep = ordered[0] != (-1 if exclude is None else exclude)
        return ordered[0][keep][:k], new[0][keep][:k]

    def _own_card(self, slug: str, name: str) -> CollectionCard:
        source = f"library:{slug}"
        key = self._found("scan", self.workspace.latest_scan(source))
        n_images = len(self.load_collection(key.name)) if key else None
        return CollectionCard(source, name, "Your own pictures.", n_images, removable=True)

    def _scan_key(self, source: str) -> tuple[str, str]:
        """The one spelling of a SOURCE, and the key of its scan as it is now."""
        canonical, state = images.identify(source)
        return canonical, key_of("scan", source=canonical, state=state, version=SCAN_VERSION)

    def _found(self, kind: str, key: str | None) -> Path | None:
        return self.store.find(kind, key) if key else None

    def _folder(self, kind: str, key: str) -> Path:
        found = self.store.find(kind, key)
        if found is None:
            raise InputError(f"a key must be of a stored result, got {kind} {key[:12]}…; make the map again.")
        return found

    def _load_collection(self, key: str) -> Collection:
        return images.load(self._folder("scan", key))

    def _load_thumbnails(self, key: str) -> Thumbnails:
        return Thumbnails(self._folder("scan", key))

    def _stream(self, collection: Collection) -> embedding.Stream:
        reader = self._reader(collection)

        def stream(rows: Sequence[int], prepare: embedding.Prepare, min_side: int) -> embedding.Prepared:
            return images.stream(reader, rows, prepare, min_side=min_side)

        return stream

    def _embed_missing(
        self,
        collection: Collection,
        missing: dict[str, Method],
        progress: Progress,
        ahead: embedding.Ahead | None = None,
    ) -> None:
        for method in missing.values():
            method.acquire(progress)
            reason = method.unavailable()
            if reason:
                raise UnavailableError(reason)
        with ExitStack() as writing:
            # Locks are taken in one order everywhere, so that two processes cannot wait for each other.
            folders = {
                k: writing.enter_context(self.store.writing("embeddings", k, progress, resumes=True))
                for k in sorted(missing)
            }
            ours = [(missing[key], folder) for key, folder in folders.items() if folder is not None]
            if ours:
                self._fill(collection, ours, progress, ahead)

    def _fill(
        self,
        collection: Collection,
        folders: Sequence[tuple[Method, Path]],
        progress: Progress,
        ahead: embedding.Ahead | None,
    ) -> None:
        """Write the vectors of each method into its folder, as far as they are not there or known from elsewhere."""
        hashes = hashes_of(collection.hashes)
        methods = [method for method, _ in folders]
        drafts = [Draft(folder, hashes, method.dim) for method, folder in folders]
        try:
            for method, draft in zip(methods, drafts, strict=True):
                self._borrow(collection, method, draft)
            stream = self._stream(collection)
            if ahead is not None:
                stream = ahead.stream(stream, collection.hashes)
            methods = embedding.fitted(methods, drafts, stream, progress)
            embedding.embed(methods, drafts, stream, progress)
            for method, draft in zip(methods, drafts, strict=True):
                draft.finish()
                seconds = draft.seconds + (ahead.busy / images.default_threads() if ahead is not None else 0)
                facts = {"spec": format_spec(method.id, method.params), "seconds": seconds}
                learnt = {f"fitted_{name}": array for name, array in method.fitted_arrays().items()}
                write_arrays(draft.directory, facts | {"fit_seconds": draft.fit_seconds}, learnt)
        finally:
            for draft in drafts:
                draft.close()

    def _borrow(self, collection: Collection, method: Method, draft: Draft) -> None:
        """Take over the vectors of equal contents; a vocabulary is learnt anew, so those of its method stay behind."""
        if method.needs_fit:
            return
        key = _embedding_key(collection, method)
        for other in self.workspace.vectors_of(method.key):
            if other == key:
                continue
            if not draft.missing.any():
                break
            folder = self.store.find("embeddings", other) or self.store.leftover("embeddings", other)
            if folder is None:
                self.workspace.forget_vectors(method.key, other)
            else:
                draft.borrow(folder)
        if draft.missing.any():
            for contents, vectors in images.stored_vectors(collection, method.key):
                draft.take(hashes_of(contents), vectors)
        self.workspace.remember_vectors(method.key, key)

    def _load_embeddings(self, collection: Collection, method: Method) -> Embeddings:
        return self._open_embeddings(_embedding_key(collection, method), collection, method)

    def _read_embeddings(self, key: str, collection: Collection, method: Method) -> Embeddings:
        vectors = np.load(self._folder("embeddings", key) / "vectors.npy", mmap_mode="r")
        return Embeddings(key, collection.ids, vectors, method.metric, method.id, method.params)

    def _load_background(self, embeddings: Embeddings) -> Float:
        def build(directory: Path) -> None:
            worn = self._worn_of(embeddings)
            if worn is not None and worn.graph_steps:
                far = _far(worn, self._lists(embeddings, GRAPH_K))
            else:
                far = neighbors.background(embeddings.vectors, embeddings.metric)
            write_arrays(directory, {}, {"distances": far})

        key = key_of("background", embeddings=embeddings.key)
        return np.asarray(read_arrays(self.store.compute("background", key, build))[1]["distances"])

    def _matches(
        self, collection: Collection, embeddings: Embeddings, rows: Sequence[int] | Any, distances: Float
    ) -> list[Match]:
        worn = self._worn_of(embeddings)
        if worn is not None and worn.graph_steps:
            scores = 1 - np.asarray(distances, np.float64)
        else:
            scores = neighbors.similarity(np.asarray(distances), embeddings.metric, embeddings.dim)
        return [
            Match(collection.ids[row], float(score), float(distance), rank, collection.record(row))
            for rank, (row, score, distance) in enumerate(zip(rows, scores, distances, strict=True), start=1)
        ]


def _points(embeddings: Embeddings) -> Float:
    """(N, D') the view of the vectors that the metric's distances are taken in."""
    return neighbors.METRICS[embeddings.metric].prepare(embeddings.vectors)


def _ahead(method: Method) -> embedding.Ahead | None:
    """Preparation during the scan, for a method that can run and that needs no coarser picture than a thumbnail."""
    bare = method.base if isinstance(method, Worn) else method
    ready = bare.unavailable() is None and bare.download is None and not bare.needs_fit
    return embedding.Ahead(bare) if ready and bare.min_side >= images.THUMBNAIL_SIDE else None


def _embedding_key(collection: Collection, method: Method) -> str:
    return key_of("embeddings", collection=collection.fingerprint, method=method.key)


def _index_key(embeddings: Embeddings) -> str:
    return key_of("index", embeddings=embeddings.key, metric=embeddings.metric, version=INDEX_VERSION)


def _without_self(indices: Ints, distances: Float) -> tuple[Ints, Float]:
    """(N, K) lists of (N, K + 1) ones, without each row's own entry, or else without the last."""
    own = indices == np.arange(len(indices))[:, None]
    last = indices.shape[1] - 1
    keep = np.arange(last + 1) != np.where(own.any(axis=1), own.argmax(axis=1), last)[:, None]
    return indices[keep].reshape(-1, last), distances[keep].reshape(-1, last)


def _far(worn: Worn, graph: Neighbors) -> Float:
    """Sorted re-ranked distances of at most 1,000 random pairs."""
    ranker, n = worn.ranker(graph.indices, graph.distances), len(graph.indices)
    if n < 2:
        return np.empty(0, np.float32)
    random = np.random.default_rng(0)
    askers = random.permutation(n)[:100]
    found = [ranker(int(row), ((row + random.integers(1, n, 10)) % n).astype(np.int32)) for row in askers]
    return np.sort(np.concatenate(found))


def _projection_key(embeddings: Embeddings, projector: Projector, n_components: int, seed: int) -> str:
    return key_of(
        "projection", embeddings=embeddings.key, projector=projector.key, n_components=n_components, seed=seed
    )


def _coarse_key(embedding_key: str, projector: Projector, n_components: int, seed: int) -> str:
    return key_of("coarse", embeddings=embedding_key, projector=projector.key, n_components=n_components, seed=seed)


def _faithfulness_key(projection_key: str) -> str:
    return key_of("faithfulness", projection=projection_key, k=FAITHFULNESS_K)


def _faithfulness(directory: Path) -> Faithfulness:
    facts, arrays = read_arrays(directory)
    return Faithfulness(**facts, per_point=arrays["per_point"])


def _named(stage: str, progress: Progress) -> Progress:
    """A stage under the name that people read."""
    return lambda _, done, total: progress(stage, done, total)
