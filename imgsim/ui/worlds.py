"""The page Known worlds: the truth beside each projector's map, in the colours of the truth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from imgsim.plots.teaching import truth_map
from imgsim.projections import PROJECTORS
from imgsim.ui import forms, handout, maps, progress
from imgsim.ui.charts import QUIET, chart
from imgsim.ui.once import Once
from imgsim.ui.worlds_state import ADDRESS, MOST_SEED, WorldsView
from imgsim.worlds import WORLDS, Sample
from imgsim.worlds.maps import WorldMap, find_map

SAMPLES = Once(32)


def sidebar(view: WorldsView) -> None:
    """The world with its sliders, then the settings of the maps."""
    with st.sidebar:
        id = WORLDS.parse(view.world).id
        st.session_state["world"] = id
        st.selectbox(
            "World",
            sorted((world.id for world in WORLDS), key=lambda one: (_ORDER.get(one, len(_ORDER)), one)),
            key="world",
            format_func=lambda one: WORLDS[one].title,
            on_change=lambda: ADDRESS.update(world=st.session_state["world"]),
        )
        _form(WORLDS, view.world, f"world_{id}", "world", str)
        for id, spec in (("tsne", view.tsne), ("umap", view.umap)):
            st.markdown(f"**{PROJECTORS[id].title}**")
            _form(PROJECTORS, spec, f"world_{id}", id)
        st.session_state["world_seed"] = int(view.seed)
        st.number_input(
            "Seed of the maps",
            0,
            MOST_SEED,
            key="world_seed",
            on_change=lambda: ADDRESS.update(seed=str(st.session_state["world_seed"])),
            help="Another seed gives another layout of the same data; what changes with it is not in the data.",
        )


def page(view: WorldsView) -> None:
    """What is true, the maps once they are there, and what to look for."""
    world = WORLDS.parse(view.world)
    st.header("What does a map keep?", anchor=False)
    st.markdown(f"**{world.title}.** {world.true}")
    found = [find_map(maps.pipeline().store, world, PROJECTORS.parse(spec), int(view.seed)) for spec in view.maps]
    if all(found):
        _maps(view, SAMPLES.get(world.key, world.draw), [one for one in found if one is not None])
        return
    progress.have_done("worlds", view.arguments, f"Maps of: {world.title}")


def _maps(view: WorldsView, sample: Sample, found: Sequence[WorldMap]) -> None:
    world = WORLDS.parse(view.world)
    figures = [truth_map("The truth", sample.flat, sample.truth, sample.kind, "as far as a plane can show it", 340)]
    for spec, one in zip(view.maps, found, strict=True):
        note = f"trustworthiness {one.trustworthiness:.2f}<br>neighbours kept {one.knn_recall:.0%}"
        title = PROJECTORS.parse(spec).title
        figures.append(truth_map(title, one.xy, sample.truth, sample.kind, note, 340))
    for start in (0, 2):
        for number, column in enumerate(st.columns(2, gap="medium")):
            with column:
                chart(figures[start + number], width="stretch", key=f"world_{start + number}", config=QUIET)
    n, dims = sample.vectors.shape
    st.caption(
        f"{n:,} points in {dims:,} dimensions. Trustworthiness: 1 when no stranger is among a point's 15 nearest on "
        "the map. Neighbours kept: the share of the true 15 nearest that are among the 15 nearest on the map; a random "
        f"map would keep {min(1.0, 15 / max(n - 1, 1)):.0%}."
    )
    st.markdown(f"**Look for:** {world.look}")
    if sample.pictures:
        n_pictures = len(sample.pictures)
        named = [f"Picture {number} of {n_pictures} along what is true" for number in range(1, n_pictures + 1)]
        st.image([*sample.pictures], alt=named, width=72)
    handout.button(f"{world.title}: what does a map keep?", figures, f"{world.true} {world.look}", key="world_file")


def _form(registry: Any, spec: str, key: str, field: str, titles: Callable[[Any], str] | None = None) -> None:
    forms.parameter_form(
        registry, spec, key=key, change=lambda new: ADDRESS.update(**{field: new}), sliders=True, titles=titles
    )


_ORDER = {"clusters": 0, "ring": 1, "cloud": 2, "factors": 3}
