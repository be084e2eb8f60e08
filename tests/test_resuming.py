"""A killed run goes on where it stopped, and a grown folder is embedded only where it is new."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imgsim.drafts import Draft, hashes_of
from imgsim.errors import CancelledError
from imgsim.images import Reader
from imgsim.methods import METHODS
from imgsim.methods.eigenimages import Eigenimages
from imgsim.pipeline import Pipeline
from imgsim.store import Store
from imgsim.workspace import Workspace
from tests.sources_on_disk import picture, put

ROOT = Path(__file__).resolve().parent.parent
N, KILLED_AT = 150, 100
# Dies without a chance to clean up, in the middle of a pass, as by the kernel.
CHILD = """
import os, signal, sys
from imgsim import embedding
from imgsim.methods import METHODS
from imgsim.pipeline import Pipeline
embedding.KEEP_SECONDS = 0
def progress(stage, done, total):
    if stage.startswith("Embedding") and done == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
pipeline = Pipeline()
pipeline.embed(pipeline.open(sys.argv[1]), [METHODS.parse(spec) for spec in sys.argv[3:]], progress)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return put(tmp_path / "pictures", **{f"p{i:03}": picture(i) for i in range(N)})


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of all images that are decoded after the scan."""
    seen: list[str] = []
    plain = Reader.prepared

    def prepared(self: Reader, row: int, needs: list[Any]) -> list[Any]:
        seen.append(self.collection.ids[row])
        return plain(self, row, needs)

    monkeypatch.setattr(Reader, "prepared", prepared)
    return seen


def killed(folder: Path, *specs: str, at: int = KILLED_AT) -> None:
    done = subprocess.run([sys.executable, "-c", CHILD, str(folder), str(at), *specs], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL


def vectors(folder: Path, *specs: str, workspace: Path | None = None) -> list[np.ndarray]:
    pipeline = Pipeline(Workspace(workspace))
    found = pipeline.embed(pipeline.open(str(folder)), [METHODS.parse(spec) for spec in specs])
    return [np.array(embeddings.vectors) for embeddings in found]


def test_a_killed_run_goes_on_and_equals_an_uninterrupted_one(
    folder: Path, tmp_path: Path, reads: list[str], workspace_root: Path
) -> None:
    whole = vectors(folder, "hog", "phash", workspace=tmp_path / "other")
    reads.clear()
    killed(folder, "hog", "phash")
    assert not list((workspace_root / "cache").glob("embeddings/*")), "nothing is served of a killed run"
    again = vectors(folder, "hog", "phash")
    for one, other in zip(whole, again, strict=True):
        np.testing.assert_array_equal(one, other)
    assert 0 < len(reads) <= N - 64, "a full batch was computed and kept before the kill"
    assert len(set(reads)) == len(reads), "none was read twice; in which order is the threads' affair"
    assert "p000.png" not in reads


def test_what_was_not_marked_is_computed_whatever_the_file_holds(
    folder: Path, tmp_path: Path, workspace_root: Path
) -> None:
    whole = vectors(folder, "hog", workspace=tmp_path / "other")[0]
    killed(folder, "hog")
    (draft,) = (workspace_root / "cache" / ".writing").glob("embeddings-*")
    written = np.load(draft / "vectors.npy", mmap_mode="r+")
    written[np.load(draft / "done.npy") == 0] = np.nan  # as a torn write might
    written.flush()
    np.testing.assert_array_equal(vectors(folder, "hog")[0], whole)


@pytest.mark.parametrize("name", ["done.npy", "hashes.npy", "vectors.npy"])
def test_a_broken_draft_is_begun_anew(folder: Path, tmp_path: Path, workspace_root: Path, name: str) -> None:
    killed(folder, "pixels:size=4")
    (draft,) = (workspace_root / "cache" / ".writing").glob("embeddings-*")
    (draft / name).write_bytes((draft / name).read_bytes()[:150])
    again, whole = (vectors(folder, "pixels:size=4", workspace=root)[0] for root in (None, tmp_path / "other"))
    np.testing.assert_array_equal(again, whole)


def test_a_vocabulary_outlives_the_kill(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = "eigenimages:components=8"
    whole = vectors(folder, spec, workspace=tmp_path / "other")[0]
    killed(folder, spec)
    monkeypatch.setattr(Eigenimages, "fit", lambda *_: pytest.fail("learnt anew in the middle"))
    np.testing.assert_array_equal(vectors(folder, spec)[0], whole)


def test_only_new_images_are_computed_when_a_folder_grows(folder: Path, tmp_path: Path, reads: list[str]) -> None:
    vectors(folder, "hog")
    (folder / "p010.png").unlink()
    put(folder, a_new=picture(1000), z_new=picture(1001), moved__here=picture(10))
    put(folder, p020=picture(1002))  # other contents under a known name
    reads.clear()
    grown = vectors(folder, "hog")[0]
    assert sorted(reads) == ["a_new.png", "p020.png", "z_new.png"]
    np.testing.assert_array_equal(grown, vectors(folder, "hog", workspace=tmp_path / "other")[0])


def test_each_method_computes_what_it_misses_in_one_pass(folder: Path, tmp_path: Path, reads: list[str]) -> None:
    vectors(folder, "hog")
    put(folder, new=picture(1000))
    reads.clear()
    grown = vectors(folder, "hog", "phash")
    assert sorted(reads) == sorted(path.name for path in folder.iterdir()), "each once, the new one for both"
    fresh = vectors(folder, "hog", "phash", workspace=tmp_path / "other")
    for one, other in zip(grown, fresh, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_killed_run_serves_the_folder_that_grew_meanwhile(folder: Path, tmp_path: Path, reads: list[str]) -> None:
    killed(folder, "hog")
    put(folder, new=picture(1000))
    grown = vectors(folder, "hog")[0]
    assert "p000.png" not in reads
    assert "new.png" in reads
    np.testing.assert_array_equal(grown, vectors(folder, "hog", workspace=tmp_path / "other")[0])


def test_a_method_that_learns_from_the_collection_learns_anew(folder: Path, tmp_path: Path, reads: list[str]) -> None:
    spec = "eigenimages:components=8"
    vectors(folder, spec)
    put(folder, new=picture(1000))
    reads.clear()
    grown = vectors(folder, spec)[0]
    assert len(set(reads)) == N + 1
    np.testing.assert_array_equal(grown, vectors(folder, spec, workspace=tmp_path / "other")[0])


def test_vectors_keep_what_they_have_cost(folder: Path) -> None:
    pipeline = Pipeline()

    def cost() -> float:
        embeddings = pipeline.embed(pipeline.open(str(folder)), [METHODS.parse("hog")])[0]
        return float(pipeline.embedding_facts(embeddings)["seconds"])

    first = cost()
    put(folder, new=picture(1000))
    assert cost() > 0.99 * first, "rows taken over were not free"


def test_cancelling_keeps_what_was_computed(folder: Path, reads: list[str]) -> None:
    pipeline = Pipeline()
    collection = pipeline.open(str(folder))

    def stop(stage: str, done: int, total: int) -> None:
        if stage.startswith("Embedding") and done == KILLED_AT:
            raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        pipeline.embed(collection, [METHODS.parse("hog")], stop)
    told: list[str] = []
    reads.clear()
    pipeline.embed(
        collection, [METHODS.parse("hog")], lambda stage, done, total: told.append(f"{stage} {done}/{total}")
    )
    assert len(reads) == N - 64
    assert f"Embedding with {METHODS['hog'].title}, 64 known already 0/{N - 64}" in told


def test_rows_are_found_by_contents_in_another_draft(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first = Draft(tmp_path / "a", hashes_of(["x", "y", "z"]), 2)
    first.put([0, 2], np.array([[1, 1], [3, 3]], np.float32))
    first.seconds = 4.0
    first.keep()
    first.put([1], np.array([[2, 2]], np.float32))  # written and not kept: does not count
    second = Draft(tmp_path / "b", hashes_of(["q", "z", "y", "x", "z"]), 2)
    assert second.borrow(tmp_path / "a") == 3
    assert second.missing.tolist() == [True, False, True, False, False]
    assert second.seconds == 6.0
    second.put([2, 0], np.array([[2, 2], [9, 9]], np.float32))
    second.keep()
    second.finish()
    assert np.load(tmp_path / "b" / "vectors.npy")[:, 0].tolist() == [9, 3, 2, 1, 3]
    assert second.borrow(tmp_path / "nowhere") == 0
    first.close()


def test_leftovers_make_room_and_never_what_is_being_written(tmp_path: Path) -> None:
    store, key = Store(tmp_path, limit=1000), "a" * 64

    def fail(fill: Callable[[Path], object]) -> None:
        with contextlib.suppress(CancelledError), store.writing("vectors", key, resumes=True) as directory:
            assert directory is not None
            fill(directory)
            store.shrink()
            assert directory.exists()
            raise CancelledError("stopped")

    fail(lambda directory: (directory / "x").write_bytes(b"x" * 600))
    fail(lambda directory: (directory / "y").write_bytes((directory / "x").read_bytes()))
    leftover = store.leftover("vectors", key)
    assert leftover is not None
    assert store.find("vectors", key) is None
    store.shrink()
    assert not leftover.exists()
    fail(lambda directory: (directory / "x").write_bytes(b"x" * 5))
    assert store.clear() == 5
    assert store.leftover("vectors", key) is None
