"""The main job without a screen: collection, vectors, neighbours, map; each computed once and never served stale."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image as Pillow

from imgsim import embedding
from imgsim.errors import CancelledError, InputError, UnavailableError
from imgsim.images import Reader, contents
from imgsim.images.decoding import scaling
from imgsim.methods import METHODS
from imgsim.methods.hog import Hog
from imgsim.methods.pixels import Pixels
from imgsim.pipeline import MapRequest, Pipeline
from imgsim.projections import PROJECTORS
from imgsim.workspace import Workspace

COLOURS = {"red": (200, 30, 30), "green": (30, 180, 40), "blue": (20, 40, 210)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """12 pictures in three class folders, one file that is no image, and one exact copy."""
    random = np.random.default_rng(0)
    for label, colour in COLOURS.items():
        (tmp_path / "pictures" / label).mkdir(parents=True)
        for i in range(4):
            noise = random.normal(0, 12, (60, 80, 3))
            pixels = np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8)
            Pillow.fromarray(pixels).save(tmp_path / "pictures" / label / f"{i}.png")
    copy = (tmp_path / "pictures" / "red" / "0.png").read_bytes()
    (tmp_path / "pictures" / "red" / "copy of 0.png").write_bytes(copy)
    (tmp_path / "pictures" / "broken.jpg").write_text("this is no picture")
    return tmp_path / "pictures"


@pytest.fixture
def stages() -> Iterator[list[str]]:
    return []


def test_a_folder_becomes_a_collection(folder: Path) -> None:
    collection = Pipeline().open(str(folder))
    assert len(collection) == 13
    assert collection.ids[0] == "blue/0.png"
    assert sorted(set(collection.field("label"))) == ["blue", "green", "red"]
    assert [file.path for file in collection.unreadable] == ["broken.jpg"]


def test_a_method_puts_colours_together_and_copies_at_zero(folder: Path) -> None:
    pipeline = Pipeline()
    collection = pipeline.open(str(folder))
    embeddings = pipeline.embed(collection, [METHODS.parse("color_histogram")])[0]
    graph = pipeline.neighbors(embeddings)
    row, copy = collection.row("red/0.png"), collection.row("red/copy of 0.png")
    assert graph.indices[row, 0] == copy
    assert graph.distances[row, 0] == 0
    labels = collection.field("label")
    assert all(labels[row] == labels[graph.indices[row, 0]] for row in range(13))
    assert graph.k == 12


def test_the_second_time_nothing_is_computed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    request = MapRequest(str(folder), "pixels:size=8", "pca")
    assert Pipeline().cached_map(request) is None
    first = Pipeline().make_map(request)
    monkeypatch.setattr(embedding, "embed", lambda *_: pytest.fail("embedded again"))
    again, cached = Pipeline().make_map(request), Pipeline().cached_map(request)
    assert cached is not None
    for other in (again, cached):
        np.testing.assert_array_equal(first.projection.xy, other.projection.xy)
        assert other.projection.key == first.projection.key
    assert first.faithfulness.k == cached.faithfulness.k


def test_a_changed_image_is_never_served_stale(folder: Path) -> None:
    pipeline = Pipeline()
    before = pipeline.open(str(folder))
    vectors = np.array(pipeline.embed(before, [Pixels()])[0].vectors)
    Pillow.new("RGB", (80, 60), "white").save(folder / "blue" / "0.png")
    after = pipeline.open(str(folder))
    assert before.fingerprint != after.fingerprint
    changed = np.asarray(pipeline.embed(after, [Pixels()])[0].vectors)
    assert not np.allclose(vectors[0], changed[0])
    np.testing.assert_array_equal(vectors[1:], changed[1:])


def test_two_methods_in_one_pass_equal_each_alone(folder: Path, tmp_path: Path) -> None:
    collection = Pipeline().open(str(folder))
    together = Pipeline().embed(collection, [Pixels(), Hog()])
    Pipeline().store.clear()
    pipeline = Pipeline()
    collection = pipeline.open(str(folder))
    for method, embeddings in zip((Pixels(), Hog()), together, strict=True):
        alone = pipeline.embed(collection, [method])[0]
        assert alone.key == embeddings.key
        np.testing.assert_array_equal(np.asarray(alone.vectors), np.asarray(embeddings.vectors))


@pytest.mark.parametrize("ids", [("pixels", "dominant_colors", "phash", "hog", "lbp"), ("eigenimages", "sift_bovw")])
def test_a_vector_does_not_depend_on_who_shares_its_pass(ids: tuple[str, ...], tmp_path: Path) -> None:
    # A JPEG is decoded at the scale a method needs: here 1/8 for 16 pixels, 1/4 for 64, 1/2 for 128, whole for 256.
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("astronaut", "chelsea", "coffee"):
        photo = Pillow.fromarray(getattr(skimage.data, name)()).resize((1200, 900), Pillow.Resampling.LANCZOS)
        photo.save(folder / f"{name}.jpg", quality=90)
    methods = [METHODS.parse(id) for id in ids]
    assert len({scaling(folder / "coffee.jpg", method.min_side) for method in methods}) == (4 if "hog" in ids else 2)
    together = Pipeline(Workspace(tmp_path / "together"))
    found = together.embed(together.open(str(folder)), methods)
    for method, embeddings in zip(methods, found, strict=True):
        alone = Pipeline(Workspace(tmp_path / f"only {method.id}"))
        expected = alone.embed(alone.open(str(folder)), [method])[0]
        np.testing.assert_array_equal(embeddings.vectors, expected.vectors, err_msg=method.id)


def test_each_image_is_decoded_once_for_all_methods(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[int | None] = []
    plain = contents.picture
    monkeypatch.setattr(contents, "picture", lambda data, side: decoded.append(side) or plain(data, side))
    pipeline = Pipeline()
    pipeline.embed(pipeline.open(str(folder)), [METHODS.parse(id) for id in ("pixels", "hog", "phash", "lbp")])
    assert len(decoded) == 13


def test_a_learnt_vocabulary_serves_other_images(folder: Path, astronaut: np.ndarray) -> None:
    for i in range(4):
        Pillow.fromarray(astronaut[i * 20 : 300 + i * 20, i * 20 : 300 + i * 20]).save(folder / f"{i}.png")
    pipeline = Pipeline()
    collection = pipeline.open(str(folder))
    embeddings = pipeline.embed(collection, [METHODS.parse("sift_bovw:words=64")])[0]
    again = pipeline.embed_image(embeddings, pipeline.read_image(collection, collection.row("0.png")))
    np.testing.assert_allclose(again, embeddings.vectors[collection.row("0.png")], atol=1e-6)


def test_every_stage_reports_and_can_be_cancelled(folder: Path) -> None:
    seen: list[str] = []
    request = MapRequest(str(folder), "hog", "pca")
    Pipeline().make_map(request, lambda stage, done, total: seen.append(stage))
    stages = list(dict.fromkeys(seen))
    assert len(stages) >= 4
    for stop_at in stages:
        Pipeline().store.clear()

        def stop(stage: str, done: int, total: int, stop_at: str = stop_at) -> None:
            if stage == stop_at:
                raise CancelledError("stopped")

        with pytest.raises(CancelledError):
            Pipeline().make_map(request, stop)
        assert Pipeline().cached_map(request) is None
    assert Pipeline().make_map(request).projection.xy.shape == (13, 2)


@pytest.mark.parametrize("projector", [cls.id for cls in PROJECTORS])
@pytest.mark.parametrize("n", [1, 2, 3])
def test_tiny_collections_have_a_map(tmp_path: Path, projector: str, n: int) -> None:
    for i in range(n):
        Pillow.new("RGB", (20, 20), (80 * i, 10, 10)).save(tmp_path / f"{i}.png")
    made = Pipeline().make_map(MapRequest(str(tmp_path), "pixels:size=4", projector))
    assert made.projection.xy.shape == (n, 2)
    assert np.isfinite(made.projection.xy).all()


def test_an_empty_collection_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="add images"):
        Pipeline().make_map(MapRequest(str(tmp_path), "hog", "pca"))


def test_a_method_without_its_weights_says_how_to_bring_them(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("urllib.request.urlopen", _no_network)
    monkeypatch.setenv("TORCH_HOME", str(folder / "nothing"))
    monkeypatch.delenv("IMGSIM_WEIGHTS", raising=False)
    with pytest.raises(UnavailableError, match="imgsim weights import"):
        Pipeline().make_map(MapRequest(str(folder), "resnet18", "pca"))


def _no_network(*_: object, **__: object) -> None:
    raise OSError("no network")


def test_search_leaves_the_query_out_and_ranks_from_one(folder: Path) -> None:
    pipeline = Pipeline()
    collection = pipeline.open(str(folder))
    embeddings = pipeline.embed(collection, [Pixels()])[0]
    row = collection.row("red/0.png")
    found = pipeline.search(collection, embeddings, np.asarray(embeddings.vectors[row]), 3, exclude=row)
    assert [match.rank for match in found] == [1, 2, 3]
    assert found[0].id == "red/copy of 0.png"
    assert found[0].score == pytest.approx(1)
    assert found[0].fields["label"] == "red"
    assert "red/0.png" not in [match.id for match in found]
    assert pipeline.percentile(embeddings, found[0].distance) > 99


def test_a_first_map_reads_each_image_once_and_embeds_it_as_a_second_reading_would(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    rng = np.random.default_rng(3)
    for i in range(12):
        Pillow.fromarray(rng.integers(0, 255, (900, 1200, 3), np.uint8)).save(folder / f"{i:02}.jpg")
    read: list[int] = []
    once = Reader.prepared
    monkeypatch.setattr(Reader, "prepared", lambda self, row, needs: read.append(row) or once(self, row, needs))
    request = MapRequest(str(folder), "hog", "pca")
    together = Pipeline(Workspace(tmp_path / "together")).make_map(request)
    assert read == []
    apart = Pipeline(Workspace(tmp_path / "apart"))
    collection = apart.open(str(folder))
    vectors = apart.embed(collection, [METHODS.parse("hog")])[0].vectors
    assert sorted(read) == list(range(12))
    np.testing.assert_array_equal(together.embeddings.vectors, vectors)
    assert together.collection.hashes == collection.hashes


def test_images_beyond_the_memory_for_prepared_ones_are_read_again(folder: Path, tmp_path: Path) -> None:
    method = METHODS.parse("hog")
    pipeline = Pipeline(Workspace(tmp_path / "home"))
    plain = pipeline.embed(pipeline.open(str(folder)), [method])[0]
    other = Pipeline(Workspace(tmp_path / "other"))
    ahead = embedding.Ahead(method, room=30_000)
    collection = other.load_collection(other.scan(str(folder), onlooker=ahead))
    assert ahead.room <= 0
    assert 0 < len(ahead._prepared) < len(collection)
    np.testing.assert_array_equal(other.embed(collection, [method], ahead=ahead)[0].vectors, plain.vectors)
