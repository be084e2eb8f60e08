"""Sessions as files: from the link of a view, and back to links."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from urllib.parse import parse_qsl, urlencode, urlsplit

import typer

from imgsim import session as sessions
from imgsim.cli.output import Json, emit
from imgsim.errors import InputError
from imgsim.pipeline import Pipeline
from imgsim.session import finding


def session(
    action: Annotated[str, typer.Argument(help="save or open.")],
    what: Annotated[str, typer.Argument(help="save: the link of a view; open: a session file.")],
    out: Annotated[Path | None, typer.Option(help="save: the file to write.")] = None,
    tags: Annotated[bool, typer.Option(help="open: take over the tags that are not here.")] = False,
    as_json: Json = False,
) -> None:
    """Save the view of a link with its collection's fingerprint, tags and versions; open such a file elsewhere.

    Example: imgsim session save "http://127.0.0.1:8501/explore?collection=builtin:photos&method=hog" --out class.json
    Example: imgsim session open class.json
    """
    pipeline = Pipeline()
    if action == "save" and out is not None:
        address = urlsplit(what)
        page = address.path.strip("/").rpartition("/")[2] or "explore"
        out.write_bytes(sessions.save(pipeline, page, {page: dict(parse_qsl(address.query))}))
        emit({"path": str(out), "page": page, "n_views": 1}, as_json)
    elif action == "open":
        if not Path(what).is_file():
            raise InputError(f"a session must be a file that exists, got {what!r}; check the path.")
        opened, elsewhere = finding.here(pipeline, sessions.load(Path(what).read_bytes()))
        differs = sessions.differences(pipeline, opened)
        if tags:
            sessions.add_tags(pipeline, opened)
        links = [{"page": page, "link": f"/{page}?{urlencode(view)}"} for page, view in opened.views.items()]
        told = {"page": opened.page, "moved": elsewhere, "differences": differs, "links": links}
        if not as_json:
            print("".join(f"{sentence}\n" for sentence in elsewhere), end="")
            for sentence in differs:
                print(f"differs: {sentence}")
        emit(told, as_json, table="links")
    else:
        raise InputError(
            f"session must be followed by save LINK --out FILE or open FILE, got {action!r}; see: imgsim session --help"
        )
