"""Pages whose jobs never end: what they show must come from the store."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

import pytest

from imgsim.ui import cards, map_state, progress
from imgsim.ui.jobs import JobManager
from tests.test_jobs import FAKE


def idle_jobs(monkeypatch: pytest.MonkeyPatch, *modules: ModuleType) -> Iterator[JobManager]:
    """A manager whose worker never finishes, in place of the one that every page and these modules ask; once."""
    manager = JobManager(FAKE)
    for module in (map_state, progress, cards, *modules):
        monkeypatch.setattr(module, "manager", lambda: manager)
    yield manager
    manager.close()
