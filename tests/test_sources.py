"""Folders, zips, tables and torchvision data sets: ids, labels, refusals."""

from __future__ import annotations

import gzip
import os
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from imgsim import images
from imgsim.errors import InputError, UnavailableError, UnknownIdError, UnreadableImageError
from imgsim.images import canonical, decode, open_reader, path_of, scan, state
from imgsim.images.sources import open_source
from imgsim.types import Collection
from tests.sources_on_disk import picture, put


def scanned(source: object, tmp_path_factory: pytest.TempPathFactory | None = None) -> Collection:
    import tempfile

    return scan(str(source), Path(tempfile.mkdtemp(prefix="imgsim-scan-")))


def reasons(collection: Collection) -> dict[str, str]:
    return {item.path: item.reason for item in collection.unreadable}


# --- folder


def test_a_folder_is_read_to_its_depth_and_labelled_by_parent(tmp_path: Path) -> None:
    put(tmp_path, cat__1=picture(1), cat__2=picture(2), wild__dog__1=picture(3), top=picture(4))
    collection = scanned(tmp_path)
    assert collection.ids == ("cat/1.png", "cat/2.png", "top.png", "wild/dog/1.png")
    assert collection.field("label").tolist() == ["cat", "cat", "", "dog"]
    assert collection.field("width").tolist() == [36.0] * 4
    assert collection.field("height").tolist() == [24.0] * 4
    assert collection.name == tmp_path.name
    assert path_of(collection, "cat/1.png") == str(tmp_path / "cat" / "1.png")


def test_hidden_and_companion_files_are_passed_over_and_the_rest_is_listed(tmp_path: Path) -> None:
    put(tmp_path, a=picture(1))
    (tmp_path / "no_ending").write_bytes(picture(2))
    (tmp_path / "photo.dat").write_bytes(picture(3))
    (tmp_path / ".hidden.png").write_bytes(picture(4))
    for name in ("README.md", "notes.txt", "Thumbs.db"):
        (tmp_path / name).write_text("words")
    (tmp_path / "letter.jpg").write_text("words")
    (tmp_path / "film.mp4").write_bytes(b"\0\0\0\x20ftypisom" + bytes(40))
    collection = scanned(tmp_path)
    assert collection.ids == ("a.png", "no_ending", "photo.dat")
    assert set(reasons(collection)) == {"letter.jpg", "film.mp4"}
    assert "text" in reasons(collection)["letter.jpg"]
    assert "video" in reasons(collection)["film.mp4"]


def test_links_out_of_the_folder_are_refused_and_links_inside_are_read(tmp_path: Path) -> None:
    outside = put(tmp_path / "outside", secret=picture(1))
    root = put(tmp_path / "root", sub__a=picture(2))
    (root / "in.png").symlink_to(root / "sub" / "a.png")
    (root / "out.png").symlink_to(outside / "secret.png")
    (root / "out").symlink_to(outside)
    (root / "loop").symlink_to(root)
    (root / "dangling.png").symlink_to(root / "nothing.png")
    os.mkfifo(root / "pipe.png")
    collection = scanned(root)
    assert collection.ids == ("in.png", "sub/a.png")
    found = reasons(collection)
    assert set(found) == {"out.png", "out", "loop", "dangling.png", "pipe.png"}
    assert all("out of the folder" in found[name] for name in ("out.png", "out"))
    assert "regular" in found["pipe.png"]
    assert "gone" in found["dangling.png"]


def test_a_file_replaced_by_a_link_after_the_scan_is_not_followed(tmp_path: Path) -> None:
    secret = put(tmp_path / "outside", secret=picture(1)) / "secret.png"
    root = put(tmp_path / "root", a=picture(1))
    reader = open_reader(scanned(root))
    (root / "a.png").unlink()
    (root / "a.png").symlink_to(secret)
    with pytest.raises(UnreadableImageError, match="out of the folder"):
        reader.read(0)


def test_names_that_are_no_text_or_look_like_markup_survive(tmp_path: Path) -> None:
    names = [
        b'say "hi" <img src=x onerror=1>.png',
        b"line\nbreak.png",
        b"caf\xe9.png",
        "café.png".encode(),
        b"raw:x.png",
    ]
    for number, name in enumerate(names):
        Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), name))).write_bytes(picture(number))
    collection = scanned(tmp_path)
    assert len(collection) == 5
    assert r"caf\xe9.png" in collection.ids
    assert collection.fingerprint == scanned(tmp_path).fingerprint
    "".join(collection.ids + collection.locations).encode()  # proper Unicode throughout
    reader = open_reader(collection)
    for row, id in enumerate(collection.ids):
        number = names.index(id.encode()) if id.encode() in names else 2
        assert (reader.read(row) == decode(picture(number))).all()


@pytest.mark.parametrize("name", ["labels.csv", "metadata.csv"])
@pytest.mark.parametrize("column", ["path", "file", "File"])
def test_labels_beside_the_images(tmp_path: Path, name: str, column: str) -> None:
    put(tmp_path, x__1=picture(1), x__2=picture(2), y__3=picture(3))
    (tmp_path / name).write_text(
        f"{column},label,weight,zip\nx/1.png,7,1.5,01234\n./x/2.png,8,,00001\ngone.png,9,4,1\n", encoding="utf-8-sig"
    )
    collection = scanned(tmp_path)
    assert collection.field("label").tolist() == ["7", "8", "y"]  # the folder's name where the table says nothing
    assert collection.field("weight")[0] == 1.5
    assert np.isnan(collection.field("weight")[1:]).all()
    assert collection.field("zip").tolist() == ["01234", "00001", ""]
    assert not collection.unreadable


def test_labels_by_bare_file_name_reach_into_folders_unless_ambiguous(tmp_path: Path) -> None:
    put(tmp_path, a__one=picture(1), b__two=picture(2), a__same=picture(3), b__same=picture(4))
    (tmp_path / "labels.csv").write_text("file;mood\none.png;calm\ntwo.png;wild\nsame.png;unclear\n")
    collection = scanned(tmp_path)
    assert dict(zip(collection.ids, collection.field("mood"), strict=True)) == {
        "a/one.png": "calm",
        "b/two.png": "wild",
        "a/same.png": "",
        "b/same.png": "",
    }


def test_sizes_are_measured_even_where_a_table_has_its_own(tmp_path: Path) -> None:
    put(tmp_path, a=picture(1))
    (tmp_path / "labels.csv").write_text("path,width\na.png,9999\n")
    assert scanned(tmp_path).field("width").tolist() == [36.0]


def test_the_state_changes_with_the_folder(tmp_path: Path) -> None:
    put(tmp_path, a=picture(1))
    states = [state(str(tmp_path))]
    put(tmp_path, b=picture(2))
    states.append(state(str(tmp_path)))
    put(tmp_path, b=picture(3))
    states.append(state(str(tmp_path)))
    (tmp_path / "labels.csv").write_text("path,label\na.png,x\n")
    states.append(state(str(tmp_path)))
    assert len(set(states)) == 4
    assert state(str(tmp_path)) == states[-1]


def test_an_empty_folder_is_an_empty_collection(tmp_path: Path) -> None:
    assert len(scanned(tmp_path)) == 0


def test_canonical_is_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "photos", a=picture(1))
    monkeypatch.chdir(tmp_path)
    assert canonical("photos/") == canonical("./photos") == str(tmp_path / "photos")


@pytest.mark.parametrize("source", ["/no/such/folder", "", "nonsense", "missing.zip", "missing.csv"])
def test_a_source_that_does_not_exist_is_one_sentence(source: str) -> None:
    for call in (canonical, state, scanned):
        with pytest.raises(InputError, match="SOURCE must be"):
            call(source)


def test_a_misspelt_packaged_collection_gets_the_nearest() -> None:
    with pytest.raises(UnknownIdError, match="did you mean 'builtin:photos'"):
        scanned("builtin:photo")


def test_only_links_are_followed_when_a_folder_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.png", "b.png", "c.png"):
        (tmp_path / name).write_bytes(picture(1))
    (tmp_path / "link.png").symlink_to(tmp_path / "a.png")
    followed: list[str] = []
    resolve = Path.resolve
    folder = resolve(tmp_path)
    monkeypatch.setattr(Path, "resolve", lambda self, *a: followed.append(self.name) or resolve(self, *a))
    before = state(str(folder))
    assert [name for name in followed if name.endswith(".png")] == ["link.png"]
    (tmp_path / "b.png").write_bytes(picture(2) + b" ")
    assert state(str(folder)) != before


def test_a_look_at_a_zip_does_not_read_its_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.png", picture(1))
    monkeypatch.setattr(zipfile.ZipFile, "_RealGetContents", lambda _: pytest.fail("the list was read"))
    assert images.identify(str(path)) == (str(path), state(str(path)))


# --- zip


def test_a_zip_is_read_in_place(tmp_path: Path) -> None:
    path = tmp_path / "pets.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("pets/cat/1.png", picture(1))
        archive.writestr("pets/dog/1.png", picture(2))
        archive.writestr("pets/loose.png", picture(3))
        archive.writestr("pets/labels.csv", "path,mood\ncat/1.png,calm\n")
        archive.writestr("__MACOSX/pets/._loose.png", b"x")
    before = sorted(tmp_path.rglob("*"))
    collection = scanned(path)
    assert collection.ids == ("pets/cat/1.png", "pets/dog/1.png", "pets/loose.png")
    assert collection.field("label").tolist() == ["cat", "dog", ""]
    assert collection.field("mood").tolist() == ["calm", "", ""]
    assert (open_reader(collection).read(1) == decode(picture(2))).all()
    assert not collection.unreadable
    assert sorted(tmp_path.rglob("*")) == before


def hostile_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("good.png", picture(1))
        archive.writestr("../escape.png", picture(2))
        archive.writestr("/absolute.png", picture(3))
        archive.writestr("C:\\windows.png", picture(4))
        archive.writestr("inner.zip", b"PK\x03\x04")
        archive.writestr("inner.tar.gz", gzip.compress(b"x"))
        archive.writestr("bomb.bmp", bytes(64 << 20))
        link = zipfile.ZipInfo("link.png")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("letter.jpg", "words")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("good.png", picture(5))
        archive.writestr("lzma.png", picture(6), zipfile.ZIP_LZMA)
    data = bytearray(path.read_bytes())
    at = data.rfind(b"letter.jpg") - 46  # set the flag of encryption in the central directory
    archive_flags = struct.unpack_from("<H", data, at + 8)[0]
    struct.pack_into("<H", data, at + 8, archive_flags | 1)
    path.write_bytes(data)


def test_each_hostile_member_is_refused_and_the_rest_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "box" / "hostile.zip"
    path.parent.mkdir()
    hostile_zip(path)
    collection = scanned(path)
    assert collection.ids == ("good.png",)
    assert (open_reader(collection).read(0) == decode(picture(5))).all()
    found = reasons(collection)
    for name, word in {
        "../escape.png": "out of the archive",
        "/absolute.png": "out of the archive",
        "C:\\windows.png": "out of the archive",
        "inner.zip": "archive inside an archive",
        "inner.tar.gz": "archive inside an archive",
        "bomb.bmp": "zip bomb",
        "link.png": "link",
        "letter.jpg": "encrypted",
        "good.png": "twice",
        "lzma.png": "unusual",
    }.items():
        assert word in found[name], name
    assert [p.name for p in tmp_path.rglob("*")] == ["box", "hostile.zip"]


def test_members_that_share_their_bytes_are_a_bomb(tmp_path: Path) -> None:
    path = tmp_path / "overlap.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.png", picture(1))
        archive.writestr("b.png", picture(1))
        archive.writestr("c.png", picture(2))
    data = bytearray(path.read_bytes())
    second = data.rfind(b"b.png") - 46
    struct.pack_into("<I", data, second + 42, 0)  # b's header offset now points at a
    path.write_bytes(data)
    collection = scanned(path)
    assert collection.ids == ("c.png",)
    assert all("zip bomb" in reason for reason in reasons(collection).values())


def test_a_member_with_damaged_bytes_is_listed(tmp_path: Path) -> None:
    path = tmp_path / "damaged.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.png", picture(1))
        archive.writestr("b.png", picture(2))
    data = bytearray(path.read_bytes())
    data[data.find(b"IDAT") + 8] ^= 0xFF
    path.write_bytes(data)
    collection = scanned(path)
    assert collection.ids == ("b.png",)
    assert "damaged" in reasons(collection)["a.png"]


def test_a_file_that_is_no_zip_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_text("words")
    with pytest.raises(InputError, match="must be a zip archive"):
        scanned(tmp_path / "x.zip")


# --- table


def rows(tmp_path: Path) -> None:
    put(tmp_path, a=picture(1), sub__b=picture(2))


def test_a_csv_table(tmp_path: Path) -> None:
    rows(tmp_path)
    absolute = tmp_path / "sub" / "b.png"
    (tmp_path / "t.csv").write_text(
        f"path,name,age\nsub/b.png,Bo,3\na.png,,\n{absolute},Di,5\na.png,Again,1\ngone.png,No,2\nhttps://x.org/y.png,Web,2\n,No,1\n"
    )
    collection = scanned(tmp_path / "t.csv")
    assert set(collection.ids) == {"sub/b.png", "a.png", str(absolute)}
    assert collection.record(collection.row("sub/b.png"))["name"] == "Bo"
    assert collection.record(collection.row("sub/b.png"))["age"] == 3.0
    assert np.isnan(collection.field("age")[collection.row("a.png")])
    found = reasons(collection)
    assert "again" in found["a.png"]
    assert "no such file" in found["gone.png"]
    assert "web address" in found["https://x.org/y.png"]
    assert "names no file" in found["row 8"]


def test_a_parquet_table(tmp_path: Path) -> None:
    import pandas as pd

    rows(tmp_path)
    table = pd.DataFrame(
        {"file": ["a.png", "sub/b.png"], "n": [1, 2], "x": [0.5, None], "label": [3, 4], "t": ["u", None]}
    )
    table.to_parquet(tmp_path / "t.parquet")
    collection = scanned(tmp_path / "t.parquet")
    assert collection.ids == ("a.png", "sub/b.png")
    assert collection.field("n").tolist() == [1.0, 2.0]
    assert collection.field("label").tolist() == ["3", "4"]
    assert collection.field("t").tolist() == ["u", ""]
    assert collection.field("x")[0] == 0.5
    assert np.isnan(collection.field("x")[1])


def test_a_table_without_paths_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    (tmp_path / "t.parquet").write_text("no parquet")
    with pytest.raises(InputError, match="column named path or file, got a, b"):
        scanned(tmp_path / "t.csv")
    with pytest.raises(InputError, match="must be a Parquet table"):
        scanned(tmp_path / "t.parquet")


# --- torchvision


def mnist(root: Path, n: int = 5) -> np.ndarray:
    """A tiny data set in MNIST's own files."""
    folder = root / "MNIST" / "raw"
    folder.mkdir(parents=True)
    images = np.random.default_rng(0).integers(0, 256, (n, 28, 28), np.uint8)
    for part in ("train", "t10k"):
        labels = np.arange(n, dtype=np.uint8)
        (folder / f"{part}-images-idx3-ubyte").write_bytes(struct.pack(">IIII", 2051, n, 28, 28) + images.tobytes())
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(struct.pack(">II", 2049, n) + labels.tobytes())
    return images


def test_torchvision_data_sets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMGSIM_TORCHVISION", str(tmp_path))
    images = mnist(tmp_path)
    collection = scanned("torchvision:mnist/test")
    assert collection.source == "torchvision:MNIST/test"
    assert collection.ids == tuple(f"test/0000{i}" for i in range(5))
    assert collection.field("label").tolist()[:2] == ["0 - zero", "1 - one"]
    assert (open_reader(collection).read(3)[..., 0] == images[3]).all()
    with pytest.raises(UnknownIdError, match="did you mean 'CIFAR10'"):
        open_source("torchvision:CIFAR1")
    with pytest.raises(InputError, match="split of MNIST"):
        scanned("torchvision:MNIST/sideways")


def test_a_data_set_that_cannot_be_fetched_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torchvision.datasets

    def refuse(*_: object, **__: object) -> None:
        raise OSError("no network in a test")

    monkeypatch.setenv("IMGSIM_TORCHVISION", str(tmp_path))
    monkeypatch.setattr(torchvision.datasets.CIFAR10, "download", refuse)
    with pytest.raises(UnavailableError, match="bring its files there"):
        scanned("torchvision:CIFAR10")
