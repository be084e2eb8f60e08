"""Every method that runs here has a picture of what it sees."""

from __future__ import annotations

import json

import numpy as np
import pytest

from imgsim import sights, worker
from imgsim.errors import InputError
from imgsim.methods import METHODS
from imgsim.sights import SIDE, SIGHTS
from imgsim.tasks import sights as task

SLOW = ("networks", "text and image")  # half a minute, or weights that are fetched; they are drawn by patches


def runs_here(method) -> bool:
    return method().download is None and method().unavailable() is None


@pytest.mark.parametrize("method", [m for m in METHODS if m.family not in SLOW], ids=lambda m: m.id)
def test_every_method_has_a_picture_that_shows_something(method, astronaut):
    if not runs_here(method):
        pytest.skip(str(method().unavailable()))
    picture = sights.sight_of(method).draw(method(), np.ascontiguousarray(astronaut[::2, ::2]))
    assert picture.shape == (SIDE, SIDE, 3)
    assert picture.dtype == np.uint8
    assert picture.std() > 5


def test_a_kind_names_methods_and_families_that_exist():
    families = {method.family for method in METHODS}
    for kind in SIGHTS:
        assert kind.caption.endswith(".")
        assert set(kind.methods) <= {method.id for method in METHODS}
        assert set(kind.families) <= families


def test_windows_that_are_alike_have_one_colour():
    half = np.zeros((64, 64, 3), np.uint8)
    half[:, 32:] = 200
    picture = SIGHTS["patches"]().draw(METHODS.create("color_moments"), half)
    assert np.ptp(picture[:, :20].astype(int), axis=(0, 1)).max() <= 3
    assert np.ptp(picture[:, -20:].astype(int), axis=(0, 1)).max() <= 3
    assert np.abs(picture[0, 0].astype(int) - picture[0, -1]).max() > 100


def test_bits_are_those_of_the_hash(astronaut):
    method = METHODS.create("dhash")
    picture = SIGHTS["bits"]().draw(method, astronaut)
    assert (picture[SIDE // 16 :: SIDE // 8, SIDE // 16 :: SIDE // 8, 0].reshape(-1) > 128).tolist() == (
        method.embed([astronaut])[0] > 0
    ).tolist()


def test_the_task_works_in_pieces_and_leaves_out_what_failed(workspace_root, monkeypatch):
    few = [METHODS["hog"], METHODS["ahash"], METHODS["dhash"]]
    monkeypatch.setattr(task, "wanted", lambda: [method for method in few if not task.place(method).exists()])
    monkeypatch.setattr(task, "PIECE", 1e-9)
    draw = task.draw

    def fail(method, photo):
        if method.id == "ahash":
            raise InputError("the photo must be larger, got less; take another.")
        draw(method, photo)

    monkeypatch.setattr(task, "draw", fail)
    lines, rest = [], {}
    for _ in few:
        worker.answer(json.dumps({"id": "a", "task": "sights", "arguments": rest}), lines.append)
        rest = lines[-1].get("rest", {})
    assert [line["event"] for line in lines if line["event"] != "progress"] == ["pause", "pause", "done"]
    assert lines[-1]["result"]["failed"] == {"ahash": "the photo must be larger, got less; take another."}
    counts = [(line["done"], line["total"]) for line in lines if line.get("stage", "").startswith("drawing")]
    assert (counts[0], counts[-1]) == ((0, 3), (3, 3))
    assert [task.place(method).exists() for method in few] == [True, False, True]


def test_the_task_keeps_picture_and_cost(astronaut, workspace_root):
    method = METHODS["hog"]
    assert task.milliseconds(method) is None
    task.draw(method, astronaut)
    assert task.place(method).exists()
    assert 0 < task.milliseconds(method) < 5000
    assert method not in task.wanted()
