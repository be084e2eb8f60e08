"""A training as a job: its record, its map that does not jump, pause and resume; and the page that shows it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from imgsim.errors import InputError
from imgsim.methods import METHODS
from imgsim.progress import silent
from imgsim.tasks import train as task
from imgsim.training import live_map, records
from imgsim.training.records import Record
from imgsim.ui import train as page
from imgsim.ui.jobs import JobManager
from imgsim.ui.train_state import ADDRESS
from tests import test_pages
from tests.idle_jobs import idle_jobs
from tests.test_jobs import wait
from tests.test_training import drawn


@pytest.fixture
def stripes(tmp_path: Path) -> str:
    images, labels = drawn(16)
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        (tmp_path / "stripes" / label).mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(tmp_path / "stripes" / label / f"{number}.png")
    return str(tmp_path / "stripes")


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> Iterator[JobManager]:
    """A manager whose worker never finishes a training."""
    yield from idle_jobs(monkeypatch, page)


def test_registered_maps_only_turn() -> None:
    rng = np.random.default_rng(0)
    xy = rng.normal(size=(20, 2)).astype(np.float32)
    turn = np.array([[np.cos(2), -np.sin(2)], [np.sin(2), np.cos(2)]]) @ np.diag([1, -1])
    np.testing.assert_allclose(live_map.registered((xy @ turn).astype(np.float32), xy), xy, atol=1e-5)
    np.testing.assert_allclose(live_map.registered(3 * xy, xy), 3 * xy, atol=1e-5)  # a size is not changed


def test_flat_shows_the_widest_directions() -> None:
    angles = np.linspace(0, 1, 9)
    arc = np.stack([np.cos(angles), np.sin(angles), np.zeros(9)], axis=1)
    xy = live_map.flat(arc)
    assert np.sqrt((xy**2).sum(1).mean()) == pytest.approx(1, rel=1e-5)
    assert (np.diff(xy[:, 0]) > 0).all() or (np.diff(xy[:, 0]) < 0).all()
    assert live_map.flat(np.zeros((3, 4))).tolist() == np.zeros((3, 2)).tolist()


@pytest.mark.parametrize("name", ["", "../up", "a/b", "a" * 61, ".hidden"])
def test_a_name_that_is_no_file_name_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="choose another name"):
        records.folder(name)


def test_half_a_record_is_no_record(workspace_root: Path) -> None:
    records.write(Record("mine", "builtin:shapes", "simclr"))
    (records.folder("mine") / "record.json").write_text("{")
    assert records.read("mine") is None
    assert records.all_records() == []


def test_the_chance_of_known_labels(stripes: str) -> None:
    from imgsim.pipeline import Pipeline

    collection = Pipeline().open(stripes)
    labels = [str(value) for value in collection.field("label")]
    found = task.baselines(Pipeline(), collection, labels, 0, silent)
    assert found["chance"] == pytest.approx(4 * 4 * 3 / (16 * 15))  # four labels of four pictures
    assert 0 <= found["hog"] <= 1


def test_a_paused_training_goes_on_and_becomes_a_method(stripes: str, workspace_root: Path) -> None:
    asked = {"name": "mine", "source": stripes, "objective": "simclr", "label": "label", "steps": 6, "seed": 0}

    def pause_at_3(stage: str, done: int, total: int) -> None:
        if stage == "learning" and done == 3:
            records.ask_to_pause("mine")

    assert task.run(asked, pause_at_3)["state"] == "paused"
    kept = records.read("mine")
    assert kept is not None
    assert (kept.state, kept.step) == ("paused", 3)
    assert not records.network_file("mine").exists()
    steps: list[int] = []
    task.run(asked, lambda stage, done, total: steps.append(done) if stage == "learning" else None)
    assert steps[0] == 3
    done = records.read("mine")
    assert done is not None
    assert done.state == "done"
    assert [line["step"] for line in done.history] == list(range(7))
    assert done.history[:4] == kept.history
    assert set(done.baselines) == {"chance", "hog", "imgsim_mini"}
    rows, xy = records.read_map("mine") or (None, None)
    assert rows.tolist() == list(range(16))
    assert xy.shape == (16, 2)
    assert METHODS.parse("trained:name=mine").unavailable() is None


def test_a_training_that_cannot_be_says_why(stripes: str) -> None:
    with pytest.raises(InputError, match="no teacher"):
        task.run({"name": "mine", "source": stripes, "objective": "distillation"}, silent)
    assert records.read("mine").state == "failed"


def open_train(**params: str) -> Any:
    return test_pages.open_page("train", **params)


def test_the_page_starts_pauses_and_forgets_a_training(stripes: str, jobs: JobManager) -> None:
    test_pages.Pipeline().open(stripes)
    app = open_train(collection=stripes, steps="40")
    assert "No training yet" in test_pages.said(app)
    assert app.selectbox(key="train_label").value == "label"
    next(b for b in app.button if b.label == "Start training").click().run()
    record = records.all_records()[0]
    assert (record.source, record.steps, record.label) == (stripes, 40, "label")
    job = jobs.find("train", record.arguments)
    wait(lambda: job.state == "running")
    app.run()
    next(b for b in app.button if b.label == "Pause").click().run()
    assert records.pause_is_asked(record.name)
    next(b for b in app.button if b.label == "Cancel and forget").click().run()
    assert job.state == "cancelled"
    assert records.all_records() == []


def test_a_person_is_told_when_it_is_not_yet_known_what_could_be_measured(stripes: str, jobs: JobManager) -> None:
    app = open_train(collection=stripes)
    assert "has no accuracy curve" in test_pages.said(app)
    test_pages.Pipeline().open(stripes)
    app.run()
    assert app.selectbox(key="train_label").value == "label"
    assert "has no accuracy curve" not in test_pages.said(app)


def test_the_page_shows_curves_and_offers_what_fits_the_state(stripes: str, jobs: JobManager) -> None:
    test_pages.Pipeline().open(stripes)
    lines = [{"step": 0.0, "knn_accuracy": 0.3}, {"step": 9.0, "loss": 2.0, "knn_accuracy": 0.5}]
    kept = Record("mine", stripes, "dino", "label", 20, state="running", history=lines, baselines={"chance": 0.2})
    records.write(kept)
    records.write_map("mine", np.arange(16), np.random.default_rng(0).normal(size=(16, 2)))
    app = open_train(collection=stripes)
    axis = json.loads(app.get("plotly_chart")[0].proto.spec)["layout"]["xaxis"]
    assert axis["range"] == [0, 20]
    records.write(dataclasses.replace(kept, history=lines[:1]))
    early = open_train(collection=stripes)
    assert "The loss comes with the first steps." in test_pages.said(early)
    assert len(early.get("plotly_chart")) == 2
    records.write(kept)
    assert "stopped" in test_pages.said(app)  # nobody works on it: the server was started anew
    assert len(app.get("plotly_chart")) == 3
    assert "Resume" in {b.label for b in app.button}
    next(b for b in app.button if b.label == "Resume").click().run()
    assert jobs.find("train", kept.arguments) is not None
    records.write(Record("other", stripes, "simclr", state="done"))
    app = open_train(collection=stripes, show="other")
    assert "Explore with it" in {b.label for b in app.button}
    assert "Resume" not in {b.label for b in app.button}


def test_nonsense_in_the_address_is_said() -> None:
    view, problems = ADDRESS.parse({"objective": "simcl", "steps": "9e9"})
    assert (view.objective, view.steps) == ("simclr", 300)
    assert "did you mean 'simclr'" in problems[0]
    assert "20 to 20000" in problems[1]
