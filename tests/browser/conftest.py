"""A running app and a real browser for the journeys. Every page ends with a clean console."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.get_browser import ARGUMENTS, find

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 120_000  # ms for whatever a test waits for: a cold store on a busy machine; no test is about time
# On a deep link Streamlit itself asks below the page's address first, and the browser reports its 404s.
PROBE = re.compile(r"^http://127\.0\.0\.1:\d+/[a-z_]+/_stcore/(health|host-config)$")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(item.path).is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.flaky(reruns=1))  # a machine may stall a browser; pytest counts every rerun


class App:
    """A dashboard server of its own workspace."""

    def __init__(self, home: Path, script: Path = ROOT / "app.py") -> None:
        self.home = home
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = home / "server.log"
        command = [sys.executable, "-m", "streamlit", "run", str(script), f"--server.port={self.port}"]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [*command, "--server.headless=true"],
                cwd=ROOT,
                env={**os.environ, "IMGSIM_HOME": str(home)},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._wait()

    def _wait(self) -> None:
        for _ in range(900):
            if self.process.poll() is not None:
                raise RuntimeError(f"the app ended: {self.log.read_text()}")
            try:
                urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=1)
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError(f"the app did not answer in time: {self.log.read_text()}")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    running = App(tmp_path_factory.mktemp("home"))
    yield running
    running.stop()


@pytest.fixture(scope="session")
def app_url(app: App) -> str:
    return app.url


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    path = find()
    if path is None:
        pytest.skip("no Chromium on this machine; make browser tries to get one")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page of 1400 x 900; fails the test if the console had an error or anything outside was asked for."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    context.set_default_timeout(PATIENCE)
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("console", lambda message: _note_error(message, complaints))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("request", lambda request: _note_outside(request.url, complaints))
    yield opened
    context.close()
    assert complaints == []


def _note_error(message: Any, complaints: list[str]) -> None:
    probing = PROBE.search(message.location["url"])
    if message.type == "error" and not probing:
        complaints.append(message.text)


def _note_outside(url: str, complaints: list[str]) -> None:
    if not url.startswith(("http://127.0.0.1", "ws://127.0.0.1", "data:", "blob:")):
        complaints.append(f"a request left the machine: {url}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
