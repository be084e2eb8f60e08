"""Ray Data runs the workers: one actor a machine or GPU, each batch one shard; Ray starts failed batches again.

A batch that is done twice writes the same file, so a shard is never there twice.
Reference: https://docs.ray.io/en/latest/data/batch_inference.html
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imgsim.errors import ImgsimError, UnavailableError
from imgsim.far.embedder import Embedder, Report
from imgsim.images.threads import default_threads

if TYPE_CHECKING:
    from imgsim.far.running import Chunk

PASSED_ON = ("IMGSIM_HOME", "IMGSIM_WEIGHTS")


def run(source: str, specs: Sequence[str], out: str, chunks: Sequence[Chunk], address: str | None) -> Iterator[Report]:
    """A report for each chunk, in the order in which they are done.

    Raises:
        UnavailableError: Ray is not installed, or no cluster answers at the address.
    """
    ray = _started(address)
    try:
        machines = max(1, int(ray.cluster_resources().get("CPU", 1)) // default_threads())
        gpus = int(ray.cluster_resources().get("GPU", 0))
        blocks = [{"chunk": json.dumps([chunk.ids, chunk.locations, chunk.fields])} for chunk in chunks]
        done = (
            ray.data.from_items(blocks, override_num_blocks=len(blocks))
            .map_batches(
                _Worker,
                fn_constructor_args=(source, list(specs), out),
                batch_size=1,
                compute=ray.data.ActorPoolStrategy(min_size=1, max_size=min(len(blocks), max(machines, gpus))),
                num_cpus=max(1, default_threads() - 1),
                num_gpus=1 if gpus else None,
            )
            .iter_rows()
        )
        for row in done:
            told = json.loads(row["report"])
            yield Report(told[0], tuple((path, reason) for path, reason in told[1]), tuple(told[2]))
    except ray.exceptions.RayTaskError as error:
        raise (error.cause if isinstance(error.cause, ImgsimError) else error) from None
    finally:
        ray.shutdown()


class _Worker:
    """An `Embedder` that speaks Ray's batches of arrays."""

    def __init__(self, source: str, specs: list[str], out: str) -> None:
        self.embedder = Embedder(source, specs, out)

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[str]]:
        reports = []
        for chunk in batch["chunk"]:
            report = self.embedder(*json.loads(str(chunk)))
            reports.append(json.dumps([report.n_images, report.unreadable, report.seconds]))
        return {"report": reports}


def _started(address: str | None) -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing leaves the machine
    try:
        import ray
        import ray.data
    except ImportError:
        raise UnavailableError("the engine ray needs the package ray; run: pip install 'imgsim[far]'") from None
    root = str(Path(__file__).resolve().parents[2])
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    passed = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    try:
        ray.init(
            address=address,
            include_dashboard=False if address is None else None,
            log_to_driver=False,
            logging_level=logging.ERROR,
            ignore_reinit_error=True,
            runtime_env={"env_vars": {"PYTHONPATH": os.pathsep.join(paths), **passed}},
        )
    except (ConnectionError, ValueError, RuntimeError) as error:
        told = " ".join(str(error).split())[:200]
        raise UnavailableError(f"a Ray cluster must answer at {address or 'this machine'}, got: {told}") from None
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    ray.data.DataContext.get_current().enable_progress_bars = False
    return ray
