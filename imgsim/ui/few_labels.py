"""The few-labels page: examples by a click, what they say of the rest, and what to label next."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import streamlit as st

from imgsim import labelling as core
from imgsim.errors import ImgsimError, InputError
from imgsim.labelling.asking import WAYS, ask
from imgsim.tags import MOST_LETTERS, Tags
from imgsim.types import Collection, Embeddings, Ints
from imgsim.ui import gallery, maps, progress
from imgsim.ui.few_labels_state import ADDRESS, MOST_CLASSES, FewLabelsView, pack, update
from imgsim.ui.picture_rows import Item, Row, item, picture_rows
from imgsim.ui.progress import plain
from imgsim.ui.spaces import Spaces

OFFERED = 24  # images to label at a time
SHOWN = 40  # examples of a class in its row
FEWEST = 3  # images: two labelled ones, and one that is told


@dataclass(frozen=True, eq=False)
class Scene:
    """What all parts of the page speak of; `task` and `found` are None until there are two classes."""

    view: FewLabelsView
    key: str
    collection: Collection
    space: Embeddings
    classes: tuple[str, ...]
    labels: dict[int, str]
    task: core.Task | None
    names: tuple[str, ...]
    found: core.Predictions | None
    n_twice: int

    @property
    def giving(self) -> str | None:
        """The class that a click gives; None where there is no class yet."""
        if self.view.giving in self.classes:
            return self.view.giving
        return self.classes[0] if self.classes else None


def current(one: Scene) -> Scene:
    """The scene with the classes of the address: a quick click comes before the page is drawn anew for the last one."""
    view = ADDRESS.read()[0]
    if view.collection != one.view.collection:
        return one
    return replace(one, view=view, classes=tuple(view.chosen()) or one.classes)


def tags_of(source: str) -> Tags:
    """The tags of a collection, which are its labels."""
    return Tags(maps.pipeline().workspace.root, source)


def scene(view: FewLabelsView, spaces: Spaces) -> Scene:
    """The labels so far, and what they say of the rest."""
    kept = tags_of(spaces.collection.source).all()
    classes = tuple(view.chosen() or list(kept)[:MOST_CLASSES])
    labels, n_twice = labels_of(kept, classes, spaces.collection)
    space = spaces.embeddings[0]
    task: core.Task | None = None
    names: tuple[str, ...] = ()
    found: core.Predictions | None = None
    if len(set(labels.values())) >= 2:
        try:
            task, names, found = _predicted(space, view.classifier, tuple(sorted(labels.items())))
        except ImgsimError as error:
            st.error(plain(progress.sentence(str(error))))
    return Scene(view, spaces.key, spaces.collection, space, classes, labels, task, names, found, n_twice)


def labels_of(
    kept: dict[str, list[str]], classes: tuple[str, ...], collection: Collection
) -> tuple[dict[int, str], int]:
    """The label of each row that has exactly one of the classes as a tag, and how many rows have two."""
    given = [(collection.rows[id], name) for name in classes for id in kept.get(name, ()) if id in collection.rows]
    counts = Counter(row for row, _ in given)
    return {row: name for row, name in given if counts[row] == 1}, sum(count > 1 for count in counts.values())


@lru_cache(maxsize=8)
def _predicted(
    space: Embeddings, classifier: str, labels: tuple[tuple[int, str], ...]
) -> tuple[core.Task, tuple[str, ...], core.Predictions]:
    graph = maps.pipeline().neighbors(space)
    task, names = core.task_of(space, graph, dict(labels))
    return task, names, core.predictions(task, core.CLASSIFIERS.parse(classifier).shares(task))


def classes(one: Scene) -> None:
    """The classes with their counts, which one a click gives, and a way to add one."""
    counts = Counter(one.labels.values())
    left, right = st.container(key="few_classes").columns([5, 3], vertical_alignment="bottom")
    with left:
        if one.classes:
            st.session_state["few_giving"] = one.giving
            st.pills(
                "A click on a picture labels it as",
                one.classes,
                key="few_giving",
                required=True,
                format_func=lambda name: f"{plain(name)} ({counts[name]})",
                on_change=lambda: update(giving=st.session_state["few_giving"] or ""),
            )
        else:
            st.markdown("**Name two classes or more**, then click a handful of examples of each.")
    with right, st.form("few_add", border=False), st.container(horizontal=True):
        st.text_input("New class", key="few_word", placeholder="A new class", label_visibility="collapsed")
        st.form_submit_button("Add", on_click=lambda: _add(current(one), st.session_state["few_word"]))
    if one.n_twice:
        images = "image has" if one.n_twice == 1 else "images have"
        st.warning(f"{one.n_twice:,} {images} two of these classes as tags, and no label therefore.")
    kept = [name for name in tags_of(one.collection.source).all() if name not in one.classes]
    if kept:
        st.caption(f"Other tags of this collection, not used as classes: {plain(', '.join(kept[:20]))}.")


def _add(one: Scene, word: str) -> None:
    """Add a class and empty the field; a second click on Add finds it so, or adds the same once more, which is none.

    The browser must not empty it: both clicks may come as one, with what the second found.
    """
    word = " ".join(word.split())
    if not word:
        return
    if len(word) > MOST_LETTERS or len(one.classes) >= MOST_CLASSES:
        told = f"a class must have 1 to {MOST_LETTERS} letters, and there are at most {MOST_CLASSES} of them."
        st.session_state["notice"] = told
        return
    st.session_state["few_word"] = ""
    update(classes=pack([*one.classes, word]), giving=word)


def label(one: Scene) -> None:
    """The classes, images to label, and the examples so far."""
    if len(one.collection) < FEWEST:
        st.info(
            f"Two labels and an image to tell take {FEWEST} images or more; choose another collection, or add some."
        )
    classes(one)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.session_state.update(few_way=one.view.way, few_find=one.view.find)
        st.segmented_control(
            "What to label next",
            list(WAYS),
            key="few_way",
            required=True,
            format_func=lambda way: {"uncertainty": "Where it is unsure", "coverage": "Where no label is near"}[way],
            on_change=lambda: update(way=st.session_state["few_way"] or one.view.way, find=""),
            help=" ".join(WAYS.values()),
        )
        st.text_input(
            "Or find images",
            key="few_find",
            width=260,
            placeholder="Words of an id or a field",
            on_change=lambda: update(find=st.session_state["few_find"].strip()),
        )
    rows = offered(one)
    if not len(rows):
        st.info("No image is left here without a label; change the words, or look at the result.")
    gallery.gallery(
        [_picture(one, int(row)) for row in rows],
        key="few_offered",
        size=96,
        verb=one.giving or "Name a class first",
        on_pick=lambda: _give_offered(current(one)),
    )
    examples(one)


def offered(one: Scene) -> Ints:
    """Rows to label: those found by the words, else those that are asked for."""
    if one.view.find:
        return maps.find_rows(one.key, one.collection, one.view.find)[:OFFERED].astype(np.int32)
    rows = np.array(sorted(one.labels), np.int32)
    return ask(one.view.way, one.found, one.space.vectors, one.space.metric, rows, OFFERED)


def examples(one: Scene) -> None:
    """The labelled images, a row a class; a click takes a label away."""
    by_class: dict[str, list[int]] = {name: [] for name in one.classes}
    for row, name in one.labels.items():
        by_class[name].append(row)
    rows = [
        Row(name, f"{len(members):,} labelled", tuple(_example(one, row) for row in members[:SHOWN]))
        for name, members in by_class.items()
        if members
    ]
    if rows:
        st.markdown("**Labelled so far**", help="Kept in imgsim's workspace by image id; a click takes a label away.")
        picture_rows(rows, key="few_examples", size=64, on_pick=lambda: give("few_examples", one, ""))


def give(name: str, one: Scene, label: str | None) -> None:
    """Label the clicked image; "" takes its label away, None asks for a class."""
    row = gallery.picked(name)
    if row is None or not 0 <= row < len(one.collection):
        return
    if label is None:
        st.session_state["notice"] = "name a class first: write it beside Add; then click its examples."
        return
    try:
        tags_of(one.collection.source).move(label, [one.collection.ids[row]], one.classes)
    except InputError as error:
        st.session_state["notice"] = str(error)


def _give_offered(one: Scene) -> None:
    give("few_offered", one, one.giving)


def says(one: Scene, row: int) -> str:
    """What is predicted of an image, in a few words."""
    if one.found is None:
        return ""
    code = int(one.found.codes[row])
    return one.names[code] if code != core.NONE else "no label reaches it"


def _picture(one: Scene, row: int) -> gallery.Picture:
    id = one.collection.ids[row]
    told = one.labels.get(row) or (f"{says(one, row)}?" if one.found is not None else "")
    margin = "" if one.found is None else f"\nahead of the second class by {one.found.margin[row]:.2f} of 1"
    return gallery.Picture(row, id, gallery.thumbnail_url(one.key, row), (told or id,), f"{id}{margin}")


def _example(one: Scene, row: int) -> Item:
    return item(one.key, one.collection.ids, row)
