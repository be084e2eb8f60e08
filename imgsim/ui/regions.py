"""The selection below the map: which images, what sets them apart, tags, and a table to take home."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, partial

import numpy as np
import numpy.typing as npt
import streamlit as st

from imgsim.errors import InputError
from imgsim.evaluation.contrast import Contrast, contrasts
from imgsim.pipeline import MapResult
from imgsim.tags import Tags
from imgsim.ui import exports, gallery, maps, neighbours, state
from imgsim.ui.progress import plain, sentence
from imgsim.ui.state import View

MOST_PICTURES = 60
SCROLL = 460  # height of the gallery in pixels
_KEY = "region"
Rows = npt.NDArray[np.int64]


def tags_of(result: MapResult) -> Tags:
    """The tags of the collection on show."""
    return Tags(maps.pipeline().workspace.root, result.collection.source)


def panel(result: MapResult, view: View, rows: Rows, label: str | None) -> None:
    """Everything about the selected rows; nothing where none are selected and nothing was searched for."""
    if not len(rows):
        if view.find or view.lasso:
            st.info("The selection holds no image. Select again on the map, or change the search.")
        return
    st.subheader(f"Selection: {len(rows):,} of {len(result.collection):,} images", divider="gray")
    pictures, apart = st.columns([5, 4], gap="large")
    with pictures:
        _pictures(result, rows, label)
    with apart:
        _apart(result, rows)
        _tags(result, rows)
        _take_home(result, rows)


def _pictures(result: MapResult, rows: Rows, label: str | None) -> None:
    values = result.collection.fields.get(label) if label else None
    shown = [
        gallery.Picture(
            row=int(row),
            id=result.collection.ids[row],
            src=gallery.thumbnail_url(result.collection_key, int(row)),
            lines=(neighbours.number(values[row].item()) if values is not None else result.collection.ids[row],),
            about=neighbours.facts(result.collection.record(int(row))),
        )
        for row in rows[:MOST_PICTURES]
    ]
    with st.container(height=SCROLL, border=False):
        gallery.gallery(shown, key=_KEY, size=84, verb="Neighbours", on_pick=lambda: _pick(result))
    if len(rows) > MOST_PICTURES:
        st.caption(f"The first {MOST_PICTURES} of {len(rows):,}; the table holds all.")


def _apart(result: MapResult, rows: Rows) -> None:
    st.markdown("**What sets this region apart**")
    found = _contrasts(result, rows.tobytes())
    if found:
        st.table([_line(contrast) for contrast in found], border="horizontal", hide_index=True)
    else:
        st.caption("Nothing to compare: the collection has no fields, or everything is selected.")


@lru_cache(maxsize=4)
def _contrasts(result: MapResult, rows: bytes) -> Sequence[Contrast]:
    selected = np.zeros(len(result.collection), dtype=bool)
    selected[np.frombuffer(rows, dtype=np.int64)] = True
    return contrasts(result.collection.fields, selected, most=8)


def _line(contrast: Contrast) -> dict[str, str]:
    if contrast.value == "median":
        inside, outside = f"{contrast.inside:.3g}", f"{contrast.outside:.3g}"
    else:
        inside, outside = f"{100 * contrast.inside:.0f} % ({contrast.n_inside:,})", f"{100 * contrast.outside:.0f} %"
    return {"Field": plain(contrast.field), "Value": plain(contrast.value), "Here": inside, "Elsewhere": outside}


def _tags(result: MapResult, rows: Rows) -> None:
    tags, ids = tags_of(result), [result.collection.ids[row] for row in rows]
    st.markdown("**Tags**", help="Kept in imgsim's workspace by image id; your own files stay as they are.")
    with st.form("tag", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        words = "A word for these images"
        st.text_input("Tag these images", key="tag_word", placeholder=words, label_visibility="collapsed")
        st.form_submit_button("Tag all", on_click=_tag, args=(tags, ids))
    if refused := st.session_state.pop("tag_refused", ""):
        st.error(plain(sentence(refused)))
    known = tags.all()
    with st.container(horizontal=True, gap="small"):
        for tag, tagged in known.items():
            here = len(set(ids) & set(tagged))
            st.button(
                f"{plain(tag)} ({here} of {len(tagged)})",
                key=f"tag_{tag}",
                help="Select all images of this tag",
                on_click=_find_tag,
                args=(tag,),
            )
            if here:
                remove = f"Take the tag {plain(tag)} from the selected images"
                st.button("×", key=f"untag_{tag}", help=remove, type="tertiary", on_click=tags.remove, args=(tag, ids))


def _tag(tags: Tags, ids: list[str]) -> None:
    """Tag them and empty the field; were it the browser that does, two clicks that come as one would bring no word."""
    if not st.session_state["tag_word"].strip():
        return
    try:
        tags.add(st.session_state["tag_word"], ids)
    except InputError as error:
        st.session_state["tag_refused"] = str(error)
    else:
        st.session_state["tag_word"] = ""


def _find_tag(tag: str) -> None:
    state.update(find=f"tag:{tag}", lasso="")


def _take_home(result: MapResult, rows: Rows) -> None:
    known = tags_of(result).all()
    with st.container(horizontal=True, gap="small"):
        for title, make, ending, mime in (
            ("CSV", exports.csv, ".csv", "text/csv"),
            ("Parquet", exports.parquet, ".parquet", "application/vnd.apache.parquet"),
        ):
            st.download_button(
                f"Selection as {title}",
                data=partial(make, result, rows, known),
                file_name=exports.file_name(result, ending),
                mime=mime,
                on_click="ignore",
                key=f"export_{title}",
            )
        st.button("Clear selection", type="tertiary", on_click=lambda: state.update(lasso="", find=""))


def _pick(result: MapResult) -> None:
    row = gallery.picked(_KEY)
    if row is not None:
        neighbours.focus_on(result, row)
