"""What a person sees of a job: its stages, the time left, a way to stop it, and what to do when it failed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from imgsim.ui.jobs import Job, Stage, manager


def session() -> str:
    """A name for this browser session, so that jobs know who waits for them."""
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    context = get_script_run_ctx()
    return context.session_id if context else "nobody"


def wait_for(job: Job, until: Callable[[], bool] | None = None) -> None:
    """Show a job until it ends, then run the page again; costs a rerun of this part a second while it lives.

    `until` says whether what is waited for is there already, made by another job, while this one still queues.
    """
    st.session_state["job_on_page"] = job.key
    st.fragment(_follow, run_every=1.0)(job.key, until)


def have_done(task: str, arguments: Mapping[str, Any], title: str, *, until: Callable[[], bool] | None = None) -> None:
    """Have a job done: until it is, it is on the page, or why it failed; `until` as for `wait_for`."""
    if not given_up(manager().find(task, arguments)):
        wait_for(manager().submit(task, arguments, title, session()), until)


def result_of(task: str, arguments: Mapping[str, Any], title: str) -> Mapping[str, Any] | None:
    """What a job has found; None while it is on the page, or why it failed."""
    job = manager().find(task, arguments)
    if job is not None and job.state == "done":
        return job.result
    have_done(task, arguments, title)
    return None


def given_up(job: Job | None) -> bool:
    """Whether a job failed or was stopped, which is then on the page, and the person wants no other try yet."""
    return job is not None and job.state in ("failed", "cancelled") and not _wanted_again(job)


def soon(job: Job, seconds: float) -> bool:
    """Whether a job is done within so many seconds; what is quick needs no bar."""
    end = time.monotonic() + seconds
    while job.alive and time.monotonic() < end:
        time.sleep(0.02)
    return job.state == "done"


def _wanted_again(job: Job) -> bool:
    """Show why a job failed or that it was stopped; True when the person wants another try."""
    if job.state == "failed":
        st.error(plain(sentence(job.error)))
    else:
        st.info("Stopped. Nothing half done was kept; what was finished before is still there.")
    return st.button("Try again", key=f"retry_{job.key[:8]}", type="primary")


def stage_line(stage: Stage) -> str:
    """`Embedding · 320 of 1,200 · about 12 s of it left`."""
    parts = [sentence(stage.name).rstrip(".")]
    if stage.total:
        parts.append(f"{stage.done:,} of {stage.total:,}")
    if stage.seconds_left is not None and stage.done < stage.total:
        parts.append(f"about {duration(stage.seconds_left)} of it left")
    return " · ".join(parts)


def duration(seconds: float) -> str:
    """Seconds as a person says them."""
    if seconds < 90:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def sentence(text: str) -> str:
    """The text with a capital at its start."""
    return text[:1].upper() + text[1:]


def _follow(key: str, until: Callable[[], bool] | None = None) -> None:
    job = next((job for job in manager().jobs() if job.key == key), None)
    if job is None or not job.alive or (until is not None and until()):
        st.rerun()
    with st.container(border=True, key=f"job_{key[:8]}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            title = f"**{plain(job.title)}**"
            st.markdown(f"{title} · {duration(job.seconds)} so far" if job.started else title, width="stretch")
            st.button("Cancel", key=f"cancel_{key[:8]}", on_click=lambda: manager().cancel(job))
        _steps(job)


def _steps(job: Job) -> None:
    if not job.stages:
        earlier = manager().before(job)
        waits = f"Waiting for: {', '.join(other.title for other in earlier)}" if earlier else "Starting"
        st.progress(0.0, plain(waits))
        return
    for stage in job.stages[:-1]:
        st.caption(f"{plain(sentence(stage.name))}: done in {stage.seconds:.1f} s")
    st.progress(job.stages[-1].fraction, plain(stage_line(job.stages[-1])))


def plain(text: str) -> str:
    """Text for a Markdown label in which nothing is markup."""
    for mark in "\\`*_{}[]()<>#$!|~:":
        text = text.replace(mark, "\\" + mark)
    return text


def running_elsewhere(except_key: str | None) -> None:
    """A short list of the jobs of this server that live, but the one the page shows; for the sidebar."""
    alive = [job for job in manager().jobs() if job.alive and job.owners and job.key != except_key]
    if alive:
        st.fragment(_list, run_every=1.0)([job.key for job in alive])


def _list(keys: list[str]) -> None:
    alive = [job for job in manager().jobs() if job.key in keys and job.alive]
    if not alive:
        st.rerun()
    st.caption("Work in progress")
    for job in alive:
        stage = job.stages[-1] if job.stages else None
        st.progress(stage.fraction if stage else 0.0, plain(job.title))
        st.button("Cancel", key=f"side_{job.key[:8]}", on_click=manager().cancel, args=(job,), type="tertiary")
