"""What a session says about a collection's pictures, and how they differ from those here.

Up to `MOST_PICTURES` each picture is noted with the beginning of its hash, so that what is missing can be named;
of a larger collection only those that a view or a tag names. `contents` is over the contents alone: the same pictures
under other names have another fingerprint and the same contents.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection as Group
from collections.abc import Mapping
from typing import Any

from imgsim.types import Collection, key_of

MOST_PICTURES = 2000
DIGITS = 16  # hexadecimal, of each picture's hash
NOWHERE: dict[str, Any] = {"fingerprint": "", "contents": "", "n_images": 0, "pictures": {}}


def facts(collection: Collection, named: Group[str] = ()) -> dict[str, Any]:
    """What is noted of a collection; `named` are ids that views and tags name."""
    kept = zip(collection.ids, collection.hashes, strict=True)
    few = len(collection) <= MOST_PICTURES
    wanted = frozenset(named)
    return {
        "name": collection.name,
        "fingerprint": collection.fingerprint,
        "contents": contents(collection),
        "n_images": len(collection),
        "pictures": {id: sha256[:DIGITS] for id, sha256 in kept if few or id in wanted},
    }


def contents(collection: Collection) -> str:
    """sha256 over the contents in any order; ids do not count."""
    return key_of("contents", hashes=sorted(collection.hashes))


def listed(value: str) -> list[str]:
    """The texts of a JSON list; nothing of anything else."""
    try:
        found = json.loads(value) if value.startswith("[") else []
    except (ValueError, RecursionError):
        return []
    return found if all(isinstance(one, str) for one in found) else []


def new_names(there: Mapping[str, Any], here: Collection) -> dict[str, str]:
    """The id here of each noted picture, by its id there, where they differ; equal pictures are dealt out in order."""
    free: dict[str, list[str]] = {}
    for id, sha256 in zip(here.ids, here.hashes, strict=True):
        free.setdefault(sha256[:DIGITS], []).append(id)
    for ids in free.values():
        ids.reverse()
    found = {id: free[digits].pop() for id, digits in there["pictures"].items() if free.get(digits)}
    return {old: new for old, new in found.items() if old != new}


def unlike(source: str, there: Mapping[str, Any], here: Collection) -> str:
    """How the pictures of a source differ from those noted, in one sentence."""
    counts = f"{len(here):,} pictures here, {there['n_images']:,} there"
    told = [f"The pictures of {source} are not the same: {counts}"]
    noted = there["pictures"]
    lying = dict(zip(here.ids, (sha256[:DIGITS] for sha256 in here.hashes), strict=True))
    missing, new = _beyond(noted, lying), _beyond(lying, noted)
    if missing:
        told.append(f"{len(missing):,} of those there are missing here, such as {missing[0]}")
    if len(noted) == there["n_images"]:
        if new:
            told.append(f"{len(new):,} here are new, such as {new[0]}")
        if not missing and not new:
            told.append("the same pictures bear other names")
    return "; ".join([*told, "what is shown will differ."])


def _beyond(these: Mapping[str, str], those: Mapping[str, str]) -> list[str]:
    """The ids whose contents the others do not have, or not as often."""
    left = Counter(those.values())
    found = []
    for id, digits in these.items():
        if left[digits]:
            left[digits] -= 1
        else:
            found.append(id)
    return found
