"""The walk from image to image: where one has been, back and forward, as plain lists in the session."""

from __future__ import annotations

from typing import Any

MOST_STEPS = 200

Walk = dict[str, Any]  # {"collection": str, "ids": list[str], "at": int}


def visit(walk: Walk | None, collection: str, id: str) -> Walk:
    """The walk after going to an image; what lay ahead is forgotten, an other collection starts anew."""
    if walk is None or walk["collection"] != collection:
        return {"collection": collection, "ids": [id], "at": 0}
    if walk["ids"][walk["at"]] == id:
        return walk
    ids = [*walk["ids"][: walk["at"] + 1], id][-MOST_STEPS:]
    return {"collection": collection, "ids": ids, "at": len(ids) - 1}


def step(walk: Walk, by: int) -> Walk:
    """The walk after going back (-1) or forward (1), held at its ends."""
    return {**walk, "at": min(max(walk["at"] + by, 0), len(walk["ids"]) - 1)}


def here(walk: Walk) -> str:
    """The id one is at."""
    return str(walk["ids"][walk["at"]])


def can_step(walk: Walk | None, by: int) -> bool:
    """Whether there is anything in that direction."""
    return walk is not None and 0 <= walk["at"] + by < len(walk["ids"])
