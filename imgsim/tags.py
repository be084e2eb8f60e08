"""Tags: words a person gives to images, kept by image id in the workspace, never in the person's folders.

One JSON file a collection: {"source": …, "tags": {tag: [id, …]}}. Tags are not results: clearing the store keeps them.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path

from filelock import FileLock

from imgsim.errors import InputError

MOST_LETTERS = 60


class Tags:
    """The tags of one collection.

    Args:
        root: the workspace folder.
        source: SOURCE of the collection.
    """

    def __init__(self, root: Path, source: str) -> None:
        self.source = source
        self._path = root / "tags" / f"{hashlib.sha256(source.encode(errors='surrogateescape')).hexdigest()[:32]}.json"

    def all(self) -> dict[str, list[str]]:
        """The ids of each tag, tags in alphabetical order."""
        if not self._path.exists():
            return {}
        return dict(sorted(json.loads(self._path.read_text(encoding="utf-8"))["tags"].items()))

    def add(self, tag: str, ids: Iterable[str]) -> None:
        """Give images a tag.

        Raises:
            InputError: the tag is empty or longer than 60 characters.
        """
        tag = " ".join(tag.split())
        if not 0 < len(tag) <= MOST_LETTERS:
            raise InputError(f"a tag must have 1 to {MOST_LETTERS} characters, got {len(tag)}; take a word or two.")
        self._change(tag, set(ids), set())

    def move(self, tag: str, ids: Iterable[str], among: Iterable[str]) -> None:
        """Give images a tag and take every other one of `among` from them; an empty tag only takes.

        Raises:
            InputError: the tag is longer than 60 characters.
        """
        tag, chosen = " ".join(tag.split()), set(ids)
        if len(tag) > MOST_LETTERS:
            raise InputError(f"a tag must have 1 to {MOST_LETTERS} characters, got {len(tag)}; take a word or two.")
        for other in set(among) - {tag}:
            self.remove(other, chosen)
        if tag:
            self.add(tag, chosen)

    def remove(self, tag: str, ids: Iterable[str]) -> None:
        """Take a tag from images; one that no image has any more is gone."""
        self._change(tag, set(), set(ids))

    def _change(self, tag: str, more: set[str], fewer: set[str]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(self._path.with_suffix(".lock")):
            tags = self.all()
            tags[tag] = sorted((set(tags.get(tag, ())) | more) - fewer)
            kept = {name: ids for name, ids in tags.items() if ids}
            draft = self._path.with_suffix(f".{os.getpid()}")
            draft.write_text(json.dumps({"source": self.source, "tags": kept}, ensure_ascii=False), encoding="utf-8")
            draft.replace(self._path)
