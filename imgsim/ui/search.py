"""The search page: what answers the query, as a gallery with scores that say what they mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from imgsim import queries
from imgsim.errors import ImgsimError
from imgsim.methods import METHODS
from imgsim.neighbors import METRICS
from imgsim.neighbors.feedback import AVERAGED, says
from imgsim.queries import Answer, Example, Query
from imgsim.types import Collection, Embeddings, Match
from imgsim.ui import explore, gallery, maps, neighbours, pair_state, progress, search_state
from imgsim.ui.jobs import manager
from imgsim.ui.left_out import none_readable
from imgsim.ui.pair_state import title_of
from imgsim.ui.progress import plain, sentence
from imgsim.ui.search_state import SearchView

K = 48
FEW = 12  # pictures that need no frame to scroll in
PATIENCE = 1.5  # seconds that the page waits for a quick answer before it shows the job
KEY = "search_results"


@dataclass(frozen=True, eq=False)
class Opened:
    """A collection that is scanned, with the key of the scan."""

    key: str
    collection: Collection


@dataclass(frozen=True, eq=False)
class Scene:
    """A search that is done: what was asked, in which spaces, and the answer."""

    view: SearchView
    opened: Opened
    spaces: Sequence[Embeddings]
    query: Query
    answer: Answer

    @property
    def collection(self) -> Collection:
        """What is searched."""
        return self.opened.collection


def opened(view: SearchView) -> Opened | None:
    """The collection; until it is scanned, what stands in the way is on the page."""
    try:
        key = maps.pipeline().collection_key(view.collection)
    except ImgsimError as error:
        st.error(plain(sentence(str(error))))
        return None
    if key is None:
        have_done("open", {"source": view.collection}, "Pictures of the collection")
        return None
    collection = maps.pipeline().load_collection(key)
    if not len(collection):
        none_readable(collection)
        return None
    return Opened(key, collection)


def scene(view: SearchView, opened: Opened) -> Scene | None:
    """The answer to the view's query; until there is one, what is missing is on the page."""
    if len(opened.collection) < 2:
        st.info("There is only one picture in this collection, and nothing to compare it with.")
        return None
    if not view.asks:
        _examples(view, opened)
        return None
    spaces = _spaces(view, opened)
    if spaces is None:
        return None
    try:
        query = query_of(view, opened.collection)
        keep = queries.allowed(opened.collection, view.conditions())
        answer = queries.search(maps.pipeline(), opened.collection, spaces, query, k=K, fuse=view.fuse, allowed=keep)
    except ImgsimError as error:
        st.error(plain(sentence(str(error))))
        return None
    return Scene(view, opened, spaces, query, answer)


def query_of(view: SearchView, collection: Collection) -> Query:
    """What the view asks with.

    Raises:
        InputError: the picture has gone.
    """
    example = None
    if view.text:
        example = Example(text=view.text)
    elif view.image:
        region = queries.parse_region(view.region) if view.region else None
        example = queries.example_of(collection, view.image, region)
    votes = {id: kind for id, kind in view.votes().items() if id in collection.rows}

    def voted(kind: str) -> tuple[Example, ...]:
        return tuple(Example(row=collection.rows[id]) for id, one in votes.items() if one == kind)

    return Query(example, voted(search_state.LIKE), voted(search_state.DISLIKE), view.counts())


def results(scene: Scene) -> None:
    """The gallery, and what its numbers say."""
    matches = scene.answer.matches
    if not matches:
        st.info("The filters leave no picture. Take one of them back on the left.")
        return
    st.markdown(f"**Nearest {len(matches)}** of {scene.answer.n_candidates:,} by {plain(_methods(scene.view))}")
    label = explore.default_field(scene.collection)
    if label and scene.collection.field(label).dtype.kind == "f":
        label = None  # the id says more than a number
    votes = scene.view.votes()
    with st.container(height=560 if len(matches) > FEW else "content", border=False):
        gallery.gallery(
            [_picture(scene, place, label, votes) for place in range(len(matches))],
            key=KEY,
            size=104,
            verb="More like this",
            on_pick=lambda: _search_from(scene),
            on_vote=lambda: _vote(scene),
        )
    st.caption(legend(scene))


def legend(scene: Scene) -> str:
    """What the numbers below the pictures are, and what they are not."""
    said = []
    if len(scene.spaces) > 1:
        said.append(f"The score joins the ranks of {len(scene.spaces)} methods; it orders this list and means no more.")
    elif scene.query.plain or scene.spaces[0].metric in AVERAGED:
        metric = METRICS[scene.spaces[0].metric]
        said.append(f"Below each: similarity ({metric.title}, {plain(metric.similarity_range)}, larger is closer).")
    else:
        said.append("The score joins the ranks of the examples; it orders this list and means no more.")
    if scene.answer.percentiles:
        said.append("Then of 100 random pairs of this collection, how many are farther apart.")
    if scene.answer.recall is not None:
        share = f"{100 * scene.answer.recall:.1f} %"
        said.append(f"Approximate: such a search finds {share} of the true 10 nearest, measured on this collection.")
    if scene.view.text:
        said.append("Words are never as near to a picture as another picture is: compare within this list only.")
    if not scene.query.plain:
        said.extend(dict.fromkeys(says(space.metric) for space in scene.spaces))
    return " ".join([*said, "Point at a picture to like (+) or dislike (−) it."])


def _picture(scene: Scene, place: int, label: str | None, votes: Mapping[str, str]) -> gallery.Picture:
    match = scene.answer.matches[place]
    row = scene.collection.row(match.id)
    name = str(match.fields.get(label, match.id)) if label else match.id
    shares = scene.answer.percentiles
    score = (
        f"{match.score:.3f}" if len(scene.spaces) == 1 and abs(match.score) >= 0.1 else f"{match.score:z.4f}"
    )  # no minus before 0
    closer = f" · {neighbours.percent(shares[place])}" if shares else ""
    about = f"{neighbours.facts(match.fields)}\ndistance {match.distance:.4g}"
    return gallery.Picture(
        row=row,
        id=match.id,
        src=gallery.thumbnail_url(scene.opened.key, row),
        lines=(f"{match.rank}. {name}", f"{score}{closer}"),
        about=about + (f", closer than {neighbours.percent(shares[place])} of random pairs" if shares else ""),
        explain=_why(scene, match),
        vote=votes.get(match.id, ""),
    )


def _why(scene: Scene, match: Match) -> Mapping[str, str]:
    if not scene.view.image or scene.view.text:
        return {}
    return pair_state.params(scene.view.collection, scene.view.image, match.id, scene.view.specs()[0])


def _search_from(scene: Scene) -> None:
    row = gallery.picked(KEY)
    if row is not None:
        search_state.update(image=scene.collection.ids[row])


def _vote(scene: Scene) -> None:
    vote = gallery.voted(KEY)
    if vote is not None:
        search_state.vote(scene.collection.ids[vote[0]], vote[1])


def _methods(view: SearchView) -> str:
    return ", ".join(title_of(spec) for spec in view.specs())


def _examples(view: SearchView, opened: Opened) -> None:
    """What to begin with where nothing is asked yet."""
    st.markdown("**Choose what to search with**, or begin with one of these")
    rows = np.unique(np.linspace(0, len(opened.collection) - 1, min(18, len(opened.collection))).astype(int))
    gallery.gallery(
        [
            gallery.Picture(int(row), opened.collection.ids[row], gallery.thumbnail_url(opened.key, int(row)))
            for row in rows
        ],
        key="search_examples",
        size=104,
        verb="Search from here",
        on_pick=lambda: _begin(opened),
    )
    st.caption(f"{plain(opened.collection.name)}: {len(opened.collection):,} pictures, by {plain(_methods(view))}.")


def _begin(opened: Opened) -> None:
    row = gallery.picked("search_examples")
    if row is not None:
        search_state.update(image=opened.collection.ids[row])


def _spaces(view: SearchView, opened: Opened) -> list[Embeddings] | None:
    """The embeddings of every method with the query's vector in each; None while they are made, or cannot be."""
    pipeline = maps.pipeline()
    methods = [METHODS.parse(spec) for spec in view.specs()]
    silent = [method.title for method in methods if view.text and not method.reads_text]
    if silent:
        readers = ", ".join(cls.title for cls in METHODS if cls.reads_text)
        st.warning(plain(f"{', '.join(silent)} cannot read words. Choose a method that can: {readers}."))
        return None
    found = [pipeline.find_embeddings(opened.collection, method) for method in methods]
    spaces = [space for space in found if space is not None]
    try:
        example = query_of(view, opened.collection).example
        ready = len(spaces) == len(methods) and all(
            example is None or queries.find_vector(pipeline, opened.collection, space, example) is not None
            for space in spaces
        )
    except ImgsimError as error:
        st.error(plain(sentence(str(error))))
        return None
    if ready:
        return spaces
    for method, space in zip(methods, found, strict=True):
        reason = method.unavailable() if space is None else None
        if reason and not (method.download and _fetch_asked(view, reason, method.download.megabytes)):
            if not method.download:
                st.warning(plain(sentence(reason)))
                st.caption("The method stays in the list, so that you know what there is. Choose another on the left.")
            return None
    have_done("search", arguments(view), f"Searching by {_methods(view)}")
    return None


def arguments(view: SearchView) -> dict[str, Any]:
    """Of the job that makes what a search needs."""
    asked = (
        {"image": "", "region": "", "text": view.text}
        if view.text
        else {"image": view.image, "region": view.region, "text": ""}
    )
    return {"source": view.collection, "methods": view.specs(), **asked}


def _fetch_asked(view: SearchView, reason: str, megabytes: float) -> bool:
    """Whether the person wants the weights fetched; nothing is taken from the network unasked."""
    job = manager().find("search", arguments(view))
    if job is not None and job.alive:
        return True
    st.warning(plain(sentence(job.error if job is not None and job.state == "failed" else reason)))
    if not st.button(f"Fetch the weights ({megabytes:.0f} MB) and search", type="primary"):
        return False
    manager().submit("search", arguments(view), f"Searching by {_methods(view)}", progress.session())
    return True


def have_done(task: str, arguments: dict[str, Any], title: str) -> None:
    """Have a job done and show the page anew; a quick one before the person sees it."""
    if progress.given_up(manager().find(task, arguments)):
        return
    job = manager().submit(task, arguments, title, progress.session())
    if progress.soon(job, PATIENCE):
        st.rerun()
    progress.wait_for(job)
