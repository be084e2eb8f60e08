"""Find a Chromium, or get one: `python -m tests.browser.get_browser`.

In this order: IMGSIM_CHROMIUM, one on the PATH, Playwright's own; else Playwright's download; else, as root on a Debian
system, the distribution's package. Where none of it works the browser tests are skipped with that reason.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",  # a camera that shows a test picture, whatever the machine has
    "--use-fake-ui-for-media-stream",
]


def find() -> str | None:
    """The path of a Chromium on this machine."""
    named = os.environ.get("IMGSIM_CHROMIUM")
    if named:
        return named
    on_path = next(filter(None, map(shutil.which, NAMES)), None)
    return on_path or _playwrights_own()


def get() -> str | None:
    """The path of a Chromium, installing one where that is possible."""
    attempts = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    if hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        attempts += [["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "chromium"]]
    for command in attempts:
        found = find()
        if found:
            return found
        print("Getting a browser for the tests:", " ".join(command[-3:]), flush=True)
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return find()


def _playwrights_own() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


if __name__ == "__main__":
    print(get() or "No browser could be had; the browser tests will be skipped. Install Chromium to run them.")
