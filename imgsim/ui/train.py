"""The Train page: start a training, watch it learn, pause it, go on, and explore with what it made."""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt
import streamlit as st

from imgsim.errors import InputError
from imgsim.methods import METHODS
from imgsim.parameters import format_spec
from imgsim.plots import learning
from imgsim.training import OBJECTIVES, collapsed, records
from imgsim.training.records import Record
from imgsim.types import Collection
from imgsim.ui import hero, maps
from imgsim.ui.charts import QUIET, chart
from imgsim.ui.jobs import Job, manager
from imgsim.ui.progress import duration, plain, sentence, session, stage_line
from imgsim.ui.state import View
from imgsim.ui.train_state import ADDRESS, FEWEST, LOCAL, MOST, TrainView

NO_LABEL = "-"
SECONDS_A_STEP = {"simclr": 0.25, "vicreg": 0.3, "dino": 0.4}  # docs/self_supervision.md; then what was measured here


def form(view: TrainView) -> None:
    """Choose what to learn from, how, and for how long."""
    _collection(view)
    st.session_state["train_objective"], st.session_state["train_steps"] = view.objective, view.steps
    st.selectbox(
        "Objective",
        LOCAL,
        key="train_objective",
        on_change=lambda: ADDRESS.update(objective=st.session_state["train_objective"]),
        help="All learn without labels, from distorted views of each picture.",
    )
    st.caption(f"{OBJECTIVES[view.objective].title}. {OBJECTIVES[view.objective].reference}")
    label = _label(view)
    st.number_input(
        "Steps",
        FEWEST,
        MOST,
        step=100,
        key="train_steps",
        on_change=lambda: ADDRESS.update(steps=int(st.session_state["train_steps"])),
        help="A step looks at 64 pictures in two or more views.",
    )
    st.caption(
        f"About {duration(view.steps * seconds_a_step(view.objective))} on this computer when nothing else runs."
    )
    name = st.text_input("Name", value=free_name(view), key=f"train_name_{free_name(view)}")
    st.button("Start training", type="primary", width="stretch", on_click=_start, args=(view, label, name))
    if maps.pipeline().collection_key(view.collection) is None:  # what could be measured is not known yet
        st.fragment(_wait_for_labels, run_every=1.0)(view.collection)


def seconds_a_step(objective: str) -> float:
    """As measured by the newest training here of that objective, else a guess."""
    for record in records.all_records():
        if record.objective == objective and record.step >= FEWEST and record.seconds:
            return record.seconds / record.step
    return SECONDS_A_STEP[objective]


def free_name(view: TrainView) -> str:
    """A name that no training has yet."""
    stem = re.sub(r"[^A-Za-z0-9]+", "-", view.collection.rsplit("/", 1)[-1].removeprefix("builtin:")).strip("-")[:40]
    base = f"{stem or 'pictures'}-{view.objective}"
    taken = {record.name for record in records.all_records()}
    return next(n for i in range(1, 10_000) if (n := base if i == 1 else f"{base}-{i}") not in taken)


def shown(view: TrainView) -> None:
    """The training of the address, else the newest."""
    known = records.all_records()
    if known:
        _one(view, known)
    else:
        st.info("No training yet. Choose a collection and press Start training; it goes on while you do other things.")


def _one(view: TrainView, known: list[Record]) -> None:
    names = [record.name for record in known]
    name = view.show if view.show in names else names[0]
    if len(names) > 1:
        st.session_state["train_show"] = name
        st.selectbox(
            "Training",
            names,
            key="train_show",
            on_change=lambda: ADDRESS.update(show=st.session_state["train_show"]),
        )
    job = job_of(next(record for record in known if record.name == name))
    alive = job is not None and job.alive
    if alive and job is not None:
        st.session_state["job_on_page"] = job.key
    st.fragment(_watch, run_every=1.5 if alive else None)(name, alive)


def job_of(record: Record) -> Job | None:
    """The job of a training in this server, in any state."""
    return manager().find("train", record.arguments)


def standing(record: Record, job: Job | None) -> str:
    """How it stands, in words: learning, paused, stopped, failed or done."""
    if job is not None and job.alive:
        return "pausing" if records.pause_is_asked(record.name) else "learning"
    return {"running": "stopped"}.get(record.state, record.state)


def _watch(name: str, alive: bool) -> None:
    record = records.read(name)
    job = job_of(record) if record else None
    if record is None or alive != (job is not None and job.alive):
        st.rerun()
    _head(record, job)
    if job is not None and job.state == "failed":
        st.error(plain(sentence(job.error)))
    _curves(record)


def _head(record: Record, job: Job | None) -> None:
    state = standing(record, job)
    objective = record.objective
    st.markdown(f"**{plain(record.name)}** · {objective} on {plain(record.source)} · {state}")
    if job is not None and job.alive and job.stages:
        st.progress(job.stages[-1].fraction, plain(stage_line(job.stages[-1])))
    elif job is not None and job.alive:
        st.progress(0.0, "Starting")
    else:
        st.progress(min(record.step / record.steps, 1.0), f"Step {record.step:,} of {record.steps:,}")
    with st.container(horizontal=True):
        _buttons(record, job, state)


def _buttons(record: Record, job: Job | None, state: str) -> None:
    if job is not None and job.alive:
        st.button("Pause", on_click=records.ask_to_pause, args=(record.name,), disabled=state == "pausing")
        st.button("Cancel and forget", on_click=_cancel, args=(record, job))
    elif state == "done":
        if st.button("Explore with it", type="primary"):
            method = format_spec("trained", {"name": record.name})
            hero.open_in_explore(View(collection=record.source, method=method))
        st.button("Remove from this list", on_click=_forget, args=(record,))
    else:
        st.button("Resume", type="primary", on_click=_submit, args=(record,))
        st.button("Forget", on_click=_forget, args=(record,))


def _curves(record: Record) -> None:
    if not record.history:
        st.caption("The first figures come when the pictures are read.")
        return
    if (warning := collapsed(record.history[-1])) is not None:
        st.warning(warning)
    left, right = st.columns(2)
    steps, accuracy = record.curve("knn_accuracy")
    losses = record.curve("loss")
    with left:
        if losses[0]:
            chart(learning.loss_curve(*losses, record.steps), width="stretch", key="train_loss", config=QUIET)
        else:
            st.caption("The loss comes with the first steps.")
    if accuracy:
        others = {_baseline(name): value for name, value in record.baselines.items()}
        figure = learning.accuracy_curve(steps, accuracy, {**others, "untrained": accuracy[0]}, record.steps)
        with right:
            chart(figure, width="stretch", key="train_accuracy", config=QUIET)
    else:
        right.info("Choose a label to see whether near pictures share it.")
    _map(record)
    st.caption(_words(record))


def _map(record: Record) -> None:
    drawn = records.read_map(record.name)
    if drawn is None:
        return
    labels = _labels(record, drawn[0])
    figure = learning.learning_map(drawn[1], labels, record.step)
    chart(figure, width="stretch", key="train_map", config=QUIET)


def _labels(record: Record, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.str_] | None:
    key = maps.pipeline().collection_key(record.source) if record.label else None
    collection = maps.pipeline().load_collection(key) if key else None
    if collection is None or record.label not in collection.fields or rows.max(initial=0) >= len(collection):
        return None
    return np.asarray(collection.field(record.label)[rows].astype(str))


def _words(record: Record) -> str:
    n = min(record.n_images, 1000)
    spent = f"{record.n_images:,} pictures, {duration(record.seconds)} of training."
    if not record.label:
        return spent
    return (
        f"{spent} Share of {n:,} pictures whose nearest other picture has the same {plain(record.label)}, 0 to 100 %."
    )


def _baseline(name: str) -> str:
    return METHODS[name].title if name in METHODS else name


def _collection(view: TrainView) -> None:
    titles = {card.source: card.title for card in maps.pipeline().collections()}
    titles.setdefault(view.collection, view.collection)
    st.session_state["train_collection"] = view.collection
    st.selectbox(
        "Collection",
        list(titles),
        key="train_collection",
        format_func=lambda source: titles[source],
        on_change=lambda: ADDRESS.update(collection=st.session_state["train_collection"], label=""),
    )


def _label(view: TrainView) -> str:
    """The field for the accuracy; empty for none."""
    options = [NO_LABEL, *_fields(view.collection)]
    chosen = view.label if view.label in options else options[min(1, len(options) - 1)]
    st.session_state["train_label"] = chosen
    st.selectbox(
        "Label to measure by",
        options,
        key="train_label",
        format_func=lambda name: "none" if name == NO_LABEL else name,
        on_change=lambda: ADDRESS.update(label=st.session_state["train_label"]),
        help="Only for the accuracy curve; it is never learnt from.",
    )
    return "" if chosen == NO_LABEL else chosen


def _fields(source: str) -> list[str]:
    key = maps.pipeline().collection_key(source)
    if key is None:  # its pictures were never read: they are, in the background, so that the labels can be offered
        job = manager().submit("open", {"source": source}, f"Pictures of {source}", session())
        reading = "Reading the collection; its labels come in a moment. One started before has no accuracy curve."
        st.caption(reading if job.alive else "")
        return []
    collection: Collection = maps.pipeline().load_collection(key)
    return [name for name, values in collection.fields.items() if values.dtype.kind != "f"]


def _wait_for_labels(source: str) -> None:
    job = manager().find("open", {"source": source})
    if job is not None and job.state == "failed":
        st.error(plain(sentence(job.error)))
    elif maps.pipeline().collection_key(source) is not None:
        st.rerun()


def _start(view: TrainView, label: str, name: str) -> None:
    try:
        records.folder(name)
    except InputError as error:
        st.session_state["notice"] = str(error)
        return
    if records.read(name) is not None:
        st.session_state["notice"] = f"a name must be new, got {name!r}; choose another name."
        return
    record = Record(name, view.collection, view.objective, label, view.steps)
    records.write(record)
    _submit(record)
    ADDRESS.update(show=name)


def _submit(record: Record) -> None:
    records.ask_to_pause(record.name, False)
    manager().submit("train", record.arguments, f"Training of {record.name}", session())


def _cancel(record: Record, job: Job) -> None:
    manager().cancel(job)
    _forget(record)


def _forget(record: Record) -> None:
    records.discard(record.name)
    ADDRESS.update(show="")
