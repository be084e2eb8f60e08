"""Map honesty: what one map tears apart and what it puts together, and the hubs of its space."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
import streamlit as st

from imgsim import neighbors
from imgsim.evaluation.bootstrap import Interval, bootstrap_interval
from imgsim.evaluation.faithfulness import map_neighbors
from imgsim.evaluation.retrieval import graph_scores, labelled
from imgsim.evaluation.triplets import triplets_kept
from imgsim.pipeline import FAITHFULNESS_K, MapResult
from imgsim.plots.shepard import random_pairs, shepard_figure
from imgsim.types import Field, Float
from imgsim.ui import compare_state, gallery, maps
from imgsim.ui.charts import chart
from imgsim.ui.compare import Scene, focus_on
from imgsim.ui.compare_maps import Shown
from imgsim.ui.held import Held
from imgsim.ui.picture_rows import Row, item, picture_rows
from imgsim.ui.scatter import Panel, scatter

MAP, _ROWS = "compare_honest_map", "compare_honest_rows"
HUB_K = 10  # an image is a hub when many have it among so many nearest
PICTURES = 10
SHUFFLES = 5  # labellings behind what chance gives
TRIPLET_IMAGES = 5000  # most images of which triplets are drawn
Counts = npt.NDArray[np.int64]


def section(scene: Scene) -> None:
    """One map coloured by its own errors, what it does to the image in focus, its scores and the hubs of its space."""
    if len(scene.collection) < 3:
        st.info("So few images lie faithfully on any map.")
        return
    one = choose_map(scene)
    lost, invented = torn(one, scene.focus) if scene.focus is not None else ([], [])
    with st.container(key="compare_honest"):
        left, right = st.columns([3, 2], gap="medium")
        with left:
            _map(scene, one, lost)
        with right:
            _scores(one)
            _ceiling(scene, one)
            chart(_shepard(one), key=f"shepard_{one.number}")
    _pictures(scene, one, lost, invented)


def choose_map(scene: Scene) -> Shown:
    """A picker over the maps; gives the one of the view."""
    one = scene.pair[1]
    by_number = {shown.number: shown for shown in scene.shown}
    st.session_state["compare_map"] = one.number
    st.selectbox(
        "Map",
        list(by_number),
        key="compare_map",
        width=300,
        format_func=lambda number: f"{number + 1}. {by_number[number].title}",
        on_change=_chosen,
    )
    return one


def _chosen() -> None:
    number = st.session_state["compare_map"]
    compare_state.update(pair=f"{1 if number == 0 else 0}-{number}")


def torn(one: Shown, row: int, k: int = FAITHFULNESS_K) -> tuple[list[int], list[int]]:
    """Of one image the neighbours that the map lost, and the strangers that it put there instead; nearest first."""
    k = min(k, len(one.projection.xy) - 1)
    lost = maps.lost_on_map(one.result, row, k)
    true = set(one.result.neighbors.indices[row, :k].tolist())
    return lost, [other for other in _map_neighbors(one)[row, :k].tolist() if other not in true]


def occurrences(indices: npt.NDArray[np.int32], k: int = HUB_K) -> Counts:
    """(N,) how many images have each among their k nearest; its mean is k.

    Reference: Radovanović, Nanopoulos, Ivanović: Hubs in space, JMLR 2010.
    """
    return np.bincount(np.asarray(indices[:, :k]).ravel(), minlength=len(indices))


def skewness(counts: Counts) -> float:
    """Third standardised moment: 0 for a space without hubs, above 1 a few images are near everything."""
    away = counts - counts.mean()
    spread = float(np.sqrt((away**2).mean()))
    return float((away**3).mean() / spread**3) if spread else 0.0


def _map_neighbors(one: Shown) -> npt.NDArray[np.int32]:
    return _near(one.result.projection.key)


@lru_cache(maxsize=8)
def _near(projection_key: str) -> npt.NDArray[np.int32]:
    return map_neighbors(maps.pipeline().load_projection(projection_key).xy, FAITHFULNESS_K)


def _map(scene: Scene, one: Shown, lost: list[int]) -> None:
    k = min(FAITHFULNESS_K, len(scene.collection) - 1)
    near = [] if scene.focus is None else one.result.neighbors.indices[scene.focus, :k].tolist()
    scatter(
        [Panel(one.title, one.projection.key)],
        collection_key=scene.collection_key,
        key=MAP,
        height=480,
        color={"kind": "distortion", "title": "share of neighbours lost"},
        focus=scene.focus,
        neighbors=[row for row in near if row not in lost],
        lost=lost,
        on_click=lambda: _clicked(scene),
    )
    st.caption(
        f"Colour: the share of an image's {k} nearest that the map does not show near it; as many strangers took "
        "their place. Click an image: solid lines lead to neighbours that stayed, dashed ones to those it lost."
    )


def _clicked(scene: Scene) -> None:
    click = st.session_state[MAP].get("click")
    if click is not None:
        focus_on(scene.collection, click["row"])


def _scores(one: Shown) -> None:
    judged, n = one.result.faithfulness, len(one.projection.xy)
    by_chance = judged.k / (n - 1)
    kept, (low, high) = triplet_accuracy(one)
    with st.container(horizontal=True, gap="medium"):
        for name, value, about in (
            ("Trustworthiness", judged.trustworthiness, _TRUST),
            ("Continuity", judged.continuity, _CONTINUITY),
            ("kNN recall", judged.knn_recall, f"{_RECALL} A random map has {by_chance:.3f}."),
            ("Triplets kept", kept, f"{_TRIPLETS} 95 % interval {low:.3f} to {high:.3f}."),
        ):
            st.metric(name, f"{value:.3f}", help=about, width=140)
    st.caption(
        f"1 is perfect, and what the space itself would score. A random map: about 0.5, 0.5, {by_chance:.3f} and 0.5."
    )


def triplet_accuracy(one: Shown) -> tuple[float, Interval]:
    """Share of random triplets whose order of distances the map keeps, and its interval."""
    return _triplets(one.result.projection.key, Held(one.result))


@lru_cache(maxsize=8)
def _triplets(_projection: str, held: Held[MapResult]) -> tuple[float, Interval]:
    result = held.value
    rows = np.sort(np.random.default_rng(0).permutation(len(result.projection.xy))[:TRIPLET_IMAGES])
    view = neighbors.euclidean_view(np.asarray(result.embeddings.vectors[rows]), result.embeddings.metric)
    kept = triplets_kept(view, np.asarray(result.projection.xy[rows]))
    return float(kept.mean()), bootstrap_interval(kept)


def _ceiling(scene: Scene, one: Shown) -> None:
    """How well the nearest share a label, on the map and in the space it was drawn from."""
    if scene.label is None:
        return
    found = label_scores(scene.collection.field(scene.label), one)
    if found is None:
        return
    st.dataframe(
        [
            {"Nearest share the label": name, "map": on_map, "space": in_space, "chance": chance}
            for name, on_map, in_space, chance in found
        ],
        hide_index=True,
        column_config={name: st.column_config.NumberColumn(name, format="%.3f") for name in ("map", "space", "chance")},
    )
    st.caption(
        f"By {scene.label.replace('_', ' ')}: what the space scores is the ceiling. A map that scores more has pulled "
        "groups tighter than the method sees them."
    )


def label_scores(labels: Field, one: Shown, k: int = 5) -> list[tuple[str, float, float, float]] | None:
    """(name, on the map, in the space, for shuffled labels) of the nearest and of k votes; None where none is shared.

    Images without a label ask nothing, but may be found.
    """
    known = labelled(labels)
    if not known.any():
        return None
    codes, counts = np.unique(labels[known], return_counts=True)
    if counts.max() < 2 or len(codes) < 2:
        return None
    shown, true = _map_neighbors(one), np.asarray(one.result.neighbors.indices)
    random = np.random.default_rng(0)
    guesses = [graph_scores(random.permutation(labels), true, k=k) for _ in range(SHUFFLES)]
    on_map, in_space = graph_scores(labels, shown, k=k), graph_scores(labels, true, k=k)
    return [
        (
            name,
            float(on_map[at][known].mean()),
            float(in_space[at][known].mean()),
            float(np.mean([guess[at] for guess in guesses])),
        )
        for at, name in enumerate(("the nearest one", f"most of {k}"))
    ]


def _shepard(one: Shown) -> object:
    space, plane = _distances(one.result.projection.key, one.result.embeddings.key, Held(one.result))
    return shepard_figure(space, plane, "Is far in the space far on the map?")


@lru_cache(maxsize=8)
def _distances(_projection: str, _embeddings: str, held: Held[MapResult]) -> tuple[Float, Float]:
    result = held.value
    first, second = random_pairs(len(result.projection.xy))
    rows, places = np.unique(np.concatenate([first, second]), return_inverse=True)
    view = neighbors.euclidean_view(np.asarray(result.embeddings.vectors[rows]), result.embeddings.metric)
    space = np.linalg.norm(view[places[: len(first)]] - view[places[len(first) :]], axis=1)
    return space, np.linalg.norm(result.projection.xy[first] - result.projection.xy[second], axis=1)


def _pictures(scene: Scene, one: Shown, lost: list[int], invented: list[int]) -> None:
    counts = occurrences(one.result.neighbors.indices)
    order = np.argsort(counts, kind="stable")
    k = min(HUB_K, len(counts) - 1)
    rows = [
        _row(scene, "Lost neighbours", "near in the space, torn away by the map", lost, "") if lost else None,
        _row(scene, "Invented neighbours", "near on the map only", invented, "") if invented else None,
        _row(scene, "Hubs", f"among the {k} nearest of so many images; {k} on average", order[::-1], counts),
        _row(scene, "Antihubs", "near to hardly any", order, counts),
    ]
    picture_rows([row for row in rows if row], key=_ROWS, size=76, on_pick=lambda: _picked(scene))
    st.caption(
        f"Hubness of {one.method}: the skew of these counts is {skewness(counts):.2f}; 0 without hubs, above 1 a few "
        f"images turn up everywhere. {int((counts == 0).sum()):,} of {len(counts):,} images are near to none.",
    )


def _row(scene: Scene, title: str, note: str, rows: list[int] | Counts, counts: Counts | str) -> Row:
    items = (
        item(
            scene.collection_key,
            scene.collection.ids,
            int(row),
            tag=counts if isinstance(counts, str) else str(counts[row]),
        )
        for row in rows[:PICTURES]
    )
    return Row(title, note, tuple(items))


def _picked(scene: Scene) -> None:
    row = gallery.picked(_ROWS)
    if row is not None:
        focus_on(scene.collection, row)


_TRUST = "Falls when the map puts strangers side by side; about 0.5 for a random map."
_CONTINUITY = "Falls when the map tears neighbours apart; about 0.5 for a random map."
_TRIPLETS = (
    "Of three random images: is the farther one in the space also the farther one on the map? About 0.5 for a random "
    "map. It looks at the whole map, where the others look at neighbours."
)
_RECALL = "Share of an image's nearest images that are still its nearest on the map."
