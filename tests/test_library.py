"""The user's own collections: made, extended, renamed, removed, and never a byte outside the workspace."""

from __future__ import annotations

import io
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from imgsim.errors import InputError, UnknownIdError
from imgsim.images import Library, canonical, decode, open_reader, path_of, scan, state
from imgsim.images.library import safe_name, slug_of
from imgsim.types import Collection
from tests.sources_on_disk import picture, put


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "workspace")


def opened(slug: str) -> Collection:
    return scan(f"library:{slug}", Path(tempfile.mkdtemp(prefix="imgsim-scan-")))


def zipped(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            archive.writestr(name.replace("__", "/") + ".png", data)
    return out.getvalue()


def test_a_collection_of_uploads(library: Library, tmp_path: Path) -> None:
    on_disk = put(tmp_path / "elsewhere", big=picture(3)) / "big.png"
    slug = library.add_files("My Pets!", [("a.png", picture(1)), ("a.png", picture(2)), ("big.png", on_disk)])
    assert slug == "my-pets"
    collection = opened(slug)
    assert collection.name == "My Pets!"
    assert collection.source == canonical("library:my-pets") == "library:my-pets"
    assert collection.ids == ("a (2).png", "a.png", "big.png")
    assert (open_reader(collection).read(0) == decode(picture(2))).all()
    assert path_of(collection, "a.png") == str(tmp_path / "workspace" / "collections" / slug / "files" / "a.png")
    assert [(item.slug, item.name, item.source) for item in library.list()] == [(slug, "My Pets!", f"library:{slug}")]


def test_several_sources_keep_unique_ids_and_all_their_fields(library: Library, tmp_path: Path) -> None:
    first = put(tmp_path / "one" / "holiday", sea__1=picture(1))
    second = put(tmp_path / "two" / "holiday", sea__1=picture(2))
    (second / "labels.csv").write_text("path,stars,label\nsea/1.png,5,7\n")
    slug = library.add("Both", sources=[str(first), str(second)])
    library.extend(slug, files=[("x.png", picture(3)), ("more.zip", zipped(hill__1=picture(4)))])
    collection = opened(slug)
    assert collection.ids == ("x.png", "holiday/sea/1.png", "holiday-2/sea/1.png", "more/hill/1.png")
    assert np.isnan(collection.field("stars")[[0, 1, 3]]).all()
    assert collection.field("stars")[2] == 5
    assert collection.field("label").tolist() == ["", "sea", "7", ""]
    numbers = (3, 1, 2, 4)
    reader = open_reader(collection)
    assert all((reader.read(row) == decode(picture(number))).all() for row, number in enumerate(numbers))
    library.extend(slug, sources=[str(first)])  # there already
    assert opened(slug).ids == collection.ids


def test_ids_stay_when_a_collection_grows_and_its_state_changes(library: Library, tmp_path: Path) -> None:
    slug = library.add("P", sources=[str(put(tmp_path / "p", a=picture(1)))])
    before, ids = state(f"library:{slug}"), opened(slug).ids
    library.extend(slug, files=[("b.png", picture(2))])
    assert set(ids) < set(opened(slug).ids)
    assert state(f"library:{slug}") != before


def test_labels_can_be_uploaded_with_the_images(library: Library) -> None:
    table = b"file,animal\na.png,cat\n"
    slug = library.add_files("L", [("a.png", picture(1)), ("my table.csv", table)])
    assert opened(slug).field("animal").tolist() == ["cat"]
    with pytest.raises(InputError, match="column named path or file"):
        library.extend(slug, files=[("other.csv", b"x,y\n1,2\n")])


def test_rename_keeps_the_slug_and_names_may_repeat(library: Library) -> None:
    first, second = library.add("Same"), library.add("Same")
    assert (first, second) == ("same", "same-2")
    library.rename(first, "Ærø & Söhne")
    assert {item.slug: item.name for item in library.list()} == {"same": "Ærø & Söhne", "same-2": "Same"}
    assert opened(first).name == "Ærø & Söhne"


def test_remove_forgets_uploads_and_leaves_the_users_folder(library: Library, tmp_path: Path) -> None:
    folder = put(tmp_path / "mine", a=picture(1))
    slug = library.add("Mine", sources=[str(folder)])
    library.extend(slug, files=[("b.png", picture(2))])
    library.remove(slug)
    assert library.list() == []
    assert [path.name for path in folder.iterdir()] == ["a.png"]
    assert not (tmp_path / "workspace" / "collections" / slug).exists()
    for call in (lambda: library.remove(slug), lambda: library.rename(slug, "x"), lambda: opened(slug)):
        with pytest.raises(UnknownIdError):
            call()


def test_a_source_that_went_away_is_listed_and_the_rest_goes_on(library: Library, tmp_path: Path) -> None:
    folder = put(tmp_path / "stick", a=picture(1))
    slug = library.add("S", sources=[str(folder)])
    library.extend(slug, files=[("b.png", picture(2))])
    (folder / "a.png").unlink()
    folder.rmdir()
    collection = opened(slug)
    assert collection.ids == ("b.png",)
    assert [item.path for item in collection.unreadable] == [str(folder)]


@pytest.mark.parametrize(
    "name",
    ["../../evil.png", "/etc/evil.png", "C:\\evil.png", "..", "...png", "a/../../b.png", ".hidden.png",
     "x" * 400 + ".png", "nul\0byte.png", 'q"<b>.png', "\udcff.png", "con|.png", ""],
)  # fmt: skip
def test_uploaded_names_never_leave_the_collection(library: Library, tmp_path: Path, name: str) -> None:
    slug = library.add_files("U", [(name, picture(1))])
    written = [p for p in tmp_path.rglob("*") if p.is_file() and p.suffix != ".lock" and p.name != "collection.json"]
    images = [p for p in written if p.name != ".lock"]
    assert len(images) == 1
    assert images[0].parent == tmp_path / "workspace" / "collections" / slug / "files"
    assert len(opened(slug)) == 1


def test_a_failed_upload_leaves_nothing(library: Library) -> None:
    def files():
        yield "a.png", picture(1)
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        library.add_files("Half", files())
    assert library.list() == []


@pytest.mark.parametrize("slug", ["../outside", "/etc", "no-such"])
def test_only_slugs_that_exist_are_opened(library: Library, tmp_path: Path, slug: str) -> None:
    put(tmp_path / "workspace" / "outside", a=picture(1))
    (tmp_path / "workspace" / "outside" / "collection.json").write_text('{"name": "x", "sources": {}}')
    with pytest.raises(UnknownIdError):
        opened(slug)
    with pytest.raises(UnknownIdError):
        library.remove(slug)


def test_bad_names_and_sources_are_one_sentence(library: Library) -> None:
    with pytest.raises(InputError, match="must not be empty"):
        library.add("  \n ")
    with pytest.raises(InputError, match="SOURCE must be"):
        library.add("x", sources=["/no/such/folder"])
    slug = library.add("self")
    with pytest.raises(InputError, match="contain itself"):
        library.extend(slug, sources=[f"library:{slug}"])
    assert [item.name for item in library.list()] == ["self"]


def test_slugs_and_safe_names() -> None:
    assert slug_of("Été à la plage 2024") == "ete-a-la-plage-2024"
    assert slug_of("写真") == "collection"
    assert safe_name("写真.jpg") == "写真.jpg"
    assert safe_name("ab?.JPG") == "ab_.JPG"
