"""A page's view as short strings in the URL: one frozen dataclass a page, whose field names are the names in the URL.

    ADDRESS = Address("compare", CompareView, {"seed": read_seed})
    view, problems = ADDRESS.read()
    ADDRESS.update(seed=3)

The URL leads: widgets are set from it, their callbacks write to it, so a link, a reload and the back button show the
same thing. The session keeps a copy for the way back from another page, and every page starts with the collection that
the last one showed. What makes no sense in an address is answered with a sentence and the default.

A click carries the address that the browser had when it was made. Of two quick clicks the second may come with the
address of before the first; it is known by that, and counts from what the first one wrote.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

import streamlit as st

from imgsim.errors import InputError

V = TypeVar("V")
SHARED = "collection"  # the name of the one field that pages hand on to each other
_SHARED_KEY = "collection_on_pages"
LAST_PAGE = "last_page"  # the page whose view was read or written last
_WRITTEN_KEY = "address_written"
LATE = 5.0  # seconds after a write within which a click may still carry an address of before it


@dataclasses.dataclass(frozen=True)
class _Written:
    """The URL parameters that were written last, those that they replaced within `LATE`, and when (monotonic s)."""

    params: dict[str, str]
    replaced: list[dict[str, str]]
    when: float

    @property
    def young(self) -> bool:
        return time.monotonic() - self.when < LATE


class Address(Generic[V]):
    """Reads and writes the view of one page.

    Args:
        page: unique name, under which the session keeps the view.
        view: frozen dataclass with a default for every field.
        readers: by field name, text -> value; raises `InputError` for nonsense. Other fields are taken as text.
        always: fields that stand in the URL even at their default.
        first: makes the view before anybody has chosen; the defaults without it.
    """

    def __init__(
        self,
        page: str,
        view: type[V],
        readers: Mapping[str, Callable[[str], Any]] | None = None,
        always: tuple[str, ...] = (SHARED,),
        first: Callable[[], V] | None = None,
    ) -> None:
        self.page = page
        self.view = view
        self.readers = dict(readers or {})
        self.always = always
        self.first = first or view
        self.fields = {f.name: f.default for f in dataclasses.fields(view)}  # type: ignore[arg-type]

    def parse(self, params: Mapping[str, str]) -> tuple[V, list[str]]:
        """The view of some URL parameters, and a sentence for each that made no sense."""
        view: Any = self.first()
        problems: list[str] = []
        for name in self.fields:
            if name in params:
                try:
                    view = dataclasses.replace(view, **{name: self.readers.get(name, str)(params[name])})
                except InputError as error:
                    problems.append(str(error))
        return view, problems

    def read(self) -> tuple[V, list[str]]:
        """The view of the URL, else the one that this session had last, with the collection of the last page."""
        self._catch_up()
        here = {name: value for name, value in st.query_params.to_dict().items() if name in self.fields}
        view, problems = self.parse(here or self._kept())
        self._keep(view)
        return view, problems

    def write(self, view: V) -> None:
        """Put a view into the URL and the session."""
        params, here, last = self.params(view), st.query_params.to_dict(), self._written()
        self._keep(view)
        replaced = [one for one in [*(last.replaced if last else []), here] if one != params]
        st.session_state[_WRITTEN_KEY] = _Written(params, replaced, time.monotonic())
        st.query_params.from_dict(params)

    def update(self, **changes: Any) -> None:
        """Change some fields."""
        self.write(dataclasses.replace(self.read()[0], **changes))  # type: ignore[type-var]

    def params(self, view: V) -> dict[str, str]:
        """As URL parameters: those of `always`, and what is not the default."""
        pairs = ((name, getattr(view, name), default) for name, default in self.fields.items())
        return {name: str(value) for name, value, default in pairs if name in self.always or value != default}

    def _written(self) -> _Written | None:
        """What this page wrote a moment ago; that of another page is forgotten."""
        if st.session_state.get(LAST_PAGE) != self.page:
            st.session_state.pop(_WRITTEN_KEY, None)
        last = st.session_state.get(_WRITTEN_KEY)
        return last if last is not None and last.young else None

    def _catch_up(self) -> None:
        """Where the browser asked before it had the last write, put that back; not where the person went back."""
        last = self._written()
        if last is not None and st.query_params.to_dict() in last.replaced and not _walked_back():
            st.query_params.from_dict(last.params)

    def _kept(self) -> dict[str, str]:
        kept: dict[str, str] = dict(st.session_state.get(f"view_{self.page}", {}))
        last = st.session_state.get(_SHARED_KEY)
        if last and SHARED in self.fields and kept.get(SHARED) != last:
            return {**self._across(kept), SHARED: last}
        return kept

    def _across(self, kept: Mapping[str, str]) -> dict[str, str]:
        """What still makes sense in another collection: how it is looked at, not what is picked in it."""
        lasting: tuple[str, ...] = getattr(self.view, "lasting", ())
        return {name: value for name, value in kept.items() if name in lasting}

    def _keep(self, view: V) -> None:
        st.session_state[f"view_{self.page}"] = self.params(view)
        st.session_state[LAST_PAGE] = self.page
        if SHARED in self.fields:
            st.session_state[_SHARED_KEY] = getattr(view, SHARED)


def _walked_back() -> bool:
    """Whether the browser's back or forward button led to this run."""
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    return bool(getattr(get_script_run_ctx(), "is_history_navigation", False))
