"""Long work outside the script run: one queue for all browsers, done by a worker process that is kept warm.

What can take minutes, such as training, has a queue and a worker of its own, so that maps go on meanwhile. What nobody
waits for works in pieces, and lets whoever came meanwhile go first.

A job survives a change of page and a reload, because it belongs to the server process and not to a session. The same
task with the same arguments runs once, whoever asks. To cancel is to kill the worker and start another.
"""

from __future__ import annotations

import atexit
import functools
import gc
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from imgsim.types import key_of
from imgsim.ui.lanes import Job, Lane, Stage, State

__all__ = ["Job", "JobManager", "Stage", "State", "manager", "warm_up"]

WORKER = (sys.executable, "-m", "imgsim.worker")
KEPT = 30  # finished jobs that are remembered
YOUNG = 15.0  # seconds; a younger map gives way when its only owner asks for another
QUIET = 4.0  # seconds for the first page, if it needs no job, before a worker starts beside it
LONG = frozenset({"duplicates", "train", "robustness", "stability", "learning_curve"})  # tasks with a lane of their own


class JobManager:
    """Runs jobs one after the other in a worker process, and long ones beside them in another.

    Args:
        command: starts a worker that speaks the protocol of `imgsim.worker`.
    """

    def __init__(self, command: Sequence[str] = WORKER) -> None:
        self._jobs: dict[str, Job] = {}
        self._lock = threading.RLock()
        self._short, self._long = Lane(command), Lane(command, keeps_worker=False)

    def submit(self, task: str, arguments: Mapping[str, Any], title: str, owner: str = "") -> Job:
        """The job of that task and arguments: the one that waits or runs, else a new one.

        A map that the same owner asked for a moment ago, and nobody else wants, gives way to another map: who clicks
        through five methods waits for the fifth only.
        """
        key = key_of("job", task=task, arguments=dict(arguments))
        with self._lock:
            if owner and task == "map":
                self._give_way(owner, key)
            job = self._jobs.get(key)
            new = job is None or not job.alive
            if job is None or new:
                self._jobs.pop(key, None)
                job = self._jobs[key] = Job(key, title, task, dict(arguments))
                self._forget()
            asked = bool(owner) and not job.owners
            if owner:
                job.owners.add(owner)
            if new or (asked and job.state == "waiting"):
                self._lane(job).add(job)
            return job

    def find(self, task: str, arguments: Mapping[str, Any]) -> Job | None:
        """The newest job of that task and arguments, in any state."""
        return self._jobs.get(key_of("job", task=task, arguments=dict(arguments)))

    def jobs(self) -> list[Job]:
        """All jobs that are remembered, newest first."""
        with self._lock:
            return list(reversed(self._jobs.values()))

    def before(self, job: Job) -> list[Job]:
        """The jobs that run or wait before this one in its lane; what nobody asked for lets the others pass."""
        with self._lock:
            earlier = list(self._jobs.values())
            ahead = earlier[: earlier.index(job)] if job in earlier else []
            passed = {id(other) for other in ahead if job.owners and not other.owners and other.state == "waiting"}
            return [
                other
                for other in ahead
                if other.alive and self._lane(other) is self._lane(job) and id(other) not in passed
            ]

    def cancel(self, job: Job) -> None:
        """Stop a job at once; a finished one stays as it is."""
        self._lane(job).cancel(job)

    def start(self) -> None:
        """Have a worker ready, so that the first job need not wait for one."""
        self._short.start()

    def close(self) -> None:
        """Kill the workers for good."""
        with self._lock:
            for job in self._jobs.values():
                self.cancel(job)
        self._short.close()
        self._long.close()

    def _lane(self, job: Job) -> Lane:
        return self._long if job.task in LONG else self._short

    def _give_way(self, owner: str, key: str) -> None:
        """Cancel and forget the owner's other young maps: nobody stopped them, and who comes back asks anew."""
        for job in list(self._jobs.values()):
            young = job.alive and job.task == "map" and job.seconds < YOUNG
            if young and job.key != key and job.owners == {owner}:
                self.cancel(job)
                del self._jobs[job.key]

    def _forget(self) -> None:
        finished = [key for key, job in self._jobs.items() if not job.alive]
        for key in finished[: max(len(finished) - KEPT, 0)]:
            del self._jobs[key]


@functools.cache
def manager() -> JobManager:
    """The one manager of this server process."""
    jobs = JobManager()
    atexit.register(jobs.close)
    return jobs


def warm_up() -> None:
    """Get ready for the first visitor beside the server's start; the launcher calls it."""
    threading.Thread(target=_get_ready, name="warm-up", daemon=True).start()


def _get_ready() -> None:
    """Open what the first page shows, and submit what of it is not in the store: its map, then the cards' pictures."""
    from imgsim.ui import assets, maps
    from imgsim.ui.state import View

    assets.flat_plotly_gzip()
    view = View.first()
    if maps.find(view.request()) is None:
        manager().submit("map", view.request(), f"Map of {view.collection}")
    for card in maps.pipeline().collections():
        if not card.removable and maps.pipeline().collection_key(card.source) is None:
            manager().submit("open", {"source": card.source}, f"Pictures of {card.title}")
    _settle()
    time.sleep(QUIET)
    _settle()
    manager().start()


def _settle() -> None:
    """Take what is loaded out of the garbage collector's sight.

    Streamlit collects all garbage after every run of a script: 60 ms of every click for modules that never go.
    """
    gc.freeze()
