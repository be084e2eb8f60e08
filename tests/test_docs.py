"""The documentation: it builds without a warning, every method has its page, links resolve, its Python runs."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

from imgsim.methods import METHODS
from tools import notebook

ROOT = Path(__file__).resolve().parent.parent
LOADED = {("script", "src"), ("link", "href"), ("img", "src"), ("iframe", "src"), ("source", "src")}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(target)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return target


class Links(HTMLParser):
    """What a page links to, what it loads, and the anchors it has."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.anchors: set[str] = set()
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id" and value:
                self.anchors.add(value)
            if value and (tag, name) in LOADED:
                self.loads.append(value)
            if value and (tag, name) == ("a", "href"):
                self.links.append(value)


def test_every_registered_method_has_its_page(site: Path) -> None:
    table = (site / "methods" / "index.html").read_text()
    for method in METHODS:
        page = (site / "methods" / f"{method.id}.html").read_text()
        assert f'href="{method.id}.html"' in table
        for fact in ("Formula", "Sees", "Blind to", "Cost", "Reference"):
            assert f"<strong>{fact}</strong>" in page, (method.id, fact)
    assert "no-such-method" not in table


def test_every_link_leads_somewhere_and_nothing_is_loaded_from_outside(site: Path) -> None:
    pages = {path: Links(path) for path in site.rglob("*.html") if path.name != "404.html"}
    assert len(pages) > len(METHODS) + 10
    for path, page in pages.items():
        assert not [load for load in page.loads if re.match(r"(https?:)?//", load)], path
        for link in [*page.links, *page.loads]:
            if re.match(r"[a-z]+:", link) or link == "#":
                continue
            target, _, anchor = unquote(link).partition("#")
            file = (path.parent / target.split("?")[0]).resolve() if target else path
            file = file / "index.html" if file.is_dir() else file
            assert file.exists(), f"{path.relative_to(site)} links to {link}"
            if anchor and file in pages:
                assert anchor in pages[file].anchors, f"{path.relative_to(site)} links to {link}"


def test_links_of_the_readme_lead_somewhere() -> None:
    text = (ROOT / "README.md").read_text()
    found = re.findall(r"\]\(([^)#]+)", text)
    assert len(found) > 5
    assert [link for link in found if "://" not in link and not (ROOT / link).exists()] == []


def test_the_notebook_is_the_script() -> None:
    assert json.loads(notebook.NOTEBOOK.read_text()) == notebook.notebook(notebook.SCRIPT.read_text())


def test_the_cells_of_the_notebook_run_and_say_what_is_true() -> None:
    cells = json.loads(notebook.NOTEBOOK.read_text())["cells"]
    names: dict[str, object] = {}
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        for cell in cells:
            if cell["cell_type"] == "code":
                exec(compile("".join(cell["source"]), cell["id"], "exec"), names)
    scores = names["scores"]
    assert isinstance(scores, dict)
    assert scores["shape", "hog"] > 2 * scores["shape", "color_histogram"]
    assert scores["colour", "color_histogram"] > 2 * scores["colour", "hog"]
    matches = names["matches"]
    assert isinstance(matches, list)
    assert [match.rank for match in matches] == [1, 2, 3, 4, 5]
    assert "star_orange_08" not in {match.id for match in matches}
    assert "1,200 images" in said.getvalue()
