"""The anomalies page: the strangest pictures first, where in them it is, and how far the scores can be trusted."""

from __future__ import annotations

import base64
from dataclasses import asdict, dataclass
from functools import lru_cache

import numpy as np
import streamlit as st

from imgsim import anomalies as core
from imgsim.anomalies import heat
from imgsim.errors import ImgsimError
from imgsim.methods import METHODS
from imgsim.raster import scale_to
from imgsim.types import Collection, Image
from imgsim.ui import gallery, maps, progress
from imgsim.ui.anomalies_state import AnomaliesView, update
from imgsim.ui.left_out import none_readable
from imgsim.ui.pictures import webp
from imgsim.ui.progress import plain

SHOWN = 60  # pictures above and below the threshold
SIDE = 420  # pixels of the long side of the picture in focus
NO_PLACE = "This detector judges the picture as a whole and shows no place. PaDiM and PatchCore do."
ABOVE, BELOW, SOON = "anomalies_above", "anomalies_below", "anomalies_soon"
PREVIEWED = 30  # pictures that are shown while a study runs
MEANWHILE = (
    "The normal pictures teach a detector. Then every picture gets a score, judged by what the others have taught, and "
    "the strangest come first; detectors of parts also show where."
)


@dataclass(frozen=True, eq=False)
class Scene:
    """What all parts of the page speak of; `order` are the judged pictures, the strangest first."""

    view: AnomaliesView
    request: core.StudyRequest
    found: core.Findings
    verdict: core.Verdict
    order: list[int]

    @property
    def detector(self) -> str:
        """Its id."""
        return core.DETECTORS.parse(self.view.detector).id


def opened(source: str) -> Collection | None:
    """The collection if it was scanned; else the job that does so, or what stands in the way, is on the page."""
    try:
        key = maps.pipeline().collection_key(source)
    except ImgsimError as error:
        st.error(plain(progress.sentence(str(error))))
        return None
    if key is not None:
        return maps.pipeline().load_collection(key)
    st.caption(MEANWHILE)
    progress.have_done("open", {"source": source}, "Looking at the pictures")
    return None


def scene(view: AnomaliesView, collection: Collection, test: Collection | None) -> Scene | None:
    """What the study has found; until it is done, the job is on the page."""
    judged = test if test is not None else collection
    if not len(judged) or not len(collection):
        none_readable(judged if not len(judged) else collection)
        return None
    request = view.request(collection, test)
    try:
        reason = METHODS.parse(view.method).unavailable()
        if reason:
            st.warning(plain(progress.sentence(reason)))
            st.caption("Choose another method on the left.")
            return None
        found = core.found(maps.pipeline(), request)
    except ImgsimError as error:
        st.error(plain(progress.sentence(str(error))))
        return None
    if found is None:
        st.caption(MEANWHILE)
        job = st.container()
        _preview(judged)
        with job:
            progress.have_done("anomalies", asdict(request), "Looking for what is not normal")
        return None
    order = np.argsort(-found.scores, kind="stable").tolist()
    return Scene(view, request, found, core.verdict(found, view.alarms / 100), order)


def _preview(judged: Collection) -> None:
    """Some of the pictures that will be judged, from the whole of the collection; a click takes one into focus."""
    key = maps.pipeline().collection_key(judged.source)
    if key is None:
        return
    st.markdown("**Some of the pictures**")
    rows = np.unique(np.linspace(0, len(judged) - 1, PREVIEWED).astype(int)).tolist()
    shown = [gallery.Picture(row, judged.ids[row], gallery.thumbnail_url(key, row)) for row in rows]

    def pick() -> None:
        row = gallery.picked(SOON)
        if row is not None:
            update(image=judged.ids[row])

    gallery.gallery(shown, key=SOON, size=92, verb="Look at it first", on_pick=pick)


def summary(scene: Scene) -> None:
    """The threshold, its false alarms expected and observed, what is found, and what to know."""
    judged, found = scene.verdict, scene.found
    if judged.threshold is None:
        st.info(judged.why_none)
    else:
        above = int((found.scores > judged.threshold.value).sum())
        parts = [f"**{above:,} of {len(found.rows):,} pictures lie above the threshold.**"]
        if judged.found:
            low, high = judged.found.interval
            parts.append(
                f"Of {judged.found.n:,} anomalous ones {100 * judged.found.value:.0f} % do "
                f"(95 %: {100 * low:.0f} to {100 * high:.0f})."
            )
        parts.append(f"False alarms expected: at most {100 * judged.threshold.expected:.1f} % of normal pictures")
        parts[-1] += (
            f"; observed on held-out ones: {100 * judged.observed.value:.1f} % "
            f"({judged.observed.hits:,} of {judged.observed.n:,})."
            if judged.observed
            else "; not observed, as no normal picture is left for that."
        )
        st.markdown(" ".join(parts))
    told = " ".join([core.NOT_MEDICAL, *found.notes])
    st.caption(told)


def pictures(scene: Scene) -> None:
    """The picture in focus, then all in the order of their scores, with the threshold between."""
    focus(scene)
    limit = scene.verdict.threshold
    above = [at for at in scene.order if limit and scene.found.scores[at] > limit.value]
    below = scene.order[len(above) :]
    if limit:
        st.markdown(f"**Above the threshold: {len(above):,}**")
        _gallery(scene, above[:SHOWN], ABOVE)
        st.markdown(f"**Threshold {limit.value:.3g}.** Below it: {len(below):,}, the strangest first.")
    else:
        st.markdown("**The strangest first**")
    _gallery(scene, below[:SHOWN], BELOW)
    if len(above) > SHOWN or len(below) > SHOWN:
        st.caption(f"At most {SHOWN} pictures of a kind are shown here; the table holds all.")


def _gallery(scene: Scene, places: list[int], key: str) -> None:
    if places:
        shown = [_picture(scene, at) for at in places]
        gallery.gallery(shown, key=key, size=92, verb="Look closer", on_pick=lambda: _pick(scene, key))


def _picture(scene: Scene, at: int) -> gallery.Picture:
    found = scene.found
    row, truth = int(found.rows[at]), {1: "anomalous", 0: "normal", -1: ""}[int(found.truth[at])]
    id, src = found.collection.ids[row], gallery.thumbnail_url(found.collection_key, row)
    return gallery.Picture(row, id, src, (f"{found.scores[at]:.3g}", truth) if truth else (f"{found.scores[at]:.3g}",))


def _pick(scene: Scene, key: str) -> None:
    row = gallery.picked(key)
    if row is not None:
        update(image=scene.found.collection.ids[row])


@st.fragment
def focus(scene: Scene) -> None:
    """One picture as it is and under its heat, with an opacity to set and the true mask where there is one."""
    found = scene.found
    at = _place(scene)
    row = int(found.rows[at])
    id, score = found.collection.ids[row], float(found.scores[at])
    try:
        picture, mask = _pixels(found.collection_key, row)
    except ImgsimError as error:
        st.error(plain(progress.sentence(str(error))))
        return
    left, middle, right = st.container(key="anomalies_focus").columns([3, 3, 2], gap="medium")
    left.html(figure(picture, "The picture"))
    rank = scene.order.index(at) + 1
    with right:
        st.markdown(f"**{plain(id)}**")
        st.markdown(f"Score {score:.3g}, rank {rank:,} of {len(scene.order):,}.")
        st.caption(f"Unit: {core.DETECTORS[scene.detector].unit}.")
        opacity = st.slider("Opacity of the heat", 0, 100, 70, format="%d %%", key="anomalies_opacity")
        outline = mask is not None and mask.any() and st.toggle("Outline the true mask", True, key="anomalies_mask")
    if found.maps is None:
        middle.caption(NO_PLACE)
        return
    scale = heat.scale_of(found.maps, np.flatnonzero(found.truth == 0))
    drawn = heat.overlay(picture, heat.full(found.maps[at], *picture.shape[:2]), scale, opacity / 100)
    drawn = heat.outlined(drawn, mask) if outline and mask is not None else drawn
    middle.html(figure(drawn, "More orange is stranger; one scale for all pictures"))


def _place(scene: Scene) -> int:
    """The judged picture in focus: the one in the address, else the strangest."""
    rows = {int(row): at for at, row in enumerate(scene.found.rows.tolist())}
    return rows.get(scene.found.collection.rows.get(scene.view.image, -1), scene.order[0])


@lru_cache(maxsize=16)
def _pixels(key: str, row: int) -> tuple[Image, np.ndarray[tuple[int, int], np.dtype[np.bool_]] | None]:
    pipeline = maps.pipeline()
    collection = pipeline.load_collection(key)
    picture = np.ascontiguousarray(scale_to(pipeline.read_image(collection, row, SIDE), SIDE))
    return picture, pipeline.true_mask(collection, row)


def figure(image: Image, caption: str) -> str:
    """A picture inside the page itself: served as a file it would be gone when the slider has moved on."""
    source = "data:image/webp;base64," + base64.b64encode(webp(image, SIDE)).decode()
    return (
        f'<figure class="imgsim-focus"><img src="{source}" alt="{caption}"><figcaption>{caption}</figcaption></figure>'
    )


def take_home(scene: Scene) -> None:
    """All scores as a table and as CSV."""
    table = core.as_csv(scene.found, scene.verdict)
    st.download_button("Scores as CSV", table, "anomalies.csv", "text/csv", on_click="ignore", key="anomalies_csv")
    st.dataframe(core.rows_of(scene.found, scene.verdict), hide_index=True, height=420)
