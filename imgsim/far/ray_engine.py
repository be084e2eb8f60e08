"""Ray Data runs the workers: one actor a machine or GPU, each batch one shard; Ray starts failed batches again.

A batch that is done twice writes the same file, so a shard is never there twice.
Reference: https://docs.ray.io/en/latest/data/batch_inference.html
"""

from __future__ import annotations

import json
import logging
import os
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imgsim.errors import ImgsimError, InputError, UnavailableError
from imgsim.far.embedder import Embedder, Report
from imgsim.images.threads import MOST_THREADS

if TYPE_CHECKING:
    from imgsim.far.running import Chunk

# No keys: what Ray is told it shows in its dashboard. Each machine has its own.
PASSED_ON = (
    "IMGSIM_HOME",
    "IMGSIM_WEIGHTS",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
)
ANSWERS_IN = 10.0  # seconds


def run(source: str, specs: Sequence[str], out: str, chunks: Sequence[Chunk], address: str | None) -> Iterator[Report]:
    """A report for each chunk, in the order in which they are done.

    Raises:
        InputError: the address is one of Ray's client.
        UnavailableError: Ray is not installed, or no cluster answers at the address.
    """
    ray = _started(address)
    try:
        cores = [int(node["Resources"].get("CPU", 0)) for node in ray.nodes() if node["Alive"]]
        threads = min([MOST_THREADS, *filter(None, cores)])  # of a worker, on any machine
        workers = sum(max(1, n // threads) for n in cores if n)
        gpus = int(ray.cluster_resources().get("GPU", 0))
        blocks = [{"chunk": json.dumps([chunk.ids, chunk.locations, chunk.fields])} for chunk in chunks]
        done = (
            ray.data.from_items(blocks, override_num_blocks=len(blocks))
            .map_batches(
                _Worker,
                fn_constructor_args=(source, list(specs), out),
                batch_size=1,
                compute=ray.data.ActorPoolStrategy(min_size=1, max_size=min(len(blocks), max(workers, gpus))),
                num_cpus=max(1, threads - 1),
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
    if address is not None:
        _check(address)
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
    except (ConnectionError, ValueError, RuntimeError, ray.exceptions.RayError) as error:
        told = " ".join(str(error).split())[:200]
        raise UnavailableError(
            f"a Ray cluster must answer at {address or 'this machine'}, got: {told}; check the address and, where the "
            "cluster asks for a token, RAY_AUTH_TOKEN."
        ) from None
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    ray.data.DataContext.get_current().enable_progress_bars = False
    return ray


def _check(address: str) -> None:
    """Refuse what cannot work in seconds; Ray itself tries for minutes."""
    if "://" in address:
        raise InputError(
            f"an address must be host:port of a cluster's head, or auto, got {address}; Ray Data does not run through "
            "Ray's client, so start imgsim on a machine of the cluster, or by ray job submit."
        )
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdigit():
        return
    try:
        socket.create_connection((host, int(port)), ANSWERS_IN).close()
    except OSError as error:
        raise UnavailableError(
            f"a Ray cluster must answer at {address}, got: {error.strerror or error}; run ray start --head there, or "
            "check the address."
        ) from None
