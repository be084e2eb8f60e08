"""The catalogue of methods: by family, each with what it sees, what it misses, its cost and whether it runs here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

import streamlit as st

from imgsim import sights
from imgsim.errors import UnavailableError
from imgsim.methods import DEFAULT, METHODS
from imgsim.methods._costs import usual_milliseconds
from imgsim.pair_scores import PAIR_SCORES
from imgsim.tasks import sights as sights_task
from imgsim.ui import controls
from imgsim.ui.jobs import Job, manager
from imgsim.ui.progress import plain, sentence

FOLDED_FROM = 12  # so many networks of one package are shown as a table
EVERY = 2.0  # seconds between two looks at how many pictures are drawn
FRESH = 12  # pictures more, after which the page shows them


def search_and_show() -> None:
    """A search box and the families."""
    text = st.text_input("Search", placeholder="A word of a name or a description, such as edges", key="find_method")
    families = list(dict.fromkeys(method.family for method in controls.ordered_methods()))
    chosen = st.pills("Families", families, selection_mode="multi", key="families", format_func=sentence)
    here = st.toggle("Runs here", key="runs_here", help="Only what needs no further package or weights.")
    found = [
        method
        for method in controls.ordered_methods()
        if matches(method, text)
        and (not chosen or method.family in chosen)
        and (not here or (method().unavailable() is None and method().download is None))
    ]
    scores = [score for score in PAIR_SCORES if matches(score, text) and not chosen]
    _pictures()
    if not found and not scores:
        said = f"No method says anything of {plain(text)}." if text else "No method of these families runs here."
        st.info(f"{said} There are {len(METHODS)}; try colour, edges or network.")
    for family, members in groupby(found, key=lambda method: method.family):
        st.subheader(sentence(family), anchor=False, divider="gray")
        _family(list(members))
    if scores:
        st.subheader("Pair scores", anchor=False, divider="gray")
        st.caption("They compare two pictures directly, without vectors: exact, but each search visits every picture.")
        _in_pairs(scores, _score)


def matches(method: type[Any], text: str) -> bool:
    """Whether all words occur in what is said of a method or pair score."""
    said = " ".join((method.id, method.title, method.family, method.sees, method.blind_to, method.reference)).lower()
    return all(word in said for word in text.lower().split())


def _pictures() -> None:
    """Have missing pictures drawn in the background."""
    if not sights_task.wanted():
        return
    job = manager().find("sights", {})
    if job is None:
        job = manager().submit("sights", {}, "What methods see")
    if job.alive:
        st.fragment(_drawing, run_every=EVERY)(_drawn(job))


def _drawing(before: int) -> None:
    """Say how far the drawing is; the page is run again for every `FRESH` pictures more, and when it ends."""
    job = manager().find("sights", {})
    if job is None or not job.alive or _drawn(job) >= before + FRESH:
        st.rerun()
    far = f" {_drawn(job)} of {job.stages[-1].total} so far;" if job.stages and job.stages[-1].total else ""
    st.caption(f"The pictures of what each method sees are being drawn;{far} they appear here by themselves.")


def _drawn(job: Job) -> int:
    return job.stages[-1].done if job.stages else 0


def _family(members: list[type[Any]]) -> None:
    crowd = [method for method in members if method.crowd]
    if len(crowd) < FOLDED_FROM:
        _in_pairs(members, _method)
        return
    _in_pairs([method for method in members if not method.crowd], _method)
    first = crowd[0]
    st.markdown(f"**The {len(crowd)} networks of {first.crowd}**")
    st.markdown(f"Sees: {first.sees}  \nBlind to: {first.blind_to}")
    st.dataframe([row(method) for method in crowd], hide_index=True, height=420)
    if reason := first.missing_package():
        st.warning(plain(sentence(reason)))
    st.markdown(
        "Weights are fetched when a network is first used. Without a network, `imgsim weights list "
        f"{first.id}` says which file to bring from where, and `{first.id}:weights=random` runs it untrained."
    )


def _in_pairs(members: Sequence[type[Any]], show: Callable[[type[Any]], None]) -> None:
    for start in range(0, len(members), 2):
        for column, member in zip(st.columns(2, gap="medium"), members[start : start + 2], strict=False):
            with column.container(border=True, height="stretch"):
                show(member)


def _score(score: type[Any]) -> None:
    st.markdown(f"**{score.title}** · `{score.id}`")
    st.markdown(f"Sees: {score.sees}  \nBlind to: {score.blind_to}")
    better = "larger" if score.larger_is_closer else "smaller"
    st.caption(f"{sentence(score.range)}; {better} is closer. {score.reference}. Licence: {score.licence}.")


def _method(method: type[Any]) -> None:
    if sights_task.place(method).exists():
        picture, words = st.columns([1, 3], gap="small")
        picture.image(str(sights_task.place(method)), alt=f"What {method.title} sees", width="stretch")
        with words:
            _words(method)
    else:
        _words(method)


def _words(method: type[Any]) -> None:
    st.markdown(f"**{method.title}** · `{method.id}`")
    st.markdown(f"Sees: {method.sees}  \nBlind to: {method.blind_to}")
    dim, metric, reason = size(method)
    lines = [
        f"{length(dim, metric)}, compared by {metric.replace('_', ' ')} distance. {cost(method)}",
        f"{method.reference}. Licence: {method.licence}.",
    ]
    if sights_task.place(method).exists():
        lines.append(f"Picture: {sights.sight_of(method).caption}")
    if method.id == DEFAULT:
        lines.append("Used where no method is chosen.")
    if method.family == "quantum":
        lines.append("Simulated on this processor: time and memory double with each qubit. It is not expected to win.")
    st.caption("  \n".join(lines))
    if reason:
        st.warning(plain(sentence(reason)))


def size(method: type[Any]) -> tuple[int | None, str, str | None]:
    """How many numbers (None where only a file could tell), compared how, and why it cannot run here if it cannot."""
    known = method()
    reason = known.unavailable()
    try:
        return known.dim, known.metric, reason
    except UnavailableError:
        return None, known.metric, reason


def length(dim: int | None, metric: str) -> str:
    """How long a vector is, in words."""
    unit = "bits" if metric == "hamming" else "numbers"
    return f"{dim:,} {unit}" if dim else unit.capitalize()


def cost(method: type[Any]) -> str:
    """What a photo costs here, else where it was last measured for the documentation; empty where neither is known."""
    if (spent := sights_task.milliseconds(method)) is not None:
        return f"{spent:.3g} ms a photo on this computer."
    usual = usual_milliseconds(method.id)
    return "" if usual is None else f"About {usual:g} ms a photo."


def row(method: type[Any]) -> dict[str, Any]:
    """A method as a row of a table."""
    dim, metric, _ = size(method)
    published = method.published_weights()
    return {
        "Method": method.title,
        "id": method.id,
        "Here": method().standing(),
        "Numbers": dim,
        "Metric": metric,
        "Weights, MB": round(published[0].megabytes) if published else None,
        "Licence": method.licence,
        "Reference": method.reference,
    }
