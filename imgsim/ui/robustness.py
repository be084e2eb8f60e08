"""The robustness view: a picture, a transformation and its strength; what each method still makes of it.

It runs as a fragment: moving the slider runs only this. A picture is embedded once a strength and method.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import streamlit as st

from imgsim.errors import ImgsimError
from imgsim.images.transformations import TRANSFORMATIONS, Transformation
from imgsim.pipeline import MapResult
from imgsim.projections.placement import place
from imgsim.robustness import MIN_SIDE, Look, family_field, look, shrunk
from imgsim.types import Collection, Float, Image
from imgsim.ui import compare_maps, explore, gallery, maps, robustness_state
from imgsim.ui.compare_maps import Shown
from imgsim.ui.held import Held
from imgsim.ui.picture_rows import Row, item, picture_rows
from imgsim.ui.pictures import webp
from imgsim.ui.progress import plain, sentence
from imgsim.ui.robustness_state import RobustView
from imgsim.ui.scatter import scatter

MAP, _ROWS = "robustness_maps", "robustness_rows"
SIDE = 320  # of the pictures on the page
K = 11  # nearest that place the guest; fewer are shown
SHOWN = 8
Again = Callable[[RobustView, list[Shown]], None]


@dataclass(frozen=True, eq=False)
class Scene:
    """The view, its maps, the row of the picture, and the field that tells families."""

    view: RobustView
    shown: list[Shown]
    row: int
    same: str

    @property
    def collection(self) -> Collection:
        """The collection."""
        return self.shown[0].result.collection

    @property
    def collection_key(self) -> str:
        """Key of its scan."""
        return self.shown[0].result.collection_key

    @property
    def one(self) -> Transformation:
        """The transformation."""
        return TRANSFORMATIONS[self.view.kind]


@st.fragment
def robustness(*below: Again) -> None:
    """The picture, the maps and what is found, of the view in the URL; `below` are its other sections."""
    view = robustness_state.ADDRESS.read()[0]
    shown = compare_maps.shown(view.maps())
    if not shown:
        st.rerun()
    collection = shown[0].result.collection
    scene = Scene(view, shown, collection.rows.get(view.image, 0), family_field(collection))
    if view.image and view.image not in collection.rows:
        st.info(f"No image of this collection has the id {plain(view.image)}; here is the first one.")
    try:
        _scene(scene)
    except ImgsimError as error:
        st.error(plain(sentence(str(error))))
    for section in below:
        section(view, shown)


def _scene(scene: Scene) -> None:
    strength = scene.view.at()
    before, after, right = st.columns([1, 1, 4], gap="medium")
    original = _original(scene.collection_key, scene.row)
    before.html(_figure(original, "The picture"))
    after.html(_figure(scene.one.apply(original, strength), f"{scene.one.title} {strength:g}"))
    with right:
        _sliders(scene)
    looks = [_looked(scene, one, strength) for one in scene.shown]
    with st.container(key="compare_maps_side_by_side"):  # the name under which style.css lets panels be narrow
        _maps(scene, strength)
    _found(scene, looks)


def _figure(image: Image, caption: str) -> str:
    """A picture inside the page itself: served as a file it would be gone when the slider has moved on."""
    source = "data:image/webp;base64," + base64.b64encode(webp(image, SIDE)).decode()
    return (
        f'<figure class="imgsim-focus"><img src="{source}" alt="{caption}"><figcaption>{caption}</figcaption></figure>'
    )


def _sliders(scene: Scene) -> None:
    one, view = scene.one, scene.view
    st.session_state["robustness_kind"] = view.kind
    key = f"robustness_strength_{one.id}"
    if st.session_state.get(key) != view.at():  # what is set here would pull back a slider that is being moved
        st.session_state[key] = view.at()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Transformation",
            list(TRANSFORMATIONS),
            key="robustness_kind",
            width=200,
            format_func=lambda id: TRANSFORMATIONS[id].title,
            on_change=lambda: robustness_state.update(kind=st.session_state["robustness_kind"]),
        )
        _another(scene)
    st.slider(
        f"Strength: {one.unit}",
        float(one.low),
        float(one.high),
        step=0.25 if 1 < one.high < 20 else 1.0,
        format="%g",
        key=key,
        on_change=lambda: robustness_state.update(strength=f"{st.session_state[key]:g}"),
    )
    st.caption(plain(scene.collection.ids[scene.row]))


def _another(scene: Scene) -> None:
    step = max(1, len(scene.collection) // 22)  # of the packaged photos each time another photo
    st.button(
        "Another picture",
        key="robustness_another",
        disabled=len(scene.collection) < 2,
        on_click=lambda: _pick(scene, (scene.row + step) % len(scene.collection)),
    )


def _maps(scene: Scene, strength: float) -> None:
    collection = scene.collection
    field = explore.default_field(collection)
    scatter(
        [one.panel() for one in scene.shown],
        collection_key=scene.collection_key,
        key=MAP,
        height=360 if len(scene.shown) <= 3 else 300,
        color=explore.color_spec(collection, f"field:{field}" if field else "plain"),
        focus=scene.row,
        guests=[path(scene, one, strength) for one in scene.shown],
        on_click=lambda: _clicked(scene),
    )
    st.caption(
        f"Ring: the picture. Diamond: the transformed one, with its way from strength 0. It is placed among its "
        f"{K - 1} nearest in the space, the nearest weighing most, so between islands means: near to nothing in "
        "particular. Click another image to transform it."
    )


def path(scene: Scene, one: Shown, strength: float) -> list[tuple[float, float]]:
    """Where the picture lies on a map, from strength 0 over the levels between to `strength`."""
    levels = [level for level in scene.one.levels if 0 < level / strength < 1] if strength else []
    ordered = [0.0, *sorted(levels, key=abs), *([strength] if strength else [])]
    places = [_placed(_looked(scene, one, level), one.projection.xy) for level in ordered]
    return [(float(x), float(y)) for x, y in places]


def _placed(found: Look, xy: Float) -> Float:
    return place(np.asarray(xy), found.indices, found.distances)


def _looked(scene: Scene, one: Shown, strength: float) -> Look:
    return _look(
        scene.collection_key,
        one.result.embeddings.key,
        scene.row,
        scene.view.kind,
        strength,
        scene.same,
        Held(one.result),
    )


@lru_cache(maxsize=512)
def _look(key: str, _space: str, row: int, kind: str, strength: float, same: str, held: Held[MapResult]) -> Look:
    edited = TRANSFORMATIONS[kind].apply(_original(key, row), strength)
    result = held.value
    return look(maps.pipeline(), result.collection, result.embeddings, row, edited, k=K, same=same)


@lru_cache(maxsize=8)
def _original(key: str, row: int) -> Image:
    pipeline = maps.pipeline()
    return shrunk(pipeline.read_image(pipeline.load_collection(key), row, MIN_SIDE))


def _found(scene: Scene, looks: list[Look]) -> None:
    """A row of nearest images a method, the original marked, with its rank and similarity."""
    rows = [_row(scene, one, found) for one, found in zip(scene.shown, looks, strict=True)]
    st.markdown("**What does each method find for the transformed picture?**")
    picture_rows(rows, key=_ROWS, size=72, on_pick=lambda: _picked(scene))
    others = looks[0].n_rivals
    family = f" Other edits of the same {scene.same} do not count in the rank." if scene.same else ""
    st.caption(
        f"✓ the picture itself, untransformed. Guessing would put it at rank {others // 2 + 1:,} of "
        f"{others + 1:,}.{family} Similarities of different methods cannot be compared; the "
        "percentages can."
    )


def _row(scene: Scene, one: Shown, found: Look) -> Row:
    items = (
        item(
            scene.collection_key,
            scene.collection.ids,
            int(row),
            mark="hit" if row == scene.row else "",
            tag=str(rank),
            said=f"rank {rank}",
        )
        for rank, row in enumerate(found.indices[:SHOWN], start=1)
    )
    note = (
        f"its own original is at rank {found.rank:,}, similarity {found.similarity:.3f}, closer than "
        f"{found.percentile:.1f} % of random pairs"
    )
    return Row(one.method, note, tuple(items))


def _clicked(scene: Scene) -> None:
    click = st.session_state[MAP].get("click")
    if click is not None and click["row"] is not None and 0 <= click["row"] < len(scene.collection):
        _pick(scene, click["row"])


def _picked(scene: Scene) -> None:
    row = gallery.picked(_ROWS)
    if row is not None:
        _pick(scene, row)


def _pick(scene: Scene, row: int) -> None:
    robustness_state.update(image=scene.collection.ids[row])
