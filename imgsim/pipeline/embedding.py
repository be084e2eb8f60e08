"""The second stage: images become vectors, those of all methods asked for in one pass."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from contextlib import ExitStack
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from imgsim import embedding, images
from imgsim.drafts import Draft, hashes_of
from imgsim.errors import InputError, UnavailableError
from imgsim.methods import METHODS, Method
from imgsim.methods import _precision as precision
from imgsim.methods.worn import Worn
from imgsim.parameters import format_spec, split_worn
from imgsim.pipeline.keys import embedding_key
from imgsim.pipeline.scanning import Scanning
from imgsim.pipeline.stage import RESIDENT
from imgsim.progress import Progress, silent
from imgsim.store import read_arrays, write_arrays
from imgsim.types import Collection, Embeddings, Float, Image
from imgsim.workspace import Workspace


class Embedding(Scanning):
    """Vectors: computed or taken over, looked up, and those of other images and texts in the same space."""

    def __init__(self, workspace: Workspace | None = None) -> None:
        super().__init__(workspace)
        self._open_embeddings = lru_cache(RESIDENT)(self._read_embeddings)

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
        for method in methods:
            self._decide(collection, method.base if isinstance(method, Worn) else method, progress)
        methods = [method.settled() for method in methods]
        bare = [method.base if isinstance(method, Worn) else method for method in methods]
        keys = {embedding_key(collection, method): method for method in bare}
        missing = {key: method for key, method in keys.items() if not self.store.find("embeddings", key)}
        if missing:
            self._embed_missing(collection, missing, progress, ahead)
        for method in methods:
            if isinstance(method, Worn):
                self._dress(collection, method, progress)
        return [self._load_embeddings(collection, method) for method in methods]

    def find_embeddings(self, collection: Collection, method: Method) -> Embeddings | None:
        """The same of one method if the store has them, else None; quick."""
        method = method.settled()
        if not self.store.find("embeddings", embedding_key(collection, method)):
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

    def _decide(self, collection: Collection, method: Method, progress: Progress) -> None:
        """Let a method measure on a sample how it runs best, where that is not known and vectors are to be computed."""
        key = embedding_key(collection, method)
        begun = self.store.find("embeddings", key) or self.store.leftover("embeddings", key)
        if len(collection) < precision.FEWEST or not method.undecided or begun:
            return
        method.acquire(progress)
        if method.unavailable() is None:
            sample = embedding.sampled(method, len(collection), precision.SAMPLE, self._stream(collection))
            method.decide(sample, progress)

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
        key = embedding_key(collection, method)
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

        self.store.compute("embeddings", embedding_key(collection, method), build, progress)

    def _worn_of(self, embeddings: Embeddings) -> Worn | None:
        if not split_worn(embeddings.method)[1]:
            return None
        method = self.method_of(embeddings)
        return method if isinstance(method, Worn) else None

    def _asking(self, embeddings: Embeddings) -> Float | None:
        """(N, D) vectors by which the collection's images ask, where they are not the stored ones."""
        worn = self._worn_of(embeddings)
        return worn.expand(np.asarray(embeddings.vectors)) if worn is not None and worn.query_steps else None

    def _load_embeddings(self, collection: Collection, method: Method) -> Embeddings:
        return self._open_embeddings(embedding_key(collection, method), collection, method)

    def _read_embeddings(self, key: str, collection: Collection, method: Method) -> Embeddings:
        vectors = np.load(self._folder("embeddings", key) / "vectors.npy", mmap_mode="r")
        return Embeddings(key, collection.ids, vectors, method.metric, method.id, method.params)


def ahead_of(method: Method) -> embedding.Ahead | None:
    """Preparation during the scan, for a method that can run and that needs no coarser picture than a thumbnail."""
    bare = method.base if isinstance(method, Worn) else method
    ready = bare.unavailable() is None and bare.download is None and not bare.needs_fit
    return embedding.Ahead(bare) if ready and bare.min_side >= images.THUMBNAIL_SIDE else None
