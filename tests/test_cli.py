"""The command line is a contract: its JSON, its streams and its exit statuses."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

from imgsim.cli import run
from imgsim.methods import METHODS

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pictures = tmp_path / "pictures"
    random = np.random.default_rng(0)
    for label in ("dark", "light"):
        (pictures / label).mkdir(parents=True)
        for i in range(4):
            noise = random.integers(0, 60, (40, 50, 3)) + (0 if label == "dark" else 190)
            Pillow.fromarray(noise.astype(np.uint8)).save(pictures / label / f"{i}.png")
    (pictures / "<b>&.jpg").write_bytes(b"\xff\xd8\xff but no more")
    return pictures


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    """The one JSON object on stdout."""
    assert run([*arguments, "--json"]) == 0
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    return dict(json.loads(out))


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one sentence on stderr of a call that ends with 2 and prints nothing on stdout."""
    assert run(list(arguments)) == 2
    streams = capsys.readouterr()
    assert streams.out == ""
    lines = [line for line in streams.err.splitlines() if line.strip()]
    assert "Traceback" not in streams.err
    return lines[-1]


def test_info(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    told = answer(capsys, "info", str(folder))
    assert told["n_images"] == 8
    assert told["n_unreadable"] == 1
    assert told["unreadable"][0]["path"] == "<b>&.jpg"
    assert told["unreadable"][0]["reason"]
    assert "label" in told["fields"]
    assert len(told["fingerprint"]) == 64


def test_collections(capsys: pytest.CaptureFixture[str]) -> None:
    told = {row["id"]: row for row in answer(capsys, "collections")["collections"]}
    assert {"photo", "edit", "strength"} <= set(told["builtin:photos"]["fields"])
    assert told["builtin:digits"]["n_images"] == 1797
    assert told["builtin:photos"]["n_images"] >= 20 * 24
    assert told["builtin:shapes"]["n_images"] >= 1000


def test_methods(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.delenv("IMGSIM_WEIGHTS", raising=False)
    given = answer(capsys, "methods")
    told = {row["id"]: row for row in given["methods"]}
    scores = {row["id"]: row["larger_is_closer"] for row in given["pair_scores"]}
    assert (scores["ssim"], scores["mse"]) == (True, False)
    keys = {"id", "title", "family", "dim", "metric", "available", "reason", "licence", "reference"}
    assert all(keys <= set(row) for row in told.values())
    assert told["hog"]["available"]
    assert not told["resnet50"]["available"]
    assert "imgsim weights import" in told["resnet50"]["reason"]
    assert {"pixels", "color_histogram", "hog", "lbp", "sift_bovw", "sift_vlad", "phash", "dhash"} <= set(told)
    assert told["hog"]["usual_milliseconds"] < told["sift_bovw"]["usual_milliseconds"]
    assert [row["id"] for row in answer(capsys, "methods", "outlines pose")["methods"]] == ["hog"]
    assert "color_histogram" in refusal(capsys, "methods", "color_histogran")


def test_methods_for_people(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.delenv("IMGSIM_WEIGHTS", raising=False)
    monkeypatch.setattr(METHODS["lbp"], "missing_package", classmethod(lambda cls: "lbp needs x; run: pip install x"))
    assert run(["methods"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:4] for line in lines if line.startswith("  hog ")] == [["hog", "1,764", "0.38", "ready"]]
    assert any(line.startswith("  alexnet + 79 more") and "0 ready" in line for line in lines)
    assert not any("resnet50" in line for line in lines)  # 80 networks are one line
    assert "lbp: lbp needs x; run: pip install x" in lines
    assert any(line.startswith("  lbp ") and "to install" in line for line in lines)
    assert run(["methods", "vit_small_patch16_dinov3"]) == 0
    told = capsys.readouterr().out
    assert "blind to" in told
    assert "Apache-2.0" in told
    assert "network=vit_small_patch16_dinov3" in told


def test_embed_writes_both_kinds_of_file(capsys: pytest.CaptureFixture[str], folder: Path, tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    told = answer(capsys, "embed", str(folder), "-m", "pixels:size=4", "-m", "phash", "--out", str(tmp_path / "v.npz"))
    assert told["n_images"] == 8
    assert [row["method"] for row in told["embeddings"]] == ["pixels", "phash"]
    assert all({"dim", "key", "seconds", "images_per_s"} <= set(row) for row in told["embeddings"])
    arrays = np.load(tmp_path / "v.npz")
    assert arrays["phash"].shape == (8, 64)
    answer(capsys, "embed", str(folder), "-m", "phash", "--out", str(tmp_path / "v.parquet"))
    table = pq.read_table(tmp_path / "v.parquet").to_pydict()
    assert table["id"] == list(arrays["ids"])
    np.testing.assert_array_equal(np.array(table["phash"], np.float32), arrays["phash"])
    assert table["label"] == ["dark"] * 4 + ["light"] * 4


def test_similarity(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    one, same, other = (str(folder / name) for name in ("dark/0.png", "dark/0.png", "light/1.png"))
    equal = answer(capsys, "similarity", one, same, "-m", "hog", "--reference", str(folder))["scores"][0]
    assert equal["similarity"] == pytest.approx(1, abs=1e-6)
    assert equal["distance"] == pytest.approx(0, abs=1e-6)
    assert equal["percentile"] == 100
    scores = answer(capsys, "similarity", one, other, "-m", "pixels", "-m", "phash", "--reference", str(folder))
    assert [row["method"] for row in scores["scores"]] == ["pixels", "phash"]
    assert scores["scores"][0]["percentile"] < 75


def test_search(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    told = answer(capsys, "search", str(folder), str(folder / "dark" / "1.png"), "-m", "color_histogram", "-k", "3")
    assert [match["rank"] for match in told["matches"]] == [1, 2, 3]
    assert told["matches"][0]["id"] == "dark/1.png"
    assert Path(told["matches"][0]["path"]) == folder / "dark" / "1.png"
    assert told["matches"][0]["distance"] <= told["matches"][1]["distance"]
    by_id = answer(capsys, "search", str(folder), "dark/1.png", "-m", "color_histogram", "-k", "3")
    assert "dark/1.png" not in [match["id"] for match in by_id["matches"]]


def test_project(capsys: pytest.CaptureFixture[str], folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "map.html"
    told = answer(capsys, "project", str(folder), "-m", "pixels", "-p", "pca", "--out", str(out))
    assert told["n"] == 8
    assert 0 <= told["trustworthiness"] <= 1
    assert 0 <= told["knn_recall"] <= 1
    page = out.read_text()
    assert "data:image/webp;base64," in page
    assert "https://" not in page.split("<script")[0]


def test_cache(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    answer(capsys, "embed", str(folder), "-m", "phash")
    told = answer(capsys, "cache")
    assert told["bytes"] > 0
    assert {"scan", "embeddings"} <= {row["kind"] for row in told["kinds"]}
    assert answer(capsys, "cache", "--limit", "2GB")["limit"] == 2 * 10**9
    assert answer(capsys, "cache", "--clear")["bytes"] == 0
    assert (folder / "dark" / "0.png").exists()


def test_train(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    command = ["train", str(folder), "--objective", "simclr", "--out", "mine", "--steps", "4", "--label", "label"]
    told = answer(capsys, *command)
    assert told["epochs"] > 0
    assert told["loss"]
    assert all(0 <= accuracy <= 1 for accuracy in told["knn_accuracy"])
    assert answer(capsys, "embed", str(folder), "-m", "trained:name=mine")["n_images"] == 8
    assert "--teacher" in refusal(capsys, "train", str(folder), "--objective", "distillation", "--out", "other")


def test_weights(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "vgg16_bn_mine.pth").write_bytes(b"12345")
    (tmp_path / "nobodys.pt").write_bytes(b"12345")
    monkeypatch.setenv("IMGSIM_WEIGHTS", str(tmp_path))
    rows = answer(capsys, "weights")["weights"]
    assert any(row["method"] == "resnet50" and row["tag"] == "IMAGENET1K_V2" for row in rows)
    own = {row["file"]: row["method"] for row in rows if row["tag"] == "own"}
    assert own == {"vgg16_bn_mine.pth": "vgg16_bn", "nobodys.pt": None}
    few = answer(capsys, "weights", "list", "DINOv3")["weights"]
    assert 0 < len(few) < 60
    assert all("dinov3" in row["file"] for row in few)
    assert "dinov3-license" in {row["licence"] for row in few}
    assert "just use it" in refusal(capsys, "weights", "import", "x.pth", "--for", "hog")
    assert "check the path" in refusal(capsys, "weights", "import", str(tmp_path / "x.pth"), "--for", "resnet18")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["info", "no/such/folder"], "no/such/folder"),
        (["info", "builtin:photo"], "builtin:photos"),
        (["embed", "builtin:digits", "-m", "hogg"], "did you mean 'hog'?"),
        (["embed", "builtin:digits", "-m", "hog:cell=1000"], "cell must be"),
        (["embed", "builtin:digits", "-m", "hog", "--out", "x.csv"], ".parquet or .npz"),
        (["project", "builtin:digits", "-m", "hog", "-p", "umapp"], "did you mean 'umap'?"),
        (["project", "builtin:digits", "-m", "hog", "--dims", "4"], "dims"),
        (["search", "builtin:digits"], "name an image file"),
        (["search", "builtin:digits", "no.jpg", "-m", "hog"], "check the path"),
        (["search", "builtin:digits", "--text", "a dog", "-m", "hog"], "method that reads"),
        (["cache", "--limit", "many"], "such as 20GB"),
        (["nonsense"], "nonsense"),
        (["embed"], "source: Missing"),
    ],
)
def test_bad_input_ends_with_2_and_one_sentence(
    capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert said in refusal(capsys, *arguments)


def test_json_is_alone_on_stdout_and_progress_on_stderr(folder: Path, workspace_root: Path) -> None:
    command = [sys.executable, "-m", "imgsim", "embed", str(folder), "-m", "hog", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert json.loads(done.stdout)["n_images"] == 8
    assert "Embedding with HOG" in done.stderr


def test_an_interrupt_ends_with_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from imgsim.pipeline import Pipeline

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Pipeline, "open", interrupted)
    assert run(["info", "builtin:digits"]) == 130
    assert capsys.readouterr().err.strip().endswith("Stopped.")


def test_every_command_shows_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    from typer.main import get_command

    from imgsim.cli.app import app

    for name in get_command(app).commands:
        assert run([name, "--help"]) == 0
        assert "Example: imgsim " in capsys.readouterr().out
