"""A session as one file: which views of which collections, tags and versions, to open elsewhere to the same picture.

The file is JSON and holds no picture and no result: those are computed anew from the same collection, or found in the
store. Opening says what differs, one sentence each; it never fails because something does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import imgsim
from imgsim.errors import ImgsimError, InputError
from imgsim.pipeline import Pipeline
from imgsim.session import pictures
from imgsim.tags import MOST_LETTERS, Tags

FORMAT = 1
LARGEST = 8 * 1024 * 1024  # bytes of a file that is opened
MOST = 200  # pages, collections or tags of one kind
MOST_IDS = 200_000
LONGEST = 20_000  # characters of a value in a view
SOURCE_FIELDS = ("collection", "test", "on")  # of views, that hold a SOURCE
ID_FIELDS = ("image", "a", "b", "item", "copy", "other", "likes", "dislikes")  # that hold an id or a JSON list of them
PACKAGES = (
    "numpy",
    "scikit-learn",
    "opencv-python-headless",
    "umap-learn",
    "openTSNE",
    "torch",
    "torchvision",
    "openvino",
)
_NAME = re.compile(r"[a-z_]{1,40}")


@dataclass(frozen=True)
class Session:
    """What was on the pages.

    Attributes:
        page: the page that was open.
        views: by page its view as URL parameters.
        collections: by SOURCE `name`, `fingerprint`, `contents`, `n_images` and `pictures`, see `pictures.facts`.
        tags: by SOURCE the ids of each tag.
        packages: versions of what results depend on, imgsim among them.
    """

    page: str
    views: dict[str, dict[str, str]] = field(default_factory=dict)
    collections: dict[str, dict[str, Any]] = field(default_factory=dict)
    tags: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    packages: dict[str, str] = field(default_factory=dict)


def save(pipeline: Pipeline, page: str, views: Mapping[str, Mapping[str, str]]) -> bytes:
    """The session as a file; a collection that cannot be opened now is noted without a fingerprint."""
    sources = dict.fromkeys(view[name] for view in views.values() for name in SOURCE_FIELDS if view.get(name))
    tags = {source: found for source in sources if (found := Tags(pipeline.workspace.root, source).all())}
    named = _named(views)
    facts = {source: _facts(pipeline, source, named.union(*tags.get(source, {}).values())) for source in sources}
    session = Session(page, {p: dict(view) for p, view in views.items()}, facts, tags, packages())
    return json.dumps({"imgsim_session": FORMAT, **asdict(session)}, ensure_ascii=False, indent=1).encode()


def load(data: bytes) -> Session:
    """The session of a file.

    Raises:
        InputError: it is too large, or no session file.
    """
    if len(data) > LARGEST:
        raise InputError(
            f"a session must be at most {LARGEST // 2**20} MB, got {len(data) / 2**20:.1f}; was it saved by imgsim?"
        )
    try:
        told = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise _refused("JSON", "something else") from error
    if not isinstance(told, dict) or "imgsim_session" not in told:
        raise _refused("a session saved by imgsim", "other JSON")
    if told["imgsim_session"] != FORMAT:
        raise _refused(f"of format {FORMAT}", f"format {str(told['imgsim_session'])[:20]}")
    return _checked(told)


def differences(pipeline: Pipeline, session: Session) -> list[str]:
    """What is not here as it was there, one sentence each."""
    found = [_collection_differs(pipeline, source, facts) for source, facts in session.collections.items()]
    here = packages()
    for name, there in session.packages.items():
        if here.get(name) != there:
            found.append(f"{name} is {here.get(name) or 'missing'} here and was {there}; results may differ a little.")
    for source, tags in missing_tags(pipeline, session).items():
        found.append(f"{len(tags)} tags of {source} are not here: {', '.join(list(tags)[:5])}.")
    return [sentence for sentence in found if sentence]


def missing_tags(pipeline: Pipeline, session: Session) -> dict[str, dict[str, list[str]]]:
    """By SOURCE the tags, or the part of them, that this workspace does not have."""
    found: dict[str, dict[str, list[str]]] = {}
    for source, tags in session.tags.items():
        here = Tags(pipeline.workspace.root, source).all()
        lacking = {tag: [id for id in ids if id not in set(here.get(tag, ()))] for tag, ids in tags.items()}
        if lacking := {tag: ids for tag, ids in lacking.items() if ids}:
            found[source] = lacking
    return found


def add_tags(pipeline: Pipeline, session: Session) -> None:
    """Take over the tags that are not here."""
    for source, tags in missing_tags(pipeline, session).items():
        for tag, ids in tags.items():
            Tags(pipeline.workspace.root, source).add(tag, ids)


def packages() -> dict[str, str]:
    """Versions of what results depend on, as far as it is installed."""
    found = {"imgsim": imgsim.__version__}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _facts(pipeline: Pipeline, source: str, named: set[str]) -> dict[str, Any]:
    try:
        key = pipeline.collection_key(source)
    except ImgsimError:
        key = None
    if key is None:
        return {"name": source, **pictures.NOWHERE}
    return pictures.facts(pipeline.load_collection(key), named)


def _named(views: Mapping[str, Mapping[str, str]]) -> set[str]:
    """The ids that views name."""
    values = [view[name] for view in views.values() for name in ID_FIELDS if view.get(name)]
    return set(values).union(*map(pictures.listed, values))


def _collection_differs(pipeline: Pipeline, source: str, there: Mapping[str, Any]) -> str:
    try:
        key = pipeline.collection_key(source)
    except ImgsimError:
        return (
            f"The pictures of {source} are not known on this machine; add them on the home page, then open the session "
            "again: they are known by their contents, wherever they lie."
        )
    if not there["fingerprint"]:
        return ""
    if key is None:
        return f"The pictures of {source} are not read here yet; they are when shown."
    here = pipeline.load_collection(key)
    return "" if here.fingerprint == there["fingerprint"] else pictures.unlike(source, there, here)


def _checked(told: Mapping[str, Any]) -> Session:
    page, views = told.get("page"), _table(told, "views")
    if not isinstance(page, str) or not _NAME.fullmatch(page):
        raise _refused("with the name of a page", f"{str(page)[:40]!r}")
    for name, view in views.items():
        _demand(bool(_NAME.fullmatch(name)) and isinstance(view, dict) and len(view) <= MOST, f"view {name[:40]!r}")
        sound = all(isinstance(k, str) and isinstance(v, str) and len(v) <= LONGEST for k, v in view.items())
        _demand(sound, f"view {name!r}")
    collections = _table(told, "collections")
    for source, facts in collections.items():
        sound = isinstance(facts, dict) and all(isinstance(facts.get(k), str) for k in ("name", "fingerprint"))
        sound = sound and isinstance(facts.get("n_images"), int)
        sound = sound and isinstance(facts.setdefault("contents", ""), str)  # sessions of before have neither
        noted = facts.setdefault("pictures", {}) if sound else {}
        sound = sound and isinstance(noted, dict) and len(noted) <= MOST_IDS
        sound = sound and all(isinstance(digits, str) for digits in noted.values())
        _demand(sound, f"collection {source[:40]!r}")
    tags = _table(told, "tags")
    for source, of_source in tags.items():
        _demand(isinstance(of_source, dict) and len(of_source) <= MOST, f"tags of {source[:40]!r}")
        for tag, ids in of_source.items():
            _demand(
                0 < len(tag) <= MOST_LETTERS and isinstance(ids, list) and len(ids) <= MOST_IDS, f"tag {tag[:40]!r}"
            )
            _demand(all(isinstance(id, str) for id in ids), f"tag {tag[:40]!r}")
    versions = _table(told, "packages")
    _demand(all(isinstance(v, str) and len(v) <= 60 for v in versions.values()), "packages")
    return Session(page, views, collections, tags, versions)


def _table(told: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = told.get(name, {})
    _demand(isinstance(value, dict) and len(value) <= MOST, name)
    return dict(value)


def _demand(sound: bool, what: str) -> None:
    if not sound:
        raise _refused("whole", f"a part that makes no sense: {what}")


def _refused(wanted: str, got: str) -> InputError:
    return InputError(f"a session file must be {wanted}, got {got}; save the session again and send that file.")
