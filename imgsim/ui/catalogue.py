"""The catalogue of methods: by family, each with what it sees, what it misses, its cost and whether it runs here."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import streamlit as st

from imgsim.errors import UnavailableError
from imgsim.methods import METHODS
from imgsim.ui import controls
from imgsim.ui.progress import plain, sentence

FOLDED_FROM = 12  # a family of more methods is shown as a table


def search_and_show() -> None:
    """A search box and the families."""
    text = st.text_input("Search", placeholder="A word of a name or a description, such as edges", key="find_method")
    found = [method for method in controls.ordered_methods() if matches(method, text)]
    if not found:
        st.info(f"No method says anything of {plain(text)}. There are {len(METHODS)}; try colour, edges or network.")
    for family, members in groupby(found, key=lambda method: method.family):
        st.subheader(sentence(family), anchor=False, divider="gray")
        _family(list(members))


def matches(method: type[Any], text: str) -> bool:
    """Whether all words occur in what is said of a method."""
    said = " ".join((method.id, method.title, method.family, method.sees, method.blind_to, method.reference)).lower()
    return all(word in said for word in text.lower().split())


def _family(members: list[type[Any]]) -> None:
    if len(members) >= FOLDED_FROM:
        st.caption(f"Sees: {members[0].sees}  \nBlind to: {members[0].blind_to}")
        st.dataframe([row(method) for method in members], hide_index=True, height=420)
        return
    for start in range(0, len(members), 2):
        for column, method in zip(st.columns(2, gap="medium"), members[start : start + 2], strict=False):
            with column.container(border=True, height="stretch"):
                _method(method)


def _method(method: type[Any]) -> None:
    st.markdown(f"**{method.title}** · `{method.id}`")
    st.markdown(f"Sees: {method.sees}  \nBlind to: {method.blind_to}")
    dim, metric, reason = size(method)
    length = f"{dim:,} numbers" if dim else "Numbers"
    st.caption(f"{length}, compared by {metric.replace('_', ' ')} distance. {method.reference}")
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


def row(method: type[Any]) -> dict[str, Any]:
    """A method as a row of a table."""
    dim, metric, reason = size(method)
    return {
        "Method": method.title,
        "id": method.id,
        "Numbers": dim,
        "Metric": metric,
        "Here": sentence(reason or "ready"),
        "Reference": method.reference,
    }
