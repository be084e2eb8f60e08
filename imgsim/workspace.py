"""The workspace: the one folder imgsim writes to. Results may be dropped at any time; collections and tags may not.

cache/        the store, bounded, rebuilt when needed
collections/  the user's own collections and uploaded files
latest/       the newest scan of each source and the newest vectors of each method, so that a grown folder is neither
              read nor embedded again
"""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path

from imgsim.home import home
from imgsim.store import Store


class Workspace:
    """Where things lie on disk.

    Args:
        root: the folder; without it the environment's IMGSIM_HOME, else `.imgsim` in the home folder.
    """

    def __init__(self, root: Path | None = None) -> None:
        self.root = root.expanduser().resolve() if root else home()
        self.store = Store(self.root / "cache")

    def latest_scan(self, source: str) -> str | None:
        """Key of the newest scan of a source, if there was one."""
        note = self._latest(source)
        return note.read_text() if note.exists() else None

    def latest_scans(self) -> list[str]:
        """Keys of the newest scan of every source, newest first; some may have gone."""
        notes = [note for note in (self.root / "latest").glob("*") if note.is_file() and not note.suffix]
        return [note.read_text() for note in sorted(notes, key=lambda note: -note.stat().st_mtime_ns)]

    def remember_scan(self, source: str, key: str) -> None:
        """Note the newest scan of a source."""
        note = self._latest(source)
        note.parent.mkdir(parents=True, exist_ok=True)
        draft = note.with_suffix(f".{os.getpid()}-{threading.get_ident()}")  # the server has a thread a browser
        draft.write_text(key)
        draft.replace(note)

    def vectors_of(self, method: str) -> list[str]:
        """Keys of the embeddings that a method, by its key, has made or begun, newest first; some may have gone."""
        try:
            found = [(note.stat().st_mtime_ns, note.name) for note in self._vectors(method).iterdir()]
        except FileNotFoundError:
            return []
        return [name for _, name in sorted(found, reverse=True)]

    def remember_vectors(self, method: str, key: str) -> None:
        """Note that a method makes these embeddings."""
        folder = self._vectors(method)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / key).touch()

    def forget_vectors(self, method: str, key: str) -> None:
        """Note that they have gone."""
        (self._vectors(method) / key).unlink(missing_ok=True)

    def _vectors(self, method: str) -> Path:
        return self.root / "latest" / "vectors" / method

    def _latest(self, source: str) -> Path:
        return self.root / "latest" / hashlib.sha256(source.encode(errors="surrogateescape")).hexdigest()[:32]
