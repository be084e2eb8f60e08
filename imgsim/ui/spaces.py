"""The spaces of a collection for a page: from the store at once, else by a job that the page shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from imgsim.errors import ImgsimError
from imgsim.methods import METHODS
from imgsim.types import Collection, Embeddings
from imgsim.ui import maps, progress
from imgsim.ui.left_out import none_readable
from imgsim.ui.progress import plain


@dataclass(frozen=True, eq=False)
class Spaces:
    """A collection, its key, and its embeddings by each method asked for."""

    key: str
    collection: Collection
    embeddings: tuple[Embeddings, ...]


def ready(source: str, specs: Sequence[str], *, graph: bool = False) -> Spaces | None:
    """The spaces, or None with their state on the page: what stands in the way, the job, or how it failed.

    `graph` asks the job for the neighbour graph too.
    """
    try:
        found = find(source, specs)
        reasons = [reason for spec in specs if (reason := METHODS.parse(spec).unavailable())]
    except ImgsimError as error:
        st.error(plain(progress.sentence(str(error))))
        return None
    if found is not None:
        if len(found.collection):
            return found
        none_readable(found.collection)
        return None
    if reasons:
        st.warning(plain(progress.sentence(reasons[0])))
        st.caption("Choose another method on the left.")
        return None
    _job(source, specs, graph)
    return None


def find(source: str, specs: Sequence[str]) -> Spaces | None:
    """The spaces if the store has all of them; an empty collection has none and needs none.

    Raises:
        ImgsimError: there is no such source or method.
    """
    pipeline = maps.pipeline()
    key = pipeline.collection_key(source)
    if key is None:
        return None
    collection = pipeline.load_collection(key)
    if not len(collection):
        return Spaces(key, collection, ())
    found = [pipeline.find_embeddings(collection, METHODS.parse(spec)) for spec in specs]
    there = tuple(one for one in found if one is not None)
    return Spaces(key, collection, there) if len(there) == len(specs) else None


def _job(source: str, specs: Sequence[str], graph: bool) -> None:
    arguments = {"source": source, "methods": list(specs), "graph": graph}
    names = {card.source: card.title for card in maps.pipeline().collections()}
    title = f"Looking at {names.get(source, source)} with {len(specs)} {'methods' if len(specs) > 1 else 'method'}"
    progress.have_done("spaces", arguments, title)
