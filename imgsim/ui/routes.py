"""What the browser fetches beside Streamlit, from the same server: points, fields, pictures and our own scripts.

Every address carries a content key, so an answer never changes and may be kept for ever. A key that is malformed or
unknown is answered with 404; nothing that arrives in an address becomes a path on disk.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from imgsim.errors import ImgsimError
from imgsim.plots.columns import MOST_CODES, categories, column, finite, points, value_range
from imgsim.plots.wire import pack
from imgsim.types import Collection, Field, Float, Image, Ints, Projection
from imgsim.ui import assets, sampling
from imgsim.ui.pictures import webp

IMMUTABLE = {
    "Cache-Control": "private, max-age=31536000, immutable",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}
PLAIN = {**IMMUTABLE, "Content-Encoding": "identity"}  # noise does not shrink: no middleware shall try
MOST_ROWS = 5_000  # that may be asked for by number
VIEW_SIDE = 768  # long side of the larger view in pixels

_KEY = re.compile(r"[0-9a-f]{64}")
_RANGES = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?")
_TOLD = re.compile(r"told:([0-9a-f]{64})")  # a column of the store instead of a field
_MISSING = (ImgsimError, KeyError, FileNotFoundError)


class Thumbnails(Protocol):
    """The small pictures of a collection."""

    def webp(self, row: int, /) -> bytes:
        """One thumbnail as a WebP file."""


class Results(Protocol):
    """Where results come from; `imgsim.pipeline.Pipeline` is one. Unknown keys raise ImgsimError or KeyError."""

    def load_projection(self, key: str, /) -> Projection:
        """A map."""

    def load_collection(self, key: str, /) -> Collection:
        """A collection."""

    def load_neighbor_rows(self, key: str, /) -> Ints:
        """(N, k) rows of a neighbour graph, nearest first."""

    def load_column(self, key: str, /) -> Field:
        """Texts that are no field of the collection, one an image."""

    def load_thumbnails(self, key: str, /) -> Thumbnails:
        """The thumbnails of a collection."""

    def load_distortion(self, key: str, /) -> Float:
        """(N,) how badly each point of a map lies, by the key of the map."""

    def read_image(self, collection: Collection, row: int, min_side: int, /) -> Image:
        """One image, decoded no smaller than `min_side` on its short side."""


def routes(results: Callable[[], Results]) -> Sequence[BaseRoute]:
    """The routes for `st.App`; `results` is called once, at the first request that needs it."""
    api = _Api(results)
    return [
        Route("/imgsim/plotly.js", _script(assets.plotly_gzip)),
        Route("/imgsim/plotly-2d.js", _script(assets.flat_plotly_gzip)),
        Route("/imgsim/ui/{version}/{name:path}", _asset),
        Route("/imgsim/points/{key}", _in_thread(api.points)),
        Route("/imgsim/density/{key}", _in_thread(api.density)),
        Route("/imgsim/values/{key}", _in_thread(api.values)),
        Route("/imgsim/field/{key}/{name:path}", _in_thread(api.field)),
        Route("/imgsim/near/{key}/{row:int}.json", _in_thread(api.near)),
        Route("/imgsim/record/{key}/{row:int}.json", _in_thread(api.record)),
        Route("/imgsim/thumb/{key}/{row:int}.webp", _in_thread(api.thumb)),
        Route("/imgsim/image/{key}/{row:int}.webp", _in_thread(api.image)),
    ]


class _Api:
    """The answers that come from results; what is asked for again and again is kept."""

    def __init__(self, results: Callable[[], Results]) -> None:
        self._results = lru_cache(maxsize=1)(results)
        self.collection = lru_cache(maxsize=8)(lambda key: self._results().load_collection(key))
        self.thumbnails = lru_cache(maxsize=8)(lambda key: self._results().load_thumbnails(key))
        self.xy = lru_cache(maxsize=12)(lambda key: self._results().load_projection(key).xy)
        self.graph = lru_cache(maxsize=4)(lambda key: self._results().load_neighbor_rows(key))
        self.order = lru_cache(maxsize=12)(lambda key: sampling.draw_order(self.xy(key)))
        self.column = lru_cache(maxsize=16)(self._column)
        self.codes = lru_cache(maxsize=4)(lambda key, name: categories(self._field(key, name))[1])

    def points(self, request: Request) -> Response:
        """All points of a map, or what `_asked` asks for; `cap` for a sample of it; or just the `rows` asked for."""
        key, query = _key(request), request.query_params
        xy = self.xy(key)
        if "rows" in query:
            return _binary(points(xy, _rows(query["rows"], len(xy)), len(xy)))
        rows = self._asked(xy, query)
        cap = max(1, int(_number(query.get("cap", "inf"), most=10**9)))
        drawn = rows if len(rows) <= cap else sampling.sample(self.order(key), rows, cap)
        return _binary(points(xy, drawn, len(rows)))

    def density(self, request: Request) -> Response:
        """How crowded the map is, or what `_asked` asks for of it: the layer below a sample."""
        xy, query = self.xy(_key(request)), request.query_params
        box = _box(query) or sampling.bounds(xy)
        grid = sampling.density(xy, self._asked(xy, query), box)
        return _binary(pack({"box": [box.x0, box.x1, box.y0, box.y1]}, {"density": grid}), gzip=True)

    def _asked(self, xy: Float, query: QueryParams) -> npt.NDArray[np.int64]:
        """The rows in the box `x0 x1 y0 y1`, without those whose code in `field` of `collection` is in `hide`."""
        box = _box(query)
        rows = np.arange(len(xy)) if box is None else sampling.rows_inside(xy, box)
        if not query.get("hide"):
            return rows
        codes = self.codes(_checked(query.get("collection", "")), query.get("field", ""))
        if len(codes) != len(xy):
            raise HTTPException(404)
        return rows[~_hidden(query["hide"])[codes[rows]]]

    def values(self, request: Request) -> Response:
        """The distortion of each point of a map."""
        values = np.asarray(self._results().load_distortion(_key(request)), dtype=np.float32)
        return _binary(pack(value_range(values), {"values": finite(values)}))

    def field(self, request: Request) -> Response:
        """A field of a collection: codes and labels, or numbers."""
        return _binary(self.column(_key(request), request.path_params["name"]), gzip=True)

    def record(self, request: Request) -> Response:
        """The id and the fields of one image."""
        collection = self.collection(_key(request))
        row = _row(request, len(collection))
        fields = {k: None if v != v else v for k, v in collection.record(row).items()}  # NaN is no JSON
        return JSONResponse({"id": collection.ids[row], "fields": fields}, headers=IMMUTABLE)

    def near(self, request: Request) -> Response:
        """The rows of the nearest of one image, nearest first."""
        graph = self.graph(_key(request))
        return JSONResponse(graph[_row(request, len(graph))].tolist(), headers=IMMUTABLE)

    def thumb(self, request: Request) -> Response:
        """A thumbnail."""
        key = _key(request)
        row = _row(request, len(self.collection(key)))
        return Response(self.thumbnails(key).webp(row), media_type="image/webp", headers=PLAIN)

    def image(self, request: Request) -> Response:
        """A larger view of one image."""
        collection = self.collection(_key(request))
        row = _row(request, len(collection))
        pixels = self._results().read_image(collection, row, VIEW_SIDE // 2)
        return Response(webp(pixels, VIEW_SIDE), media_type="image/webp", headers=PLAIN)

    def _column(self, key: str, name: str) -> bytes:
        return column(self._field(key, name))

    def _field(self, key: str, name: str) -> Field:
        """A field of the collection, else a saved column of as many images."""
        collection, told = self.collection(key), _TOLD.fullmatch(name)
        if told and name not in collection.fields:
            values = self._results().load_column(told[1])
            if len(values) == len(collection):
                return values
        return collection.field(name)


def _script(content: Callable[[], bytes]) -> Callable[[Request], Response]:
    return lambda _: Response(content(), media_type="text/javascript", headers=_GZIP)


def _asset(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in assets.FILES:
        raise HTTPException(404)
    return Response(assets.content_gzip(name), media_type=assets.media_type(name), headers=_GZIP)


def _in_thread(answer: Callable[[Request], Response]) -> Callable[[Request], Any]:
    return partial(_answer, answer)


async def _answer(answer: Callable[[Request], Response], request: Request) -> Response:
    try:
        return await run_in_threadpool(answer, request)
    except _MISSING as error:
        raise HTTPException(404) from error


def _key(request: Request) -> str:
    return _checked(str(request.path_params["key"]))


def _checked(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise HTTPException(404)
    return key


def _row(request: Request, n: int) -> int:
    row = int(request.path_params["row"])
    if not 0 <= row < n:
        raise HTTPException(404)
    return row


def _rows(text: str, n: int) -> npt.NDArray[np.int64]:
    parts = text.split(",")[:MOST_ROWS] if text else []
    if not all(part.isdecimal() and int(part) < n for part in parts):
        raise HTTPException(404)
    return np.array([int(part) for part in parts], dtype=np.int64)


def _box(query: QueryParams) -> sampling.Box | None:
    if "x0" not in query:
        return None
    return sampling.Box(*(_number(query.get(side)) for side in ("x0", "x1", "y0", "y1")))


def _hidden(text: str) -> npt.NDArray[np.bool_]:
    """`3,7,20-512` as a mask over all codes."""
    mask = np.zeros(MOST_CODES, dtype=bool)
    for first, last in _RANGES.findall(text):
        mask[int(first) : int(last or first) + 1] = True
    return mask


def _number(text: str | None, most: float = np.inf) -> float:
    try:
        number = float(text or "")
    except ValueError as error:
        raise HTTPException(400) from error
    if number != number:
        raise HTTPException(400)
    return min(number, most)


def _binary(body: bytes, gzip: bool = False) -> Response:
    if gzip:
        return Response(assets.gzipped(body), media_type="application/octet-stream", headers=_GZIP)
    return Response(body, media_type="application/octet-stream", headers=PLAIN)


_GZIP = {**IMMUTABLE, "Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
