"""Registry, parameters, specs and keys."""

from __future__ import annotations

import importlib
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from imgsim.errors import ImgsimError, InputError, UnknownIdError
from imgsim.parameters import fitted, format_spec, param, parameters, parse_spec, values
from imgsim.registry import Registry
from imgsim.types import Collection, Embeddings, Neighbors, Projection, key_of


@dataclass(frozen=True)
class Toy:
    id: ClassVar[str] = "toy"
    size: int = param(8, "Side in pixels.", minimum=2, maximum=64)
    mode: str = param("soft", "How edges are met.", choices=("soft", "hard"))
    gain: float = param(1.0, "Strength.", minimum=0)
    grey: bool = param(False, "Leave colour out.")
    words: object = fitted()


def registry() -> Registry[Toy]:
    items: Registry[Toy] = Registry("toy", "imgsim.ui")
    items._discovered = True
    items.register(Toy)
    return items


def test_the_fields_are_the_parameters() -> None:
    assert [p.name for p in parameters(Toy)] == ["size", "mode", "gain", "grey"]
    assert values(Toy(size=3)) == {"size": 3, "mode": "soft", "gain": 1.0, "grey": False}
    assert parameters(Toy)[0].range == "2 to 64"


def test_create_checks_types_and_ranges() -> None:
    made = registry().parse("toy:size=16,mode=hard,gain=0.5,grey=yes")
    assert made == Toy(16, "hard", 0.5, True)
    for spec, said in {
        "toy:size=1": "size must be 2 to 64, got '1'; Side in pixels.",
        "toy:size=1.5": "size must be a whole number",
        "toy:mode=odd": "mode must be one of soft, hard, got 'odd'",
        "toy:gain=-1": "gain must be at least 0",
        "toy:grey=perhaps": "grey must be a true or false",
        "toy:siz=3": "did you mean 'size'?",
        "toy:size": "written name=value",
        "toi": "did you mean 'toy'?",
    }.items():
        with pytest.raises(InputError, match=said.replace("?", r"\?").replace(".", r"\.")):
            registry().parse(spec)


def test_a_duplicate_id_is_a_programming_error() -> None:
    with pytest.raises(ValueError, match="'toy' is taken by Toy"):
        registry().register(Toy)


def test_spec_and_its_inverse() -> None:
    spec = "toy:size=16,mode=hard"
    assert format_spec(*parse_spec(spec)) == spec
    assert parse_spec("toy") == ("toy", {})


def test_an_unknown_id_without_a_near_miss_lists_what_there_is() -> None:
    with pytest.raises(UnknownIdError, match="choose from toy"):
        registry()["zzz"]
    assert issubclass(UnknownIdError, ImgsimError)


def test_a_key_depends_on_every_part_and_on_nothing_else() -> None:
    key = key_of("hog", version=1, params={"a": 1, "b": 2})
    assert key == key_of("hog", params={"b": 2, "a": 1}, version=1)
    assert len({key, key_of("hog", version=2, params={"a": 1, "b": 2}), key_of("lbp", version=1, params={})}) == 3


def collection(**changed: object) -> Collection:
    facts = {"name": "c", "source": "s", "ids": ("a", "b"), "hashes": ("1", "2"), "locations": ("a", "b")}
    return Collection(**{**facts, "fields": {"label": np.array(["x", "y"])}, **changed})


def test_a_fingerprint_is_of_contents_not_of_places_or_labels() -> None:
    same = collection(name="d", source="t", locations=("p", "q"), fields={})
    assert collection().fingerprint == same.fingerprint
    assert collection().fingerprint != collection(hashes=("1", "3")).fingerprint
    assert collection().fingerprint != collection(ids=("a", "c")).fingerprint


def test_a_collection_is_checked_where_it_is_made() -> None:
    with pytest.raises(InputError, match="ids must be unique"):
        collection(ids=("a", "a"))
    with pytest.raises(InputError, match="must have 2 rows"):
        collection(fields={"label": np.array(["x"])})
    with pytest.raises(UnknownIdError, match="field"):
        collection().field("lable")
    assert collection().row("b") == 1
    assert collection().record(0) == {"label": "x"}


def test_arrays_are_checked_and_read_only() -> None:
    vectors = np.ones((2, 3), np.float32)
    made = Embeddings("k", ("a", "b"), vectors, "cosine", "hog")
    assert made.dim == 3
    with pytest.raises(ValueError, match="read-only"):
        made.vectors[0, 0] = 2
    with pytest.raises(InputError, match="finite"):
        Embeddings("k", ("a",), np.full((1, 2), np.nan, np.float32), "cosine", "hog")
    with pytest.raises(InputError, match="float32"):
        Embeddings("k", ("a",), np.ones((1, 2)), "cosine", "hog")
    with pytest.raises(InputError, match="2 or 3 columns"):
        Projection("k", np.ones((2, 4), np.float32), "pca")
    with pytest.raises(InputError, match="must agree"):
        Neighbors("k", np.ones((2, 1), np.int32), np.ones((2, 2), np.float32), "cosine")


def test_a_second_thread_waits_until_all_items_are_there(tmp_path, monkeypatch) -> None:
    package = tmp_path / "slow_items"
    package.mkdir()
    (package / "__init__.py").write_text(
        "from imgsim.registry import Registry\nITEMS = Registry('item', 'slow_items')\nBEGUN = []\n"
    )
    (package / "first.py").write_text(
        "import time\nfrom slow_items import BEGUN, ITEMS\nBEGUN.append(1)\ntime.sleep(0.3)\n"
        "@ITEMS.register\nclass First:\n    id = 'first'\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    slow = importlib.import_module("slow_items")
    with ThreadPoolExecutor() as pool:
        one = pool.submit(len, slow.ITEMS)
        while not slow.BEGUN:
            time.sleep(0.005)
        assert "first" in slow.ITEMS
        assert one.result() == 1
