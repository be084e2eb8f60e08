"""`builtin:photos`: the real photographs inside installed packages, each with edits of known kind and strength."""

from __future__ import annotations

from functools import lru_cache
from typing import ClassVar

import numpy as np

from imgsim.images.decoding import decode
from imgsim.images.edits import EDITS
from imgsim.images.sources import SOURCES, Column, Contents, Listing
from imgsim.images.sources._drawn import Drawn, package_file
from imgsim.types import Image

LONG_SIDE = 384  # of the base photograph; smaller ones stay as they are

# fmt: off
_SKIMAGE = (
    "astronaut.png", "brick.png", "camera.png", "cell.png", "chelsea.png", "clock_motion.png", "coffee.png",
    "coins.png", "grass.png", "gravel.png", "hubble_deep_field.jpg", "ihc.png", "microaneurysms.png", "moon.png",
    "motorcycle_left.png", "page.png", "retina.jpg", "rocket.jpg", "text.png",
)
# fmt: on
_FILES = {
    **{name.partition(".")[0]: ("skimage", "data", name) for name in _SKIMAGE},
    "china": ("sklearn", "datasets", "images", "china.jpg"),
    "flower": ("sklearn", "datasets", "images", "flower.jpg"),
    "grace_hopper": ("matplotlib", "mpl-data", "sample_data", "grace_hopper.jpg"),
}
PHOTOS = tuple(sorted(_FILES))


@SOURCES.register
class Photos(Drawn):
    """Photographs and their edits; ids like `astronaut/rotate_15`."""

    id: ClassVar[str] = "builtin:photos"
    title: ClassVar[str] = "Photos and their edits"
    n_images: ClassVar[int] = len(PHOTOS) * len(EDITS)
    description: ClassVar[str] = (
        f"{len(PHOTOS)} real photographs, each with {len(EDITS) - 1} edits of known kind and strength: "
        "see which method still recognises a photo after it was cropped, rotated, blurred or recoloured."
    )

    def listing(self) -> Listing:
        """Every photo with every edit, the unedited one first."""
        pairs = [(photo, edit) for photo in PHOTOS for edit in EDITS]
        ids = [f"{photo}/{edit}" for photo, edit in pairs]
        fields: dict[str, Column] = {
            "photo": [photo for photo, _ in pairs],
            "edit": [EDITS[edit].kind for _, edit in pairs],
            "strength": [EDITS[edit].strength for _, edit in pairs],
        }
        return self.listed(ids, fields)

    def read(self, location: str) -> Contents:
        """The edited photograph, drawn now."""
        photo, _, edit = location.partition("/")
        return np.ascontiguousarray(EDITS[edit].apply(base_photo(photo)))


@lru_cache(maxsize=len(PHOTOS))
def base_photo(photo: str) -> Image:
    """The unedited photograph, long side at most 384 px."""
    from PIL import Image as Pil

    package, *parts = _FILES[photo]
    picture = Pil.fromarray(decode(package_file(package, *parts)))
    scale = min(1.0, LONG_SIDE / max(picture.size))
    size = (round(picture.width * scale), round(picture.height * scale))
    image = np.array(picture.resize(size, Pil.Resampling.LANCZOS))
    image.flags.writeable = False
    return image
