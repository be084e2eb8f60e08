"""Edits that a collection already holds: against single searches, a blind method, the command and the page."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from imgsim.cli import run
from imgsim.errors import InputError
from imgsim.methods import METHODS
from imgsim.pipeline import Pipeline
from imgsim.progress import silent
from imgsim.robustness.known_edits import known_edits, knows_its_edits
from imgsim.tasks import maps as maps_task
from imgsim.ui.robustness_state import RobustView
from tests.test_pages import open_page, said

PHOTOS = ("cat", "dog", "sea", "sun")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four photos of colour noise, each mirrored, and lightened by 10 and by 60 %; one edit has no original."""
    random, rows = np.random.default_rng(4), ["file,photo,edit,strength"]
    for photo in PHOTOS:
        first = random.integers(0, 150, (24, 32, 3)).astype(np.uint8).repeat(4, 0).repeat(4, 1)
        lighter = {f"light_{n}": np.clip(first * (1 + n / 100), 0, 255).astype(np.uint8) for n in (60, 10)}
        for name, pixels in {"original": first, "mirror": first[:, ::-1], **lighter}.items():
            Image.fromarray(pixels).save(tmp_path / f"{photo}_{name}.png")
            rows.append(f"{photo}_{name}.png,{photo},{name.split('_')[0]},{name.partition('_')[2] or 0}")
    Image.fromarray(255 - first).save(tmp_path / "lost.png")
    (tmp_path / "labels.csv").write_text("\n".join([*rows, "lost.png,moon,mirror,0"]))
    return tmp_path


def test_shares_are_those_of_single_searches(folder: Path) -> None:
    pipeline = Pipeline()
    collection = pipeline.open(str(folder))
    space = pipeline.embed(collection, [METHODS.parse("pixels")])[0]
    vectors, photos = np.asarray(space.vectors, np.float64), collection.field("photo").astype(str)
    hits: dict[tuple[str, float], list[bool]] = {}
    for row, id in enumerate(collection.ids):
        if "original" not in id and id != "lost.png":
            own = collection.row(f"{photos[row]}_original.png")
            far = np.linalg.norm(vectors - vectors[row], axis=1)
            rivals = far[photos != photos[row]]
            edit = str(collection.field("edit")[row]), float(collection.field("strength")[row])
            hits.setdefault(edit, []).append(bool(far[own] < rivals.min()))
    found = known_edits(pipeline, collection, [space])
    assert {(row.transformation, row.strength): row.recall_at_1 for row in found} == pytest.approx(
        {edit: np.mean(hit) for edit, hit in hits.items()}
    )
    assert [row.strength for row in found if row.transformation == "light"] == [10, 60]
    assert {row.n_images for row in found} == {4}  # the edit of a photo without an original does not ask
    assert found[0].recall_by_chance == pytest.approx(1 / (1 + 13))  # 12 of other photos, and the lost one


def test_a_colour_histogram_does_not_see_a_mirror(folder: Path) -> None:
    pipeline = Pipeline()
    collection = pipeline.open(str(folder))
    blind, sees = pipeline.embed(collection, [METHODS.parse("color_histogram"), METHODS.parse("pixels")])
    told = {(r.method.split(":")[0], r.transformation): r for r in known_edits(pipeline, collection, [blind, sees])}
    assert told["color_histogram", "mirror"].recall_at_1 == 1
    assert told["color_histogram", "mirror"].similarity == pytest.approx(1)
    assert told["pixels", "mirror"].similarity < 0.9


def test_a_collection_without_edits_is_said_so(folder: Path) -> None:
    (folder / "labels.csv").unlink()
    collection = Pipeline().open(str(folder))
    assert not knows_its_edits(collection)
    with pytest.raises(InputError, match="fields photo and edit"):
        known_edits(Pipeline(), collection, [])


def test_the_command_transforms_nothing(folder: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    table = tmp_path / "k.csv"
    command = ["robustness", str(folder), "-m", "pixels:size=24", "--known", "--csv", str(table), "--json"]
    assert run(command) == 0
    told = json.loads(capsys.readouterr().out)
    assert {row["method"] for row in told["results"]} == {"pixels:size=24"}
    assert [row["transformation"] for row in told["results"]] == ["light", "light", "mirror"]
    assert len(table.read_text().splitlines()) == 4


def test_the_page_shows_them_at_once(folder: Path) -> None:
    view = RobustView(collection=str(folder), methods="pixels;color_histogram", by="pca")
    maps_task.run({"requests": view.maps().requests()}, silent)
    app = open_page("robustness", collection=str(folder), methods=view.methods, by="pca")
    assert "12 edited images, each against the images of all other photos; guessing gives 0.071" in said(app)
    assert len(app.get("plotly_chart")) == 1
    assert "Known edits as CSV" in {button.proto.label for button in app.get("download_button")}
