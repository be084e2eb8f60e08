"""Between asking for a map and seeing it: what stands in the way, the job, and how it ended."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from imgsim.errors import ImgsimError
from imgsim.methods import METHODS
from imgsim.ui import maps, progress, state
from imgsim.ui.jobs import Job, manager
from imgsim.ui.left_out import left_out
from imgsim.ui.progress import plain
from imgsim.ui.sketch import sketch
from imgsim.ui.state import View


def ready(view: View) -> bool:
    """Whether the map of the view is there; else its state is on the page: the reason, the job, or the failure."""
    try:
        if maps.find(view.request()) is not None:
            return True
        method = METHODS.parse(view.method)
        reason = method.unavailable()
    except ImgsimError as error:
        _cannot(str(error))
        return False
    if reason and not (method.download and _fetch_asked(view, reason, method.download.megabytes)):
        if not method.download:
            _shown_though_unavailable(reason)
        return False
    _job(view)
    return False


def _shown_though_unavailable(reason: str) -> None:
    st.warning(plain(progress.sentence(reason)))
    st.caption("The method stays in the list, so that you know what there is. Choose another one on the left.")


def _fetch_asked(view: View, reason: str, megabytes: float) -> bool:
    """Whether the person wants the weights fetched; nothing is taken from the network unasked."""
    job = manager().find("map", view.request())
    if job is not None and job.alive:
        return True
    if job is not None and job.state == "failed":
        st.error(plain(progress.sentence(job.error)))
    else:
        st.warning(plain(progress.sentence(reason)))
    if not st.button(f"Fetch the weights ({megabytes:.0f} MB) and make the map", type="primary"):
        return False
    manager().submit("map", view.request(), title_of(view), progress.session())
    return True


def _cannot(reason: str) -> None:
    st.error(plain(progress.sentence(reason)))
    if st.button("Open the built-in photos", type="primary"):
        state.write(View())
        st.rerun()


def _job(view: View) -> None:
    job = manager().find("map", view.request())
    if progress.given_up(job):
        return
    if job is not None and job.state == "done" and job.finished and _done_in_vain(job):
        return
    progress.wait_for(manager().submit("map", view.request(), title_of(view), progress.session()))
    sketch()


def title_of(view: View) -> str:
    """`Map of Handwritten digits by HOG`."""
    names = {card.source: card.title for card in maps.pipeline().collections()}
    return f"Map of {names.get(view.collection, view.collection)} by {METHODS.parse(view.method).title}"


def _done_in_vain(job: Job) -> bool:
    """A job that ended well without leaving a map: the source changed meanwhile, or the store is too small for it."""
    seen = st.session_state.setdefault("in_vain", {})
    seen[job.key] = seen.get(job.key, 0) + 1
    if seen[job.key] <= 2:
        return False
    st.error("The map was made, but it could not be kept: the images change, or the store's limit is too small for it.")
    if st.button("Try again", type="primary", key=f"vain_{job.key[:8]}"):
        seen.pop(job.key)
        st.rerun()
    return True


def notices(problems: Sequence[str]) -> None:
    """What was wrong with the address of the page, one sentence each."""
    said = [*problems, *filter(None, [st.session_state.pop("notice", "")])]
    for problem in said:
        st.warning(plain(progress.sentence(problem)))


def unreadable(view: View) -> None:
    """The files that could not be read, folded, each with its reason."""
    try:
        collection = maps.collection(view.request())
    except ImgsimError:  # the page says so already
        return
    if collection is not None:  # an empty one is false
        left_out(collection)
