"""The facade for notebooks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from imgsim import ImageSimilarityEngine
from imgsim.errors import InputError, UnknownIdError, UnreadableImageError


@pytest.fixture
def pictures(tmp_path: Path, astronaut: np.ndarray) -> Path:
    for i, part in enumerate((astronaut[:300, :300], astronaut[200:, 200:], 255 - astronaut)):
        Pillow.fromarray(part).save(tmp_path / f"{i}.png")
    return tmp_path


def test_the_same_image_in_every_form_gives_the_same_vector(pictures: Path) -> None:
    engine = ImageSimilarityEngine("hog")
    path = pictures / "0.png"
    picture = Pillow.open(path)
    vectors = [engine.generate_embedding(x) for x in (path, str(path), path.read_bytes(), picture, np.asarray(picture))]
    assert vectors[0].shape == (engine.method.dim,)
    assert vectors[0].dtype == np.float32
    for vector in vectors[1:]:
        np.testing.assert_array_equal(vector, vectors[0])


def test_similarity_is_symmetric_and_one_for_the_same(pictures: Path) -> None:
    engine = ImageSimilarityEngine(model_name="hog")
    a, b = str(pictures / "0.png"), str(pictures / "1.png")
    assert engine.compute_similarity(a, a) == pytest.approx(1, abs=1e-6)
    assert engine.compute_similarity(a, b) == engine.compute_similarity(b, a)
    assert -1 <= engine.compute_similarity(a, b) < 0.999


def test_an_index_finds_the_query_first(pictures: Path) -> None:
    index = ImageSimilarityEngine("color_histogram").index(pictures)
    found = index.search(pictures / "2.png", k=2)
    assert [match.rank for match in found] == [1, 2]
    assert found[0].id == "2.png"
    assert found[0].score == pytest.approx(1)


def test_a_vocabulary_method_learns_from_the_reference(pictures: Path) -> None:
    engine = ImageSimilarityEngine("sift_bovw:words=64", reference=str(pictures))
    assert engine.compute_similarity(pictures / "0.png", pictures / "0.png") == pytest.approx(1, abs=1e-5)


def test_arrays_with_alpha_stand_on_white() -> None:
    engine = ImageSimilarityEngine("pixels")
    clear = np.zeros((8, 8, 4), np.uint8)
    np.testing.assert_array_equal(
        engine.generate_embedding(clear), engine.generate_embedding(np.full((8, 8, 3), 255, np.uint8))
    )


def test_bad_input_is_said_in_one_sentence(pictures: Path) -> None:
    engine = ImageSimilarityEngine("hog")
    (pictures / "text.jpg").write_text("no picture")
    with pytest.raises(UnreadableImageError):
        engine.generate_embedding(pictures / "text.jpg")
    with pytest.raises(InputError, match="check the path"):
        engine.generate_embedding("nowhere.jpg")
    with pytest.raises(InputError, match="uint8"):
        engine.generate_embedding(np.zeros((4, 4, 3)))
    with pytest.raises(InputError, match="path, bytes, PIL image or array"):
        engine.generate_embedding(3)
    with pytest.raises(InputError, match="k must be at least 1"):
        engine.index(pictures).search(pictures / "0.png", k=0)
    with pytest.raises(UnknownIdError, match="did you mean"):
        ImageSimilarityEngine("resnet500")
