"""The pair page: two pictures, how alike they are by each method, and why."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from imgsim import pairs
from imgsim.errors import ImgsimError
from imgsim.explanations import Evidence, explanation_of
from imgsim.methods import Method
from imgsim.pair_scores import PAIR_SCORES
from imgsim.plots.evidence import pair_bars_figure
from imgsim.types import Collection
from imgsim.ui import maps, pair_state, progress
from imgsim.ui.charts import chart
from imgsim.ui.jobs import manager
from imgsim.ui.neighbours import percent
from imgsim.ui.pair_state import PairView, title_of
from imgsim.ui.progress import plain, sentence

SLOW = ("networks", "text and image")  # families that come after the others, which need not wait for them


@dataclass(frozen=True, eq=False)
class Scene:
    """The view, the collection with the key of its scan, and the references of both images."""

    view: PairView
    key: str
    collection: Collection
    a: str
    b: str

    @property
    def arguments(self) -> dict[str, Any]:
        """What every job about the pair is told; the key makes it another job when the collection has changed."""
        return {"source": self.view.collection, "scan": self.key, "a": self.a, "b": self.b}


def opened(view: PairView) -> str | None:
    """The key of the collection's scan; until there is one, what stands in the way is on the page."""
    try:
        key = maps.pipeline().collection_key(view.collection)
    except ImgsimError as error:
        st.error(plain(sentence(str(error))))
        return None
    if key is not None:
        return key
    progress.result_of("open", {"source": view.collection}, "Pictures of the collection")
    return None


def scene(view: PairView, key: str) -> Scene | None:
    """What the page speaks of; None where the collection has no picture."""
    collection = maps.pipeline().load_collection(key)
    if not len(collection):
        st.info("This collection has no picture that can be read. Choose another one on the left.")
        return None
    for reference in (view.a, view.b):
        if reference and reference not in pair_state.images_of(view, collection):
            st.info(f"There is no picture {plain(reference[:60])} here any more; another one takes its place.")
    return Scene(view, key, collection, *pair_state.images_of(view, collection))


def likeness(scene: Scene) -> None:
    """A line a method, group after group as they are ready."""
    st.subheader("How alike are they?", anchor=False)
    if scene.a == scene.b:
        st.info("Both are the same picture. Choose or upload another one to compare with.")
    label = pair_state.label_of(scene.view, scene.collection)
    rows: list[Mapping[str, Any]] = []
    failed: dict[str, str] = {}
    waiting = [group for group in groups(scene.view.specs()) if not _measured(scene, group, label, rows, failed)]
    order = {spec: place for place, spec in enumerate(scene.view.specs())}
    if rows:
        st.html(table(sorted(rows, key=lambda row: order[row["method"]])))
        st.caption(_legend(scene, label))
    for spec, reason in failed.items():
        st.caption(f"{plain(title_of(spec))}: {plain(sentence(reason))}")
    if waiting:
        progress.result_of("pair", _arguments(scene, waiting[0], label), _title(waiting[0]))


def groups(specs: Sequence[str]) -> list[list[str]]:
    """The methods in the order of what they cost: formulas, networks, and scores that look at pairs of pictures."""
    found: list[list[str]] = [[], [], []]
    for spec in specs:
        subject = pairs.subject_of(spec)
        found[2 if not isinstance(subject, Method) else 1 if subject.family in SLOW else 0].append(spec)
    return [group for group in found if group]


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """The lines as HTML; every text escaped."""
    head = "<tr><th>Method</th><th>Similarity</th><th>Closer than … of random pairs</th><th>In words</th></tr>"
    return f'<table class="imgsim-pair">{head}{"".join(map(_line, rows))}</table>'


def evidence(scene: Scene) -> None:
    """The evidence of the chosen method."""
    st.subheader("Why?", anchor=False)
    st.session_state["pair_why"] = scene.view.why
    st.pills(
        "Evidence by",
        scene.view.specs(),
        key="pair_why",
        format_func=title_of,
        on_change=lambda: pair_state.update(why=st.session_state["pair_why"] or scene.view.why),
    )
    found = _found(scene)
    if found is not None:
        show(scene.view.why, found)


def show(spec: str, found: Evidence) -> None:
    """The words, the drawings, the bars and the numbers of evidence."""
    kind = explanation_of(pairs.subject_of(spec))
    st.markdown(f"**{kind.title}** {plain(found.says)}")
    if found.pictures:
        wide = found.pictures[0].pixels.shape[1] > 1.8 * found.pictures[0].pixels.shape[0]
        columns = st.columns(1 if wide else max(2, len(found.pictures)), gap="medium")
        for column, picture in zip(columns, found.pictures, strict=False):
            with column:
                alt = picture.title or f"{title_of(spec)}: {found.says}"
                st.image(picture.pixels, caption=picture.title, alt=alt, width="content" if wide else "stretch")
        for caption in dict.fromkeys(picture.caption for picture in found.pictures):
            st.caption(caption)
    if found.bars is not None:
        bars = found.bars
        figure = pair_bars_figure(bars.labels, bars.a, bars.b, title=bars.title, unit=bars.unit, colors=bars.colors)
        chart(figure, key="pair_bars")
    numbers = " · ".join(f"{name}: {value:,.4g}" for name, value in found.numbers.items())
    exact = "The parts add up to the similarity of the method." if found.exact else ""
    st.caption(f"{plain(numbers)}. {exact} {plain(kind.reference)}".strip())


def _measured(
    scene: Scene, group: Sequence[str], label: str, rows: list[Mapping[str, Any]], failed: dict[str, str]
) -> bool:
    """Whether a group of methods is done; what it found is added."""
    job = manager().find("pair", _arguments(scene, group, label))
    if job is None or job.state != "done":
        return False
    rows.extend(job.result["rows"])
    failed.update(job.result["failed"])
    return True


def _arguments(scene: Scene, group: Sequence[str], label: str) -> dict[str, Any]:
    return {**scene.arguments, "methods": list(group), "label": label}


def _title(group: Sequence[str]) -> str:
    return f"Comparing by {', '.join(map(title_of, group))}"


def _found(scene: Scene) -> Evidence | None:
    arguments = {**scene.arguments, "method": scene.view.why}
    told = progress.result_of("evidence", arguments, f"Evidence by {title_of(scene.view.why)}")
    if told is None:
        return None
    kept = pairs.load_evidence(maps.pipeline(), told["key"])
    if kept is None:  # the store has dropped it
        progress.wait_for(manager().submit("evidence", arguments, "Evidence", progress.session()))
    return kept


def _line(row: Mapping[str, Any]) -> str:
    closer = row["percentile"]
    bar = "–" if closer is None else f'<i style="width:{closer:.1f}%"></i><b>{percent(closer)}</b>'
    cells = (html.escape(title_of(row["method"])), html.escape(_value(row)), bar, html.escape(row["verdict"]))
    names = ("method", "value", "share", "verdict")
    return "<tr>" + "".join(f'<td class="{n}">{cell}</td>' for n, cell in zip(names, cells, strict=True)) + "</tr>"


def _value(row: Mapping[str, Any]) -> str:
    if row["similarity"] is not None:
        return f"{row['similarity']:.3f}" if abs(row["similarity"]) < 10 else f"{row['similarity']:,.0f}"
    return f"{row['distance']:,.4g} apart"


def _legend(scene: Scene, label: str) -> str:
    same = f" Pairs of the same {label.replace('_', ' ')} are the harder test." if label else ""
    scores = any(spec.partition(":")[0] in PAIR_SCORES for spec in scene.view.specs())
    few = " Scores that look at both pictures at once are held against 100 pairs." if scores else ""
    return (
        f"The bar: how many of 100 random pairs of {plain(scene.collection.name)} are farther apart; two random "
        f"pictures are at 50 on average. Similarities of different methods cannot be compared, the percentages can."
        f"{same}{few}"
    )
