"""Stability: the same map drawn ten times or by other parameters; what of it stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import streamlit as st

from imgsim import stability
from imgsim.evaluation.agreement import procrustes
from imgsim.parameters import format_spec, parse_spec
from imgsim.plots.stability import multiples_figure
from imgsim.projections import PROJECTORS
from imgsim.stability import Stability
from imgsim.types import key_of
from imgsim.ui import maps, progress
from imgsim.ui.charts import chart
from imgsim.ui.compare import Scene, focus_on
from imgsim.ui.compare_honesty import choose_map
from imgsim.ui.compare_maps import Shown, derived
from imgsim.ui.jobs import manager
from imgsim.ui.picture_rows import Row, item, picture_rows
from imgsim.ui.scatter import Panel, scatter

SEEDS, ROW = "10 seeds", "A row of parameters"
MAP = "compare_stable_map"
N_SEEDS = 10
MOST_POINTS = 2000  # in each small map
ISLANDS, PICTURES = 6, 8  # shown
_ROWS: Mapping[str, Mapping[str, Sequence[Any]]] = {
    "umap": {"n_neighbors": (5, 15, 50), "min_dist": (0.0, 0.1, 0.5)},
    "tsne": {"perplexity": (5.0, 15.0, 30.0, 50.0, 100.0)},
}


def section(scene: Scene) -> None:
    """Choose a map and how to vary it; the drawings, what survives, the islands."""
    if len(scene.collection) < 4:
        st.info("So few images have only one map.")
        return
    one = choose_map(scene)
    spec = scene.view.specs()[one.number][1]
    by = str(st.segmented_control("Draw again with", [SEEDS, ROW], default=SEEDS, required=True, key="compare_again"))
    drawings = seeds(spec) if by == SEEDS else row(spec)
    if len(drawings) < 2:
        st.info(f"{PROJECTORS[parse_spec(spec)[0]].title} has no chance and no parameters: it is always the same map.")
        return
    told = _drawn(scene, one, [drawing for _, drawing in drawings])
    if told is not None:
        _show(scene, one, told, [name for name, _ in drawings])


def seeds(spec: str) -> list[tuple[str, dict[str, Any]]]:
    """(name, drawing) of ten seeds; none for a projector that leaves nothing to chance."""
    if parse_spec(spec)[0] == "pca":
        return []
    return [(f"seed {seed}", {"projector": spec, "seed": seed}) for seed in range(N_SEEDS)]


def row(spec: str) -> list[tuple[str, dict[str, Any]]]:
    """(name, drawing) of each value of the parameters that matter, with the map as it is first."""
    id, given = parse_spec(spec)
    known = _ROWS.get(id, {})
    settings: list[dict[str, Any]] = [{}]
    for name, values in known.items():
        settings = [{**one, name: value} for one in settings for value in values]
    drawings = {PROJECTORS.parse(spec).key: ("as above", {"projector": spec, "seed": 0})}
    for one in settings if known else []:
        told = ", ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in one.items())
        other = format_spec(id, {**given, **one})
        drawings.setdefault(PROJECTORS.parse(other).key, (told, {"projector": other, "seed": 0}))
    return list(drawings.values())


def _drawn(scene: Scene, one: Shown, drawings: list[dict[str, Any]]) -> Stability | None:
    """The comparison, once its job has made it; until then a button, then the job."""
    method = scene.view.specs()[one.number][0]
    arguments = {"source": scene.view.collection, "method": method, "drawings": drawings}
    job = manager().find("stability", arguments)
    if job is not None and job.state == "done":
        return stability.load(maps.pipeline(), job.result["key"], job.result["projections"])
    if job is None or not job.alive:
        if job is not None and job.state == "failed":
            st.error(progress.plain(progress.sentence(job.error)))
        if not st.button(f"Draw {len(drawings)} maps", type="primary", key="compare_draw"):
            st.caption("Each takes about as long as the map above took.")
            return None
        job = manager().submit("stability", arguments, f"{len(drawings)} drawings of one map", progress.session())
    progress.wait_for(job)
    return None


def _show(scene: Scene, one: Shown, told: Stability, names: Sequence[str]) -> None:
    drawn = [np.asarray(maps.pipeline().load_projection(key).xy) for key in told.projections]
    rows = np.sort(np.random.default_rng(0).permutation(len(drawn[0]))[:MOST_POINTS])
    turned = [drawn[0], *(procrustes(xy, drawn[0]) for xy in drawn[1:])]
    figure = multiples_figure(
        [xy[rows] for xy in turned], names, np.asarray(told.survival[rows]), "What comes again when it is drawn again?"
    )
    chart(figure, key="compare_multiples")
    st.caption(
        f"On average {100 * float(told.survival.mean()):.0f} % of an image's 15 nearest on one drawing are its nearest "
        f"on another; maps that know nothing of each other would share {100 * told.by_chance:.1f} %. Each drawing is "
        "turned onto the first."
    )
    left, right = st.columns([1, 1], gap="medium")
    with left:
        _map(scene, one, told)
    with right:
        _islands(scene, told)


def _map(scene: Scene, one: Shown, told: Stability) -> None:
    first = maps.pipeline().load_projection(told.projections[0])
    key = key_of("survival", projection=first.key, stability=told.key, version=2)
    shown = derived(key, first, np.asarray(first.xy), one.result, 1 - np.asarray(told.survival))
    scatter(
        [Panel("The first drawing", shown.key)],
        collection_key=scene.collection_key,
        key=MAP,
        height=440,
        color={"kind": "distortion", "title": "share of neighbours that changes"},
        focus=scene.focus,
        on_click=lambda: _clicked(scene),
    )


def _clicked(scene: Scene) -> None:
    click = st.session_state[MAP].get("click")
    if click is not None:
        focus_on(scene.collection, click["row"])


def _islands(scene: Scene, told: Stability) -> None:
    n_runs = told.standing.shape[1]
    if not len(told.standing):
        st.caption("The first drawing has no islands: its points form one cloud.")
        return
    rows = [
        _island(scene, told, island, int(stands.sum()), n_runs) for island, stands in enumerate(told.standing[:ISLANDS])
    ]
    picture_rows(rows, key="compare_islands", size=64)
    more = len(told.standing) - ISLANDS
    st.caption(
        f"{'The largest islands' if more > 0 else 'The islands'} of the first drawing"
        f"{f'; {more} smaller ones are not shown' if more > 0 else ''}. One stands in a drawing when 80 % of its "
        "images' nearest there belong to it. "
        f"All in all {int(told.standing.all(axis=1).sum())} of {len(told.standing)} stand in every drawing."
    )


def _island(scene: Scene, told: Stability, island: int, stands: int, n_runs: int) -> Row:
    members = np.flatnonzero(told.islands == island)
    note = f"stands in {stands} of {n_runs} drawings; {len(members):,} images{mostly(scene, members.tolist())}"
    items = (item(scene.collection_key, scene.collection.ids, int(at)) for at in members[:PICTURES])
    return Row(f"Island {island + 1}", note, tuple(items))


def mostly(scene: Scene, rows: Sequence[int]) -> str:
    """`, 90 % astronaut`: the commonest label of some images, where there is one."""
    if scene.label is None or not rows:
        return ""
    name, count = Counter(scene.collection.field(scene.label)[list(rows)].astype(str)).most_common(1)[0]
    return f", {100 * count / len(rows):.0f} % {name}" if name else ""
