"""Sources, shards, samples and the database on S3, as moto's server speaks it, through s3fs and LanceDB's own client.

The server runs in this process and keeps objects in memory; it checks the protocol, not Amazon's service.
"""

from __future__ import annotations

import importlib.util
import io
import json
import logging
import os
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imgsim import far
from imgsim.cli import run
from imgsim.errors import CancelledError, InputError, UnavailableError, UnreadableImageError
from imgsim.images.sources import open_source
from imgsim.images.sources.shards import Note
from imgsim.pipeline import Pipeline
from tests.sources_on_disk import picture, put
from tests.test_far import drawn, stops_at

NEEDED = ("moto", "flask", "flask_cors", "s3fs", "lancedb")
pytestmark = pytest.mark.skipif(
    not all(map(importlib.util.find_spec, NEEDED)), reason=f"not all of {', '.join(NEEDED)} are installed"
)
SPECS = ("pixels:size=4", "phash")
METHODS = [argument for spec in SPECS for argument in ("-m", spec)]


@dataclass(frozen=True)
class Store:
    """An S3 server with one bucket: its address and another program's client to it."""

    address: str
    client: Any

    def put(self, key: str, data: bytes) -> None:
        self.client.put_object(Bucket="bucket", Key=key, Body=data)

    def keys(self, prefix: str) -> list[str]:
        return [one["Key"] for one in self.client.list_objects_v2(Bucket="bucket", Prefix=prefix).get("Contents", ())]

    def demand_known_keys(self, demand: bool) -> None:
        count = "0" if demand else "1000000000"  # of requests that pass unchecked
        headers = {"Content-Type": "text/plain"}
        urllib.request.urlopen(
            urllib.request.Request(f"{self.address}/moto-api/reset-auth", count.encode(), headers)
        ).close()


@pytest.fixture(scope="module")
def server() -> Iterator[Store]:
    import boto3
    import s3fs
    from moto.moto_server.threaded_moto_server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    started = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    started.start()
    host, port = started.get_host_and_port()
    address = f"http://{host}:{port}"
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        settings = {
            "ENDPOINT_URL": address,
            "ACCESS_KEY_ID": "any",
            "SECRET_ACCESS_KEY": "any",
            "DEFAULT_REGION": "us-east-1",
            "EC2_METADATA_DISABLED": "true",
            "CONFIG_FILE": os.devnull,
            "SHARED_CREDENTIALS_FILE": os.devnull,
            "MAX_ATTEMPTS": "1",
        }
        for name, value in settings.items():
            patch.setenv(f"AWS_{name}", value)
        s3fs.S3FileSystem.clear_instance_cache()
        client = boto3.client("s3")
        client.create_bucket(Bucket="bucket")
        yield Store(address, client)
        client.close()
        s3fs.S3FileSystem.clear_instance_cache()
    started.stop()


@pytest.fixture
def store(server: Store) -> Iterator[Store]:
    """The server with 30 pictures under photos/ and one file that is none."""
    for i in range(30):
        server.put(f"photos/{'cat' if i % 3 else 'dog'}/{i:02}.png", picture(i))
    server.put("photos/broken.jpg", b"no picture")
    yield server
    for key in server.keys(""):
        server.client.delete_object(Bucket="bucket", Key=key)


@pytest.fixture
def folder(tmp_path: Path) -> str:
    """The same pictures on this disk."""
    return str(put(tmp_path / "photos", **{f"{'cat' if i % 3 else 'dog'}__{i:02}": picture(i) for i in range(30)}))


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Any:
    def command(*arguments: str) -> dict[str, Any]:
        status = run([*arguments, "--json"])
        out, err = capsys.readouterr()
        assert status == 0, err
        return dict(json.loads(out))

    return command


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Any:
    def command(*arguments: str) -> str:
        status = run(list(arguments))
        *_, last = capsys.readouterr().err.strip().splitlines()
        assert status == 2
        return last

    return command


def test_a_bucket_gives_what_the_same_folder_gives(store: Store, folder: str, told: Any, tmp_path: Path) -> None:
    there = told("info", "s3://bucket/photos")
    assert (there["n_images"], there["unreadable"][0]["path"]) == (30, "broken.jpg")
    assert there["fingerprint"] == told("info", folder)["fingerprint"]
    made = told("embed", "s3://bucket/photos", *METHODS, "--out", "s3://bucket/vectors", "--shard-rows", "16")
    assert (made["n_images"], made["n_unreadable"]) == (30, 1)
    assert [key.rpartition(".")[2] for key in store.keys("vectors/")] == ["json", "parquet", "parquet"]
    told("embed", folder, *METHODS, "--out", str(tmp_path / "vectors"))
    assert told("info", "s3://bucket/vectors")["fingerprint"] == there["fingerprint"]
    known = Note.read("s3://bucket/vectors").methods
    assert [method.spec for method in known] == list(SPECS)
    for method in known:
        one, other = (_vectors(place, method.key) for place in ("s3://bucket/vectors", str(tmp_path / "vectors")))
        assert one.keys() == other.keys()
        assert all(np.array_equal(one[key], other[key]) for key in one)


def test_shards_in_a_bucket_are_opened_and_sampled(store: Store, told: Any, tmp_path: Path) -> None:
    far.embed("s3://bucket/photos", SPECS, "s3://bucket/vectors", shard_rows=8)
    out = str(tmp_path / "map.html")
    assert told("project", "s3://bucket/vectors", "-m", SPECS[0], "-p", "pca", "--out", out)["n"] == 30
    sample = ("sample", "s3://bucket/vectors", "--n", "10", "--by", "label", "--at-least", "6", "--out")
    assert told(*sample, "s3://bucket/sample")["of"] == 30
    pipeline = Pipeline()
    drawn_here = pipeline.open("s3://bucket/sample")
    assert list(drawn_here.field("label")).count("dog") == 6
    assert pipeline.read_image(drawn_here, 0).shape == (24, 36, 3), "the original in the bucket"
    told(*sample, str(tmp_path / "sample"))
    assert set(pipeline.open(str(tmp_path / "sample")).ids) == set(drawn_here.ids)


def test_a_run_into_a_bucket_goes_on_where_it_was_stopped(store: Store) -> None:
    with pytest.raises(CancelledError):
        far.embed("s3://bucket/photos", SPECS, "s3://bucket/vectors", shard_rows=8, progress=stops_at(3))
    assert len(store.keys("vectors/part-")) == 2
    assert not Note.read("s3://bucket/vectors").complete
    rest = far.embed("s3://bucket/photos", SPECS, "s3://bucket/vectors", shard_rows=8)
    assert (rest.n_new, rest.note.n_images) == (15, 30), "the first file of the first shard is no picture"
    assert rest.note.complete


def test_what_another_program_changes_in_a_bucket_is_seen(store: Store) -> None:
    before = Pipeline().open("s3://bucket/photos")
    store.put("photos/dog/new.png", picture(500))
    store.client.delete_object(Bucket="bucket", Key="photos/dog/00.png")
    after = Pipeline().open("s3://bucket/photos")
    assert set(after.ids) ^ set(before.ids) == {"dog/new.png", "dog/00.png"}


def test_parquet_of_bytes_in_a_bucket(store: Store) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    for part in range(2):
        file = io.BytesIO()
        images = [{"bytes": picture(i), "path": None} for i in range(3 * part, 3 * part + 3)]
        pq.write_table(pa.table({"image": images, "id": [f"{part}{i}" for i in "abc"], "price": [1, 2, 3]}), file)
        store.put(f"parquet/{part}.parquet", file.getvalue())
    whole, one = (Pipeline().open(f"s3://bucket/parquet{name}") for name in ("", "/1.parquet"))
    assert whole.ids == ("0a", "0b", "0c", "1a", "1b", "1c")
    assert one.ids == whole.ids[3:]
    assert list(whole.field("price")) == [1, 2, 3] * 2
    store.put("parquet/1.parquet", b"PAR1 no Parquet PAR1")
    with pytest.raises(InputError, match="SOURCE must be"):
        open_source("s3://bucket/parquet/1.parquet")


def test_a_database_in_a_bucket_on_the_command_line(store: Store, folder: str, told: Any) -> None:
    far.embed("s3://bucket/photos", SPECS, "s3://bucket/vectors")
    uri = "s3://bucket/db"
    assert told("database", "ingest", uri, "s3://bucket/vectors", "-m", SPECS[0])["n_images"] == 30
    assert told("database", "ingest", uri, folder, "-m", SPECS[0], "--append")["n_images"] == 30
    image = str(Path(folder) / "dog" / "03.png")
    where = ("--where", "label = 'dog' AND width > 30")
    by_image, by_id = (told("database", "search", uri, q, "-k", "4", *where)["matches"] for q in (image, "dog/03.png"))
    assert by_image == by_id
    assert by_id[0]["id"] == "dog/03.png"
    assert by_id[0]["distance"] == pytest.approx(0, abs=1e-6)
    assert {row["fields"]["label"] for row in by_id} == {"dog"}
    assert told("database", "search", uri, "dog/03.png", "--where", "width > 36")["matches"] == []
    assert told("database", "recall", uri, "--queries", "3")["recall"] == 1
    assert run(["database", "delete", uri, "dog/03.png"]) == 0
    assert len(far.Database(uri)) == 29
    assert store.keys("db/images.lance/")


def test_a_database_in_a_bucket_is_indexed(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imgsim.far.database.INDEXED_FROM", 2000)
    vectors = drawn(tmp_path / "a", 2000, 16, 500)
    database = far.Database("s3://bucket/db")
    assert database.ingest(str(tmp_path / "a"), "hog") == 2000
    database.index()
    assert far.Database("s3://bucket/db").indexed
    assert database.recall(n_queries=20, probes=20).recall > 0.9
    assert [one.id for one in database.search(vectors[3], 1)] == ["i'00003"]


def test_a_wrong_bucket_is_one_sentence_and_is_never_made(store: Store, refused: Any) -> None:
    assert "must be a folder that can be listed, got none" in refused("info", "s3://absent/photos")
    no_bucket = refused("embed", "s3://bucket/photos", "-m", "phash", "--out", "s3://absent/vectors")
    assert no_bucket.startswith("s3://absent/vectors must be in reach, got FileNotFoundError")
    assert "must hold an imgsim.json" in refused("sample", "s3://absent/vectors", "--out", "s3://bucket/sample")
    ingest = ("database", "ingest", "s3://absent/db", "s3://bucket/photos", "-m", "phash")
    assert "got: there is no such bucket; check its name" in refused(*ingest)
    assert [one["Name"] for one in store.client.list_buckets()["Buckets"]] == ["bucket"]


def test_keys_that_are_not_known_are_one_sentence(store: Store, refused: Any) -> None:
    store.demand_known_keys(True)
    try:
        assert "s3://bucket/photos must be in reach, got PermissionError" in refused("info", "s3://bucket/photos")
        assert "got: access was denied; check" in refused("database", "search", "s3://bucket/db", "x")
    finally:
        store.demand_known_keys(False)


def test_no_keys_and_no_answer_are_one_sentence(
    store: Store, refused: Any, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import s3fs

    def nothing_works(reason: str, reason_of_database: str) -> None:
        s3fs.S3FileSystem.clear_instance_cache()
        for command in (
            ("info", "s3://bucket/photos"),
            ("info", "s3://bucket/photos.parquet"),
            ("sample", "s3://bucket/vectors", "--out", "s3://bucket/sample"),
            ("embed", folder, "-m", "phash", "--out", "s3://bucket/vectors"),
        ):
            said = refused(*command)
            assert said.startswith("s3://bucket/")
            assert f"must be in reach, got {reason}" in said
        assert f"got: {reason_of_database}; check" in refused("database", "search", "s3://bucket/db", "x")

    with monkeypatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        nothing_works("EndpointConnectionError", "nothing answers there")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    nothing_works("NoCredentialsError", "no keys for it were found")
    s3fs.S3FileSystem.clear_instance_cache()


def test_a_place_that_is_lost_stops_a_run_instead_of_leaving_images_out(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from s3fs import S3FileSystem

    kept = S3FileSystem._cat_file
    error: Exception

    async def cat_file(self: Any, path: str, *arguments: Any, **named: Any) -> bytes:
        if path.endswith("cat/07.png"):
            raise error
        return bytes(await kept(self, path, *arguments, **named))

    S3FileSystem.clear_instance_cache()  # each binds the method that it finds
    with monkeypatch.context() as patch:
        patch.setattr(S3FileSystem, "_cat_file", cat_file)
        error = PermissionError("Forbidden")
        denied = Pipeline().open("s3://bucket/photos")
        reasons = {one.path: one.reason for one in denied.unreadable}
        assert reasons["cat/07.png"] == "access to the file was denied."
        store.put("photos/cat/new.png", picture(99))
        for error in (PermissionError("The provided token has expired."), ConnectionError("reset by peer")):
            with pytest.raises(UnavailableError, match=type(error).__name__):
                Pipeline().open("s3://bucket/photos")
            with pytest.raises(UnavailableError, match=type(error).__name__):
                far.embed("s3://bucket/photos", ["phash"], "s3://bucket/vectors", shard_rows=4)
    S3FileSystem.clear_instance_cache()
    assert len(Pipeline().open("s3://bucket/photos")) == 31
    assert far.embed("s3://bucket/photos", ["phash"], "s3://bucket/vectors", shard_rows=4).note.n_images == 31


def test_shards_on_this_disk_stay_open_while_their_bucket_is_out_of_reach(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import s3fs

    far.embed("s3://bucket/photos", SPECS[:1], str(tmp_path / "vectors"))
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    s3fs.S3FileSystem.clear_instance_cache()
    collection = Pipeline().open(str(tmp_path / "vectors"))
    with pytest.raises(UnreadableImageError, match="only its small picture is here"):
        Pipeline().read_image(collection, 0)
    with pytest.raises(UnavailableError, match="EndpointConnectionError"):
        open_source("s3://bucket/photos")
    s3fs.S3FileSystem.clear_instance_cache()


def _vectors(place: str, key: str) -> dict[str, np.ndarray]:
    return {
        hash: vector
        for hashes, vectors in open_source(place).vectors(key)
        for hash, vector in zip(hashes, vectors, strict=True)
    }
