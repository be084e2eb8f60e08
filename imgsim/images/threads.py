"""A bounded pool of threads that works ahead and answers in order."""

from __future__ import annotations

import itertools
import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

TICK_SECONDS = 0.1
MOST_THREADS = 16


def default_threads() -> int:
    """One thread a core, at most 16."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 2
    return max(2, min(MOST_THREADS, cores))


def in_order(
    work: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    n_threads: int | None = None,
    ahead: int | None = None,
    tick: Callable[[], None] = lambda: None,
) -> Generator[Result, None, None]:
    """`work(item)` for each item, in the order of the items.

    Args:
        work: runs in the threads; what it raises is raised here, in its turn.
        items: consumed as needed.
        n_threads: by default one a core.
        ahead: most items begun and not yet taken; by default 4 a thread.
        tick: called in the calling thread every 0.1 s of waiting; what it raises stops the work.
    """
    n_threads = n_threads or default_threads()
    source = iter(items)
    pool = ThreadPoolExecutor(n_threads, thread_name_prefix="imgsim-images")
    waiting: deque[Future[Result]] = deque()
    try:
        waiting.extend(pool.submit(work, item) for item in itertools.islice(source, ahead or 4 * n_threads))
        while waiting:
            result = _wait(waiting.popleft(), tick)
            waiting.extend(pool.submit(work, item) for item in itertools.islice(source, 1))
            yield result
    finally:
        # Not joined: what has been begun ends by itself, and stopping must not wait for a slow file.
        pool.shutdown(wait=False, cancel_futures=True)


def _wait(future: Future[Result], tick: Callable[[], None]) -> Result:
    while True:
        try:
            return future.result(TICK_SECONDS)
        except NotYet:
            if future.done():  # the work itself ran into a time limit, or it ended just after the wait for it did
                return future.result()
            tick()
