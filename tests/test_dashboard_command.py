"""`imgsim app` on a machine where nobody has used Streamlit: it answers without asking anything."""

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
    nobody = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "imgsim", "app", "--port", str(port)],
            cwd=ROOT,
            env={**nobody, "HOME": str(tmp_path), "BROWSER": "true"},
            stdin=subprocess.DEVNULL,  # a question would be answered by its end, and end the command
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        for _ in range(600):
            assert process.poll() is None, (tmp_path / "log").read_text()
            try:
                answer = urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=5)
                break
            except OSError:
                time.sleep(0.2)
        assert answer.status == 200
        assert "Email" not in (tmp_path / "log").read_text()
    finally:
        os.killpg(process.pid, 15)
        process.wait(30)
