"""The manipulation page: a suspect, perhaps its original, and what the pixels show; with an example to try it."""

from __future__ import annotations

import io
from dataclasses import asdict
from functools import lru_cache
from importlib import resources

import numpy as np
import streamlit as st
from PIL import Image as Pillow

from imgsim import images
from imgsim import manipulation as core
from imgsim.errors import ImgsimError
from imgsim.manipulation.regions import Mask
from imgsim.raster import shrink_to
from imgsim.types import Image
from imgsim.ui.progress import plain, sentence

SIDE = 1200  # pixels on screen and in the search
RED = (230, 30, 60)
KINDS = ("png", "jpg", "jpeg", "webp", "bmp", "tif", "tiff", "gif")
ALONE, BESIDE = "The example alone", "The example and its original"
EYE, THIRD = (slice(72, 158), slice(122, 222)), (slice(190, 276), slice(60, 160))  # rows and columns of the example


def page() -> None:
    """Two places for pictures, and the findings."""
    left, right = st.columns(2)
    suspect = left.file_uploader("Suspect", KINDS, key="man_suspect")
    original = right.file_uploader("Its original, if you have it", KINDS, key="man_original")
    if suspect is not None:
        _findings(suspect.getvalue(), original.getvalue() if original else None)
        return
    st.info("Choose a suspect. With its original the difference is shown; without, regions that occur twice.")
    tried = st.segmented_control("Or try it", [ALONE, BESIDE], key="man_example", help="A photo changed by imgsim.")
    if tried:
        changed, untouched = example()
        _findings(changed, untouched if tried == BESIDE else None)


def _findings(suspect: bytes, original: bytes | None) -> None:
    try:
        with st.spinner("Looking at the pixels"):
            picture, found = look(suspect, original)
    except ImgsimError as error:
        st.error(plain(sentence(str(error))))
        return
    show(picture, found, known=original is not None)


@lru_cache(maxsize=1)
def example() -> tuple[bytes, bytes]:
    """PNG files of scikit-image's photo of a cat: with an eye copied to the cheek, and as it was."""
    cat = images.decode((resources.files("skimage") / "data/chelsea.png").read_bytes())
    changed = cat.astype(np.float32)
    height, width = changed[EYE].shape[:2]
    away = np.hypot(np.linspace(-1, 1, height)[:, None], np.linspace(-1, 1, width))
    share = np.clip((1 - away) / 0.15, 0, 1)[..., None]  # an ellipse with a soft edge
    changed[THIRD] += share * (changed[EYE] - changed[THIRD])
    return _png(np.rint(changed).astype(np.uint8)), _png(cat)


def _png(picture: Image) -> bytes:
    buffer = io.BytesIO()
    Pillow.fromarray(picture).save(buffer, "PNG")
    return buffer.getvalue()


@lru_cache(maxsize=4)
def look(suspect: bytes, original: bytes | None) -> tuple[Image, core.Finding]:
    """The suspect at a long side of at most 1200 pixels, and the finding in it."""
    picture = np.ascontiguousarray(shrink_to(images.decode(suspect), SIDE))
    return picture, core.difference(picture, images.decode(original)) if original else core.copy_move(picture)


def show(picture: Image, found: core.Finding, known: bool) -> None:
    """The finding in words, as overlay and as regions; below it the error levels."""
    what = "differs from the original" if known else "occurs twice in the picture"
    n = len(found.regions)
    where = f", in {n} {'region' if n == 1 else 'regions'}" if n else ""
    st.markdown(f"**{100 * found.mask.mean():.1f} % of the picture {what}**{where}. {plain(found.note)}")
    opacity = st.slider("Opacity of the marks", 0, 100, 60, format="%d %%", key="man_opacity")
    left, right = st.columns(2)
    left.image(
        overlay(picture, found.mask, opacity / 100),
        caption="What was found, in red",
        alt="The suspect picture with what was found in red",
        width="stretch",
    )
    levels = np.minimum(core.error_levels(picture) * 12, 255).astype(np.uint8)
    right.image(
        levels, caption="Error levels, 12 times amplified", alt="Error levels of the suspect picture", width="stretch"
    )
    right.caption(core.ERROR_LEVELS_SAY)
    if found.regions:
        st.dataframe([asdict(region) for region in found.regions], hide_index=True)
    st.caption(
        "Numbers are pixels of the picture as shown. A finding is a hint for a person; it says nothing of intent."
    )


def overlay(picture: Image, mask: Mask, opacity: float) -> Image:
    """The picture with the mask over it in red; opacity 0 to 1."""
    mixed = picture.astype(np.float32)
    mixed[mask] = (1 - opacity) * mixed[mask] + opacity * np.array(RED, np.float32)
    return np.rint(mixed).astype(np.uint8)
