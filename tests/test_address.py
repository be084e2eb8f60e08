"""Addresses of pages: views survive the URL, nonsense is answered, and pages hand the collection on to each other."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import ClassVar

import pytest
import streamlit as st

from imgsim.errors import InputError
from imgsim.ui import address, navigation
from imgsim.ui.address import Address


@dataclass(frozen=True)
class First:
    collection: str = "builtin:photos"
    method: str = "hog"
    image: str = ""

    lasting: ClassVar = ("method",)


@dataclass(frozen=True)
class Second:
    collection: str = "builtin:photos"
    k: int = 5


def whole(text: str) -> int:
    if not text.isdecimal():
        raise InputError(f"k must be a whole number, got {text!r}; taking 5.")
    return int(text)


class Params(dict):
    def to_dict(self) -> dict:
        return dict(self)

    def from_dict(self, other: dict) -> None:
        self.clear()
        self.update(other)


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Params:
    params = Params()
    monkeypatch.setattr(st, "query_params", params)
    monkeypatch.setattr(st, "session_state", {})
    return params


FIRST, SECOND = Address("first", First), Address("second", Second, {"k": whole})


def test_a_view_survives_the_url_and_nonsense_is_answered(browser: Params) -> None:
    SECOND.update(k=9)
    assert browser == {"collection": "builtin:photos", "k": "9"}
    assert SECOND.read() == (Second(k=9), [])
    browser["k"] = "many"
    assert SECOND.read() == (Second(), ["k must be a whole number, got 'many'; taking 5."])


def test_a_page_comes_back_as_it_was_left(browser: Params) -> None:
    FIRST.update(method="lbp", image="a.jpg")
    browser.clear()
    assert FIRST.read()[0] == First(method="lbp", image="a.jpg")


def test_pages_hand_the_collection_on_and_drop_what_belonged_to_the_last(browser: Params) -> None:
    FIRST.update(method="lbp", image="a.jpg")
    browser.clear()
    SECOND.update(collection="builtin:shapes")
    browser.clear()
    assert FIRST.read()[0] == First(collection="builtin:shapes", method="lbp", image="")


@pytest.fixture
def stale(browser: Params) -> dict[str, str]:
    """The address of before a write, which a second click may still carry."""
    FIRST.update(method="lbp")
    before = browser.to_dict()
    FIRST.update(image="a.jpg")
    return before


def test_a_click_with_the_address_of_before_the_last_one_counts_from_there(browser: Params, stale: dict) -> None:
    browser.from_dict(stale)
    FIRST.update(method="hog")
    assert FIRST.read()[0] == First(image="a.jpg")
    assert browser == {"collection": "builtin:photos", "image": "a.jpg"}


def test_who_goes_back_sees_what_was_before(browser: Params, stale: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(address, "_walked_back", lambda: True)
    browser.from_dict(stale)
    assert FIRST.read()[0] == First(method="lbp")


def test_a_link_to_an_earlier_view_leads_there_later_or_from_another_page(
    browser: Params, stale: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    SECOND.read()
    browser.from_dict(stale)
    for _ in range(2):  # a page reads more than once in a run
        assert FIRST.read()[0] == First(method="lbp")
    FIRST.update(image="b.jpg")
    now = time.monotonic()
    monkeypatch.setattr(address.time, "monotonic", lambda: now + address.LATE)
    browser.from_dict(stale)
    assert FIRST.read()[0] == First(method="lbp")


def test_a_new_file_is_a_new_page_at_the_end(tmp_path) -> None:
    for name in ("zebra", "explore", "few_labels", "home", "_private"):
        (tmp_path / f"{name}.py").touch()
    found = navigation.sections(tmp_path)
    assert {section: [path.stem for path in paths] for section, paths in found.items()} == {
        "": ["home", "explore"],
        "Tasks": ["few_labels"],
        "Learn": ["zebra"],
    }
    assert navigation.title(found["Tasks"][0]) == "Few labels"
