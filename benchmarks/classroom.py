"""Thirty browsers at once on one lesson and on Explore: how long a click takes, what is computed, what memory it needs.

    python -m benchmarks.classroom [--browsers 30] [--rounds 8] [--pause 2] [--json]

Starts a server of its own on 127.0.0.1 with an empty workspace. The browsers are web-socket clients that speak
Streamlit's own protocol: they ask, wait for the end of the script run as a page would, and read all that is sent; they
draw nothing, so a browser's own time comes on top. A click is one moved slider of a lesson, or another picture in focus
on Explore; a slider at a value that is computed for the first time is counted apart. Between clicks everybody waits a
random time around `--pause` seconds. `cold` is the first visit to an empty workspace, which has to read pictures and
compute. CPU seconds of the worker say whether anything was computed twice: thirty browsers must not need more of them
than one.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
from PIL import Image

from tests.browser.conftest import App

SLOW = True  # minutes; only when asked for by name
LESSON = {"lesson": "colour_counts", "step": "break"}
EXPLORE = {"collection": "builtin:shapes", "method": "color_histogram", "map": "pca"}
TIMEOUT = 240  # seconds of one answer
HZ = os.sysconf("SC_CLK_TCK")


class Browser:
    """One web-socket client on one page."""

    def __init__(self, port: int, page: str, query: dict[str, str]) -> None:
        self.port, self.page, self.query = port, page, urlencode(query)
        self.widgets: set[str] = set()
        self.waits = self.had_to_wait = False
        self.n_bytes = 0

    async def open(self) -> float:
        """Connect, and wait until the page is there and no job is on it; seconds."""
        import websockets

        start = time.perf_counter()
        address = f"ws://127.0.0.1:{self.port}/_stcore/stream"
        self.socket = await websockets.connect(address, subprotocols=["streamlit"], max_size=None, ping_interval=None)
        await self._run({})
        while self.waits or not self.widgets:
            await asyncio.sleep(1)
            await self._run({})
        return time.perf_counter() - start

    async def slide(self, key: str, value: int) -> float:
        """Move a slider; seconds until the script has run, and until what it waits for in the background is there.

        `had_to_wait` says afterwards whether it was the first to ask for that value, or came while it was computed.
        """
        start = time.perf_counter()
        await self._run({self._id(key): value})
        self.had_to_wait = self.waits
        while self.waits:
            await asyncio.sleep(1)
            await self._run({})
        return time.perf_counter() - start

    async def go(self, **query: str) -> float:
        """Ask for the page with another query; seconds."""
        start = time.perf_counter()
        self.query = urlencode(query)
        await self._run({})
        return time.perf_counter() - start

    async def close(self) -> None:
        """Hang up."""
        await self.socket.close()

    def _id(self, key: str) -> str:
        return next(id for id in self.widgets if id.endswith(f"-{key}"))

    async def _run(self, changed: dict[str, int]) -> None:
        from streamlit.proto.BackMsg_pb2 import BackMsg
        from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

        ask = BackMsg()
        ask.rerun_script.query_string, ask.rerun_script.page_name = self.query, self.page
        for id, value in changed.items():
            state = ask.rerun_script.widget_states.widgets.add()
            state.id = id
            state.double_array_value.data.append(value)
        await self.socket.send(ask.SerializeToString())
        self.waits, started = False, False
        while True:
            data = await asyncio.wait_for(self.socket.recv(), TIMEOUT)
            self.n_bytes += len(data)
            message = ForwardMsg()
            message.ParseFromString(data)
            kind = message.WhichOneof("type")
            if kind == "page_info_changed":
                self.query = message.page_info_changed.query_string
            elif kind == "delta":
                self._note(message.delta.new_element)
            elif kind == "new_session":
                started = True
            elif kind == "script_finished" and started and message.script_finished in (0, 1):
                return

    def _note(self, element: Any) -> None:
        kind = element.WhichOneof("type")
        if kind == "button" and element.button.label == "Cancel":  # a job is on the page
            self.waits = True
        elif kind == "exception":
            raise RuntimeError(element.exception.message)
        elif kind == "slider":
            self.widgets.add(element.slider.id)
        elif kind == "selectbox":
            self.widgets.add(element.selectbox.id)


async def room(port: int, n: int, rounds: int, pause: float) -> dict[str, Any]:
    """Everybody opens the lesson at once, then moves its dial; then the same on Explore."""
    lesson = [Browser(port, "lessons", LESSON) for _ in range(n)]
    cold = await asyncio.gather(*(one.open() for one in lesson))
    first: list[float] = []  # of the dial at a value that nobody had asked for before

    async def move(one: Browser, turn: int) -> float | None:
        seconds = await one.slide("dial_colour_counts_grid", 1 + turn % 3)
        if one.had_to_wait:
            first.append(seconds)
        return None if one.had_to_wait else seconds

    clicks = await _clicks(lesson, rounds, pause, move)
    explore = [Browser(port, "explore", EXPLORE) for _ in range(n)]
    cold_map = await asyncio.gather(*(one.open() for one in explore))
    ids = [f"star_blue_{turn:02d}" for turn in range(25)]
    looks = await _clicks(explore, rounds, pause, lambda one, turn: one.go(**EXPLORE, image=ids[turn % 25]))
    sent = sum(one.n_bytes for one in (*lesson, *explore))
    for one in (*lesson, *explore):
        await one.close()
    return {
        "lesson_cold_s": _summary(cold),
        "lesson_click_s": _summary(clicks),
        "lesson_click_computed_first_s": _summary(first),
        "explore_cold_s": _summary(cold_map),
        "explore_click_s": _summary(looks),
        "sent_mb": round(sent / 1e6, 1),
    }


async def _clicks(browsers: list[Browser], rounds: int, pause: float, click: Any) -> list[float]:
    async def one(browser: Browser) -> list[float | None]:
        found: list[float | None] = []
        for turn in range(rounds):
            await asyncio.sleep(random.uniform(0.5, 1.5) * pause)
            found.append(await click(browser, turn))
        return found

    taken = [seconds for found in await asyncio.gather(*map(one, browsers)) for seconds in found]
    return [seconds for seconds in taken if seconds is not None]


def _summary(seconds: list[float]) -> dict[str, float]:
    if not seconds:
        return {"n": 0}
    ordered = sorted(seconds)
    ninth = ordered[int(0.9 * (len(ordered) - 1))]
    return {
        "n": len(ordered),
        "median": round(statistics.median(ordered), 3),
        "p90": round(ninth, 3),
        "max": round(ordered[-1], 3),
    }


def processes(pid: int) -> dict[str, Any]:
    """CPU seconds and memory in MB of the server and of its workers."""
    found = {"server": [pid], "workers": _children(pid)}
    return {
        f"{name}_{what}": round(sum(measure(p) for p in pids), 1)
        for name, pids in found.items()
        for what, measure in (("cpu_s", _cpu), ("mb", _memory))
    }


def _children(pid: int) -> list[int]:
    text = "".join(path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children"))
    return [int(child) for child in text.split()]


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / HZ


def _memory(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def _few_pictures(home: Path) -> str:
    folder = home / "pictures"
    folder.mkdir()
    for number in range(4):
        pixels = np.random.default_rng(number).integers(0, 255, (32, 32, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    return str(folder)


def measure(n: int, rounds: int, pause: float) -> dict[str, Any]:
    """One room on a fresh server; CPU and memory before and after."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["IMGSIM_SOURCE"] = _few_pictures(Path(home))  # the first map, made at the start, is not measured
        app = App(Path(home))
        try:
            before = processes(app.process.pid)
            result = asyncio.run(room(app.port, n, rounds, pause))
            after = processes(app.process.pid)
        finally:
            app.stop()
    return {"browsers": n, **result, "before": before, "after": after, "load": round(os.getloadavg()[0], 1)}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--browsers", type=int, default=30)
    options.add_argument("--rounds", type=int, default=8)
    options.add_argument("--pause", type=float, default=2.0)
    options.add_argument("--json", action="store_true")
    given = options.parse_args()
    found = [measure(n, given.rounds, given.pause) for n in (1, given.browsers)]
    if given.json:
        print(json.dumps({"runs": found}))
        return
    for one in found:
        print(f"\n{one['browsers']} browsers, load of the machine {one['load']}")
        for name, value in one.items():
            print(f"  {name}: {value}")


if __name__ == "__main__":
    main()
