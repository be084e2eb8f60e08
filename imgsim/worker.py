"""The process that does the dashboard's long work: `python -m imgsim.worker`.

It reads one JSON object a line, {"id", "task", "arguments"}, and answers with JSON lines {"id", "event", …}:
`progress` (stage, done, total), then `done` (result) or `failed` (message, one sentence). A task that works in pieces
says `pause` (rest) after each but the last: the next is asked for with the rest among its arguments. Between jobs it
imports the heavy libraries, so that the next job starts at once. It ends when its parent closes the pipe; to cancel is
to kill it: results appear in the store only when complete.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import pkgutil
import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from typing import IO, Any

from imgsim import tasks
from imgsim.errors import ImgsimError, UnknownIdError
from imgsim.progress import Progress

Task = Callable[[Mapping[str, Any], Progress], Mapping[str, Any]]
Emit = Callable[[Mapping[str, Any]], None]

FIRST = ("cv2", "openvino", "openTSNE")  # what the first visit's map needs, imported beside its scan
HEAVY = ("numpy", "PIL.Image", "cv2", "sklearn.neighbors", "umap", "openTSNE", "torch", "torchvision")
PATIENCE = 10.0  # seconds without a job before heavy modules are imported: the first page needs the cores itself
PROGRESS_EVERY = 0.1  # seconds between two reports of one stage


def task(name: str) -> Task:
    """The task of that name: `run` of `imgsim.tasks.NAME`, imported when first asked for.

    Raises:
        UnknownIdError: there is none.
    """
    known = [module.name for module in pkgutil.iter_modules(tasks.__path__)]
    if name not in known:
        raise UnknownIdError("task", name, known)
    run: Task = importlib.import_module(f"{tasks.__name__}.{name}").run
    return run


def answer(line: str, emit: Emit, find: Callable[[str], Task] = task) -> None:
    """Do the job of one line and report how it went; never raises for the job's own errors."""
    job = json.loads(line)
    try:
        result = find(job["task"])(job["arguments"], _Reporter(job["id"], emit))
    except ImgsimError as error:
        emit({"id": job["id"], "event": "failed", "message": str(error)})
    except MemoryError:
        message = "memory must be enough for all images at once, got too little; try fewer images or another method."
        emit({"id": job["id"], "event": "failed", "message": message})
    except Exception as error:  # a bug: the person gets a sentence, the log the traceback
        traceback.print_exc()
        emit({"id": job["id"], "event": "failed", "message": f"{type(error).__name__}: {error}"})
    else:
        rest = result.get(tasks.REST)
        told = {"event": "pause", "rest": rest} if rest else {"event": "done", "result": dict(result)}
        emit({"id": job["id"], **told})


def serve(lines: Iterable[str], emit: Emit, end: Callable[[], None]) -> None:
    """Answer lines one after the other; import heavy modules while there is nothing to do."""
    jobs: queue.Queue[str] = queue.Queue()
    threading.Thread(target=_read, args=(lines, jobs, end), daemon=True).start()
    first, cold, patience = threading.Thread(target=_import, args=(FIRST,), daemon=True), list(HEAVY), PATIENCE
    while True:
        try:
            line = jobs.get(timeout=patience if cold else None)
        except queue.Empty:
            _import([cold.pop(0)])
            patience = 0.05
        else:
            if not first.ident:
                first.start()
            answer(line, emit)


def main() -> None:
    """Serve the parent's pipe; whatever libraries print goes to stderr, stdout belongs to the protocol."""
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    with contextlib.suppress(OSError):
        os.nice(5)  # the page stays responsive
    serve(sys.stdin, lambda message: _write(channel, message), lambda: os._exit(0))


class _Reporter:
    """A Progress that writes at most every tenth of a second, and always at the ends of a stage."""

    def __init__(self, id: str, emit: Emit) -> None:
        self.id, self.emit, self.stage, self.last = id, emit, "", 0.0

    def __call__(self, stage: str, done: int, total: int) -> None:
        now = time.monotonic()
        if stage == self.stage and done < total and now - self.last < PROGRESS_EVERY:
            return
        self.stage, self.last = stage, now
        self.emit({"id": self.id, "event": "progress", "stage": stage, "done": done, "total": total})


def _import(names: Iterable[str]) -> None:
    for name in names:
        with contextlib.suppress(ImportError):  # the job that needs it will say so
            importlib.import_module(name)


def _read(lines: Iterable[str], jobs: queue.Queue[str], end: Callable[[], None]) -> None:
    for line in lines:
        jobs.put(line)
    end()  # the parent has gone, and nobody waits for an answer


def _write(channel: IO[str], message: Mapping[str, Any]) -> None:
    channel.write(json.dumps(message) + "\n")
    channel.flush()


if __name__ == "__main__":
    main()
