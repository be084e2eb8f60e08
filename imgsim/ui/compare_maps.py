"""The maps of the compare page: asked for together, shown as they become ready, turned onto each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from imgsim.errors import ImgsimError
from imgsim.evaluation.agreement import procrustes
from imgsim.methods import METHODS
from imgsim.pipeline import FAITHFULNESS_K, MapResult
from imgsim.store import write_arrays
from imgsim.types import Float, Projection, key_of
from imgsim.ui import explore, maps, progress
from imgsim.ui.compare_state import CompareView
from imgsim.ui.jobs import Job, manager
from imgsim.ui.progress import plain
from imgsim.ui.scatter import Panel


@dataclass(frozen=True, eq=False)
class Shown:
    """One panel: `result` with its place `number` in the view, and its map turned onto the first as `projection`."""

    number: int
    result: MapResult
    projection: Projection

    @property
    def title(self) -> str:
        """`HOG · UMAP`."""
        return explore.title_of(self.result)

    @property
    def method(self) -> str:
        """`HOG`, with what was changed of its parameters."""
        params = self.result.embeddings.params
        method = METHODS[self.result.embeddings.method]().settled()
        changed = [f"{k} {v}" for k, v in params.items() if v != getattr(method, k)]
        return " · ".join([method.title, *changed])

    def panel(self) -> Panel:
        """For the map component."""
        short, about = explore.short_badge_of(self.result), explore.about_badge(self.result)
        return Panel(self.title, self.projection.key, short, about)


def ready(view: CompareView) -> list[Shown]:
    """The panels whose maps are in the store; what stands in the way of the others is on the page."""
    try:
        found = [maps.find(request) for request in view.requests()]
    except ImgsimError as error:
        st.error(plain(progress.sentence(str(error))))
        return []
    missing = [request for request, result in zip(view.requests(), found, strict=True) if result is None]
    possible = [request for request in missing if _possible(request["method"])]
    if possible:
        _job(view, possible)
    return registered(found)


def shown(view: CompareView) -> list[Shown]:
    """The same without looking at the source again, for the answer to a click."""
    return registered([maps.shown(request) for request in view.requests()])


def registered(found: Sequence[MapResult | None]) -> list[Shown]:
    """The maps that are there, each turned onto the first of them."""
    there = [(number, result) for number, result in enumerate(found) if result is not None]
    if not there:
        return []
    first = there[0][1].projection
    return [Shown(number, result, _turned(result, first)) for number, result in there]


def derived(key: str, projection: Projection, xy: Float, result: MapResult, values: Float | None = None) -> Projection:
    """A map made from another, kept in the store so that the browser can fetch it.

    `values` (N,) 0 to 1 take the place of the distortion when the map is coloured by it.
    """
    store = maps.pipeline().store

    def build(directory: Path) -> None:
        facts = {"projector": projection.projector, "params": projection.params, "embeddings": result.embeddings.key}
        write_arrays(directory, facts, {"xy": np.asarray(xy, np.float32)})

    def judge(directory: Path) -> None:
        facts = {name: value for name, value in asdict(result.faithfulness).items() if name != "per_point"}
        told = result.faithfulness.per_point if values is None else values
        write_arrays(directory, facts, {"per_point": np.asarray(told, np.float32)})

    store.compute("projection", key, build)
    store.compute("faithfulness", key_of("faithfulness", projection=key, k=FAITHFULNESS_K), judge)
    return maps.pipeline().load_projection(key)


def _turned(result: MapResult, first: Projection) -> Projection:
    if result.projection.key == first.key:
        return result.projection
    key = key_of("registered", projection=result.projection.key, onto=first.key, version=1)
    if maps.pipeline().store.find("projection", key):
        return maps.pipeline().load_projection(key)
    return derived(key, result.projection, procrustes(result.projection.xy, first.xy), result)


def _possible(method: str) -> bool:
    reason = METHODS.parse(method).unavailable()
    if reason:
        st.warning(plain(progress.sentence(reason)))
    return not reason


def _job(view: CompareView, requests: list[dict[str, Any]]) -> None:
    # The same job for as long as its maps appear one by one: its arguments are all panels, made or not.
    wanted = [request for request in view.requests() if not METHODS.parse(request["method"]).unavailable()]
    arguments = {"requests": wanted}
    job = manager().find("maps", arguments)
    if progress.given_up(job):
        return
    if job is not None and job.state == "done" and _in_vain(job):
        return
    job = manager().submit("maps", arguments, f"{len(wanted)} maps to compare", progress.session())
    progress.wait_for(job)
    st.fragment(_watch, run_every=1.0)(requests[0])


def _watch(request: dict[str, Any]) -> None:
    """Run the page again as soon as the next map is there."""
    if maps.find(request) is not None:
        st.rerun()


def _in_vain(job: Job) -> bool:
    """A job that ended well without leaving its maps: the source changed meanwhile, or the store is too small."""
    seen = st.session_state.setdefault("in_vain", {})
    seen[job.key] = seen.get(job.key, 0) + 1
    if seen[job.key] <= 2:
        return False
    st.error("The maps were made, but could not be kept: the images change, or the store's limit is too small.")
    return True
