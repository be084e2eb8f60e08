"""`imgsim --help` is quick, and says what the commands say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from imgsim.cli import run

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("arguments", [["--help"], []])
def test_the_overview_is_what_the_commands_say(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    from imgsim.cli.app import app

    app(["--help"], prog_name="imgsim", standalone_mode=False)
    wanted = capsys.readouterr().out
    assert run(arguments) == 0
    assert capsys.readouterr().out == wanted
    assert "similarity" in wanted


def test_the_overview_loads_no_command() -> None:
    code = "import sys; from imgsim.cli import run; run(['--help']); print('numpy' in sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stderr.strip() == "False"
