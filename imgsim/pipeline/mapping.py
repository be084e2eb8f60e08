"""The last stage: a space becomes a map, with how far it can be trusted and what it can be coloured by."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from pathlib import Path

import numpy as np

from imgsim import neighbors
from imgsim.evaluation.faithfulness import Faithfulness, faithfulness
from imgsim.methods import METHODS, Method
from imgsim.pipeline.embedding import ahead_of
from imgsim.pipeline.keys import FAITHFULNESS_K, coarse_key, embedding_key, faithfulness_key, projection_key
from imgsim.pipeline.results import MapRequest, MapResult
from imgsim.pipeline.searching import Searching
from imgsim.pipeline.stage import named
from imgsim.progress import Progress, silent
from imgsim.projections import PROJECTORS, Projector
from imgsim.projections.coarse import FROM, coarse
from imgsim.store import read_arrays, write_arrays
from imgsim.types import Embeddings, Field, Float, Neighbors, Projection, key_of

PLACED_BY = 16  # at least so many neighbours say where a guest lies


class Mapping(Searching):
    """Maps: drawn, judged, placed on, found again."""

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
        key = projection_key(embeddings, projector, n_components, seed)

        def build(directory: Path) -> None:
            view = neighbors.euclidean_view(embeddings.vectors, embeddings.metric)
            told = named(f"Drawing the map with {projector.title}", progress)
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
            told = named("Checking the map", progress)
            judged = faithfulness(view, projection.xy, k=FAITHFULNESS_K, neighbors=graph.indices, progress=told)
            facts = {name: value for name, value in asdict(judged).items() if name != "per_point"}
            write_arrays(directory, facts, {"per_point": np.asarray(judged.per_point)})

        return _faithfulness(self.store.compute("faithfulness", faithfulness_key(projection.key), build, progress))

    def load_distortion(self, projection_key: str) -> Float:
        """(N,) how badly each point of a map lies, 0 to 1, by the key of the map."""
        judged = _faithfulness(self._folder("faithfulness", faithfulness_key(projection_key)))
        return np.asarray(judged.per_point)

    def make_map(self, request: MapRequest, progress: Progress = silent) -> MapResult:
        """Everything a map page shows, computing what is missing."""
        method, projector = METHODS.parse(request.method), PROJECTORS.parse(request.projector)
        ahead = ahead_of(method)
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
        method, projector, collection_key = self._asked(request)
        if collection_key is None:
            return None
        key = embedding_key(self.load_collection(collection_key), method)
        key = coarse_key(key, projector, request.n_components, request.seed)
        found = self.store.find("projection", key)
        return (collection_key, self.load_projection(key)) if found else None

    def cached_map(self, request: MapRequest) -> MapResult | None:
        """The same if the store has all of it, else None; quick.

        Raises:
            InputError: the request names something that does not exist.
        """
        method, projector, collection_key = self._asked(request)
        if collection_key is None:
            return None
        collection = self.load_collection(collection_key)
        if not self.store.find("embeddings", embedding_key(collection, method)):
            return None
        embeddings = self._load_embeddings(collection, method)
        key = projection_key(embeddings, projector, request.n_components, request.seed)
        judged = self.store.find("faithfulness", faithfulness_key(key))
        if judged is None or self.store.find("projection", key) is None:
            return None
        graph = self.neighbors(embeddings, projector.k)
        return MapResult(
            collection_key, collection, embeddings, graph, self.load_projection(key), _faithfulness(judged)
        )

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

    def _asked(self, request: MapRequest) -> tuple[Method, Projector, str | None]:
        """The method as it is settled here, the projector, and the store key of the collection if it is there."""
        method, projector = METHODS.parse(request.method).settled(), PROJECTORS.parse(request.projector)
        return method, projector, self.collection_key(request.source)

    def _sketch(self, embeddings: Embeddings, projector: Projector, request: MapRequest, progress: Progress) -> None:
        """Leave a coarse map to look at, where the real one is not there and takes long."""
        n_components, seed = request.n_components, request.seed
        final = projection_key(embeddings, projector, n_components, seed)
        if len(embeddings.ids) < FROM or not projector.k or self.store.find("projection", final):
            return

        def build(directory: Path) -> None:
            view = neighbors.euclidean_view(embeddings.vectors, embeddings.metric)
            told = named("Drawing a coarse map", progress)
            xy = coarse(view, projector, n_components=n_components, seed=seed, progress=told)
            write_arrays(directory, {"projector": projector.id, "params": projector.params}, {"xy": xy})

        self.store.compute("projection", coarse_key(embeddings.key, projector, n_components, seed), build, progress)


def _faithfulness(directory: Path) -> Faithfulness:
    facts, arrays = read_arrays(directory)
    return Faithfulness(**facts, per_point=arrays["per_point"])
