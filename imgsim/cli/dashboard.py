"""The command that opens the dashboard."""

from __future__ import annotations

import os
import subprocess
import sys
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
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        str(script),
        f"--server.port={port}",
        f"--server.headless={str(not browser).lower()}",
        "--server.showEmailPrompt=false",  # else the first start on a machine waits for an address
    ]
    raise typer.Exit(subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode)
