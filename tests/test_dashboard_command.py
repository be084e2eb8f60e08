"""`imgsim app` on a machine where nobody has used Streamlit: it asks nothing, and opens a browser when it answers."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from tests.browser.conftest import ROOT, free_port


def test_the_first_start_on_a_machine_waits_for_nobody(tmp_path: Path) -> None:
    port = free_port()
    opened, opener = tmp_path / "opened", tmp_path / "browser"
    opener.write_text(f'#!/bin/sh\necho "$1" > {opened}\n')
    opener.chmod(0o700)
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "imgsim", "app", "--port", str(port)],
            cwd=ROOT,
            env={**os.environ, "HOME": str(tmp_path), "DISPLAY": ":0", "BROWSER": f"{opener} %s"},
            stdin=subprocess.DEVNULL,  # a question would be answered by its end, and end the command
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        for _ in range(600):
            assert process.poll() is None, (tmp_path / "log").read_text()
            if opened.exists() and opened.read_text():
                break
            time.sleep(0.2)
        url = opened.read_text().strip()
        assert url == f"http://127.0.0.1:{port}"
        assert urllib.request.urlopen(f"{url}/_stcore/health", timeout=60).status == 200
        said = (tmp_path / "log").read_text()
        assert url in said
        assert "Email" not in said
        assert "skills" not in said
    finally:
        os.killpg(process.pid, 15)
        process.wait(30)
