"""One job, and one lane of jobs: a queue that a worker process of its own works through, one after the other."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import json
import queue
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

State = Literal["waiting", "running", "done", "failed", "cancelled"]


@dataclass
class Stage:
    """One step of a job, such as embedding; `total` is 0 where unknown, times are `time.monotonic()` seconds."""

    name: str
    done: int = 0
    total: int = 0
    started: float = field(default_factory=time.monotonic)
    seconds: float = 0.0

    def report(self, done: int, total: int) -> None:
        """Take a progress line."""
        self.done, self.total, self.seconds = done, total, time.monotonic() - self.started

    @property
    def fraction(self) -> float:
        """How much is done, 0 to 1."""
        return min(max(self.done / self.total, 0.0), 1.0) if self.total else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Estimate from the rate so far; None in the first second and where the total is unknown."""
        if self.seconds < 1 or not 0 < self.done <= self.total:
            return None
        return self.seconds / self.done * (self.total - self.done)


@dataclass
class Job:
    """One piece of long work as the pages see it.

    Attributes:
        key: content key of task and arguments.
        title: what a person reads, such as "Map of builtin:photos".
        owners: the sessions that asked for it; empty for the server's own.
        stages: the steps so far, the present one last.
        error: one sentence when it failed.
        rest: what is left to do of a task that works in pieces; between two pieces the job waits again.
    """

    key: str
    title: str
    task: str
    arguments: Mapping[str, Any]
    owners: set[str] = field(default_factory=set)
    state: State = "waiting"
    stages: list[Stage] = field(default_factory=list)
    error: str = ""
    result: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    rest: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    started: float = 0.0
    finished: float = 0.0

    @property
    def alive(self) -> bool:
        """Whether it waits or runs."""
        return self.state in ("waiting", "running")

    @property
    def waits(self) -> bool:
        """Whether it waits for its turn."""
        return self.state == "waiting"

    @property
    def seconds(self) -> float:
        """How long it has run, or ran."""
        return (self.finished or time.monotonic()) - self.started if self.started else 0.0

    def report(self, name: str, done: int, total: int) -> None:
        """Take a progress line."""
        if not self.stages or self.stages[-1].name != name:
            self.stages.append(Stage(name))
        self.stages[-1].report(done, total)


class Lane:
    """Jobs one after the other in one worker process.

    Args:
        command: starts a worker that speaks the protocol of `imgsim.worker`.
        keeps_worker: whether an idle worker is kept warm for the next job.
    """

    def __init__(self, command: Sequence[str], keeps_worker: bool = True) -> None:
        self._command = tuple(command)
        self._keeps_worker = keeps_worker
        self._queue: queue.PriorityQueue[tuple[int, int, Job | None]] = queue.PriorityQueue()
        self._count = itertools.count()
        self._lock = threading.RLock()
        self._process: subprocess.Popen[str] | None = None
        self._closed = self._talking = False
        threading.Thread(target=self._run_all, name="imgsim-jobs", daemon=True).start()

    def add(self, job: Job) -> None:
        """Put a job behind those that somebody waits for; the server's own come after all of these.

        A job that waits already may be added again once somebody asks for it.
        """
        self._queue.put((0 if job.owners else 1, next(self._count), job))

    def cancel(self, job: Job) -> None:
        """Stop a job at once; a finished one stays as it is."""
        with self._lock:
            if job.alive:
                running = job.state == "running"
                self._finish(job, "cancelled")
                if running and self._process is not None:
                    self._process.kill()

    def start(self) -> None:
        """Have a worker ready, so that the first job need not wait for one."""
        with self._lock:
            if not self._closed and (self._process is None or self._process.poll() is not None):
                self._stop()
                self._process = subprocess.Popen(
                    self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
                )

    def close(self) -> None:
        """Kill the worker for good."""
        with self._lock:
            self._closed = True
            self._queue.put((-1, 0, None))
            self._stop()

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            if not self._talking:  # else the thread that reads the pipe closes it
                _close_pipes(process)

    def _run_all(self) -> None:
        while (job := self._queue.get()[2]) is not None:
            with self._lock:
                if job.state == "waiting":
                    job.state, job.started = "running", job.started or time.monotonic()
            if job.state == "running":
                self._run(job)
            if job.waits:  # a piece of it is done, and whoever came meanwhile goes first
                self.add(job)

    def _run(self, job: Job) -> None:
        try:
            self._converse(job)
        except (OSError, ValueError) as error:
            self._finish(job, "failed", f"the worker must be reachable, got {error}; try again.")
        if self._keeps_worker:
            self.start()  # a killed or crashed worker is replaced while nobody waits
        else:
            with self._lock:
                self._stop()

    def _converse(self, job: Job) -> None:
        with self._lock:
            self.start()
            process = self._process
            if process is None:
                return self._finish(job, "cancelled")
            self._talking = True
        try:
            self._talk(process, job)
        finally:
            with self._lock:
                self._talking = False
                if process.poll() is not None:
                    _close_pipes(process)

    def _talk(self, process: subprocess.Popen[str], job: Job) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(
            json.dumps({"id": job.key, "task": job.task, "arguments": {**job.arguments, **job.rest}}) + "\n"
        )
        process.stdin.flush()
        for line in process.stdout:
            message = json.loads(line)
            if message["event"] == "pause":
                return self._pause(job, message["rest"])
            if message["event"] != "progress":
                job.result = message.get("result", {})
                return self._finish(job, message["event"], message.get("message", ""))
            job.report(message["stage"], message["done"], message["total"])
        return self._finish(job, "failed", _crash(process.wait()))

    def _pause(self, job: Job, rest: Mapping[str, Any]) -> None:
        with self._lock:
            if job.alive:
                job.state, job.rest = "waiting", rest

    def _finish(self, job: Job, state: State, error: str = "") -> None:
        with self._lock:
            if job.alive:
                job.state, job.error, job.finished = state, error, time.monotonic()


def _close_pipes(process: subprocess.Popen[str]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):  # what was not yet sent to the dead
                pipe.close()


def _crash(code: int) -> str:
    if code == -9:
        return "the work must fit into memory, got stopped by the system; try fewer images or a lighter method."
    return f"the worker must finish its job, got its end with code {code}; try again, the log has the details."
