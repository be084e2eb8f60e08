"""Which precision a network computes in when nobody says: bf16 where a measurement showed it harmless, else fp32.

The measurement is made on pictures of a person's own collection: those of a sample are run in both precisions, and bf16
is taken where it is faster and nearly all of the nearest neighbours stay. What it found is remembered in the workspace.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from imgsim.methods import Array
from imgsim.neighbors.exact import nearest
from imgsim.progress import Progress, silent
from imgsim.types import Float, Metric, key_of
from imgsim.weights import workspace_folder

AUTO = "auto"
PRECISIONS = (AUTO, "fp32", "bf16")
HELP = "auto takes bf16 where it is faster and was measured to keep the neighbours, else fp32."
K, KEPT, FASTER = 10, 0.94, 1.2  # neighbours, the share of them that must stay, how many times as fast it must be
FEWEST, SAMPLE = 500, 400  # images of a collection that it is measured on, and how many of them
ENOUGH, SECONDS = 200, 60.0  # a slow network is stopped after so many images and seconds

Embed = Callable[[Sequence[Array]], Float]


@dataclass(frozen=True)
class Verdict:
    """What a measurement found.

    Attributes:
        precision: what is taken.
        kept: share of the K nearest in fp32 that are among the K nearest in bf16.
        times: how many times as fast bf16 is.
        n_images: of the sample.
    """

    precision: str
    kept: float
    times: float
    n_images: int

    @property
    def said(self) -> str:
        """One sentence for people."""
        return (
            f"auto took {self.precision}: on {self.n_images} of your images bf16 keeps {self.kept:.1%} of the {K} "
            f"nearest and is {self.times:.1f} times as fast."
        )


def judged(
    exact: Embed, fast: Embed, metric: Metric, prepared: Sequence[Array], batch: int, progress: Progress = silent
) -> Verdict:
    """Run prepared pictures in fp32 and in bf16 by turns, and compare.

    Args:
        exact: (B, D) in fp32.
        fast: (B, D) in bf16.
        metric: by which neighbours are found.
        prepared: more than K of them.
        batch: how many at once.
        progress: told of each batch.
    """
    runs, seconds = (exact, fast), [0.0, 0.0]
    found: tuple[list[Float], list[Float]] = ([], [])
    for run in runs:
        run(prepared[:batch])  # compiled and warm before the clock starts
    done = 0
    while done < len(prepared) and not (done >= ENOUGH and sum(seconds) > SECONDS):
        progress("Choosing the precision", done, len(prepared))
        part = prepared[done : done + batch]
        for i, run in enumerate(runs):
            start = time.perf_counter()
            found[i].append(run(part))
            seconds[i] += time.perf_counter() - start
        done += len(part)
    lists = [nearest(np.concatenate(vectors), metric, K)[0] for vectors in found]
    kept = float(np.mean([len(set(a) & set(b)) / len(a) for a, b in zip(*lists, strict=True)]))
    times = seconds[0] / seconds[1]
    return Verdict("bf16" if kept >= KEPT and times >= FASTER else "fp32", kept, times, done)


def recall(key: str) -> Verdict | None:
    """What was measured on this kind of processor; `key` is the method's in fp32."""
    try:
        return Verdict(**json.loads(_file(key).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def remember(key: str, verdict: Verdict) -> None:
    """Keep what was measured."""
    target = _file(key)
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_suffix(f".{os.getpid()}")
    draft.write_text(json.dumps(asdict(verdict)))
    draft.replace(target)


def _file(key: str) -> Path:
    name = key_of("precision", method=key, processor=_processor())
    return workspace_folder().parent / "backends" / f"{name[:32]}.json"


@functools.cache
def _processor() -> str:
    """What tells processors of other abilities apart, without a library: a workspace may be used from several."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        abilities = sorted({line for line in lines if line.startswith(("flags", "Features"))})
    except OSError:
        abilities = []
    return hashlib.sha256(repr((platform.machine(), platform.processor(), abilities)).encode()).hexdigest()
