"""The scan: one pass, steady progress, prompt cancelling, reuse of an earlier scan; readers and streams."""

from __future__ import annotations

import hashlib
import importlib
import io
import os
import threading
import time
from concurrent.futures import Future
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pil

from imgsim.errors import CancelledError, UnreadableImageError
from imgsim.images import Thumbnails, decode, load, open_reader, scan, stream, threads
from imgsim.images.manifest import Manifest
from imgsim.images.threads import in_order
from tests.sources_on_disk import picture, put

scanning = importlib.import_module("imgsim.images.scan")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = put(tmp_path / "photos", **{f"k{i % 3}__{i:02d}": picture(i, side=40 + i) for i in range(20)})
    (root / "broken.png").write_bytes(picture(1)[:60])
    return root


@pytest.fixture
def out(tmp_path: Path) -> Path:
    directory = tmp_path / "scan"
    directory.mkdir()
    return directory


def test_a_scan_is_read_back_as_it_was(folder: Path, out: Path) -> None:
    collection, again = scan(str(folder), out), load(out)
    assert len(collection) == 20
    for name in ("name", "source", "ids", "hashes", "locations", "unreadable", "fingerprint"):
        assert getattr(again, name) == getattr(collection, name)
    assert {n: v.tolist() for n, v in again.fields.items()} == {n: v.tolist() for n, v in collection.fields.items()}
    path = folder / collection.ids[7]
    assert collection.hashes[7] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert [item.path for item in collection.unreadable] == ["broken.png"]


def test_thumbnails_show_their_own_image_at_128_pixels(tmp_path: Path, out: Path) -> None:
    put(tmp_path / "p", small=picture(1, side=20), wide=picture(2, side=300))
    (tmp_path / "p" / "b_broken.png").write_text("words")  # sorts first: rows must not shift
    collection = scan(str(tmp_path / "p"), out)
    thumbnails = Thumbnails(out)
    assert len(thumbnails) == len(collection) == 2
    sizes = [Pil.open(io.BytesIO(thumbnails.webp(row))).size for row in range(2)]
    assert sizes == [(30, 20), (128, 85)]
    for row, number in ((0, 1), (1, 2)):
        shown = Pil.open(io.BytesIO(thumbnails.webp(row))).convert("RGB").resize((6, 4), Pil.Resampling.BOX)
        truth = Pil.fromarray(decode(picture(number, 300))).resize((6, 4), Pil.Resampling.BOX)
        assert np.abs(np.asarray(shown, int) - np.asarray(truth)).mean() < 20
    for row in (-1, 2):
        with pytest.raises(IndexError):
            thumbnails.webp(row)


def test_unchanged_files_are_not_read_again(folder: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = scan(str(folder), out)
    looked: list[str] = []
    look = scanning.look
    monkeypatch.setattr(
        scanning, "look", lambda source, place, *rest: looked.append(place) or look(source, place, *rest)
    )
    put(folder, new=picture(50), k0__03=picture(51))
    (folder / "k0" / "00.png").unlink()
    (out.parent / "second").mkdir()
    second = scan(str(folder), out.parent / "second", previous=out)
    assert sorted(looked) == ["k0/03.png", "new.png"]
    assert second.unreadable == first.unreadable
    (out.parent / "fresh").mkdir()
    fresh = scan(str(folder), out.parent / "fresh")
    assert second.fingerprint == fresh.fingerprint != first.fingerprint
    reused, drawn = Thumbnails(out.parent / "second"), Thumbnails(out.parent / "fresh")
    assert [reused.webp(row) for row in range(20)] == [drawn.webp(row) for row in range(20)]


def test_a_file_rewritten_with_its_old_time_is_read_again(tmp_path: Path, out: Path) -> None:
    path = put(tmp_path / "p", a=picture(1)) / "a.png"
    first = scan(str(path.parent), out)
    facts = path.stat()
    other = bytearray(path.read_bytes())
    other[-20] ^= 1  # same length
    path.write_bytes(other)
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    (out.parent / "second").mkdir()
    second = scan(str(path.parent), out.parent / "second", previous=out)
    assert second.hashes != first.hashes


def test_an_earlier_scan_that_is_gone_or_of_another_version_is_not_used(folder: Path, out: Path) -> None:
    first = scan(str(folder), out)
    for name, earlier in (("a", out.parent / "nowhere"), ("b", out)):
        manifest = Manifest.read(out)
        manifest.version += 1
        manifest.hashes = ["0" * 64] * len(manifest.hashes)
        manifest.write(out)
        (out.parent / name).mkdir()
        assert scan(str(folder), out.parent / name, previous=earlier).hashes == first.hashes


def test_progress_is_steady_from_the_calling_thread(folder: Path, out: Path) -> None:
    calls: list[tuple[str, int, int]] = []
    threads = set()

    def progress(stage: str, done: int, total: int) -> None:
        calls.append((stage, done, total))
        threads.add(threading.get_ident())

    scan(str(folder), out, progress=progress)
    assert threads == {threading.get_ident()}
    assert calls[0] == ("Reading images", 0, 21)
    assert calls[-1] == ("Reading images", 21, 21)
    assert [done for _, done, _ in calls] == sorted(done for _, done, _ in calls)
    assert {done for _, done, _ in calls} == set(range(22))


def test_cancelling_takes_effect_even_while_a_file_is_slow(
    folder: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = threading.Event()

    def slow(source: object, place: str, onlooker: object) -> object:
        release.wait(120)
        return scanning.Found(reason="slow")

    monkeypatch.setattr(scanning, "look", slow)
    start = time.perf_counter()

    def progress(stage: str, done: int, total: int) -> None:
        if time.perf_counter() - start > 0.3:
            raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        scan(str(folder), out, progress=progress)
    assert time.perf_counter() - start < 60  # the file takes 120 s
    release.set()
    assert not (out / "manifest.json").exists()


class _JustDone(Future[int]):
    """Work that ends between the end of a wait for it and the look whether it has ended."""

    def result(self, timeout: float | None = None) -> int:
        if timeout is not None and not self.done():
            self.set_result(5)
            raise TimeoutError
        return super().result(timeout)


def test_work_that_ends_with_the_wait_for_it_is_no_error() -> None:
    assert threads._wait(_JustDone(), lambda: None) == 5
    late: Future[int] = Future()
    late.set_exception(TimeoutError("of the work itself"))
    with pytest.raises(TimeoutError, match="of the work itself"):
        threads._wait(late, lambda: None)


def test_a_reader_notices_files_that_change_or_vanish(folder: Path, out: Path) -> None:
    collection = scan(str(folder), out)
    reader = open_reader(collection)
    assert (reader.read(0) == decode(folder / collection.ids[0])).all()
    (folder / collection.ids[0]).write_bytes(picture(99))
    (folder / collection.ids[1]).unlink()
    with pytest.raises(UnreadableImageError, match=r"00\.png: the file has changed"):
        reader.read(0)
    with pytest.raises(UnreadableImageError, match=r"03\.png: the file is gone"):
        reader.read(1)


def test_a_stream_keeps_the_order_and_goes_on_after_a_bad_image(folder: Path, out: Path) -> None:
    collection = scan(str(folder), out)
    (folder / collection.ids[4]).unlink()
    rows = [9, 4, 0, 19, 4]
    got = list(stream(open_reader(collection), rows, lambda image: image.shape[0], min_side=None, n_threads=3))
    assert [row for row, _ in got] == rows
    heights = collection.field("height")
    assert [got[0][1], got[2][1], got[3][1]] == [heights[9], heights[0], heights[19]]
    assert all(isinstance(got[i][1], UnreadableImageError) for i in (1, 4))


def test_the_window_is_bounded_and_closing_stops_the_threads() -> None:
    begun: list[int] = []
    results = in_order(lambda i: begun.append(i) or i, range(10_000), n_threads=2, ahead=6)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    time.sleep(0.05)
    assert len(begun) <= 3 + 6
    results.close()
    time.sleep(0.05)
    after = len(begun)
    time.sleep(0.05)
    assert len(begun) == after <= 9


def test_an_error_in_prepare_is_raised_in_its_turn(folder: Path, out: Path) -> None:
    reader = open_reader(scan(str(folder), out))

    def prepare(image: np.ndarray) -> int:
        if image.shape[0] == 43:
            raise ZeroDivisionError
        return 1

    results = stream(reader, range(20), prepare, min_side=None)
    with pytest.raises(ZeroDivisionError):
        list(results)


def test_a_manifest_of_100000_images_is_read_quickly(out: Path) -> None:
    n = 100_000
    ids = [f"folder_{i % 50}/image_{i:06d}.jpg" for i in range(n)]
    fields = {"label": [f"folder_{i % 50}" for i in range(n)], "width": [640.0] * n, "height": [480.0] * n}
    Manifest("big", "/big", ids, ["ab" * 32] * n, ids, ["1-2-3"] * n, fields).write(out)
    start = time.perf_counter()
    assert len(load(out)) == n
    assert time.perf_counter() - start < 20  # 0.3 s on an idle machine, minutes where a row is looked for in a list


def test_one_long_text_does_not_widen_every_row(out: Path) -> None:
    n = 2_000
    texts = ["short"] * (n - 1) + ["long " * 4_000]
    Manifest("m", "/m", [str(i) for i in range(n)], [""] * n, [""] * n, [""] * n, {"text": texts}).write(out)
    values = load(out).field("text")
    assert values.nbytes < 1 << 20
    assert values.tolist() == texts


@pytest.mark.shared
def test_all_hostile_files_are_read_or_listed_with_a_reason(shared_data: Path, out: Path) -> None:
    import csv

    root = shared_data / "hostile"
    before = {p: p.stat().st_mtime_ns for p in root.rglob("*")}
    collection = scan(str(root), out)
    assert len(collection) + len(collection.unreadable) == 935
    with (root / "labels.csv").open() as file:
        opens = {f"{row['corpus']}/{row['path']}": row["status"] == "ok" for row in csv.DictReader(file)}
    readable = {path for path, ok in opens.items() if ok}
    missed = [item for item in collection.unreadable if item.path in readable]
    # One file of 738 is opened by some builds of libtiff only: it is truncated.
    assert len(missed) <= 1, missed
    assert not set(collection.ids) - readable
    assert all(item.reason.endswith(".") and len(item.reason) > 10 for item in collection.unreadable)
    assert collection.field("corpus")[collection.row("pillow/Tests/images/hopper_gray.jpg")] == "pillow"
    assert {p: p.stat().st_mtime_ns for p in root.rglob("*")} == before
