"""What the browser fetches, against a fake pipeline of known contents."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.testclient import TestClient

from imgsim.errors import InputError
from imgsim.plots.columns import categories
from imgsim.types import Collection, Projection
from imgsim.ui import assets
from imgsim.ui.routes import routes
from imgsim.ui.security import middleware

COLLECTION, FLAT, DEEP, OTHER = ("a" * 64, "b" * 64, "c" * 64, "d" * 64)
XY = np.arange(12, dtype=np.float32).reshape(6, 2)
LABELS = np.array(["cat", "dog", "dog", "<b>bird</b>", "dog", "cat"])
COLORS = [(40 * i, 0, 0) for i in range(6)]


class Thumbnails:
    def webp(self, row: int) -> bytes:
        buffer = io.BytesIO()
        Image.new("RGB", (8, 8), COLORS[row]).save(buffer, "WEBP", lossless=True)
        return buffer.getvalue()


class Fake:
    def load_projection(self, key: str) -> Projection:
        maps = {FLAT: XY, DEEP: np.arange(18, dtype=np.float32).reshape(6, 3)}
        return Projection(key, _known(maps, key), "pca")

    def load_collection(self, key: str) -> Collection:
        strength = np.array([0.5, np.nan, 2.0, 1.0, 1.0, 1.0])
        ids = tuple(f"folder/{i}.jpg" for i in range(6))
        fields = {"label": LABELS.copy(), "strength/size": strength}
        return _known({COLLECTION: Collection("c", "c", ids, ids, ids, fields)}, key)

    def load_neighbor_rows(self, key: str) -> np.ndarray:
        return _known({FLAT: np.array([[1, 2], [0, 2], [1, 0], [4, 5], [5, 3], [4, 3]], np.int32)}, key)

    def load_column(self, key: str) -> np.ndarray:
        return _known({FLAT: np.array(["x", "y", "x", "x", "y", "x"]), DEEP: np.array(["too", "few"])}, key)

    def load_thumbnails(self, key: str) -> Thumbnails:
        return Thumbnails()

    def load_distortion(self, key: str) -> np.ndarray:
        return _known({FLAT: np.linspace(0, 1, 6)}, key)

    def read_image(self, collection: Collection, row: int, min_side: int | None = None) -> np.ndarray:
        return np.full((600, 1200, 3), COLORS[row], np.uint8)


def _known(items: dict[str, Any], key: str) -> Any:
    if key not in items:
        raise InputError("a key must be of a stored result.")
    return items[key]


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(Starlette(routes=routes(Fake), middleware=middleware()), base_url="http://localhost") as made:
        yield made


def unpack(body: bytes) -> dict[str, Any]:
    """Written from the description of the format, not from the code that packs."""
    (length,) = struct.unpack("<I", body[:4])
    facts, offset = json.loads(body[4 : 4 + length]), 4 + length
    for column in facts.pop("arrays"):
        array = np.frombuffer(body, f"<{column['type']}", column["count"], offset)
        facts[column["name"]] = array.tolist()
        offset += -(-array.nbytes // 4) * 4
    assert offset == len(body)
    return facts


def test_all_points_come_in_order_without_row_numbers(client: TestClient) -> None:
    points = unpack(client.get(f"/imgsim/points/{FLAT}").content)
    assert points == {"n": 6, "total": 6, "x": XY[:, 0].tolist(), "y": XY[:, 1].tolist()}


def test_a_map_of_three_dimensions_has_z(client: TestClient) -> None:
    assert unpack(client.get(f"/imgsim/points/{DEEP}").content)["z"] == [2, 5, 8, 11, 14, 17]


def test_a_sample_names_its_rows(client: TestClient) -> None:
    points = unpack(client.get(f"/imgsim/points/{FLAT}?cap=4").content)
    assert (points["n"], points["total"], len(points["rows"])) == (6, 6, 4)
    assert points["x"] == XY[points["rows"], 0].tolist()


def test_a_box_has_only_what_lies_inside(client: TestClient) -> None:
    points = unpack(client.get(f"/imgsim/points/{FLAT}?x0=3&x1=7&y0=0&y1=99&cap=10").content)
    assert (points["rows"], points["total"]) == ([2, 3], 2)


def test_what_a_legend_has_switched_off_is_neither_drawn_nor_counted(client: TestClient) -> None:
    hide = f"hide=0,2-9&collection={COLLECTION}&field=label"  # dogs and birds
    points = unpack(client.get(f"/imgsim/points/{FLAT}?cap=10&{hide}").content)
    assert (points["rows"], points["total"]) == ([0, 5], 2)
    whole, kept = (unpack(client.get(f"/imgsim/density/{FLAT}?{query}").content) for query in ("", hide))
    assert (np.count_nonzero(whole["density"]), np.count_nonzero(kept["density"])) == (6, 2)


def test_the_density_of_a_box_is_that_box(client: TestClient) -> None:
    shade = unpack(client.get(f"/imgsim/density/{FLAT}?x0=3&x1=7&y0=0&y1=99").content)
    assert shade["box"] == [3, 7, 0, 99]
    assert np.count_nonzero(shade["density"]) == 2


def test_single_rows_come_in_the_order_asked_for(client: TestClient) -> None:
    points = unpack(client.get(f"/imgsim/points/{FLAT}?rows=5,1").content)
    assert (points["rows"], points["y"]) == ([5, 1], [11, 3])


def test_a_category_comes_as_codes_of_the_most_frequent_first(client: TestClient) -> None:
    field = unpack(client.get(f"/imgsim/field/{COLLECTION}/label").content)
    assert field["labels"] == ["dog", "cat", "<b>bird</b>"]
    assert [field["labels"][code] for code in field["codes"]] == LABELS.tolist()


def test_a_number_comes_with_its_range_and_unknown_stays_unknown(client: TestClient) -> None:
    field = unpack(client.get(f"/imgsim/field/{COLLECTION}/strength%2Fsize").content)
    assert (field["kind"], field["low"], field["high"]) == ("number", 0.5, 2.0)
    assert np.isnan(field["values"][1])
    assert field["values"][2] == 2.0


def test_a_saved_column_is_served_like_a_field_if_it_is_of_the_collection(client: TestClient) -> None:
    field = unpack(client.get(f"/imgsim/field/{COLLECTION}/told:{FLAT}").content)
    assert field["labels"] == ["x", "y"]
    assert [field["labels"][code] for code in field["codes"]] == ["x", "y", "x", "x", "y", "x"]
    for name in (f"told:{DEEP}", f"told:{OTHER}", "told:../x"):
        assert client.get(f"/imgsim/field/{COLLECTION}/{name}").status_code == 404


def test_more_labels_than_codes_share_the_last() -> None:
    labels, codes = categories(np.arange(70_000).astype(str))
    assert len(labels) == 65_536
    assert labels[-1] == "other"
    assert int(codes.max()) == 65_535
    assert int((codes == 65_535).sum()) == 70_000 - 65_535


def test_distortion_belongs_to_its_map(client: TestClient) -> None:
    assert unpack(client.get(f"/imgsim/values/{FLAT}").content)["values"][-1] == 1.0
    assert client.get(f"/imgsim/values/{DEEP}").status_code == 404


@pytest.mark.parametrize("row", [0, 5])
def test_a_thumbnail_is_the_picture_of_its_row(client: TestClient, row: int) -> None:
    answer = client.get(f"/imgsim/thumb/{COLLECTION}/{row}.webp")
    assert answer.headers["content-type"] == "image/webp"
    assert Image.open(io.BytesIO(answer.content)).convert("RGB").getpixel((4, 4)) == COLORS[row]


def test_the_larger_view_is_shrunk_to_768(client: TestClient) -> None:
    answer = client.get(f"/imgsim/image/{COLLECTION}/3.webp")
    assert Image.open(io.BytesIO(answer.content)).size == (768, 384)


def test_a_record_has_id_and_fields_and_no_nan(client: TestClient) -> None:
    answer = client.get(f"/imgsim/record/{COLLECTION}/1.json").json()
    assert answer == {"id": "folder/1.jpg", "fields": {"label": "dog", "strength/size": None}}


FOUND = [
    f"points/{FLAT}",
    f"density/{FLAT}",
    f"values/{FLAT}",
    f"field/{COLLECTION}/label",
    f"record/{COLLECTION}/0.json",
    f"thumb/{COLLECTION}/0.webp",
    f"image/{COLLECTION}/0.webp",
    "plotly.js",
    f"ui/{assets.version()}/scatter.js",
]


@pytest.mark.parametrize("path", FOUND)
def test_every_answer_may_be_kept_for_ever_and_is_guarded(client: TestClient, path: str) -> None:
    answer = client.get(f"/imgsim/{path}")
    assert answer.status_code == 200
    assert "immutable" in answer.headers["cache-control"]
    assert "private" in answer.headers["cache-control"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    rules = answer.headers["content-security-policy"]
    assert "img-src 'self' data: blob:;" in rules
    assert "http:" not in rules
    assert "*" not in rules


MISSING = [
    f"points/{OTHER}",
    "points/xyz",
    f"points/{FLAT.upper()}",
    f"points/{FLAT}?rows=6",
    f"points/{FLAT}?rows=-1",
    f"points/{FLAT}?hide=1&collection={OTHER}&field=label",
    f"points/{FLAT}?hide=1&collection=..&field=label",
    f"density/{FLAT}?hide=1&collection={COLLECTION}&field=nothing",
    "points/..%2F..%2Fetc%2Fpasswd",
    f"field/{COLLECTION}/nothing",
    f"field/{OTHER}/label",
    f"thumb/{COLLECTION}/6.webp",
    f"thumb/{OTHER}/0.webp",
    f"record/{COLLECTION}/-1.json",
    "ui/v/../../app.py",
    "ui/v/..%2F..%2Fapp.py",
    "ui/v/%2Fetc%2Fpasswd",
    "ui/v/scatter.py",
    "ui/v/map/../scatter.py",
]


@pytest.mark.parametrize("path", MISSING)
def test_what_is_not_there_is_404(client: TestClient, path: str) -> None:
    assert client.get(f"/imgsim/{path}").status_code == 404


@pytest.mark.parametrize("query", ["cap=x", "x0=nan&x1=1&y0=0&y1=1", "x0=1"])
def test_a_query_that_is_no_number_is_400(client: TestClient, query: str) -> None:
    assert client.get(f"/imgsim/points/{FLAT}?{query}").status_code == 400


def test_the_nearest_of_an_image_are_told_before_a_click(client: TestClient) -> None:
    assert client.get(f"/imgsim/near/{FLAT}/3.json").json() == [4, 5]
    assert client.get(f"/imgsim/near/{FLAT}/6.json").status_code == 404
    assert client.get(f"/imgsim/near/{OTHER}/0.json").status_code == 404


def test_a_cap_below_one_draws_one(client: TestClient) -> None:
    assert len(unpack(client.get(f"/imgsim/points/{FLAT}?cap=-5").content)["x"]) == 1


def test_another_host_name_is_refused(client: TestClient) -> None:
    assert client.get("/imgsim/plotly.js", headers={"host": "evil.example"}).status_code == 400


def test_the_scripts_import_only_what_is_served() -> None:
    import re

    for name in assets.FILES:
        for wanted in re.findall(r"from '\./([^']+)'", assets.content(name)):
            folder = name.rpartition("/")[0]
            assert f"{folder}/{wanted}".lstrip("/") in assets.FILES, f"{name} imports {wanted}"
