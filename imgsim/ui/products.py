"""The products page: an item, what is recommended beside it, likes and dislikes, and the catalogue to pick from."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from imgsim import recommendation as core
from imgsim.errors import ImgsimError
from imgsim.ui import gallery, maps, neighbours, pair_state, progress
from imgsim.ui.neighbours import number
from imgsim.ui.products_controls import title_of
from imgsim.ui.products_state import ADDRESS, ProductsView, category_of, update, with_id, without_id
from imgsim.ui.progress import plain
from imgsim.ui.spaces import Spaces

OFFERED = 24  # items of the catalogue to pick from at a time
SIZES = ("width", "height")  # facts of the file, not of the item
OPEN, LIKE, DISLIKE = "Open", "Like", "Dislike"


@dataclass(frozen=True, eq=False)
class Scene:
    """What all parts of the page speak of."""

    view: ProductsView
    spaces: Spaces
    wish: core.Wish
    found: core.Recommendation
    n_pairs: int  # random pairs that closeness is counted in


def scene(view: ProductsView, spaces: Spaces) -> Scene | None:
    """What is recommended; a sentence where nothing can be."""
    wish = view.wish(spaces.collection)
    grounds = [maps.pipeline().background(space) for space in spaces.embeddings]
    if view.item and view.item not in spaces.collection.rows:
        st.info(f"No item has the id {plain(view.item)}; this is the first one.")
    try:
        found = core.recommend(spaces.collection, spaces.embeddings, grounds, wish)
        return Scene(view, spaces, wish, found, min(map(len, grounds)))
    except ImgsimError as error:
        st.warning(plain(progress.sentence(str(error))))
        return None


def show(one: Scene) -> None:
    """The item on the left, what is recommended on the right, and below the catalogue."""
    with st.container(key="products"):
        left, right = st.columns([3, 8], gap="large")
    with left:
        item(one)
        for which, title in (("likes", "More like"), ("dislikes", "Less like")):
            _chosen(one, which, title)
    with right:
        recommended(one)


def item(one: Scene) -> None:
    """The item with its facts; every text escaped."""
    collection, row = one.spaces.collection, one.wish.row
    id = html.escape(collection.ids[row], quote=True)
    facts = "".join(
        f"<tr><th>{html.escape(name)}</th><td>{html.escape(number(value))}</td></tr>"
        for name, value in collection.record(row).items()
        if name not in SIZES
    )
    st.html(
        f'<figure class="imgsim-focus"><img src="{gallery.image_url(one.spaces.key, row)}" alt="{id}">'
        f"<figcaption>{id}</figcaption><table>{facts}</table></figure>"
    )
    copies = collection.hashes.count(collection.hashes[row]) - 1
    if copies:
        st.caption(f"Its very picture is in the collection {copies + 1} times; no copy of it is recommended.")


def recommended(one: Scene) -> None:
    """The list, with what a click does, and what was measured of it."""
    found = one.found
    st.markdown("**Recommended with it**", help=_HELP)
    if not len(found.rows):
        st.info(nothing(one))
        return
    verb = st.segmented_control(
        "A click on a picture", [OPEN, LIKE, DISLIKE], default=OPEN, required=True, key="products_click"
    )
    gallery.gallery(
        [_picture(one, place) for place in range(len(found.rows))],
        key="products_list",
        size=118,
        verb={OPEN: "Open", LIKE: "More like this", DISLIKE: "Less like this"}[verb or OPEN],
        on_pick=lambda: _clicked("products_list", st.session_state.get("products_click") or OPEN),
    )
    st.caption(" ".join(told(one)))


def nothing(one: Scene) -> str:
    """Why nothing is recommended, and what to do."""
    collection = one.spaces.collection
    if len(set(collection.hashes)) < 2:
        return "There is nothing to recommend: the collection has no other picture. Add some, or choose another one."
    if one.wish.scope != "any":
        field = plain(one.wish.category)
        return f"There is nothing to recommend: no other item fits that {field}. Choose Any on the left."
    return "There is nothing to recommend: all other items are liked or disliked. Take one back on the left."


def told(one: Scene) -> list[str]:
    """What was measured of the list, each number with its baseline."""
    found, collection = one.found, one.spaces.collection
    n_items = f"{found.n_candidates:,} {'item' if found.n_candidates == 1 else 'items'}"
    said = [f"Chosen from {n_items}.", scale(one.n_pairs)]
    field = category_of(one.view, collection)
    if field and one.wish.scope == "any":
        values = collection.field(field)
        same = values == values[one.wish.row]
        by_chance = (same.sum() - 1) / max(1, len(same) - 1)
        said.append(
            f"{int(same[found.rows].sum())} of {len(found.rows)} have the item's {plain(field)}; "
            f"by chance {by_chance * len(found.rows):.1f}."
        )
    if not np.isnan(found.variety):
        said.append(
            f"Variety {found.variety:.2f}: the mean unlikeness of two items of the list, from 0 for copies; "
            f"of two random items {found.variety_by_chance:.2f}."
        )
    return [*said, "It says how alike pictures look, not whether anybody would buy them."]


def scale(n_pairs: int) -> str:
    """What a closeness is, with what one random pair in ten would have, by how many pairs it is counted in."""
    tenth = core.closeness(np.array([0.1 * n_pairs]), np.arange(1, n_pairs + 1, dtype=np.float32))[0]
    baseline = f", {tenth:.2f} nearer than nine in ten random pairs" if n_pairs >= 10 else ""
    return f"Closeness: 1 the same vector{baseline}, 0 as far as any; the weighted mean over the methods."


def catalogue(one: Scene) -> None:
    """Items to pick from, all over the collection or those with some words; a single one needs no picking."""
    collection, key = one.spaces.collection, one.spaces.key
    if len(collection) < 2:
        return
    st.subheader("Pick another item", divider="gray", anchor=False)
    st.session_state["products_find"] = one.view.find
    st.text_input(
        "Find",
        key="products_find",
        placeholder="Words of the id or the facts, such as: mug red",
        label_visibility="collapsed",
        on_change=lambda: update(find=st.session_state["products_find"].strip()),
    )
    rows = maps.find_rows(key, collection, one.view.find)
    if not len(rows):
        st.info(f"No item has {plain(one.view.find)} in its id or facts.")
        return
    shown = rows[np.unique(np.linspace(0, len(rows) - 1, min(OFFERED, len(rows))).astype(int))]
    gallery.gallery(
        [_plain_picture(one, int(row)) for row in shown],
        key="products_offered",
        size=84,
        verb="Open",
        on_pick=lambda: _clicked("products_offered", OPEN),
    )
    if len(shown) < len(rows):
        st.caption(f"{len(shown)} of {len(rows):,}, evenly spread; type words to narrow them down.")


def _picture(one: Scene, place: int) -> gallery.Picture:
    """A recommended item with its facts, and how near it is by each method."""
    found, collection = one.found, one.spaces.collection
    row = int(found.rows[place])
    record = {name: value for name, value in collection.record(row).items() if name not in SIZES}
    by_method = [
        f"{title_of(spec)}: closeness {near:.2f}"
        for spec, near in zip(one.view.specs(), found.by_space[:, place], strict=True)
    ]
    return gallery.Picture(
        row,
        collection.ids[row],
        gallery.thumbnail_url(one.spaces.key, row),
        (_title(record, collection.ids[row]), *_facts(record), f"closeness {found.score[place]:.2f}"),
        "\n".join([neighbours.facts(record), *by_method]),
        pair_state.params(one.view.collection, collection.ids[one.wish.row], collection.ids[row]),
    )


def _title(record: dict[str, str | float], id: str) -> str:
    """`1. …`: the price where there is one, else the id."""
    price = record.get("price")
    return f"price {price:,.2f}" if isinstance(price, float) and price == price else id


def _facts(record: dict[str, str | float]) -> list[str]:
    """Up to four text facts, two a line."""
    texts = [value for value in record.values() if isinstance(value, str) and value][:4]
    return [" · ".join(texts[i : i + 2]) for i in range(0, len(texts), 2)]


def _plain_picture(one: Scene, row: int) -> gallery.Picture:
    collection = one.spaces.collection
    id = collection.ids[row]
    return gallery.Picture(
        row, id, gallery.thumbnail_url(one.spaces.key, row), (id,), neighbours.facts(collection.record(row))
    )


def _chosen(one: Scene, which: str, title: str) -> None:
    """The liked or disliked items; a click takes one back."""
    rows: Sequence[int] = getattr(one.wish, which)
    if not rows:
        return
    st.markdown(f"**{title}**")
    gallery.gallery(
        [_plain_picture(one, row) for row in rows],
        key=f"products_{which}",
        size=64,
        verb="Take back",
        on_pick=lambda: _take_back(which),
    )


def _clicked(name: str, does: str) -> None:
    view, id = ADDRESS.read()[0], _picked_id(name)
    if id is None:
        return
    if does == OPEN:
        update(item=id, likes="", dislikes="")
    else:
        update(**with_id(view, "likes" if does == LIKE else "dislikes", id))


def _take_back(which: str) -> None:
    view, id = ADDRESS.read()[0], _picked_id(f"products_{which}")
    if id is not None:
        update(**without_id(view, which, id))


def _picked_id(name: str) -> str | None:
    row = gallery.picked(name)
    key = maps.pipeline().collection_key(ADDRESS.read()[0].collection)
    if row is None or key is None:
        return None
    ids = maps.pipeline().load_collection(key).ids
    return ids[row] if 0 <= row < len(ids) else None


_HELP = (
    "Closeness says how rare it is that two items of this collection are so near: the logarithm of the share of random "
    "pairs that are at most as far apart, scaled from 0 to 1. It is no probability."
)
