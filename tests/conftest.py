"""Fixtures shared by all tests: a workspace of their own, drawn and packaged pictures, the shared data where it is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Side by side run whole files; the browser tests share one app and one browser, so they are one unit."""
    from xdist.scheduler import LoadScopeScheduling

    class Files(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            path = nodeid.partition("::")[0]
            return "browser" if path.startswith("tests/browser/") else path

    return Files(config, log)


@pytest.fixture(autouse=True)
def workspace_root(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every test has a workspace of its own; nobody's real one is touched."""
    root = tmp_path_factory.mktemp("workspace")
    monkeypatch.setenv("IMGSIM_HOME", str(root))
    return root


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real test data; tests that need it are skipped where it is absent."""
    folder = Path(os.environ.get("IMGSIM_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("the shared test data is not on this machine")
    return folder


@pytest.fixture(scope="session")
def astronaut() -> np.ndarray:
    """A real photograph, (512, 512, 3) uint8."""
    import skimage.data

    return np.ascontiguousarray(skimage.data.astronaut())


@pytest.fixture(scope="session")
def photos() -> list[np.ndarray]:
    """Six real photographs, (H, W, 3) uint8, for comparisons with independent implementations."""
    import skimage.data

    names = ("astronaut", "chelsea", "coffee", "rocket", "immunohistochemistry")
    camera = np.repeat(skimage.data.camera()[..., None], 3, axis=2)
    return [*(np.ascontiguousarray(getattr(skimage.data, name)()) for name in names), camera]
