"""What every stage has: the workspace and its store."""

from __future__ import annotations

from pathlib import Path

from imgsim.errors import InputError
from imgsim.progress import Progress
from imgsim.workspace import Workspace

RESIDENT = 8  # collections and results kept open in a process


class Stage:
    """Where results lie and how they are found.

    Args:
        workspace: where results and collections lie; the user's own without it.
    """

    def __init__(self, workspace: Workspace | None = None) -> None:
        self.workspace = workspace or Workspace()
        self.store = self.workspace.store

    def _found(self, kind: str, key: str | None) -> Path | None:
        return self.store.find(kind, key) if key else None

    def _folder(self, kind: str, key: str) -> Path:
        found = self.store.find(kind, key)
        if found is None:
            raise InputError(f"a key must be of a stored result, got {kind} {key[:12]}…; make the map again.")
        return found


def named(stage: str, progress: Progress) -> Progress:
    """A stage under the name that people read."""
    return lambda _, done, total: progress(stage, done, total)
