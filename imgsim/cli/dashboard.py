"""The command that opens the dashboard."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
import urllib.request
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from imgsim.errors import InputError

ROOT = Path(__file__).resolve().parents[2]


def app(
    source: Annotated[str | None, typer.Argument(metavar="[SOURCE]", help="Collection to open first.")] = None,
    port: Annotated[int, typer.Option(help="Port of the server.")] = 8501,
    browser: Annotated[bool, typer.Option(help="Open a browser.")] = True,
) -> None:
    """Open the dashboard.

    Example: imgsim app ~/Pictures
    """
    script = ROOT / "app.py"
    if not script.exists():
        raise InputError(
            "the dashboard must be started from the project's folder, got an installed package; "
            "clone the project and run: make run"
        )
    environment = dict(os.environ)
    if source is not None:
        from imgsim.pipeline import Pipeline

        Pipeline().collection_key(source)  # a wrong SOURCE is said here, not in the browser
        environment["IMGSIM_SOURCE"] = source
    command = [sys.executable, "-m", "streamlit", "run", str(script), f"--server.port={port}"]
    # Not headless, Streamlit would ask for an e-mail address and offer its own add-ons on our pages.
    server = subprocess.Popen([*command, "--server.headless=true"], cwd=ROOT, env=environment)
    if browser and _has_display():
        threading.Thread(target=_open, args=(server, f"http://127.0.0.1:{port}"), daemon=True).start()
    try:
        code = server.wait()
    except KeyboardInterrupt:  # the server has got it too
        code = server.wait()
    raise typer.Exit(code)


def _has_display() -> bool:
    """Whether a browser could show anything; without one Linux would start a browser of text in the terminal."""
    return sys.platform != "linux" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _open(server: subprocess.Popen[bytes], url: str) -> None:
    """Open the browser as soon as the server answers."""
    while server.poll() is None:
        try:
            urllib.request.urlopen(f"{url}/_stcore/health", timeout=5)
        except OSError:
            time.sleep(0.1)
        else:
            webbrowser.open(url)
            return
