"""A map as one HTML file that opens offline: points, labels, thumbnails and scripts are all inside."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from imgsim.errors import InputError
from imgsim.plots.columns import column, points
from imgsim.plots.offline import in_script, offline_page
from imgsim.plots.scripts import FOLDER, bundle
from imgsim.types import Field, Float

MOST_THUMBNAILS = 50_000
_SIDES = ((2_000, 128), (10_000, 64), (MOST_THUMBNAILS, 40))  # up to so many images: the side in pixels

_ALLOWED = "connect-src data: blob:; worker-src blob:; "
_STYLE = """\
:root { color-scheme: light dark; --st-text-color: #1d2126; --st-background-color: #fff; --st-border-color: #e2e5e9;
  --st-secondary-background-color: #f5f6f7; --st-primary-color: #2f63c9; }
@media (prefers-color-scheme: dark) { :root { --st-text-color: #e6e8eb; --st-background-color: #14171b;
  --st-border-color: #2e343c; --st-secondary-background-color: #1c2026; --st-primary-color: #8ab0ff; } }
body { margin: 16px 20px; background: var(--st-background-color); color: var(--st-text-color);
  font-family: system-ui, sans-serif; }
h1 { font-size: 1.125rem; margin: 0 0 10px; }
.imgsim-choice { font: inherit; margin-left: auto; max-width: 220px; padding: 4px 8px; color: inherit;
  background: var(--st-background-color); border: 1px solid var(--st-border-color); border-radius: 8px; }"""
_BODY = """\
<div class="imgsim-map" role="group" aria-label="Map of images"></div>
<script type="application/json" id="imgsim-data">{data}</script>"""
_START = (
    "imgsim.start(document.querySelector('.imgsim-map'), "
    "JSON.parse(document.getElementById('imgsim-data').textContent));"
)


@dataclass(frozen=True)
class Sheet:
    """One map of the file: xy (N, 2|3), a title and how far it can be trusted."""

    title: str
    xy: Float
    badge: str = ""


def map_page(
    title: str,
    sheets: Sequence[Sheet],
    ids: Sequence[str],
    *,
    fields: Mapping[str, Field] | None = None,
    color: str | None = None,
    thumbnail: Callable[[int], bytes] | None = None,
) -> str:
    """Linked maps of the same N images as one HTML text, about 1.5 MB (5 MB in 3D) and the thumbnails.

    Thumbnails shrink with their number, 128, 64, then 40 pixels, and beyond 50,000 images only every so many has one,
    so that the file stays below about 100 MB. Names are put in as text: nothing in them is read as HTML.

    Args:
        title: heading of the page.
        sheets: 1 to 6 maps.
        ids: (N,) image ids.
        fields: what the map may be coloured by, each (N,).
        color: the field it starts with; the first without it.
        thumbnail: an image file (any format Pillow reads) by row; without it the cards have no picture.

    Raises:
        InputError: there is no map, or the maps and the ids are of different length.
    """
    if not sheets or {len(sheet.xy) for sheet in sheets} != {len(ids)}:
        raise InputError(
            f"maps must have {len(ids)} rows, one an id, got {[len(s.xy) for s in sheets]}; draw them anew."
        )
    given = fields or {}
    data = {
        "panels": [{"title": s.title, "badge": s.badge, "points": _text(_points(s.xy))} for s in sheets],
        "ids": list(ids),
        "fields": {name: _text(column(values)) for name, values in given.items()},
        "color": color if color in given else next(iter(given), None),
        "thumbnails": _thumbnails(len(ids), thumbnail) if thumbnail else [],
    }
    return offline_page(
        title,
        style=f"{_STYLE}\n{(FOLDER / 'map.css').read_text(encoding='utf-8')}",
        body=_BODY.format(data=in_script(data)),
        script=f"{bundle('embedded.js')}\n{_START}",
        allowed=_ALLOWED,
        flat=all(sheet.xy.shape[1] == 2 for sheet in sheets),
    )


def _points(xy: Float) -> bytes:
    return points(xy, np.arange(len(xy)), len(xy))


def _thumbnails(n: int, thumbnail: Callable[[int], bytes]) -> list[str | None]:
    side = next((side for most, side in _SIDES if n <= most), _SIDES[-1][1])
    step = -(-n // MOST_THUMBNAILS)
    return [_text(_shrunk(thumbnail(row), side)) if row % step == 0 else None for row in range(n)]


def _shrunk(file: bytes, side: int) -> bytes:
    from PIL import Image

    with Image.open(io.BytesIO(file)) as picture:
        small = picture.convert("RGB")
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "WEBP", quality=75, method=2)
    return buffer.getvalue()


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
