"""Shards, their fair sample, object storage and the vector database; Ray and LanceDB are the real ones."""

from __future__ import annotations

import importlib.util
import itertools
import json
import os
import shutil
import subprocess
import sys
import weakref
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import skimage.data
from PIL import Image as Pil

from imgsim import far
from imgsim.cli import run
from imgsim.errors import CancelledError, InputError, UnavailableError, UnreadableImageError
from imgsim.far import sampling
from imgsim.far.embedder import write_shard
from imgsim.images import Reader, stored_vectors
from imgsim.images.sources.shards import EmbeddedMethod, Note
from imgsim.methods import METHODS
from imgsim.pipeline import MapRequest, Pipeline
from imgsim.progress import Progress
from tests.sources_on_disk import picture, put

ROOT = Path(__file__).resolve().parent.parent
needs_lancedb = pytest.mark.skipif(not importlib.util.find_spec("lancedb"), reason="lancedb is not installed")
needs_ray = pytest.mark.skipif(not importlib.util.find_spec("ray"), reason="ray is not installed")
SPECS = ("pixels:size=4", "phash")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = put(tmp_path / "pictures", **{f"{'cat' if i % 3 else 'dog'}__{i:02}": picture(i) for i in range(30)})
    (root / "broken.jpg").write_text("no picture")
    return root


@pytest.fixture
def shards(folder: Path, tmp_path: Path) -> str:
    out = str(tmp_path / "shards")
    far.embed(str(folder), SPECS, out, shard_rows=8)
    return out


def test_shards_are_the_collection_they_were_made_of(
    folder: Path, shards: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, pipeline = Pipeline(), Pipeline()
    original = plain.open(str(folder))
    wanted = [np.array(e.vectors) for e in plain.embed(original, [METHODS.parse(spec) for spec in SPECS])]
    plain.store.clear()
    monkeypatch.setattr(Reader, "prepared", lambda *_: pytest.fail("an image was decoded again"))
    collection = pipeline.open(shards)
    assert collection.ids == original.ids
    assert collection.fingerprint == original.fingerprint, "results of the folder serve the shards"
    assert collection.unreadable == original.unreadable
    assert {name: list(values) for name, values in collection.fields.items()} == {
        name: list(values) for name, values in original.fields.items()
    }
    found = pipeline.embed(collection, [METHODS.parse(spec) for spec in SPECS])
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(one.vectors, other)


def test_a_vector_in_a_shard_is_the_one_of_its_method_alone(tmp_path: Path) -> None:
    photo = Pil.fromarray(skimage.data.coffee()).resize((1200, 900))
    (tmp_path / "photos").mkdir()
    photo.save(tmp_path / "photos" / "coffee.jpg")
    specs = ("phash", "pixels:size=4")  # which decode it at another scale each
    far.embed(str(tmp_path / "photos"), specs, str(tmp_path / "both"))
    for spec in specs:
        far.embed(str(tmp_path / "photos"), [spec], str(tmp_path / spec[:5]))
        both, one = (Pipeline().open(str(tmp_path / name)) for name in ("both", spec[:5]))
        vectors = [list(stored_vectors(collection, METHODS.parse(spec).key)) for collection in (both, one)]
        np.testing.assert_array_equal(vectors[0][0][1], vectors[1][0][1])


def test_shards_need_no_originals_until_one_is_opened(folder: Path, shards: str) -> None:
    collection = Pipeline().open(shards)
    assert Pipeline().read_image(collection, 0).shape == (24, 36, 3)
    shutil.rmtree(folder)
    made = Pipeline().make_map(MapRequest(shards, SPECS[0], "pca"))
    assert made.projection.xy.shape == (30, 2)
    assert len(Pipeline().load_thumbnails(made.collection_key)) == 30
    with pytest.raises(UnreadableImageError, match="not in reach"):
        Pipeline().read_image(made.collection, 0)


def stops_at(report: int) -> Progress:
    """A progress that cancels at its so many-th report."""
    reports = itertools.count(1)

    def stop(stage: str, done: int, total: int) -> None:
        if next(reports) == report:
            raise CancelledError("stopped")

    return stop


def test_a_stopped_run_goes_on(folder: Path, shards: str, tmp_path: Path) -> None:
    out = str(tmp_path / "again")
    with pytest.raises(CancelledError):
        far.embed(str(folder), SPECS, out, shard_rows=8, progress=stops_at(3))
    assert not Note.read(out).complete
    (tmp_path / "again" / ".part-torn.parquet").write_bytes(b"PAR1 half")
    rest = far.embed(str(folder), SPECS, out, shard_rows=8)
    assert (rest.n_new, rest.note.n_images) == (30 - 15, 30), (
        "two shards of eight candidates, one of them broken, were there"
    )
    assert Pipeline().open(out).fingerprint == Pipeline().open(shards).fingerprint
    assert far.embed(str(folder), SPECS, out).n_new == 0
    put(folder, new=picture(99))
    with pytest.raises(InputError, match="must be a new folder"):
        far.embed(str(folder), SPECS, out)


def test_what_shards_cannot_hold_is_said(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InputError, match="learn nothing from the collection"):
        far.embed(str(folder), ["eigenimages"], str(tmp_path / "x"))
    with pytest.raises(InputError, match="must be a new folder, got"):
        far.embed(str(folder), ["phash"], str(folder))
    assert run(["embed", str(folder), "-m", "phash", "--engine", "ray"]) == 2
    assert "add --out" in capsys.readouterr().err
    assert run(["embed", str(folder), "-m", "phash", "--engine", "spark", "--out", str(tmp_path / "y")]) == 2
    assert "engine must be one of local, ray" in capsys.readouterr().err


def test_object_storage_is_a_source_and_a_place_for_shards() -> None:
    import fsspec

    memory = fsspec.filesystem("memory")
    for i in range(6):
        memory.pipe_file(f"/bucket/{'ab'[i % 2]}/{i}.png", picture(i))
    memory.pipe_file("/bucket/notes.txt", b"passed over")
    pipeline = Pipeline()
    collection = pipeline.open("memory://bucket")
    assert collection.ids[:4] == ("a/0.png", "a/2.png", "a/4.png", "b/1.png")
    assert list(collection.field("label")) == ["a"] * 3 + ["b"] * 3
    far.embed("memory://bucket", SPECS, "memory://vectors", shard_rows=4)
    assert Pipeline().open("memory://vectors").fingerprint == collection.fingerprint
    memory.pipe_file("/bucket/a/0.png", picture(77))
    assert Pipeline().open("memory://bucket").fingerprint != collection.fingerprint
    with pytest.raises(InputError, match="must be a folder that can be listed"):
        Pipeline().open("memory://nowhere")
    with pytest.raises(InputError, match="SOURCE must be"):
        Pipeline().open("https://example.org/photos")


@pytest.mark.parametrize("struct", [False, True])
def test_parquet_of_bytes_is_a_source(tmp_path: Path, struct: bool) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    data = [picture(0), b"no picture", picture(2), picture(3)]
    column = [{"bytes": one, "path": None} for one in data] if struct else data
    table = pa.table({"image": column, "id": list("abcd"), "price": [1.5, 2.0, None, 4.0], "label": [1, 2, 1, 2]})
    pq.write_table(table.slice(0, 3), tmp_path / "0.parquet", row_group_size=2)
    pq.write_table(table.slice(3), tmp_path / "1.parquet")
    collection = Pipeline().open(str(tmp_path))
    assert collection.ids == ("a", "c", "d")
    assert [one.path for one in collection.unreadable] == ["b"]
    assert list(collection.field("label")) == ["1", "1", "2"]
    np.testing.assert_array_equal(collection.field("price"), [1.5, np.nan, 4.0])
    assert Pipeline().read_image(collection, 2).shape == (24, 36, 3)
    assert len(Pipeline().open(str(tmp_path / "1.parquet"))) == 1


def drawn(out: Path, n: int, dim: int, rows: int) -> np.ndarray:
    """Shards of random unit vectors without pictures; every 50th is rare."""
    vectors = np.random.default_rng(0).normal(size=(n, dim)).astype(np.float32)
    out.mkdir()
    for start in range(0, n, rows):
        part = range(start, min(start + rows, n))
        columns = {
            "id": [f"i'{i:05}" for i in part],
            "location": [f"{i}" for i in part],
            "sha256": [f"{i:064x}" for i in part],
            "width": [8] * len(part),
            "height": [8] * len(part),
            "thumbnail": [picture(0)] * len(part),
            "kind": ["rare" if i % 50 == 0 else "plain" for i in part],
        }
        write_shard(str(out), columns, {"hog": vectors[start : start + rows]})
    known = EmbeddedMethod("hog", METHODS.parse("hog").key, dim, "cosine")
    Note("drawn", "nowhere", (known,), n_images=n, complete=True).write(str(out))
    return vectors


def test_a_sample_is_fair_and_does_not_depend_on_the_sharding(tmp_path: Path) -> None:
    drawn(tmp_path / "a", 1000, 4, 100)
    drawn(tmp_path / "b", 1000, 4, 333)
    small, same, large = (
        far.sample(str(tmp_path / source), n, str(tmp_path / out))
        for source, n, out in (("a", 100, "s1"), ("b", 100, "s2"), ("a", 300, "s3"))
    )
    assert (small.n_images, small.of) == (100, 1000)
    ids = [set(Pipeline().open(str(tmp_path / name)).ids) for name in ("s1", "s2", "s3")]
    assert ids[0] == ids[1] <= ids[2]
    assert same.n_images == 100
    assert large.n_images == 300
    assert Pipeline().open(str(tmp_path / "s1")).name == "drawn, 100 of 1,000"
    other = far.sample(str(tmp_path / "a"), 100, str(tmp_path / "s4"), seed=1)
    assert other.n_images == 100
    assert set(Pipeline().open(str(tmp_path / "s4")).ids) != ids[0]


def test_tickets_are_evenly_spread() -> None:
    spread = sampling.tickets([str(i) for i in range(20_000)], 0) / 2.0**64
    counts = np.histogram(spread, 20, (0, 1))[0]
    assert np.square(counts - 1000).sum() / 1000 < 43.8  # chi-square with 19 degrees of freedom, p = .001


def test_rare_values_are_topped_up(tmp_path: Path) -> None:
    drawn(tmp_path / "a", 1000, 4, 100)
    far.sample(str(tmp_path / "a"), 100, str(tmp_path / "s"), by="kind", at_least=15)
    kinds = list(Pipeline().open(str(tmp_path / "s")).field("kind"))
    assert kinds.count("rare") == 15
    assert 85 <= kinds.count("plain") <= 100
    with pytest.raises(InputError, match="topped up by a field"):
        far.sample(str(tmp_path / "a"), 100, str(tmp_path / "t"), by="nothing")


@needs_lancedb
def test_the_database_gives_the_exact_neighbours_of_the_pipeline(shards: str, tmp_path: Path) -> None:
    database, pipeline = far.Database(str(tmp_path / "db")), Pipeline()
    assert database.ingest(shards, SPECS[0]) == 30
    assert database.ingest(shards, SPECS[0], append=True) == 30
    assert database.ingest(shards, SPECS[0]) == 30
    assert database.fields == ["id", "width", "height", "label"]
    collection = pipeline.open(shards)
    embeddings = pipeline.embed(collection, [METHODS.parse(SPECS[0])])[0]
    for row in (0, 7):
        wanted = pipeline.search(collection, embeddings, embeddings.vectors[row], 5)
        found = database.search(np.array(embeddings.vectors[row]), 5)
        assert [one.id for one in found] == [one.id for one in wanted]
        np.testing.assert_allclose([o.distance for o in found], [o.distance for o in wanted], atol=1e-5)
        np.testing.assert_allclose([o.score for o in found], [o.score for o in wanted], atol=1e-5)
    with pytest.raises(InputError, match="must hold phash, got pixels"):
        database.ingest(shards, SPECS[1], append=True)


@needs_lancedb
def test_the_database_filters_deletes_and_measures_its_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imgsim.far.database.INDEXED_FROM", 2000)
    vectors = drawn(tmp_path / "a", 2000, 16, 500)
    database = far.Database(str(tmp_path / "db"))
    assert database.ingest(str(tmp_path / "a"), "hog") == 2000
    assert not database.indexed
    assert database.recall(n_queries=5).recall == 1
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    order = np.argsort(1 - unit @ unit[3], kind="stable")
    found = database.search(vectors[3], 6, where="kind = 'rare'")
    assert [one.id for one in found] == [f"i'{i:05}" for i in order[order % 50 == 0][:6]]
    assert {one.fields["kind"] for one in found} == {"rare"}
    assert database.index() > 0
    assert database.indexed
    assert database.recall(n_queries=50, probes=20).recall > 0.9
    assert database.recall(n_queries=50, probes=1).recall < 0.9, "recall is measured, not promised"
    nearest = database.search(vectors[3], 2)[1].id
    assert database.delete([nearest, "nothing"]) == 1
    assert nearest not in [one.id for one in database.search(vectors[3], 5)]
    with pytest.raises(InputError, match="must be in the database"):
        database.vector_of(nearest)
    np.testing.assert_array_equal(database.vector_of("i'00003"), vectors[3])
    with pytest.raises(InputError, match="must be SQL over id, width, height, kind"):
        database.search(vectors[3], 5, where="nothing = 1")
    with pytest.raises(InputError, match="must have 16 dimensions"):
        database.search(vectors[3, :5], 5)


@needs_lancedb
def test_blocks_are_never_held_whole_and_a_stopped_ingest_changes_nothing(
    shards: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = far.Database(str(tmp_path / "db"))
    database.ingest(shards, SPECS[0])

    def stop(stage: str, done: int, total: int) -> None:
        if done > 10:
            raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        database.ingest(shards, SPECS[1], progress=stop)
    assert (len(database), database.contents.method) == (30, SPECS[0])

    alive: list[weakref.ref[pa.Table]] = []
    most = 0

    def blocks(*_: object) -> Iterator[pa.Table]:
        nonlocal most
        for number in range(60):
            vectors = pa.FixedSizeListArray.from_arrays(pa.array(np.zeros(48, np.float32)), 48)
            block = pa.table({"id": [str(number)], "vector": vectors})
            alive.append(weakref.ref(block))
            most = max(most, sum(one() is not None for one in alive))
            yield block

    monkeypatch.setattr("imgsim.far.database._of_shards", blocks)
    assert database.ingest(shards, SPECS[0]) == 60
    assert most < 10


@needs_lancedb
def test_the_database_on_the_command_line(
    shards: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    uri = str(tmp_path / "db")

    def told(*arguments: str) -> dict[str, object]:
        assert run(["database", *arguments, "--json"]) == 0
        return dict(json.loads(capsys.readouterr().out))

    assert told("ingest", uri, shards, "-m", SPECS[0])["n_images"] == 30
    matches = told("search", uri, str(folder / "cat" / "01.png"), "-k", "3", "--where", "label = 'cat'")["matches"]
    assert isinstance(matches, list)
    assert matches[0]["id"] == "cat/01.png"
    assert matches[0]["distance"] == pytest.approx(0, abs=1e-6)
    assert {row["fields"]["label"] for row in matches} == {"cat"}
    assert told("recall", uri, "--queries", "4")["recall"] == 1
    assert run(["database", "index", uri]) == 2
    assert "it is exact" in capsys.readouterr().err
    assert run(["database", "search", str(tmp_path / "empty"), "x"]) == 2
    assert "imgsim database ingest" in capsys.readouterr().err
    assert run(["database", "search", "--help"]) == 0
    assert "Example: imgsim database" in capsys.readouterr().out


@needs_ray
def test_ray_writes_the_shards_that_this_machine_would(folder: Path, shards: str, tmp_path: Path) -> None:
    out = str(tmp_path / "by ray")
    arguments = ["embed", str(folder), "-m", SPECS[0], "-m", SPECS[1], "--engine", "ray", "--out", out]
    done = subprocess.run(
        [sys.executable, "-m", "imgsim", *arguments, "--shard-rows", "16", "--json"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"},
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["n_images"], told["n_unreadable"]) == (30, 1)
    assert len(list(Path(out).glob("*.parquet"))) == 2
    assert Note.read(out).unreadable == Note.read(shards).unreadable
    pipeline = Pipeline()
    collection, local = pipeline.open(out), pipeline.open(shards)
    assert collection.fingerprint == local.fingerprint
    for spec in SPECS:
        method, blocks = METHODS.parse(spec), []
        for place in (out, shards):
            opened = Pipeline().open(place)
            blocks.append(dict(_vectors(opened.source, method.key)))
        assert blocks[0].keys() == blocks[1].keys()
        for hash, vector in blocks[0].items():
            np.testing.assert_array_equal(vector, blocks[1][hash])


@needs_ray
def test_an_address_where_no_cluster_can_answer_is_one_sentence(folder: Path, tmp_path: Path) -> None:
    for address, error, said in (
        ("ray://127.0.0.1:10001", InputError, "must be host:port of a cluster's head, or auto, got ray://"),
        ("127.0.0.1:9", UnavailableError, "must answer at 127.0.0.1:9, got: Connection refused; run ray start"),
    ):
        with pytest.raises(error, match=said):
            far.embed(str(folder), ["phash"], str(tmp_path / "out"), engine="ray", address=address)


def _vectors(source: str, key: str) -> list[tuple[str, np.ndarray]]:
    from imgsim.images.sources import open_source

    return [pair for hashes, vectors in open_source(source).vectors(key) for pair in zip(hashes, vectors, strict=True)]


@pytest.mark.parametrize(("package", "use"), [("lancedb", "database"), ("ray", "ray")])
def test_a_missing_engine_says_how_to_install_it(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str, use: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    out = str(tmp_path / "out")
    uses = {"database": lambda: far.Database(out), "ray": lambda: far.embed(str(folder), ["phash"], out, engine="ray")}
    with pytest.raises(UnavailableError, match=r"pip install 'imgsim\[far\]'"):
        uses[use]()
