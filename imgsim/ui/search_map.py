"""The answers on the map: ringed, with the query where it would lie; a click searches from there."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import streamlit as st

from imgsim import queries
from imgsim.errors import ImgsimError
from imgsim.neighbors.feedback import AVERAGED, moved_query
from imgsim.pipeline import MapResult
from imgsim.types import Float
from imgsim.ui import explore, maps, search_state
from imgsim.ui.pair_state import title_of
from imgsim.ui.progress import plain, sentence
from imgsim.ui.scatter import Panel, scatter
from imgsim.ui.search import Scene, have_done

KEY = "search_map"
RINGED = 24


def section(scene: Scene) -> None:
    """The map of the first method; while it is made, its job."""
    st.subheader("On the map", anchor=False)
    request = scene.view.request()
    try:
        result = maps.find(request)
    except ImgsimError as error:
        st.error(plain(sentence(str(error))))
        return
    if result is None:
        have_done("map", request, f"Map of {scene.collection.name} by {title_of(scene.view.specs()[0])}")
        return
    rows = [scene.collection.row(match.id) for match in scene.answer.matches[:RINGED]]
    focus, guest = _query(scene, result)
    color = explore.default_field(scene.collection)
    scatter(
        [Panel(explore.title_of(result), result.projection.key, explore.badge_of(result))],
        collection_key=result.collection_key,
        key=KEY,
        height=480,
        color=explore.color_spec(scene.collection, f"field:{color}" if color else "plain"),
        focus=focus,
        neighbors=rows,
        guests=[] if guest is None else [[(float(guest[0]), float(guest[1]))]],
        on_click=lambda: _clicked(result),
    )
    st.caption(_says(scene, focus, guest is not None, len(rows)))


def _query(scene: Scene, result: MapResult) -> tuple[int | None, Float | None]:
    """The row of a query that is an image of the collection, or else its place."""
    example = scene.query.example
    if scene.query.plain and example is not None and example.row is not None and example.region is None:
        return example.row, None
    vector = vector_of(scene)
    if vector is None:
        return None, None
    return None, _placed(result, vector.tobytes())


@lru_cache(maxsize=64)
def _placed(result: MapResult, vector: bytes) -> Float:
    guest = np.frombuffer(vector, np.float32)[None]
    return np.asarray(maps.pipeline().place(result.embeddings, result.projection, guest)[0])


def vector_of(scene: Scene) -> Float | None:
    """(D,) the query in the first method's space; None where it is no point of it."""
    space, query = scene.spaces[0], scene.query

    def vector(example: queries.Example) -> Float:
        return queries.vector(maps.pipeline(), scene.collection, space, example)

    first = vector(query.example) if query.example else None
    if query.plain:
        return first
    if space.metric not in AVERAGED:
        return None
    liked, disliked = ([vector(one) for one in group] for group in (query.likes, query.dislikes))
    return moved_query(first, liked, disliked, space.metric, query.weights)


def _clicked(result: MapResult) -> None:
    click = st.session_state[KEY].get("click")
    if click is not None and click["row"] is not None and 0 <= click["row"] < len(result.collection):
        search_state.update(image=result.collection.ids[click["row"]])


def _says(scene: Scene, focus: int | None, placed: bool, ringed: int) -> str:
    where = "The thick ring is the query. " if focus is not None else ""
    if placed:
        where = "The diamond is the query, placed without moving any other point. "
    elif focus is None:
        where = "A query of joined rankings has no place of its own. "
    several = " The map is that of the first method." if len(scene.spaces) > 1 else ""
    return (
        f"{where}Rings: the {ringed} nearest by the method, not by the map.{several} Distances between islands mean "
        "nothing. Click a picture to search from it."
    )
