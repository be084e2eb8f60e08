"""Jobs: shared, cancelled, crashed, retried, with a worker that only pretends; and the real worker's protocol."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from imgsim import worker
from imgsim.errors import InputError
from imgsim.ui.jobs import JobManager, Stage
from imgsim.ui.progress import duration, plain, stage_line

FAKE = (sys.executable, str(Path(__file__).parent / "fake_worker.py"))


@pytest.fixture
def jobs() -> Iterator[JobManager]:
    manager = JobManager(FAKE)
    yield manager
    manager.close()


def wait(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


def test_a_job_reports_its_stage_and_ends(jobs: JobManager) -> None:
    job = jobs.submit("count", {"to": 3}, "Count")
    wait(lambda: not job.alive)
    assert job.state == "done"
    assert [(s.name, s.done, s.total, s.fraction) for s in job.stages] == [("counting", 3, 3, 1.0)]


def test_the_worker_is_kept_for_the_next_job(jobs: JobManager) -> None:
    first, second = jobs.submit("count", {"to": 1}, "One"), jobs.submit("count", {"to": 2}, "Two")
    wait(lambda: not second.alive)
    assert first.result["pid"] == second.result["pid"]


def test_the_same_request_of_two_browsers_is_one_job(jobs: JobManager) -> None:
    one = jobs.submit("map", {"a": 1, "b": 2}, "Map", owner="anna")
    other = jobs.submit("map", {"b": 2, "a": 1}, "Map", owner="bert")
    assert one is other
    assert one.owners == {"anna", "bert"}
    assert jobs.submit("map", {"a": 1, "b": 3}, "Map", owner="carl") is not one


def test_cancel_takes_effect_and_the_next_job_runs(jobs: JobManager) -> None:
    endless = jobs.submit("map", {}, "Endless")
    wait(lambda: bool(endless.stages))
    jobs.cancel(endless)
    after = jobs.submit("count", {"to": 1}, "Count")
    wait(lambda: not after.alive)
    assert (endless.state, after.state) == ("cancelled", "done")


def test_a_waiting_job_can_be_cancelled(jobs: JobManager) -> None:
    running, waiting = jobs.submit("map", {"n": 1}, "One"), jobs.submit("count", {"to": 1}, "Two")
    wait(lambda: running.state == "running")
    assert jobs.before(waiting) == [running]
    jobs.cancel(waiting)
    assert (running.state, waiting.state) == ("running", "cancelled")


def test_what_somebody_waits_for_passes_what_the_server_wants_for_later(jobs: JobManager) -> None:
    running = jobs.submit("map", {}, "First page")
    wait(lambda: running.state == "running")
    later, adopted = (jobs.submit("count", {"to": to}, "Cards") for to in (1, 2))
    asked = jobs.submit("count", {"to": 3}, "Search", owner="anna")
    jobs.submit("count", {"to": 2}, "Cards", owner="anna")
    assert jobs.before(asked) == [running, adopted]
    jobs.cancel(running)
    wait(lambda: not later.alive)
    assert later.started >= max(asked.finished, adopted.finished)
    assert {job.state for job in (later, asked, adopted)} == {"done"}


def test_a_crash_is_one_sentence_and_the_next_try_works(jobs: JobManager) -> None:
    crashed = jobs.submit("crash", {}, "Crash")
    wait(lambda: not crashed.alive)
    assert crashed.state == "failed"
    assert "code 7" in crashed.error
    assert "\n" not in crashed.error
    after = jobs.submit("count", {"to": 1}, "Count")
    wait(lambda: not after.alive)
    assert after.state == "done"


def test_a_failed_job_says_why_and_asking_again_is_a_new_try(jobs: JobManager) -> None:
    failed = jobs.submit("fail", {}, "Fail")
    wait(lambda: not failed.alive)
    assert (failed.state, failed.error) == ("failed", "the number must be even, got 3; take 4.")
    assert jobs.find("fail", {}) is failed
    assert jobs.submit("fail", {}, "Fail") is not failed


def test_who_asks_for_another_map_leaves_the_young_one(jobs: JobManager) -> None:
    first = jobs.submit("map", {"n": 1}, "One", owner="anna")
    wait(lambda: first.state == "running")
    second = jobs.submit("map", {"n": 2}, "Two", owner="anna")
    assert first.state == "cancelled"
    assert second.alive
    assert jobs.find("map", {"n": 1}) is None  # nobody stopped it: who comes back asks anew


def test_a_map_stays_while_the_page_asks_for_something_beside_it(jobs: JobManager) -> None:
    first = jobs.submit("map", {"n": 1}, "One", owner="anna")
    jobs.submit("count", {"to": 1}, "Count", owner="anna")
    assert first.alive


def test_a_map_that_somebody_else_waits_for_stays(jobs: JobManager) -> None:
    first = jobs.submit("map", {"n": 1}, "One", owner="anna")
    jobs.submit("map", {"n": 1}, "One", owner="bert")
    jobs.submit("map", {"n": 2}, "Two", owner="anna")
    assert first.alive


def test_a_training_does_not_hold_up_a_map(jobs: JobManager) -> None:
    training = jobs.submit("train", {"name": "a"}, "Training")
    wait(lambda: training.state == "running")
    quick = jobs.submit("count", {"to": 1}, "Count")
    assert jobs.before(quick) == []
    wait(lambda: not quick.alive)
    assert (training.state, quick.state) == ("running", "done")
    second = jobs.submit("train", {"name": "b"}, "Another training")
    assert jobs.before(second) == [training]
    jobs.cancel(training)
    wait(lambda: second.state == "running")
    assert training.state == "cancelled"


def test_what_works_in_pieces_lets_others_go_first(jobs: JobManager) -> None:
    pieces = jobs.submit("pieces", {"n": 6}, "Pieces")
    wait(lambda: bool(pieces.rest))
    quick = jobs.submit("count", {"to": 1}, "Count")
    wait(lambda: not quick.alive)
    assert (quick.state, pieces.alive) == ("done", True)
    wait(lambda: not pieces.alive)
    assert (pieces.state, pieces.result) == ("done", {"left": 0})
    endless = jobs.submit("pieces", {"n": 1000}, "Endless")
    wait(lambda: bool(endless.rest))
    jobs.cancel(endless)
    assert endless.state == "cancelled"


def test_time_left_follows_the_rate() -> None:
    stage = Stage("embedding", done=25, total=100, seconds=10)
    assert stage.seconds_left == 30
    assert stage_line(stage) == "Embedding · 25 of 100 · about 30 s of it left"
    assert Stage("embedding", done=25, total=0, seconds=10).seconds_left is None
    assert [duration(s) for s in (0.2, 89, 120, 7200)] == ["1 s", "89 s", "2 min", "2.0 h"]


def test_names_are_no_markup() -> None:
    assert plain("![a](http://x) *b*") == r"\!\[a\]\(http\://x\) \*b\*"


def test_the_worker_turns_errors_into_sentences(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture) -> None:
    def refuse(arguments, progress):
        raise InputError(f"n must be 1, got {arguments['n']}; take 1.")

    def break_down(arguments, progress):
        raise RuntimeError("surprise")

    told: list[dict] = []
    for task in (refuse, break_down):
        worker.answer(json.dumps({"id": "x", "task": "t", "arguments": {"n": 2}}), told.append, {"t": task}.__getitem__)
    assert [m["message"] for m in told] == ["n must be 1, got 2; take 1.", "RuntimeError: surprise"]
    assert "Traceback" in capfd.readouterr().err


def test_the_worker_reports_ends_of_stages_and_not_every_step() -> None:
    def work(arguments, progress):
        for done in range(1001):
            progress("embedding", done, 1000)
        return {"key": "k"}

    told: list[dict] = []
    worker.answer(json.dumps({"id": "x", "task": "t", "arguments": {}}), told.append, {"t": work}.__getitem__)
    assert told[0]["done"] == 0
    assert told[-2]["done"] == 1000
    assert told[-1] == {"id": "x", "event": "done", "result": {"key": "k"}}
    assert len(told) < 200


def test_the_real_worker_keeps_its_channel_clean_and_ends_with_its_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "imgsim.worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    job = {"id": "1", "task": "open", "arguments": {"source": "builtin:nothing"}}
    answers: queue.Queue[str] = queue.Queue()
    process.stdin.write(json.dumps(job) + "\n")
    process.stdin.flush()
    for line in process.stdout:
        answers.put(line)
        if json.loads(line)["event"] in ("done", "failed"):
            break
    process.stdin.close()
    assert process.wait(30) == 0
    process.stdout.close()
    last = json.loads(list(answers.queue)[-1])
    assert last["event"] == "failed"
    assert "builtin:" in last["message"]
