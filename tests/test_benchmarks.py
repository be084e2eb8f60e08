"""The benchmarks' own machinery: ratios, the history, and a fall of more than a fifth that is seen."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import _history
from benchmarks._rows import Row, compare

ROOT = Path(__file__).resolve().parent.parent
ON = _history.machine()


def test_a_ratio_says_how_many_times_as_good() -> None:
    assert Row("a", 2.0, 8.0, "other").ratio == 4.0
    assert Row("a", 200.0, 100.0, "other", "images/s").ratio == 2.0
    assert Row("a", 2.0).ratio is None


def test_ours_and_the_peer_take_turns() -> None:
    calls: list[str] = []
    row = compare(
        "x",
        lambda: calls.append("ours") or 1,
        lambda: calls.append("peer") or 2,
        "other",
        rounds=2,
        quality=lambda a, b: {"sum": a + b},
    )
    assert calls == ["ours", "peer", "ours", "peer"]
    assert row.quality == {"sum": 3}


def test_a_fall_of_more_than_a_fifth_is_seen_in_the_table(tmp_path: Path) -> None:
    for seconds in (2.0, 2.1, 1.9):
        _history.keep("x", [Row("a", seconds, 8.0, "other")], "2026-01-01", tmp_path)
    runs = _history.read("x", tmp_path)
    steady, slower = Row("a", 2.4, 8.0, "other"), Row("a", 2.6, 8.0, "other")
    assert "SLOWER" not in _history.table([steady], runs, ON)
    assert "4.00 3.81 4.21  SLOWER by 23%" in _history.table([slower], runs, ON)
    assert "SLOWER" not in _history.table([slower], runs, "another machine")
    assert "SLOWER" not in _history.table([Row("a", 2.6, 8.0, "a third")], runs, ON)


def test_only_the_last_runs_are_kept(tmp_path: Path) -> None:
    for i in range(_history.KEPT + 3):
        _history.keep("x", [Row("a", float(i + 1))], "2026-01-01", tmp_path)
    runs = _history.read("x", tmp_path)
    assert len(runs) == _history.KEPT
    assert runs[0]["rows"][0]["ours"] == 4.0


def test_an_unknown_stage_names_the_known_ones() -> None:
    done = subprocess.run([sys.executable, "-m", "benchmarks", "nothing"], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 1
    assert "start" in done.stderr


@pytest.mark.parametrize("path", sorted(_history.FOLDER.glob("*.json")), ids=lambda p: p.stem)
def test_kept_results_say_where_they_were_measured(path: Path) -> None:
    for run in json.loads(path.read_text())["runs"]:
        assert "cores" in run["machine"]
        assert all({"name", "ours", "unit", "ratio"} <= set(row) for row in run["rows"])
