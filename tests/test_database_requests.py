"""What the database asks of a server, `db://name`: requests of LanceDB's real client to a stand-in, not a server."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from imgsim import far
from imgsim.cli import run
from imgsim.errors import InputError, UnavailableError
from tests.lancedb_stand_in import StandIn, listening
from tests.test_far import drawn

pytestmark = pytest.mark.skipif(not importlib.util.find_spec("lancedb"), reason="lancedb is not installed")
URI = "db://pictures"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    import lancedb

    monkeypatch.setattr("imgsim.far.database.INDEXED_FROM", 500)
    stand_in = StandIn(lancedb.connect(str(tmp_path / "behind")), "secret")
    with listening(stand_in) as address:
        monkeypatch.setenv("LANCEDB_API_KEY", "secret")
        monkeypatch.setenv("LANCEDB_HOST_OVERRIDE", address)
        yield stand_in


def test_every_call_reaches_a_server_in_the_form_it_takes(server: StandIn, tmp_path: Path) -> None:
    vectors = drawn(tmp_path / "a", 600, 16, 200)
    database = far.Database(URI)
    assert database.ingest(str(tmp_path / "a"), "hog") == 600
    created = server.last("create")
    assert (created.table, created.query) == ("images", {"mode": "overwrite"})
    assert created.headers["x-lancedb-database"] == "pictures"
    assert database.contents.method == "hog"
    assert database.contents.dim == 16
    assert database.fields == ["id", "width", "height", "kind"]
    assert database.ingest(str(tmp_path / "a"), "hog", append=True) == 600
    assert server.last("merge_insert").query["on"] == "id"

    assert not database.indexed
    server.waits = 2
    database.index(partitions=8)
    asked = server.last("create_index").body
    assert (asked["index_type"], asked["metric_type"], asked["num_partitions"]) == ("IVF_SQ", "cosine", 8)
    assert server.waits < 0, "it waited until the server had indexed every row"
    assert database.indexed

    found = database.search(vectors[3], 3, where="kind = 'rare'", probes=5)
    asked = server.last("query").body
    assert (asked["k"], asked["filter"], asked["prefilter"]) == (3, "kind = 'rare'", True)
    assert (asked["distance_type"], asked["minimum_nprobes"], asked["refine_factor"]) == ("cosine", 5, 10)
    np.testing.assert_array_equal(np.float32(asked["vector"]), vectors[3])
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    order = np.argsort(1 - unit @ unit[3], kind="stable")
    exact = database.search(vectors[3], 3, where="kind = 'rare'", exact=True)
    assert server.last("query").body["bypass_vector_index"]
    assert [one.id for one in exact] == [f"i'{i:05}" for i in order[order % 50 == 0][:3]]
    assert {one.fields["kind"] for one in found} == {"rare"}

    np.testing.assert_array_equal(database.vector_of("i'00003"), vectors[3])
    assert database.recall(n_queries=10, probes=8).recall > 0.9
    assert database.delete(["i'00003", "nothing"]) == 1
    assert server.last("delete").body == {"predicate": "id IN ('i''00003', 'nothing')"}


def test_what_a_server_refuses_is_one_sentence(
    server: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    vectors = drawn(tmp_path / "a", 20, 16, 20)
    assert run(["database", "ingest", URI, str(tmp_path / "a"), "-m", "hog", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"database": URI, "table": "images", "n_images": 20}
    with pytest.raises(InputError, match="must be SQL over id, width, height, kind, got 'nothing = 1'"):
        far.Database(URI).search(vectors[0], where="nothing = 1")
    assert run(["database", "search", URI, "x", "--table", "others"]) == 2
    assert "must hold a table others, got none" in capsys.readouterr().err
    server.database.create_table("foreign", [{"id": "a"}])
    with pytest.raises(InputError, match="the table foreign must be one of imgsim's"):
        _ = far.Database(URI, "foreign").contents
    monkeypatch.setenv("LANCEDB_API_KEY", "wrong")
    with pytest.raises(UnavailableError, match="access was denied"):
        len(far.Database(URI))
    monkeypatch.setenv("LANCEDB_HOST_OVERRIDE", "http://127.0.0.1:9")
    with pytest.raises(UnavailableError, match="nothing answers there"):
        len(far.Database(URI))
    monkeypatch.delenv("LANCEDB_API_KEY")
    with pytest.raises(InputError, match="set LANCEDB_API_KEY"):
        far.Database(URI)
