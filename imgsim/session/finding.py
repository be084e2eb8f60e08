"""A session on the machine where it is opened: its collections are known again by their contents, wherever they lie."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from imgsim.errors import ImgsimError
from imgsim.pipeline import Pipeline
from imgsim.session import ID_FIELDS, SOURCE_FIELDS, Session
from imgsim.session.pictures import contents, facts, listed, new_names
from imgsim.types import Collection


def here(pipeline: Pipeline, session: Session) -> tuple[Session, list[str]]:
    """The session with each collection under its SOURCE here, and a sentence for each that lies elsewhere.

    A collection stays where its own SOURCE holds the same pictures. Otherwise the collections known here are searched
    for the same fingerprint, then for the same contents under other names, whose ids are then translated.
    """
    told = []
    for source, there in session.collections.items():
        found = _found(pipeline, source, there)
        if found is None:
            continue
        names = {} if found.fingerprint == there["fingerprint"] else new_names(there, found)
        session = _moved(session, source, found, names)
        if found.source != source:
            title = next((c.title for c in pipeline.collections() if c.source == found.source), found.name)
            told.append(f"The pictures of {source} are here as {title} ({found.source}); that is opened.")
        else:
            told.append(f"The pictures of {source} bear other names here; what was picked is found by its contents.")
    return session, told


def _found(pipeline: Pipeline, source: str, there: Mapping[str, Any]) -> Collection | None:
    """The collection to take instead; None where the SOURCE itself is right or there is no other."""
    if not there["fingerprint"]:
        return None
    own = _now(pipeline, source)
    if own and own.fingerprint == there["fingerprint"]:
        return None
    known = [own] if own else []
    known += [other for other in pipeline.known_collections() if other.source != source]
    same = (c for c in known if c.fingerprint == there["fingerprint"])
    renamed = (c for c in known if len(c) == there["n_images"] and contents(c) == there["contents"])
    return next(same, None) or next(renamed, None)


def _now(pipeline: Pipeline, source: str) -> Collection | None:
    """What a SOURCE holds if that is known without reading it."""
    try:
        key = pipeline.collection_key(source)
    except ImgsimError:
        return None
    return pipeline.load_collection(key) if key else None


def _moved(session: Session, source: str, found: Collection, names: Mapping[str, str]) -> Session:
    views = {
        page: _translated(view, source, found.source, names) if _uses(view, source) else view
        for page, view in session.views.items()
    }
    tags = {tag: [names.get(id, id) for id in ids] for tag, ids in session.tags.get(source, {}).items()}
    named = [id for ids in tags.values() for id in ids]
    return dataclasses.replace(
        session,
        views=views,
        collections={
            **{s: f for s, f in session.collections.items() if s != source},
            found.source: facts(found, named),
        },
        tags={**{s: t for s, t in session.tags.items() if s != source}, **({found.source: tags} if tags else {})},
    )


def _uses(view: Mapping[str, str], source: str) -> bool:
    return any(view.get(field) == source for field in SOURCE_FIELDS)


def _translated(view: Mapping[str, str], old: str, new: str, names: Mapping[str, str]) -> dict[str, str]:
    """A view with the other SOURCE, and the ids it names under their names there."""
    sources = {field: new for field in SOURCE_FIELDS if view.get(field) == old}
    ids = {field: _renamed(view[field], names) for field in ID_FIELDS if view.get(field)}
    return {**view, **ids, **sources}


def _renamed(value: str, names: Mapping[str, str]) -> str:
    many = listed(value)
    if many:
        return json.dumps([names.get(one, one) for one in many], ensure_ascii=False)
    return names.get(value, value)
