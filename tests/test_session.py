"""A session travels: saved, opened elsewhere, the same views; what differs is said, what makes no sense is refused."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from imgsim import session
from imgsim.cli import run
from imgsim.errors import InputError
from imgsim.pipeline import MapRequest, Pipeline
from imgsim.session import finding
from imgsim.tags import Tags
from imgsim.ui import catalogue, sessions
from imgsim.ui.jobs import JobManager
from imgsim.workspace import Workspace
from tests.idle_jobs import idle_jobs
from tests.test_pages import folder_of, open_page, said

VIEWS = {"explore": {"method": "pixels", "map": "pca", "seed": "4"}, "lessons": {"lesson": "hashes", "step": "break"}}


@pytest.fixture(autouse=True)
def jobs(monkeypatch: pytest.MonkeyPatch) -> Iterator[JobManager]:
    yield from idle_jobs(monkeypatch, catalogue)


@pytest.fixture
def source(tmp_path: Path) -> str:
    return folder_of(tmp_path / "pictures", ["a.png", "b.png", "c.png"])


def saved(source: str) -> bytes:
    pipeline = Pipeline()
    pipeline.scan(source)
    Tags(pipeline.workspace.root, source).add("kept", ["a.png", "c.png"])
    views = {**VIEWS, "explore": {"collection": source, **VIEWS["explore"]}}
    return session.save(pipeline, "explore", views)


def test_the_round_trip_gives_the_same_session_and_nothing_differs(source: str) -> None:
    data = saved(source)
    opened = session.load(data)
    assert opened.page == "explore"
    assert opened.views["lessons"] == VIEWS["lessons"]
    assert opened.tags == {source: {"kept": ["a.png", "c.png"]}}
    assert opened.collections[source]["n_images"] == 3
    assert "imgsim" in opened.packages
    assert session.differences(Pipeline(), opened) == []
    assert session.load(session.save(Pipeline(), opened.page, opened.views)) == opened


def test_another_machine_is_told_what_differs_and_takes_over_tags(source: str, tmp_path: Path) -> None:
    opened = session.load(saved(source))
    opened = dataclasses.replace(opened, packages={**opened.packages, "numpy": "0.1", "gone": "1"})
    elsewhere = Pipeline(Workspace(tmp_path / "elsewhere"))
    (Path(source) / "d.png").write_bytes((Path(source) / "a.png").read_bytes())
    elsewhere.scan(source)
    told = session.differences(elsewhere, opened)
    assert any("are not the same: 4 pictures here, 3 there" in one for one in told)
    assert any(one.startswith("numpy is ") and "was 0.1" in one for one in told)
    assert any(one.startswith("gone is missing here") for one in told)
    assert any("1 tags of" in one and "kept" in one for one in told)
    session.add_tags(elsewhere, opened)
    assert session.missing_tags(elsewhere, opened) == {}
    for file in Path(source).iterdir():
        file.unlink()
    Path(source).rmdir()
    assert any("not known on this machine" in one for one in session.differences(elsewhere, opened))


def moved(tmp_path: Path, source: str, to: str) -> str:
    """Another machine: the pictures lie in another folder, and the workspace is another."""
    return str(Path(source).rename(tmp_path / to))


def test_a_moved_folder_is_found_by_its_contents_and_opens_to_the_same_view(source: str, tmp_path: Path) -> None:
    opened = session.load(saved(source))
    elsewhere = Pipeline(Workspace(tmp_path / "elsewhere"))
    there = moved(tmp_path, source, "holiday")
    unknown, told = finding.here(elsewhere, opened)
    assert (unknown, told) == (opened, [])
    assert "not known on this machine" in session.differences(elsewhere, unknown)[0]
    elsewhere.scan(there)
    here, told = finding.here(elsewhere, opened)
    assert here.views["explore"] == {**opened.views["explore"], "collection": there}
    assert here.views["lessons"] == opened.views["lessons"]
    assert len(told) == 1
    assert f"{source} are here as holiday" in told[0]
    assert session.differences(elsewhere, here) == [f"1 tags of {there} are not here: kept."]
    session.add_tags(elsewhere, here)
    assert Tags(elsewhere.workspace.root, there).all() == {"kept": ["a.png", "c.png"]}


def test_pictures_under_other_names_are_found_and_what_was_picked_is_translated(source: str, tmp_path: Path) -> None:
    pipeline = Pipeline()
    pipeline.scan(source)
    Tags(pipeline.workspace.root, source).add("kept", ["a.png", "c.png"])
    views = {
        "pair": {"collection": source, "a": "a.png", "b": "c.png"},
        "search": {"collection": source, "likes": '["b.png", "c.png"]', "text": "a.png"},
        "anomalies": {"collection": "builtin:scans", "test": source, "image": "b.png"},
    }
    opened = session.load(session.save(pipeline, "pair", views))
    elsewhere = Pipeline(Workspace(tmp_path / "elsewhere"))
    slug = elsewhere.library.add("Class of 9a", [moved(tmp_path, source, "holiday")])
    elsewhere.scan(f"library:{slug}")
    here, told = finding.here(elsewhere, opened)
    assert f"here as Class of 9a (library:{slug})" in told[0]
    assert here.views["pair"] == {"collection": f"library:{slug}", "a": "holiday/a.png", "b": "holiday/c.png"}
    assert json.loads(here.views["search"]["likes"]) == ["holiday/b.png", "holiday/c.png"]
    assert here.views["search"]["text"] == "a.png"  # words stay words
    assert here.views["anomalies"]["test"] == f"library:{slug}"
    assert here.tags == {f"library:{slug}": {"kept": ["holiday/a.png", "holiday/c.png"]}}
    told_apart = [one for one in session.differences(elsewhere, here) if "pictures" in one and "scans" not in one]
    assert told_apart == []


def test_a_path_that_holds_other_pictures_is_told_apart_by_name(source: str, tmp_path: Path) -> None:
    opened = session.load(saved(source))
    (Path(source) / "b.png").unlink()
    others = Path(folder_of(tmp_path / "other", ["0.png", "1.png", "2.png", "3.png"]))
    (others / "3.png").rename(Path(source) / "new.png")
    elsewhere = Pipeline(Workspace(tmp_path / "elsewhere"))
    elsewhere.scan(source)
    here, told = finding.here(elsewhere, opened)
    assert (here, told) == (opened, [])
    sentence = session.differences(elsewhere, here)[0]
    assert "3 pictures here, 3 there" in sentence
    assert "1 of those there are missing here, such as b.png" in sentence
    assert "1 here are new, such as new.png" in sentence


def test_a_session_of_before_without_contents_still_opens(source: str) -> None:
    told = json.loads(saved(source))
    for facts in told["collections"].values():
        del facts["contents"], facts["pictures"]
    opened = session.load(json.dumps(told).encode())
    here, elsewhere = finding.here(Pipeline(), opened)
    assert (here, elsewhere, session.differences(Pipeline(), here)) == (opened, [], [])


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\xff\x00", "must be JSON"),
        (b"[" * 100_000, "must be JSON"),
        (b"[1]", "other JSON"),
        (b'{"views": {}}', "other JSON"),
        (b'{"imgsim_session": 9}', "of format 1, got format 9"),
        (b'{"imgsim_session": 1, "page": "../etc"}', "name of a page"),
        (b'{"imgsim_session": 1, "page": "explore", "views": {"a": {"x": 1}}}', "view 'a'"),
        (b'{"imgsim_session": 1, "page": "explore", "views": []}', "makes no sense: views"),
        (b'{"imgsim_session": 1, "page": "explore", "tags": {"s": {"t": [1]}}}', "tag 't'"),
        (b'{"imgsim_session": 1, "page": "explore", "collections": {"s": {"name": "s"}}}', "collection 's'"),
        (b" " * (session.LARGEST + 1), "at most 8 MB"),
    ],
)
def test_what_is_no_session_is_refused_in_one_sentence(data: bytes, reason: str) -> None:
    with pytest.raises(InputError) as refused:
        session.load(data)
    assert reason in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_session_is_opened_on_the_home_page_to_the_same_view(source: str) -> None:
    data = saved(source)
    Pipeline().make_map(MapRequest(source, "pixels", "pca", seed=4))
    app = open_page("home")
    app.get("file_uploader")[-1].upload("class.json", data, "application/json").run()
    assert "Nothing differs" in said(app) + "".join(one.value for one in app.success)
    app.button(key="session_go").click().run()
    assert not app.exception
    assert app.query_params["collection"] == source
    assert app.number_input(key="seed").value == 4
    assert app.session_state["view_lessons"] == VIEWS["lessons"]


def test_a_broken_file_is_one_sentence_on_the_page() -> None:
    app = open_page("home")
    app.get("file_uploader")[-1].upload("class.json", b"[1]", "application/json").run()
    assert [one.value for one in app.error] == [
        "A session file must be a session saved by imgsim, got other JSON; save the session again and send that file."
    ]


def test_the_command_saves_a_link_and_opens_it(source: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Pipeline().scan(source)
    file = tmp_path / "class.json"
    link = f"http://127.0.0.1:8501/explore?collection={source}&method=hog&seed=3"
    assert run(["session", "save", link, "--out", str(file), "--json"]) == 0
    capsys.readouterr()
    assert run(["session", "open", str(file), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["differences"] == []
    assert told["page"] == "explore"
    assert "seed=3" in told["links"][0]["link"]
    assert run(["session", "open", str(tmp_path / "gone.json")]) == 2
    assert "file that exists" in capsys.readouterr().err
    assert run(["session", "close", "x"]) == 2


def test_the_file_of_the_page_holds_the_views_though_it_is_made_later(
    workspace_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    caught: list[Callable[[], bytes]] = []
    monkeypatch.setattr(sessions.st, "download_button", lambda label, data, **rest: caught.append(data))
    app = open_page("home")
    app.session_state["view_lessons"] = VIEWS["lessons"]
    app.run()
    with ThreadPoolExecutor(1) as outside:  # as the server makes it: where there is no session state
        opened = session.load(outside.submit(caught[-1]).result())
    assert opened.views["lessons"] == VIEWS["lessons"]
