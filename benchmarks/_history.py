"""The last runs of each stage, in `benchmarks/results/STAGE.json`, and what has become slower since."""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks._rows import Row

FOLDER = Path(__file__).parent / "results"
KEPT = 12  # runs of a stage
LOOKED_AT = 5  # earlier runs whose median is the measure
ALLOWED = 0.8  # of the earlier ratio

INSTRUCTIONS = {"amx_bf16": "AMX", "avx512_bf16": "AVX-512 bf16", "avx512f": "AVX-512", "avx2": "AVX2"}

Run = dict[str, Any]


def machine() -> str:
    """The machine in general words; ratios differ by what its processor can do in one instruction."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30 if hasattr(os, "sysconf") else 0
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    kind = " ".join([platform.system(), platform.machine(), *_instructions()])
    return f"{kind}, {cores} cores, {memory:.0f} GiB, Python {platform.python_version()}"


def _instructions() -> list[str]:
    """The widest that Linux names."""
    told = Path("/proc/cpuinfo")
    flags = set(told.read_text().split()) if told.exists() else set()
    return [f"with {name}" for flag, name in INSTRUCTIONS.items() if flag in flags][:1]


def read(stage: str, folder: Path = FOLDER) -> list[Run]:
    """Earlier runs, oldest first."""
    path = folder / f"{stage}.json"
    return list(json.loads(path.read_text())["runs"]) if path.exists() else []


def keep(stage: str, rows: Sequence[Row], when: str, folder: Path = FOLDER) -> Run:
    """Write a run behind the earlier ones."""
    run = {"when": when, "machine": machine(), "rows": [_rounded(asdict(row)) for row in rows]}
    folder.mkdir(exist_ok=True)
    text = json.dumps({"runs": [*read(stage, folder), run][-KEPT:]}, indent=1, ensure_ascii=False)
    (folder / f"{stage}.json").write_text(text + "\n")
    return run


def earlier_ratios(row: Row, runs: Sequence[Run], on: str) -> list[float]:
    """The ratios of that row in the last earlier runs on such a machine, oldest first."""
    there = [kept for run in runs if run["machine"] == on for kept in run["rows"]]
    found = [kept["ratio"] for kept in there if (kept["name"], kept["versus"]) == (row.name, row.versus)]
    return [ratio for ratio in found if ratio is not None][-LOOKED_AT:]


def regression(row: Row, earlier: Sequence[float]) -> float | None:
    """By what share the ratio has fallen below the median of earlier ones, where that is more than a fifth."""
    if row.ratio is None or not earlier:
        return None
    share = row.ratio / statistics.median(earlier)
    return 1 - share if share < ALLOWED else None


def table(rows: Sequence[Row], runs: Sequence[Run], on: str) -> str:
    """The rows for people, with the ratios of the last runs and what has become slower."""
    lines = [("", "imgsim", "peer", "ratio", "before", "quality")]
    for row in rows:
        earlier = earlier_ratios(row, runs, on)
        fallen = regression(row, earlier)
        peer = f"{_figure(row.peer)} {row.unit} ({row.versus})" if row.peer is not None else "–"
        ratio = "–" if row.ratio is None else f"{row.ratio:.2f}x"
        before = " ".join(f"{value:.2f}" for value in earlier) or "–"
        before += f"  SLOWER by {fallen:.0%}" if fallen is not None else ""
        quality = ", ".join(f"{name} {value:.4g}" for name, value in row.quality.items())
        lines.append((row.name, f"{_figure(row.ours)} {row.unit}", peer, ratio, before, quality))
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:,.4g}"


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(one) for name, one in value.items()}
    return float(f"{value:.4g}") if isinstance(value, float) else value
