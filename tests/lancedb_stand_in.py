"""Answers LanceDB's remote client over HTTP from an embedded database, and keeps what it was asked.

It is no LanceDB server: it shows what the client sends for each call of imgsim and that the client understands answers
of the documented form, not that a server does what is asked.
Reference: https://lancedb.github.io/lance-namespace/ (REST), and the requests of the client itself
"""

from __future__ import annotations

import http.server
import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pyarrow as pa

PLAIN = {"string", "float", "double", "int64", "int32"}


@dataclass(frozen=True)
class Asked:
    """One request: what it wants of which table, its query, headers and JSON."""

    what: str
    table: str
    query: dict[str, str]
    headers: dict[str, str]
    body: dict[str, Any] = field(default_factory=dict)


class StandIn:
    """Requests by their order, and the database that answers them.

    Args:
        database: an embedded connection of LanceDB.
        key: what callers must show.
    """

    def __init__(self, database: Any, key: str) -> None:
        self.database, self.key = database, key
        self.asked: list[Asked] = []
        self.waits = 0  # more times that an index is said to be unfinished

    def last(self, what: str) -> Asked:
        return [one for one in self.asked if one.what == what][-1]

    def answer(self, path: str, headers: dict[str, str], data: bytes) -> tuple[int, str, bytes]:
        parts = urlsplit(path)
        _, _, kind, name, *rest = parts.path.split("/")
        what = "/".join(filter(None, rest))
        arrow = headers.get("content-type", "").startswith("application/vnd.apache.arrow")
        body = json.loads(data) if data and not arrow else {}
        asked = Asked(what, name, dict(parse_qsl(parts.query)), headers, body)
        self.asked.append(asked)
        if headers.get("x-api-key") != self.key:
            return 401, "text/plain", b"unauthorized"
        if kind == "namespace":
            return _json({"tables": self.database.list_tables().tables})
        if what == "create":
            reader = pa.ipc.open_stream(data)
            self.database.create_table(name, data=reader, schema=reader.schema, mode=asked.query["mode"])
            return _json({})
        if name not in self.database.list_tables().tables:
            return 404, "text/plain", b"no such table"
        try:
            return self._of_table(self.database.open_table(name), asked, data)
        except (ValueError, RuntimeError) as error:
            return 400, "text/plain", str(error).encode()

    def _of_table(self, table: Any, asked: Asked, data: bytes) -> tuple[int, str, bytes]:
        body = asked.body
        match asked.what:
            case "describe":
                return _json({"version": table.version, "schema": _schema(table.schema)})
            case "count_rows":
                return _json(table.count_rows())
            case "delete":
                return _json({"version": table.delete(body["predicate"]).version})
            case "merge_insert":
                assert asked.query["when_matched_update_all"] == asked.query["when_not_matched_insert_all"] == "true"
                merge = table.merge_insert(asked.query["on"]).when_matched_update_all().when_not_matched_insert_all()
                merge.execute(pa.ipc.open_stream(data).read_all())
                return _json({"version": table.version})
            case "create_index":
                from lancedb.index import IvfSq

                assert body["index_type"] == "IVF_SQ"
                config = IvfSq(distance_type=body["metric_type"], num_partitions=body["num_partitions"])
                table.create_index(body["column"], config=config)
                return _json({})
            case "index/list":
                entries = [{"index_name": one.name, "columns": one.columns} for one in table.list_indices()]
                return _json({"indexes": entries})
            case "index/vector_idx/stats":
                self.waits -= 1
                left = table.count_rows() if self.waits >= 0 else 0
                told = {"num_indexed_rows": table.count_rows() - left, "num_unindexed_rows": left}
                return _json({**told, "index_type": "IVF_SQ", "distance_type": "cosine", "num_indices": 1})
            case "query":
                return 200, "application/vnd.apache.arrow.file", _file(_found(table, body))
        return 404, "text/plain", f"no {asked.what}".encode()


@contextmanager
def listening(stand_in: StandIn) -> Iterator[str]:
    """Its address while it listens on this machine."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, kind, answer = stand_in.answer(self.path, headers, self._data())
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST

        def _data(self) -> bytes:
            if self.headers.get("Transfer-Encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = []
            while length := int(self.rfile.readline(), 16):
                parts.append(self.rfile.read(length))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def _found(table: Any, body: dict[str, Any]) -> pa.Table:
    vector = body["vector"] or None
    ask = table.search(vector, vector_column_name=body["vector_column"]) if vector else table.search()
    if "filter" in body:
        ask = ask.where(body["filter"], prefilter=body["prefilter"]) if vector else ask.where(body["filter"])
    if "columns" in body:
        ask = ask.select(body["columns"])
    if vector:
        ask = ask.distance_type(body["distance_type"])
        ask = ask.bypass_vector_index() if body.get("bypass_vector_index") else ask.nprobes(body["minimum_nprobes"])
        if body["refine_factor"]:
            ask = ask.refine_factor(body["refine_factor"])
    return ask.limit(min(body["k"], table.count_rows())).to_arrow()


def _file(table: pa.Table) -> bytes:
    out = io.BytesIO()
    with pa.ipc.new_file(out, table.schema) as writer:
        writer.write_table(table)
    return out.getvalue()


def _json(answer: object) -> tuple[int, str, bytes]:
    return 200, "application/json", json.dumps(answer).encode()


def _schema(schema: pa.Schema) -> dict[str, Any]:
    fields = [{"name": one.name, "type": _type(one.type), "nullable": one.nullable} for one in schema]
    return {"fields": fields, "metadata": {k.decode(): v.decode() for k, v in (schema.metadata or {}).items()}}


def _type(kind: pa.DataType) -> dict[str, Any]:
    if pa.types.is_fixed_size_list(kind):
        item = {"name": kind.value_field.name, "type": _type(kind.value_type), "nullable": True}
        return {"type": "fixed_size_list", "length": kind.list_size, "fields": [item]}
    assert str(kind) in PLAIN, kind
    return {"type": str(kind)}
