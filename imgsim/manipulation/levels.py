"""Error level analysis: how much each part of a picture changes when it is saved as JPEG once more."""

from __future__ import annotations

import numpy as np

from imgsim.errors import InputError
from imgsim.raster import opencv
from imgsim.types import Float, Image

ERROR_LEVELS_SAY = (
    "A pointer, not proof: parts that were pasted may stand out, but so do edges, text and strong colours in pictures "
    "that nobody touched, and a picture saved again shows nothing."
)


def error_levels(suspect: Image, quality: int = 90) -> Float:
    """(H, W) largest change of the channels, 0 to 255 grey levels, when saved at that JPEG quality and opened again.

    Reference: Krawetz: A picture's worth, Black Hat 2007.

    Raises:
        InputError: the quality is outside 1 to 100.
    """
    if not 1 <= quality <= 100:
        raise InputError(f"quality must be 1 to 100, got {quality}; 90 is usual.")
    cv2 = opencv()
    _, saved = cv2.imencode(".jpg", suspect[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    again = cv2.imdecode(saved, cv2.IMREAD_COLOR)[..., ::-1]
    return np.asarray(np.abs(again.astype(np.float32) - suspect).max(axis=2), np.float32)
