"""The store keeps its promises: atomic, once for all processes, bounded, nothing half-read."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from imgsim.errors import CancelledError, InputError
from imgsim.store import Store, read_arrays, write_arrays
from imgsim.workspace import Workspace

A, B, C = "a" * 64, "b" * 64, "c" * 64


def put(store: Store, key: str, n_bytes: int = 1000) -> Path:
    return store.compute("vectors", key, lambda d: (d / "x.bin").write_bytes(b"x" * n_bytes) and None)


def test_arrays_come_back_memory_mapped_and_read_only(tmp_path: Path) -> None:
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    path = Store(tmp_path).compute("vectors", A, lambda d: write_arrays(d, {"name": "ä"}, {"v": values}))
    facts, arrays = read_arrays(path)
    assert facts == {"name": "ä"}
    assert isinstance(arrays["v"], np.memmap)
    np.testing.assert_array_equal(arrays["v"], values)
    with pytest.raises(ValueError, match="read-only"):
        arrays["v"][0, 0] = 1


def test_a_result_is_built_once(tmp_path: Path) -> None:
    store, built = Store(tmp_path), []
    for _ in range(2):
        store.compute("vectors", A, lambda d: built.append(d))
    assert len(built) == 1
    assert store.find("vectors", B) is None


def test_a_failed_build_leaves_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path)

    def fail(directory: Path) -> None:
        (directory / "half.npy").write_bytes(b"half")
        raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        store.compute("vectors", A, fail)
    assert store.find("vectors", A) is None
    assert store.entries() == []
    assert put(store, A).is_dir()


def _slow_build(root: Path, calls: Path) -> None:
    def build(directory: Path) -> None:
        (calls / str(os.getpid())).touch()
        time.sleep(0.5)
        (directory / "done").touch()

    Store(root).compute("vectors", A, build)


def test_two_processes_compute_the_same_thing_once(tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    calls.mkdir()
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_slow_build, args=(tmp_path / "store", calls)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
        assert worker.exitcode == 0
    assert len(list(calls.iterdir())) == 1


def test_a_killed_run_leaves_nothing_half_read(tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    calls.mkdir()
    worker = multiprocessing.get_context("spawn").Process(target=_slow_build, args=(tmp_path / "store", calls))
    worker.start()
    while not list(calls.iterdir()):
        time.sleep(0.01)
    os.kill(worker.pid, signal.SIGKILL)
    worker.join(30)
    store = Store(tmp_path / "store")
    assert store.find("vectors", A) is None
    assert put(store, A).joinpath("x.bin").exists()


def test_waiting_for_another_process_can_be_cancelled(tmp_path: Path) -> None:
    def cancel(stage: str, done: int, total: int) -> None:
        raise CancelledError("stopped")

    with Store(tmp_path).writing("vectors", A) as directory:
        assert directory is not None
        with pytest.raises(CancelledError), Store(tmp_path).writing("vectors", A, cancel):
            pass


def test_the_least_recently_used_goes_first(tmp_path: Path) -> None:
    store = Store(tmp_path, limit=2500)
    first, second = put(store, A), put(store, B)
    os.utime(first, (1, 1))
    os.utime(second, (2, 2))
    store.find("vectors", A)  # used again: B is now the oldest
    put(store, C)
    assert [entry.key for entry in store.entries()] == [A, C]
    assert store.size() <= 2500


def test_one_result_larger_than_the_limit_is_kept_until_the_next(tmp_path: Path) -> None:
    store = Store(tmp_path, limit=10)
    put(store, A)
    assert store.find("vectors", A) is not None
    put(store, B)
    assert store.find("vectors", A) is None


def test_the_limit_is_shared_and_clear_frees_everything(tmp_path: Path) -> None:
    put(Store(tmp_path), A, 500)
    Store(tmp_path).set_limit(700)
    assert Store(tmp_path).limit == 700
    assert Store(tmp_path).clear() == 500
    assert Store(tmp_path).size() == 0
    with pytest.raises(InputError, match="limit must be 0"):
        Store(tmp_path).set_limit(-1)


@pytest.mark.parametrize("key", ["../x", "a/b", "", "."])
def test_a_key_cannot_leave_the_store(tmp_path: Path, key: str) -> None:
    with pytest.raises(InputError):
        Store(tmp_path).find("vectors", key)


def test_many_threads_may_note_the_newest_scan_at_once(tmp_path: Path) -> None:
    workspace, keys = Workspace(tmp_path), [f"{n:064x}" for n in range(16)]
    with ThreadPoolExecutor(16) as pool:
        for _ in range(20):
            list(pool.map(lambda key: workspace.remember_scan("builtin:photos", key), keys))
    assert workspace.latest_scan("builtin:photos") in keys
    assert len(list((tmp_path / "latest").iterdir())) == 1
