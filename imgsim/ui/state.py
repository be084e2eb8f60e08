"""What a page shows, as short strings in the URL; the session keeps a copy for the way back from another page.

The URL leads: widgets are set from it, their callbacks write to it. So a link, a reload and the browser's own back
button all show the same thing, and whatever in it is nonsense is answered with a sentence and a default.
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from imgsim.errors import InputError
from imgsim.methods import DEFAULT, METHODS
from imgsim.parameters import format_spec, parameters, parse_spec
from imgsim.projections import PROJECTORS
from imgsim.registry import Registry
from imgsim.ui.address import Address

MOST_CORNERS = 160  # of a lasso in the URL; what lies between is a straight line
_DIGITS = 4  # significant ones of a corner


@dataclass(frozen=True)
class View:
    """One view of one collection; the field names are the names in the URL.

    Attributes:
        collection: SOURCE.
        method, map: specs of the method and the projector.
        dims: 2 or 3.
        seed: of the projection, 0 or more.
        color: "" for one colour, `field:NAME`, or `distortion`.
        image: id in focus, "" for none.
        lasso: strokes of the selection as JSON, "" for none.
        find: text whose matches are the selection, "" for none.
        landmarks: "1" to show pictures on the map.
    """

    collection: str = "builtin:photos"
    method: str = DEFAULT
    map: str = "tsne"
    dims: int = 2
    seed: int = 0
    color: str = ""
    image: str = ""
    lasso: str = ""
    find: str = ""
    landmarks: str = ""

    lasting: ClassVar = ("method", "map", "dims", "seed", "landmarks")  # when the collection changes

    @classmethod
    def first(cls) -> View:
        """What is shown before anybody has chosen; `imgsim app SOURCE` chooses the collection."""
        return cls(collection=os.environ.get("IMGSIM_SOURCE") or cls.collection)

    def request(self) -> dict[str, Any]:
        """The arguments of the `MapRequest` behind the view."""
        return {
            "source": self.collection,
            "method": self.method,
            "projector": self.map,
            "n_components": self.dims,
            "seed": self.seed,
        }

    def strokes(self) -> list[dict[str, Any]]:
        """The lasso for `imgsim.ui.selection`."""
        return list(json.loads(self.lasso)) if self.lasso else []

    def params(self) -> dict[str, str]:
        """As URL parameters: the choices of the pipeline always, the rest where it is not the default."""
        return ADDRESS.params(self)


def parse(params: Mapping[str, str]) -> tuple[View, list[str]]:
    """The view of some URL parameters, and a sentence for each that made no sense."""
    return ADDRESS.parse(params)


def read() -> tuple[View, list[str]]:
    """The view of the URL, else the one that this session had last."""
    return ADDRESS.read()


def update(**changes: Any) -> None:
    """Change the view in the URL and in the session; an other collection drops what belonged to the last one."""
    view = read()[0]
    if changes.get("collection", view.collection) != view.collection:
        changes = {"color": "", "image": "", "lasso": "", "find": "", **changes}
    elif {"method", "map", "dims", "seed"} & changes.keys():
        changes = {"lasso": "", **changes}  # its corners belong to the last map
    write(dataclasses.replace(view, **changes))


def write(view: View) -> None:
    """Put a view into the URL and the session."""
    ADDRESS.write(view)


def pack_strokes(strokes: list[dict[str, Any]]) -> str:
    """Strokes as short JSON."""
    return json.dumps([_short(stroke) for stroke in strokes], separators=(",", ":")) if strokes else ""


def canonical(registry: Registry[Any], spec: str) -> str:
    """A spec without the parameters that have their default value.

    Raises:
        InputError: the id, a parameter or a value is not known.
    """
    id, given = parse_spec(spec)
    item = registry.create(id, **given)
    changed = {p.name: getattr(item, p.name) for p in parameters(type(item)) if getattr(item, p.name) != p.default}
    return format_spec(item.id, changed)


def _short(stroke: dict[str, Any]) -> dict[str, Any]:
    step = -(-len(stroke.get("x") or []) // MOST_CORNERS) or 1
    corners = {axis: [float(f"{v:.{_DIGITS}g}") for v in (stroke.get(axis) or [])[::step]] for axis in ("x", "y")}
    return {**{k: v for k, v in stroke.items() if v not in (None, [], "")}, **corners}


def _read_lasso(text: str) -> str:
    try:
        strokes = json.loads(text or "[]")
        sound = all(len(s["x"]) == len(s["y"]) and all(map(_is_number, s["x"] + s["y"])) for s in strokes)
    except (ValueError, TypeError, KeyError):
        sound = False
    if not sound:
        raise InputError(f"lasso must be a line drawn on the map, got {_cut(text)!r}; select again on the map.")
    return pack_strokes(strokes)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and abs(value) < 1e30


def _read_whole(name: str, low: int, high: int, text: str) -> int:
    if not (str(text).isdecimal() and low <= int(text) <= high):
        raise InputError(f"{name} must be a whole number from {low} to {high}, got {_cut(text)!r}; taking {low}.")
    return int(text)


def _cut(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"


_READERS: dict[str, Any] = {
    "method": lambda text: canonical(METHODS, text),
    "map": lambda text: canonical(PROJECTORS, text),
    "dims": lambda text: _read_whole("dims", 2, 3, text),
    "seed": lambda text: _read_whole("seed", 0, 2**31 - 1, text),
    "lasso": _read_lasso,
    "landmarks": lambda text: "1" if text == "1" else "",
}

ADDRESS = Address("explore", View, _READERS, always=("collection", "method", "map"), first=View.first)
